"""MGLN: facial expression recognition with a multi-task global-local network.

Yu, Zheng, Peng, Dong and Du, "Facial expression recognition based on a multi-task global-local network", Pattern
Recognition Letters 131 (2020) 166-171.  Official code: github.com/yummy2108/FER-global-local-network.

A sequence from neutral to apex is reduced to its first, middle and apex frame.  The whole face is seen at the apex only
(global face module, GFM); eyes, nose and mouth are cut out of all three frames and read as a movement (part-based
module, PBM).  Both share one convolutional trunk (shared shallow module, SSM), and their scores are added.

>>> config = PRESETS["small"]
>>> trunk = nn.Conv2d(3, 16, 8, stride=8)
>>> method = MGLN(trunk, num_classes=7, config=config, image_size=64)
>>> method(torch.rand(2, 3, 64, 64)).shape
torch.Size([2, 7])
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import DeformConv2d

from fer_tutorial.papers.configs import MGLN_PRESETS as PRESETS
from fer_tutorial.papers.configs import Frames, MGLNConfig

Gather = Callable[[Tensor], Tensor]

PARTS: tuple[str, ...] = ("eyes", "nose", "mouth")
# iBUG's 68 points, numbered from 0.  Eyes are cut out together with the brows.
PART_LANDMARKS: dict[str, tuple[int, ...]] = {
    "eyes": (*range(17, 27), *range(36, 48)),
    "nose": tuple(range(27, 36)),
    "mouth": tuple(range(48, 68)),
}
RIGHT_EYE, LEFT_EYE = tuple(range(36, 42)), tuple(range(42, 48))
# Height and width of each crop of a 128 x 128 face, as in the official code.
PART_SIZES_AT_128: dict[str, tuple[int, int]] = {"eyes": (48, 128), "nose": (64, 32), "mouth": (32, 64)}


def _require(condition: Tensor, message: str) -> None:
    """Raise ``ValueError(message)`` unless ``condition`` holds.

    Values are looked at on the CPU only: on a GPU the look would make every training step wait for the device.
    """
    if condition.device.type == "cpu" and not torch.compiler.is_compiling() and not condition.item():
        raise ValueError(message)


# ---------------------------------------------------------------------------------------------------------------------
# What the network looks at: three frames, three parts


def frame_positions(lengths: Tensor, frames: Frames = "first_middle_apex") -> Tensor:
    """Positions of the first, middle and apex frame of each sequence.

    The apex is the last valid frame: p = (0, ⌊(ℓ−1)/2⌋, ℓ−1) for a sequence of ℓ valid frames.

    Args:
        lengths: (m,) int64, valid frames of each sequence.
        frames: "first_middle_apex", or "apex" for (ℓ−1, ℓ−1, ℓ−1).

    Returns:
        (m, 3) int64 positions.

    Raises:
        ValueError: a sequence with fewer than two frames where movement was asked for, or with none at all (looked at
            on the CPU only).

    >>> frame_positions(torch.tensor([9, 4])).tolist()
    [[0, 4, 8], [0, 1, 3]]
    """
    apex = lengths - 1
    if frames == "apex":
        _require((lengths >= 1).all(), "a sequence has no valid frame; expected lengths of at least 1")
        return torch.stack([apex, apex, apex], dim=1)  # (m, 3)
    _require(
        (lengths >= 2).all(),
        "a sequence has fewer than two frames, so there is no movement to see; expected first, middle and apex: "
        "drop such sequences, or pass MGLNConfig(frames='apex') to read still faces",
    )
    apex = apex.clamp(min=0)
    return torch.stack([torch.zeros_like(apex), apex // 2, apex], dim=1)  # (m, 3)


def select_frames(values: Tensor, positions: Tensor) -> Tensor:
    """The chosen frames of every sequence: ``values[i, positions[i, f]]``.

    Args:
        values: (m, T, ...) anything that has a row a frame: images (m, T, 3, H, W) or landmarks (m, T, 68, 2).
        positions: (m, f) int64.

    Returns:
        (m, f, ...).

    Raises:
        ValueError: a position beyond the last frame (looked at on the CPU only).

    >>> select_frames(torch.arange(10).view(2, 5), torch.tensor([[0, 4], [1, 2]])).tolist()
    [[0, 4], [6, 7]]
    """
    _require(
        (positions < values.shape[1]).all(),
        f"a sequence claims more frames than the {values.shape[1]} that were given; expected lengths up to that number",
    )
    rows = torch.arange(len(values), device=values.device)[:, None]  # (m, 1)
    return values[rows, positions]


def part_sizes(image_size: int) -> dict[str, tuple[int, int]]:
    """Height and width of the crops for a face of ``image_size`` pixels.

    The sizes of the official code at 128 pixels, scaled and rounded up to multiples of 8, because the trunk halves the
    picture three times.

    >>> part_sizes(128) == PART_SIZES_AT_128, part_sizes(48)
    (True, {'eyes': (24, 48), 'nose': (24, 16), 'mouth': (16, 24)})
    """
    return {
        part: (8 * math.ceil(height * image_size / 1024), 8 * math.ceil(width * image_size / 1024))
        for part, (height, width) in PART_SIZES_AT_128.items()
    }


def extract_part(
    images: Tensor, landmarks: Tensor, points: tuple[int, ...], size: tuple[int, int], width: float
) -> tuple[Tensor, Tensor]:
    """Cut one part out of every face, level, at a size that follows the face.

    The box is centered on the mean c of the part's landmarks, turned by the angle φ of the line from the right to the
    left eye, and ``width`` eye distances D wide.  Pixel (u, v) of the crop (u to the right, v down, from its center) is
    read bilinearly at

        x = c_x + s (u cos φ − v sin φ),   y = c_y + s (u sin φ + v cos φ),   s = width · D / crop width.

    Pixels outside the picture are 0, the mean color of a normalised image.

    Args:
        images: (n, 3, H, W) float.
        landmarks: (n, 68, 2) float, (x, y) in pixels of these images, NaN where unknown.
        points: the landmarks that belong to the part.
        size: (height, width) of the crop.  In this order: the official code's reshape swaps the two, and scrambles
            every part.
        width: width of the box in distances between the eye centers.

    Returns:
        crops (n, 3, height, width), and present (n,) bool: False where the part's or the eyes' landmarks are unknown,
        the eyes coincide, or the part's center lies outside the picture; such a crop is 0 all over.

    Raises:
        ValueError: landmarks that are not (n, 68, 2), or that reach further than half a picture outside the picture
            (looked at on the CPU only).

    >>> face, points = torch.rand(1, 3, 64, 64), torch.rand(1, 68, 2) * 64
    >>> crop, present = extract_part(face, points, PART_LANDMARKS["mouth"], (16, 32), 1.5)
    >>> crop.shape, present.tolist()
    (torch.Size([1, 3, 16, 32]), [True])
    """
    n, _, image_height, image_width = images.shape
    if landmarks.shape != (n, 68, 2):
        raise ValueError(
            f"landmarks have shape {tuple(landmarks.shape)} for {n} images; expected ({n}, 68, 2), "
            "points (x, y) in iBUG's order"
        )
    extent = landmarks.new_tensor([image_width, image_height])
    _require(
        ~((landmarks < -0.5 * extent) | (landmarks > 1.5 * extent)).any(),
        f"landmarks lie far outside the {image_width} x {image_height} images; expected pixels of these very images, "
        "so scale the landmarks together with the pictures",
    )
    right, left = landmarks[:, RIGHT_EYE].mean(1), landmarks[:, LEFT_EYE].mean(1)  # (n, 2) each
    # In the picture the person's right eye is on the left, so this vector points to the right when the head is upright.
    eye_line = left - right
    distance = eye_line.norm(dim=1)  # (n,)
    center = landmarks[:, points].mean(1)  # (n, 2)
    inside = ((center > -0.5) & (center < extent - 0.5)).all(1)
    present = inside & (distance > 1e-3)  # comparisons with NaN are False
    center = torch.where(present[:, None], center, torch.zeros_like(center))
    unit = torch.where(present[:, None], eye_line / distance.clamp(min=1e-3)[:, None], torch.zeros_like(eye_line))
    scale = torch.where(present, width * distance / size[1], torch.zeros_like(distance))  # picture pixels a crop pixel

    v = torch.arange(size[0], device=images.device, dtype=images.dtype) - (size[0] - 1) / 2
    u = torch.arange(size[1], device=images.device, dtype=images.dtype) - (size[1] - 1) / 2
    u, v = u[None, None, :], v[None, :, None]  # (1, 1, w), (1, h, 1)
    cosine, sine = (scale * unit[:, 0])[:, None, None], (scale * unit[:, 1])[:, None, None]  # (n, 1, 1)
    x = center[:, 0, None, None] + cosine * u - sine * v  # (n, h, w)
    y = center[:, 1, None, None] + sine * u + cosine * v
    # grid_sample wants -1 and 1 at the outer edges of the outer pixels; pixel centers are at integers.
    grid = torch.stack([(2 * x + 1) / image_width - 1, (2 * y + 1) / image_height - 1], dim=-1)  # (n, h, w, 2)
    crops = F.grid_sample(images, grid.to(images.dtype), align_corners=False)
    return crops * present[:, None, None, None], present


def _convolution(in_channels: int, out_channels: int, kernel: int) -> nn.Conv2d:
    """A convolution that keeps the map's size, with He's initialisation.

    Our choice: it keeps a signal's size through convolutions and ReLUs.  With torch's default the signal shrinks at
    every layer, and without batch normalisation the scores then hardly depend on the image: training does not start.
    """
    layer = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


# ---------------------------------------------------------------------------------------------------------------------
# The global face module


def sampling_points(offsets: Tensor) -> Tensor:
    """Where the offset layer reads: each pixel's own place plus its offset.

    Args:
        offsets: (m, C, 2, h, w), (x, y) in pixels of the map.

    Returns:
        (m, C, h, w, 2), (x, y) with pixel centers at integers.

    >>> sampling_points(torch.zeros(1, 1, 2, 2, 2))[0, 0].tolist()
    [[[0.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]
    """
    h, w = offsets.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(h, device=offsets.device, dtype=offsets.dtype),
        torch.arange(w, device=offsets.device, dtype=offsets.dtype),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1) + offsets.permute(0, 1, 3, 4, 2)  # (m, C, h, w, 2)


def channelwise_resample(features: Tensor, offsets: Tensor, padding: Literal["border", "zeros"] = "border") -> Tensor:
    """Read every channel at its own displaced points, bilinearly.

        out[i, c, p] = Σ_q max(0, 1 − |p_x + Δx − q_x|) max(0, 1 − |p_y + Δy − q_y|) features[i, c, q]

    with Δ = offsets[i, c, :, p] and q over the pixels of the map.

    Args:
        features: (m, C, h, w).
        offsets: (m, C, 2, h, w), (x, y) in pixels of the map.
        padding: what lies outside the map: its border repeated, or zeros (as in torchvision's ``deform_conv2d``).

    Returns:
        (m, C, h, w).

    Raises:
        ValueError: offsets of another shape.

    >>> ramp = torch.arange(4.0).view(1, 1, 1, 4)
    >>> channelwise_resample(ramp, torch.full((1, 1, 2, 1, 4), 0.5)).tolist()
    [[[[0.5, 1.5, 2.5, 3.0]]]]
    """
    m, c, h, w = features.shape
    if offsets.shape != (m, c, 2, h, w):
        raise ValueError(
            f"offsets have shape {tuple(offsets.shape)} for features {tuple(features.shape)}; expected "
            f"({m}, {c}, 2, {h}, {w}): an offset (x, y) for every channel and pixel"
        )
    # Places need more digits than half precision has, so mixed precision ends here and goes on behind the layer.
    exact = torch.promote_types(offsets.dtype, torch.float32)
    points = sampling_points(offsets.to(exact))  # (m, C, h, w, 2)
    grid = (2 * points + 1) / points.new_tensor([w, h]) - 1
    # Each channel becomes a picture of its own, so that grid_sample may move it independently.
    resampled = F.grid_sample(
        features.reshape(m * c, 1, h, w).to(exact),
        grid.reshape(m * c, h, w, 2),
        padding_mode=padding,
        align_corners=False,
    )
    return resampled.view(m, c, h, w).to(features.dtype)


class ChannelwiseOffset(nn.Module):
    """The paper's offset layer: a 3x3 convolution predicts an offset per channel and pixel; the map is read there.

    It is not the deformable convolution of Dai et al. 2017, which moves the nine taps of a kernel and is one layer with
    it.  The offsets start at zero (our reading), so that the untrained layer changes nothing.

    Shapes: (m, C, h, w) to (m, C, h, w).

    >>> x = torch.rand(1, 3, 5, 5)
    >>> torch.allclose(ChannelwiseOffset(3)(x), x)
    True
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.predict = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        nn.init.zeros_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)  # type: ignore[arg-type]

    def offsets(self, features: Tensor) -> Tensor:
        """(m, C, h, w) to offsets (m, C, 2, h, w), (x, y) in pixels of the map."""
        return self.predict(features).unflatten(1, (features.shape[1], 2))  # (m, 2C, h, w) -> (m, C, 2, h, w)

    def forward(self, features: Tensor) -> Tensor:
        return channelwise_resample(features, self.offsets(features))


class DeformableConv(nn.Module):
    """The alternative: torchvision's deformable 3x3 convolution with offsets predicted from its own input.

    One offset per kernel tap and pixel, shared by all channels (Dai et al. 2017).  The offsets start at zero.

    Shapes: (m, C_in, h, w) to (m, C_out, h, w).

    >>> DeformableConv(4, 8)(torch.rand(1, 4, 5, 5)).shape
    torch.Size([1, 8, 5, 5])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.predict = nn.Conv2d(in_channels, 2 * 9, 3, padding=1)
        nn.init.zeros_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)  # type: ignore[arg-type]
        self.conv = DeformConv2d(in_channels, out_channels, 3, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, features: Tensor) -> Tensor:
        offsets = self.predict(features)
        # torchvision's operator knows no half precision on every device, and places need more digits anyway.
        exact = torch.promote_types(features.dtype, torch.float32)
        with torch.autocast(features.device.type, enabled=False):
            return self.conv(features.to(exact), offsets.to(exact)).to(features.dtype)


def _pointwise_head(channels: tuple[int, ...], final_relu: bool) -> nn.Sequential:
    """1x1 convolutions with ReLUs between them, the scores averaged over the map: (m, C, h, w) to (m, K)."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(channels):
        layers += [_convolution(before, after, 1), nn.ReLU()]
    if not final_relu:
        layers.pop()
    # Global average pooling: no fully connected layer, no parameter.
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class GFM(nn.Module):
    """Global face module: three times (offset layer, 3x3 convolution, ReLU), 1x1 convolutions, average pooling.

    Args:
        in_channels: channels of the trunk.
        num_classes: K.
        config: ``gfm_channels``, ``offset`` and ``final_relu`` are used.

    Shapes: (m, C, h, w) to global scores (m, K).

    >>> GFM(64, 7, PRESETS["small"])(torch.rand(2, 64, 6, 6)).shape
    torch.Size([2, 7])
    """

    def __init__(self, in_channels: int, num_classes: int, config: MGLNConfig) -> None:
        super().__init__()
        channels = (in_channels, *config.gfm_channels[:3])
        blocks: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            if config.offset == "channelwise":
                blocks.append(nn.Sequential(ChannelwiseOffset(before), _convolution(before, after, 3), nn.ReLU()))
            else:
                blocks.append(nn.Sequential(DeformableConv(before, after), nn.ReLU()))
        self.blocks = nn.Sequential(*blocks)
        self.head = _pointwise_head((*config.gfm_channels[2:], num_classes), config.final_relu)

    def embed(self, features: Tensor) -> Tensor:
        """What the last convolution turns into scores, averaged over the map: (m, C, h, w) to (m, gfm_channels[-1])."""
        return self.head[:4](self.blocks(features)).mean(dim=(2, 3))  # two convolutions with their ReLUs

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.blocks(features))


# ---------------------------------------------------------------------------------------------------------------------
# The part-based module


class LST(nn.Module):
    """Local spatio-temporal block: one part in three frames becomes one map.

    1x1 convolutions C → 256 → 128 → 1, flattening, an LSTM over the frames; its last state, read as a square map, is
    F_e, F_n or F_m.  Frames share the weights, parts do not.

    Args:
        in_channels: C, channels of the trunk.
        map_size: (h, w) of the part's feature map.
        config: ``lst_channels``, ``lstm_hidden`` and ``lstm_layers`` are used.

    Shapes: (m, f, C, h, w) to (m, 1, √hidden, √hidden).

    >>> LST(64, (2, 6), PRESETS["small"])(torch.rand(5, 3, 64, 2, 6)).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(self, in_channels: int, map_size: tuple[int, int], config: MGLNConfig) -> None:
        super().__init__()
        first, second = config.lst_channels
        self.squeeze = nn.Sequential(
            _convolution(in_channels, first, 1),
            nn.ReLU(),
            _convolution(first, second, 1),
            nn.ReLU(),
            _convolution(second, 1, 1),
        )
        self.lstm = nn.LSTM(map_size[0] * map_size[1], config.lstm_hidden, config.lstm_layers, batch_first=True)
        self.side = math.isqrt(config.lstm_hidden)

    def forward(self, features: Tensor) -> Tensor:
        m, f = features.shape[:2]
        squeezed = self.squeeze(features.flatten(0, 1))  # (m f, 1, h, w)
        states, _ = self.lstm(squeezed.reshape(m, f, -1))  # (m, f, h w) -> (m, f, hidden)
        return states[:, -1].reshape(m, 1, self.side, self.side)


class PBM(nn.Module):
    """Part-based module: an LST block a part, F_enm = [F_e; F_n; F_m], and the part-end of 1x1 convolutions.

    Args:
        in_channels: C, channels of the trunk.
        num_classes: K.
        map_sizes: (h, w) of each part's feature map, in the order of ``PARTS``.
        config: the widths.

    Shapes: three maps (m, f, C, h, w) and present (m, 3) bool to local scores (m, K).  A part that is not present
    enters F_enm as zeros.
    """

    def __init__(
        self, in_channels: int, num_classes: int, map_sizes: dict[str, tuple[int, int]], config: MGLNConfig
    ) -> None:
        super().__init__()
        self.lst = nn.ModuleDict({part: LST(in_channels, map_sizes[part], config) for part in PARTS})
        self.part_end = _pointwise_head((len(PARTS), *config.part_end_channels, num_classes), config.final_relu)

    def forward(self, features: dict[str, Tensor], present: Tensor) -> Tensor:
        f_enm = torch.cat([self.lst[part](features[part]) for part in PARTS], dim=1)  # (m, 3, s, s)
        return self.part_end(f_enm * present[:, :, None, None])


# ---------------------------------------------------------------------------------------------------------------------
# Fusion, loss, network


def fuse(global_scores: Tensor, local_scores: Tensor, weight: float | Tensor = 0.5) -> Tensor:
    """Decision-level fusion: s = w · s_global + (1 − w) · s_local.

    Args:
        global_scores, local_scores: (m, K).
        weight: w, a number or (m, 1).

    Returns:
        (m, K).

    Raises:
        ValueError: a number outside [0, 1], or scores of different shapes.

    >>> fuse(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.25).tolist()
    [[0.5, 0.75]]
    """
    if global_scores.shape != local_scores.shape:
        raise ValueError(
            f"global scores have shape {tuple(global_scores.shape)} and local scores {tuple(local_scores.shape)}; "
            "expected the same (m, K)"
        )
    if isinstance(weight, int | float) and not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}; expected a share from 0 (local alone) to 1 (global alone)")
    return weight * global_scores + (1 - weight) * local_scores


def two_task_loss(
    global_scores: Tensor,
    local_scores: Tensor,
    labels: Tensor,
    has_parts: Tensor | None = None,
    partners: Tensor | None = None,
    share: float | Tensor = 1.0,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each module's scores.  The two are added with equal weight: L = L_global + L_local.

        L_global = 1/m Σ_i [ t · CE(g_i, y_i) + (1 − t) · CE(g_i, y_{π(i)}) ],   L_local = 1/m Σ_i b_i CE(l_i, y_i)

    Args:
        global_scores, local_scores: g and l, (m, K).
        labels: y, (m,) int64.
        has_parts: b, (m,) bool: False where a face shows no part, which then says nothing about the local scores.
        partners: labels y_{π(i)} (m,) of the faces mixed into the apex faces; None without mixup.
        share: t in [0, 1], the share of the face itself in the mixture.

    Returns:
        (L_global, L_local), two 0-dim tensors.

    >>> g, l, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 0.0]]), torch.tensor([0])
    >>> [round(x.item(), 4) for x in two_task_loss(g, l, y)]
    [0.6931, 0.0001]
    """
    global_loss = F.cross_entropy(global_scores, labels)
    if partners is not None:
        global_loss = share * global_loss + (1 - share) * F.cross_entropy(global_scores, partners)
    local_losses = F.cross_entropy(local_scores, labels, reduction="none")  # (m,)
    if has_parts is not None:
        local_losses = local_losses * has_parts
    return global_loss, local_losses.mean()


def mix_faces(faces: Tensor, labels: Tensor, alpha: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): every face blended with another one of the batch, by one share for the whole batch.

        x̃_i = t x_i + (1 − t) x_{π(i)},   t ~ Beta(α, α),   π a random permutation

    Args:
        faces: (m, 3, H, W).
        labels: (m,) int64.
        alpha: α > 0.

    Returns:
        mixed faces (m, 3, H, W), the partners' labels (m,), and t as a 0-dim tensor on the device of the faces.
    """
    concentration = torch.full((), alpha, device=faces.device)
    # validate_args would read the values back from the device.
    share = torch.distributions.Beta(concentration, concentration, validate_args=False).sample()
    order = torch.randperm(len(faces), device=faces.device)
    return share * faces + (1 - share) * faces[order], labels[order], share


def _identity(x: Tensor) -> Tensor:
    return x


class MGLN(nn.Module):
    """The multi-task global-local network and its training step.

    Args:
        backbone: the trunk that faces and parts share, images (m, 3, H, W) to maps (m, C, h, w) with the attribute
            ``out_channels``; the paper's has the first ten convolutions of VGG-16.
        num_classes: K.
        config: see :class:`MGLNConfig`.
        image_size: side of the square face images, in pixels; fixes the sizes of the crops.

    A batch is a dict with ``images`` (m, T, 3, H, W), ``landmarks`` (m, T, 68, 2) in pixels with NaN where unknown,
    ``lengths`` (m,) and, to train, ``labels`` (m,).  Faces without landmarks are decided by the global module alone.

    Raises:
        ValueError: images too small for the trunk; batches that are not sequences.
    """

    task = "expression"
    needs = ("labels", "landmarks", "lengths")

    def __init__(
        self, backbone: nn.Module, num_classes: int, config: MGLNConfig = PRESETS["paper"], image_size: int = 128
    ) -> None:
        super().__init__()
        self.config = config
        self.num_classes = num_classes
        self.backbone = backbone
        self.sizes = part_sizes(image_size)
        channels = int(backbone.out_channels)  # type: ignore[arg-type]
        self.gfm = GFM(channels, num_classes, config)
        self.pbm = PBM(channels, num_classes, {part: self._map_size(self.sizes[part]) for part in PARTS}, config)

    def _map_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The trunk's map of a crop of ``size``, found by sending one through."""
        was_training = self.backbone.training
        self.backbone.eval()
        try:
            with torch.no_grad():
                height, width = self.backbone(torch.zeros(1, 3, *size)).shape[-2:]
        except RuntimeError as error:
            raise ValueError(
                f"a crop of {size[0]} x {size[1]} pixels is too small for this backbone; use larger images or a trunk "
                "that halves them three times at most, such as VGG-16's first ten convolutions"
            ) from error
        finally:
            self.backbone.train(was_training)
        return int(height), int(width)

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings that the global scores are read from: apex faces (m, 3, H, W) to (m, gfm_channels[-1])."""
        return self.gfm.embed(self.backbone(images))

    def forward(self, images: Tensor) -> Tensor:
        """Global scores (m, K) of apex faces (m, 3, H, W): what the network says without landmarks and movement."""
        if images.ndim != 4:
            raise ValueError(
                f"images have shape {tuple(images.shape)}; expected still faces (m, 3, H, W): give sequences with "
                "their landmarks and lengths to predict(batch)"
            )
        return self.gfm(self.backbone(images))

    def look(self, batch: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """What the two modules see.

        Returns:
            apex faces (m, 3, H, W), the parts' crops, each (m, 3 frames, 3, h, w), and present (m, 3 parts) bool: the
            part is there in all frames.
        """
        images, landmarks, lengths = batch["images"], batch["landmarks"], batch["lengths"]
        if images.ndim != 5 or landmarks.ndim != 4:
            raise ValueError(
                f"images have shape {tuple(images.shape)} and landmarks {tuple(landmarks.shape)}; expected sequences "
                "(m, T, 3, H, W) and (m, T, 68, 2)"
            )
        positions = frame_positions(lengths, self.config.frames)
        frames = select_frames(images, positions)  # (m, 3, 3, H, W)
        points = select_frames(landmarks, positions)  # (m, 3, 68, 2)
        m, f = frames.shape[:2]
        crops, present = {}, []
        for part, width in zip(PARTS, self.config.part_widths, strict=True):
            crop, there = extract_part(
                frames.flatten(0, 1), points.flatten(0, 1), PART_LANDMARKS[part], self.sizes[part], width
            )
            crops[part] = crop.unflatten(0, (m, f))  # (m f, 3, h, w) -> (m, f, 3, h, w)
            present.append(there.view(m, f).all(1))
        return frames[:, -1], crops, torch.stack(present, dim=1)

    def local_scores(self, crops: dict[str, Tensor], present: Tensor) -> Tensor:
        """Local scores (m, K) of the parts' crops, each (m, 3 frames, 3, h, w)."""
        maps = {}
        for part, crop in crops.items():
            features = self.backbone(crop.flatten(0, 1))  # (m f, C, h, w)
            maps[part] = features.unflatten(0, crop.shape[:2])  # (m, f, C, h, w)
        return self.pbm(maps, present)

    def scores(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Global scores (m, K), local scores (m, K), and has_parts (m,) bool."""
        faces, crops, present = self.look(batch)
        return self(faces), self.local_scores(crops, present), present.any(1)

    def predict(self, batch: dict[str, Any]) -> Tensor:
        """Fused scores (m, K); a face without any part is decided by its global scores alone."""
        global_scores, local_scores, has_parts = self.scores(batch)
        weight = torch.where(has_parts, self.config.fusion_weight, 1.0)[:, None].to(global_scores.dtype)  # (m, 1)
        return fuse(global_scores, local_scores, weight)

    def training_step(self, batch: dict[str, Any], epoch: int = 0, gather: Gather = _identity) -> dict[str, Any]:
        """The two-task loss.  Both terms are plain means over samples, so nothing has to be gathered."""
        faces, crops, present = self.look(batch)
        labels, has_parts = batch["labels"], present.any(1)
        partners: Tensor | None = None
        share: float | Tensor = 1.0
        if self.config.mixup > 0:
            faces, partners, share = mix_faces(faces, labels, self.config.mixup)
        global_scores, local_scores = self(faces), self.local_scores(crops, present)
        global_loss, local_loss = two_task_loss(global_scores, local_scores, labels, has_parts, partners, share)
        weight = torch.where(has_parts, self.config.fusion_weight, 1.0)[:, None].to(global_scores.dtype)
        return {
            "loss": global_loss + local_loss,
            "logits": fuse(global_scores, local_scores, weight),
            "log": {"global_loss": global_loss.detach(), "local_loss": local_loss.detach()},
        }
