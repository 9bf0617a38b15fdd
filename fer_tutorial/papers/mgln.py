"""MGLN: facial expression recognition with a multi-task global-local network.

M. Yu, H. Zheng, Z. Peng, J. Dong, H. Du: Facial Expression Recognition Based on a Multi-task Global-local Network.
Pattern Recognition Letters 131 (2020), 166-171.  Official code: https://github.com/yummy2108/FER-global-local-network.
The keys beside the code are the book's.

A sequence from neutral to apex is reduced to its first, middle and apex frame.  The whole face is seen at the apex only
(global face module, GFM); eyes, nose and mouth are cut out of all three frames and read as a movement (part-based
module, PBM).  Both share one convolutional trunk (shared shallow module, SSM), and their scores are added.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import DeformConv2d

from fer_tutorial.papers.checks import Gather, identity, require
from fer_tutorial.papers.configs import MGLN_PRESETS as PRESETS
from fer_tutorial.papers.configs import Frames, MGLNConfig

PARTS: tuple[str, ...] = ("eyes", "nose", "mouth")
# iBUG's 68 points, numbered from 0.  Eyes are cut out together with the brows.
PART_LANDMARKS: dict[str, tuple[int, ...]] = {
    "eyes": (*range(17, 27), *range(36, 48)),
    "nose": tuple(range(27, 36)),
    "mouth": tuple(range(48, 68)),
}
# The official code's slices, [37:48] and [48:67], leave out an eye's outer corner and the last point of the lips.
OFFICIAL_LANDMARKS = {
    part: tuple(p for p in points if p not in (36, 67))
    for part, points in PART_LANDMARKS.items()
}
RIGHT_EYE, LEFT_EYE = tuple(range(36, 42)), tuple(range(42, 48))
# Height and width of each crop of a 128 x 128 face, as in the official code.
PART_SIZES_AT_128: dict[str, tuple[int, int]] = {
    "eyes": (48, 128),
    "nose": (64, 32),
    "mouth": (32, 64),
}

# --- equations: what the network looks at -------------------------------------


def frame_positions(
    lengths: Tensor, frames: Frames = "first_middle_apex"
) -> Tensor:
    r"""Positions of the first, middle and apex frame of each sequence.

    .. math:: p = \left(0, \left\lfloor \frac{\ell - 1}{2} \right\rfloor, \ell - 1\right)

    where

    * :math:`\ell` is the number of valid frames of the sequence (``lengths``),
    * :math:`p` are the three positions; the apex is the last valid frame.

    Args:
        lengths: valid frames of each sequence, int64, (m,).
        frames: ``"first_middle_apex"``, or ``"apex"`` for the apex three times.

    Returns:
        The positions, int64, (m, 3).

    Raises:
        ValueError: a sequence with fewer than two frames where movement was asked for, or with none at all (looked at
            on the CPU only).

    Example:
        >>> frame_positions(torch.tensor([9, 4])).tolist()
        [[0, 4, 8], [0, 1, 3]]

    Source: Yu et al. 2020; that the middle is rounded down is our reading.
    """
    apex = lengths - 1
    if frames == "apex":
        require(
            (lengths >= 1).all(),
            "a sequence has no valid frame; expected lengths of at least 1",
        )
        return torch.stack([apex, apex, apex], dim=1)  # (m, 3)
    require(
        (lengths >= 2).all(),
        "a sequence has fewer than two frames, so there is no movement to see; expected first, middle and apex: "
        "drop such sequences, or pass MGLNConfig(frames='apex') to read still faces",
    )
    apex = apex.clamp(min=0)
    return torch.stack(  # eq-mgln-frames; (m, 3)
        [torch.zeros_like(apex), apex // 2, apex], dim=1
    )


def select_frames(values: Tensor, positions: Tensor) -> Tensor:
    r"""The chosen frames of every sequence.

    .. math:: o_{if} = v_{i \, p_{if}}

    where

    * :math:`v_{it}` is frame t of sequence i (``values``),
    * :math:`p_{if}` is the position of its chosen frame f (``positions``).

    Args:
        values: anything that has a row a frame, (m, T, ...): images (m, T, 3, H, W) or landmarks (m, T, 68, 2).
        positions: int64, (m, f).

    Returns:
        The frames, (m, f, ...).

    Raises:
        ValueError: a position beyond the last frame (looked at on the CPU only).

    Example:
        >>> select_frames(torch.arange(10).view(2, 5), torch.tensor([[0, 4], [1, 2]])).tolist()
        [[0, 4], [6, 7]]
    """
    require(
        (positions < values.shape[1]).all(),
        f"a sequence claims more frames than the {values.shape[1]} that were given; expected lengths up to that number",
    )
    rows = torch.arange(len(values), device=values.device)[:, None]  # (m, 1)
    return values[rows, positions]


def part_sizes(image_size: int) -> dict[str, tuple[int, int]]:
    r"""Height and width of the crops.

    .. math:: h = 8 \left\lceil \frac{h_{128} H}{8 \cdot 128} \right\rceil

    where

    * :math:`H` is ``image_size``,
    * :math:`h_{128}` is the crop's height, or width, in the official code, for a face of 128 pixels.

    Multiples of 8, because the trunk halves the picture three times.

    Args:
        image_size: side of the square face image, in pixels.

    Returns:
        (height, width) in pixels, by part.

    Example:
        >>> part_sizes(128) == PART_SIZES_AT_128, part_sizes(48)
        (True, {'eyes': (24, 48), 'nose': (24, 16), 'mouth': (16, 24)})

    Source: the official code at 128 pixels; other sizes are ours.
    """
    return {
        part: (
            8 * math.ceil(height * image_size / 1024),
            8 * math.ceil(width * image_size / 1024),
        )
        for part, (height, width) in PART_SIZES_AT_128.items()
    }


def extract_part(
    images: Tensor,
    landmarks: Tensor,
    points: tuple[int, ...],
    size: tuple[int, int],
    width: float,
) -> tuple[Tensor, Tensor]:
    r"""Cut one part out of every face, level, at a size that follows the face.

    .. math:: x = c_x + s (u \cos\varphi - v \sin\varphi), \qquad y = c_y + s (u \sin\varphi + v \cos\varphi),
        \qquad s = \frac{\beta D}{\text{width of the crop}}

    where

    * :math:`(u, v)` is a pixel of the crop, u to the right and v down, from its center,
    * :math:`(x, y)` is the place in the picture where it is read, bilinearly,
    * :math:`c` is the mean of the part's landmarks,
    * :math:`\varphi` is the angle of the line from the right to the left eye and :math:`D` its length,
    * :math:`\beta` is ``width``.

    Pixels outside the picture are 0, the mean color of a normalized image.

    Args:
        images: floating point, (n, 3, H, W).
        landmarks: floating point, (n, 68, 2), (x, y) in pixels of these images, NaN where unknown.
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

    Example:
        >>> face, points = torch.rand(1, 3, 64, 64), torch.rand(1, 68, 2) * 64
        >>> crop, present = extract_part(face, points, PART_LANDMARKS["mouth"], (16, 32), 1.5)
        >>> crop.shape, present.tolist()
        (torch.Size([1, 3, 16, 32]), [True])

    Source: our reading of Yu et al. 2020, who give the crops' sizes and not how they are placed.
    """
    extent = _picture_extent(images, landmarks)
    right, left = (  # (n, 2) each
        landmarks[:, RIGHT_EYE].mean(1),
        landmarks[:, LEFT_EYE].mean(1),
    )
    # In the picture the person's right eye is on the left, so this vector points to the right when the head is upright.
    eye_line = left - right
    distance = eye_line.norm(dim=1)  # (n,)
    center = landmarks[:, points].mean(1)  # (n, 2)
    inside = ((center > -0.5) & (center < extent - 0.5)).all(1)
    present = inside & (distance > 1e-3)  # comparisons with NaN are False
    center = torch.where(present[:, None], center, torch.zeros_like(center))
    unit = torch.where(
        present[:, None],
        eye_line / distance.clamp(min=1e-3)[:, None],
        torch.zeros_like(eye_line),
    )
    scale = torch.where(  # picture pixels a crop pixel
        present, width * distance / size[1], torch.zeros_like(distance)
    )

    v = (
        torch.arange(size[0], device=images.device, dtype=images.dtype)
        - (size[0] - 1) / 2
    )
    u = (
        torch.arange(size[1], device=images.device, dtype=images.dtype)
        - (size[1] - 1) / 2
    )
    u, v = u[None, None, :], v[None, :, None]  # (1, 1, w), (1, h, 1)
    cosine, sine = (  # (n, 1, 1)
        (scale * unit[:, 0])[:, None, None],
        (scale * unit[:, 1])[:, None, None],
    )
    x = (  # eq-mgln-crop; (n, h, w)
        center[:, 0, None, None] + cosine * u - sine * v
    )
    y = center[:, 1, None, None] + sine * u + cosine * v
    return _read(images, x, y, present), present


def extract_box(
    images: Tensor,
    landmarks: Tensor,
    points: tuple[int, ...],
    size: tuple[int, int],
    margin: float,
) -> tuple[Tensor, Tensor]:
    r"""Cut one part out as the official code does: an upright box around its landmarks, squeezed to the crop's size.

    .. math:: x = \min\left(b - 1, \; \max\left(a, \; a + \left(u + \tfrac12\right) \frac{b - a}{w} - \tfrac12
        \right)\right), \qquad a = \max(0, \lfloor x_{min} - \delta \rfloor), \quad
        b = \min(W, \lfloor x_{max} + \delta \rfloor)

    where

    * :math:`u` is a column of the crop and :math:`w` its width,
    * :math:`x` is the place in the picture where it is read, bilinearly,
    * :math:`x_{min}, x_{max}` are the extremes of the part's landmarks,
    * :math:`\delta` is ``margin``,
    * :math:`W` is the picture's width,

    and the same with y for the rows.  The box does not turn with the head, and its two sides are scaled each by a
    factor of its own: an open mouth and a closed one come out equally high.

    Args:
        images: floating point, (n, 3, H, W).
        landmarks: floating point, (n, 68, 2), (x, y) in pixels of these images, NaN where unknown.
        points: the landmarks that belong to the part.
        size: (height, width) of the crop.
        margin: pixels of the picture around the landmarks.

    Returns:
        crops (n, 3, height, width), and present (n,) bool: False where a landmark of the part is unknown or the box
        lies outside the picture; such a crop is 0 all over.

    Raises:
        ValueError: landmarks as in :func:`extract_part`.

    Example:
        >>> face, points = torch.rand(1, 3, 64, 64), 10 + torch.rand(1, 68, 2) * 44
        >>> extract_box(face, points, OFFICIAL_LANDMARKS["mouth"], (16, 32), 5.0)[0].shape
        torch.Size([1, 3, 16, 32])

    Source: the official code, whose margin is 5 pixels of the original picture.
    """
    extent = _picture_extent(images, landmarks)
    own = landmarks[:, points]  # (n, points, 2)
    low = (own.amin(1) - margin).clamp(min=0).floor()  # (n, 2)
    high = torch.minimum((own.amax(1) + margin).floor(), extent)
    present = (high > low).all(1)  # comparisons with NaN are False
    low = torch.where(present[:, None], low, torch.zeros_like(low))
    high = torch.where(present[:, None], high, torch.ones_like(high))
    x, y = (
        (
            low[:, axis, None]
            + (torch.arange(count, device=images.device) + 0.5)
            * ((high - low)[:, axis, None] / count)
            - 0.5
        ).clamp(
            low[:, axis, None], high[:, axis, None] - 1
        )  # eq-mgln-box; (n, count)
        for axis, count in enumerate(reversed(size))
    )
    x, y = torch.broadcast_tensors(  # (n, h, w) each
        x[:, None, :], y[:, :, None]
    )
    return _read(images, x, y, present), present


def _picture_extent(images: Tensor, landmarks: Tensor) -> Tensor:
    """Width and height of the pictures, (2,), after a check that the landmarks are theirs."""
    n, _, height, width = images.shape
    if landmarks.shape != (n, 68, 2):
        raise ValueError(
            f"landmarks have shape {tuple(landmarks.shape)} for {n} images; expected ({n}, 68, 2), "
            "points (x, y) in iBUG's order"
        )
    extent = landmarks.new_tensor([width, height])
    require(
        ~((landmarks < -0.5 * extent) | (landmarks > 1.5 * extent)).any(),
        f"landmarks lie far outside the {width} x {height} images; expected pixels of these very images, "
        "so scale the landmarks together with the pictures",
    )
    return extent


def _read(images: Tensor, x: Tensor, y: Tensor, present: Tensor) -> Tensor:
    """The pictures (n, 3, H, W) read at the places x and y, (n, h, w) each; 0 where a part is not present."""
    height, width = images.shape[-2:]
    # grid_sample wants -1 and 1 at the outer edges of the outer pixels; pixel centers are at integers.
    grid = torch.stack(  # (n, h, w, 2)
        [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1
    )
    return (
        F.grid_sample(images, grid.to(images.dtype), align_corners=False)
        * present[:, None, None, None]
    )


# --- equations: the offset layer ----------------------------------------------


def sampling_points(offsets: Tensor) -> Tensor:
    r"""Where the offset layer reads: each pixel's own place plus its offset.

    .. math:: \text{point}_c(k) = k + \Delta_{ck}

    where

    * :math:`k` is a pixel of the map, (x, y) with pixel centers at integers,
    * :math:`\Delta_{ck}` is the offset of channel c at that pixel (``offsets``).

    Args:
        offsets: floating point, (m, C, 2, h, w), (x, y) in pixels of the map.

    Returns:
        The points, (m, C, h, w, 2).

    Example:
        >>> sampling_points(torch.zeros(1, 1, 2, 2, 2))[0, 0].tolist()
        [[[0.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]]

    Source: Yu et al. 2020, the offset layer.
    """
    h, w = offsets.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(h, device=offsets.device, dtype=offsets.dtype),
        torch.arange(w, device=offsets.device, dtype=offsets.dtype),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1) + offsets.permute(  # (m, C, h, w, 2)
        0, 1, 3, 4, 2
    )


def channelwise_resample(
    features: Tensor,
    offsets: Tensor,
    padding: Literal["border", "zeros"] = "border",
) -> Tensor:
    r"""Read every channel at its own displaced points, bilinearly.

    .. math:: \mathrm{out}_c(k) = \sum_q \max(0, 1 - |k_x + \Delta_{ck,x} - q_x|)
        \max(0, 1 - |k_y + \Delta_{ck,y} - q_y|) \, F_c(q)

    where

    * :math:`F_c` is channel c of the map (``features``),
    * :math:`k` is a pixel of the result and :math:`q` runs over the pixels of the map,
    * :math:`\Delta_{ck}` is the offset of channel c at pixel k (``offsets``).

    Args:
        features: floating point, (m, C, h, w).
        offsets: floating point, (m, C, 2, h, w), (x, y) in pixels of the map.
        padding: what lies outside the map: its border repeated, or zeros (as in torchvision's ``deform_conv2d``).

    Returns:
        The displaced map, (m, C, h, w).

    Raises:
        ValueError: offsets of another shape.

    Example:
        >>> ramp = torch.arange(4.0).view(1, 1, 1, 4)
        >>> channelwise_resample(ramp, torch.full((1, 1, 2, 1, 4), 0.5)).tolist()
        [[[[0.5, 1.5, 2.5, 3.0]]]]

    Source: Yu et al. 2020, the offset layer.
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
    resampled = F.grid_sample(  # eq-mgln-offset
        features.reshape(m * c, 1, h, w).to(exact),
        grid.reshape(m * c, h, w, 2),
        padding_mode=padding,
        align_corners=False,
    )
    return resampled.view(m, c, h, w).to(features.dtype)


def scrambled_offsets(predicted: Tensor) -> Tensor:
    r"""The offsets as the official code reads them, which is not where they were predicted.

    .. math:: \Delta_{c, (y, x)} = \begin{pmatrix} P_{2n + 1} \\ P_{2n} \end{pmatrix}, \qquad n = (c h + y) w + x

    where

    * :math:`P` is the predicted map (``predicted``) of one sample, its :math:`2 C h w` numbers counted row by row and
      channel by channel,
    * :math:`\Delta_{c, (y, x)}` is the offset (x, y) that channel c gets at row y and column x,
    * :math:`h, w` are the map's height and width.

    The code reads a map (m, 2C, h, w) with ``view(-1, h, w, 2)``.  A view moves nothing: the two numbers of an offset
    are then neighbors in a row, and not the predictions of two channels for one pixel.

    Args:
        predicted: floating point, (m, 2C, h, w).

    Returns:
        The offsets, (m, C, 2, h, w), (x, y) in pixels of the map.

    Example:
        >>> predicted = torch.zeros(1, 2, 4, 4)
        >>> predicted[0, 0, 1, 2] = 1.0  # predicted at row 1, column 2
        >>> scrambled_offsets(predicted).nonzero().tolist()  # moves row 0, column 3, along y
        [[0, 0, 1, 0, 3]]

    Source: the official code's offset layer.
    """
    m, channels, h, w = predicted.shape
    pairs = predicted.reshape(
        m, channels // 2, h, w, 2
    )  # eq-mgln-scramble; (m, 2C, h, w) -> (m, C, h, w, [y, x])
    return pairs.flip(-1).permute(0, 1, 4, 2, 3)  # (m, C, [x, y], h, w)


# --- equations: two tasks, one decision ---------------------------------------


def two_task_loss(
    global_scores: Tensor,
    local_scores: Tensor,
    labels: Tensor,
    has_parts: Tensor | None = None,
    partners: Tensor | None = None,
    share: float | Tensor = 1.0,
) -> tuple[Tensor, Tensor]:
    r"""Cross-entropy of each module's scores, to be added with equal weight.

    .. math::
        L_{global} = \frac{1}{m} \sum_i \left[ t \, H(s^g_i, y_i) + (1 - t) \, H(s^g_i, y_{\pi(i)}) \right], \qquad
        L_{local} = \frac{1}{m} \sum_i b_i \, H(s^l_i, y_i)

    where

    * :math:`m` is the batch size,
    * :math:`H(s, y)` is the cross-entropy of scores s and class y,
    * :math:`s^g_i` and :math:`s^l_i` are the global and local scores of face i,
    * :math:`y_i` is its class (``labels``), and :math:`y_{\pi(i)}` that of the face mixed into it (``partners``),
    * :math:`t` is the share of the face itself in the mixture (``share``),
    * :math:`b_i` is 1 if face i shows a part, else 0 (``has_parts``).

    Args:
        global_scores: floating point, (m, K).
        local_scores: floating point, (m, K).
        labels: classes 0 to K-1, int64, (m,).
        has_parts: bool, (m,): a face without parts says nothing about the local scores; None for parts everywhere.
        partners: int64, (m,); None without mixup.
        share: from 0 to 1.

    Returns:
        (L_global, L_local), two 0-dim tensors.

    Example:
        >>> g, l, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 0.0]]), torch.tensor([0])
        >>> [round(x.item(), 4) for x in two_task_loss(g, l, y)]
        [0.6931, 0.0001]

    Source: Yu et al. 2020; mixup as in the official code.
    """
    global_loss = F.cross_entropy(global_scores, labels)
    if partners is not None:
        global_loss = share * global_loss + (1 - share) * F.cross_entropy(
            global_scores, partners
        )
    local_losses = F.cross_entropy(  # (m,)
        local_scores, labels, reduction="none"
    )
    if has_parts is not None:
        local_losses = local_losses * has_parts
    return global_loss, local_losses.mean()


def mix_faces(
    faces: Tensor, labels: Tensor, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Mixup: every face blended with another one of the batch, by one share for the whole batch.

    .. math:: \tilde x_i = t x_i + (1 - t) x_{\pi(i)}, \qquad t \sim \mathrm{Beta}(\alpha, \alpha)

    where

    * :math:`x_i` is face i (``faces``) and :math:`\tilde x_i` the mixed one,
    * :math:`\pi` is a random permutation of the batch,
    * :math:`t` is the share,
    * :math:`\alpha` is ``alpha``.

    Args:
        faces: floating point, (m, 3, H, W).
        labels: int64, (m,).
        alpha: above 0.

    Returns:
        mixed faces (m, 3, H, W), the partners' labels (m,), and t, 0-dimensional, on the device of the faces.

    Example:
        >>> mixed, partners, share = mix_faces(torch.ones(4, 3, 8, 8), torch.arange(4), alpha=1.0)
        >>> mixed.shape, sorted(partners.tolist()), share.shape
        (torch.Size([4, 3, 8, 8]), [0, 1, 2, 3], torch.Size([]))

    Source: H. Zhang et al.: mixup: Beyond Empirical Risk Minimization.  ICLR 2018; used so by the official code.
    """
    concentration = torch.full((), alpha, device=faces.device)
    # validate_args would read the values back from the device.
    share = torch.distributions.Beta(
        concentration, concentration, validate_args=False
    ).sample()
    order = torch.randperm(len(faces), device=faces.device)
    return share * faces + (1 - share) * faces[order], labels[order], share


def fuse(
    global_scores: Tensor, local_scores: Tensor, weight: float | Tensor = 0.5
) -> Tensor:
    r"""Fusion of the two modules' decisions.

    .. math:: s_i = w \, s^g_i + (1 - w) \, s^l_i

    where

    * :math:`s^g_i` are the global scores of face i (``global_scores``),
    * :math:`s^l_i` are its local scores (``local_scores``),
    * :math:`w` is ``weight``.

    Args:
        global_scores: floating point, (m, K).
        local_scores: floating point, (m, K).
        weight: a number from 0 to 1, or one a face, (m, 1).

    Returns:
        The fused scores, (m, K).

    Raises:
        ValueError: a number outside 0 to 1, or scores of different shapes.

    Example:
        >>> fuse(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.25).tolist()
        [[0.5, 0.75]]

    Source: Yu et al. 2020; the official code adds the scores, which decides like w = 1/2.
    """
    if global_scores.shape != local_scores.shape:
        raise ValueError(
            f"global scores have shape {tuple(global_scores.shape)} and local scores {tuple(local_scores.shape)}; "
            "expected the same (m, K)"
        )
    if isinstance(weight, int | float) and not 0 <= weight <= 1:
        raise ValueError(
            f"weight is {weight}; expected a share from 0 (local alone) to 1 (global alone)"
        )
    return (  # eq-mgln-fusion
        weight * global_scores + (1 - weight) * local_scores
    )


# --- parts of the network -----------------------------------------------------


class Statistics(nn.Module):
    """Means and variances of a trunk's batch normalization for one more kind of pictures; the weights stay the trunk's.

    Batch normalization trains with the statistics of the batch and is evaluated with running averages of them.  A trunk
    that sees faces, eyes, noses and mouths by turns averages over all kinds, and is then evaluated with statistics that
    no picture was ever normalized with.  Averages of its own for each kind make training and evaluation agree.

    Args:
        trunk: whose batch normalization is meant; only the layout is taken from it.

    Shapes: the trunk and images (m, 3, H, W) -> the trunk's maps (m, C, h, w).

    Example:
        >>> trunk = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
        >>> mouths = Statistics(trunk)
        >>> mouths(trunk, torch.rand(2, 3, 8, 8)).shape, trunk[1].num_batches_tracked.item()
        (torch.Size([2, 4, 8, 8]), 0)

    Source: ours; the paper's trunk has no batch normalization.
    """

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        for name in self.names(trunk):
            self.register_buffer(
                name.replace(".", "_"), trunk.get_buffer(name).clone()
            )

    @staticmethod
    def names(trunk: nn.Module) -> list[str]:
        """The names of the averages inside the trunk."""
        layers = {
            name
            for name, layer in trunk.named_modules()
            if isinstance(layer, nn.modules.batchnorm._BatchNorm)
        }
        return [
            name
            for name, _ in trunk.named_buffers()
            if name.rpartition(".")[0] in layers
        ]

    def forward(self, trunk: nn.Module, images: Tensor) -> Tensor:
        own = {
            name: getattr(self, name.replace(".", "_"))
            for name in self.names(trunk)
        }
        return torch.func.functional_call(
            trunk, own, (images,)
        )  # in training the averages are updated in place


def _use_group_normalization(module: nn.Module) -> None:
    """Put group normalization, 8 channels a group, in the place of batch normalization, in place; its weights stay."""
    for name, layer in module.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            channels = layer.num_features
            groups = nn.GroupNorm(
                channels // 8 if channels % 8 == 0 else 1, channels, layer.eps
            )
            groups.load_state_dict(dict(layer.named_parameters()))
            setattr(module, name, groups)
        else:
            _use_group_normalization(layer)


def _convolution(
    in_channels: int,
    out_channels: int,
    kernel: int,
    fan: Literal["fan_in", "fan_out"],
) -> nn.Conv2d:
    """A convolution that keeps the map's size, its weights drawn from N(0, 2/fan).

    He's initialization counts the inputs ("fan_in", our choice), which keeps a signal's size through convolutions and
    ReLUs.  The official code counts the outputs.  With torch's default the signal shrinks at every layer, and without
    batch normalization the scores then hardly depend on the image: training does not start.
    """
    layer = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(layer.weight, mode=fan, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class ChannelwiseOffset(nn.Module):
    """The paper's offset layer: a 3 × 3 convolution predicts an offset per channel and pixel; the map is read there.

    It is not the deformable convolution of Dai et al. 2017, which moves the nine taps of a kernel and is one layer with
    it.  The offsets start at zero (our reading), so that the untrained layer changes nothing.

    Args:
        channels: C.
        official: read the predictions as the official code does, see :func:`scrambled_offsets`; without a bias, the
            weights drawn from N(0, 2/(9 · 2C)) as there.

    Shapes: (m, C, h, w) -> (m, C, h, w).

    Example:
        >>> x = torch.rand(1, 3, 5, 5)
        >>> torch.allclose(ChannelwiseOffset(3)(x), x)
        True

    Source: Yu et al. 2020.
    """

    def __init__(self, channels: int, official: bool = False) -> None:
        super().__init__()
        self.official = official
        self.predict = nn.Conv2d(
            channels, 2 * channels, 3, padding=1, bias=not official
        )
        if official:
            nn.init.kaiming_normal_(
                self.predict.weight, mode="fan_out", nonlinearity="relu"
            )
        else:
            nn.init.zeros_(self.predict.weight)
            nn.init.zeros_(self.predict.bias)  # type: ignore[arg-type]

    def offsets(self, features: Tensor) -> Tensor:
        """(m, C, h, w) to offsets (m, C, 2, h, w), (x, y) in pixels of the map."""
        predicted = self.predict(features)  # (m, 2C, h, w)
        return (
            scrambled_offsets(predicted)
            if self.official
            else predicted.unflatten(1, (features.shape[1], 2))
        )

    def forward(self, features: Tensor) -> Tensor:
        return channelwise_resample(features, self.offsets(features))


class DeformableConv(nn.Module):
    """The alternative: torchvision's deformable 3 × 3 convolution with offsets predicted from its own input.

    One offset per kernel tap and pixel, shared by all channels.  The offsets start at zero.

    Args:
        in_channels: C of the input.
        out_channels: C' of the output.

    Shapes: (m, C, h, w) -> (m, C', h, w).

    Example:
        >>> DeformableConv(4, 8)(torch.rand(1, 4, 5, 5)).shape
        torch.Size([1, 8, 5, 5])

    Source: J. Dai et al.: Deformable Convolutional Networks.  ICCV 2017.
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
            return self.conv(features.to(exact), offsets.to(exact)).to(
                features.dtype
            )


def _pointwise_head(
    channels: tuple[int, ...], config: MGLNConfig
) -> nn.Sequential:
    """1x1 convolutions with ReLUs between them, the scores averaged over the map: (m, C, h, w) to (m, K)."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(channels):
        layers += [
            _convolution(before, after, 1, config.initialization),
            nn.ReLU(),
        ]
    if not config.final_relu:
        layers.pop()
    # Global average pooling: no fully connected layer, no parameter.
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class GFM(nn.Module):
    """Global face module: three times (offset layer, 3 × 3 convolution, ReLU), 1 × 1 convolutions, average pooling.

    Args:
        in_channels: C, channels of the trunk.
        num_classes: K.
        config: ``gfm_channels``, ``offset``, ``initialization`` and ``final_relu`` are used.

    Shapes: (m, C, h, w) -> global scores (m, K).

    Example:
        >>> GFM(64, 7, PRESETS["small"])(torch.rand(2, 64, 6, 6)).shape
        torch.Size([2, 7])

    Source: Yu et al. 2020.
    """

    def __init__(
        self, in_channels: int, num_classes: int, config: MGLNConfig
    ) -> None:
        super().__init__()
        channels = (in_channels, *config.gfm_channels[:3])
        blocks: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            if config.offset == "deform_conv":
                blocks.append(
                    nn.Sequential(DeformableConv(before, after), nn.ReLU())
                )
            else:
                offset = ChannelwiseOffset(
                    before, official=config.offset == "official"
                )
                blocks.append(
                    nn.Sequential(
                        offset,
                        _convolution(before, after, 3, config.initialization),
                        nn.ReLU(),
                    )
                )
        self.blocks = nn.Sequential(*blocks)
        self.head = _pointwise_head(
            (*config.gfm_channels[2:], num_classes), config
        )

    def embed(self, features: Tensor) -> Tensor:
        """What the last convolution turns into scores, averaged over the map: (m, C, h, w) -> (m, gfm_channels[-1])."""
        return self.head[:4](self.blocks(features)).mean(
            dim=(2, 3)
        )  # two convolutions with their ReLUs

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.blocks(features))


class LST(nn.Module):
    r"""Local spatio-temporal block: one part in three frames becomes one map.

    .. math:: F_e = \mathrm{reshape} \, \mathrm{LSTM}\big(f(X^e_{first}), f(X^e_{middle}), f(X^e_{apex})\big), \qquad
        f = \mathrm{vec} \circ \mathrm{Conv}_{1 \times 1}

    where

    * :math:`X^e` are the trunk's maps of the part (here the eyes) in the three frames,
    * :math:`\mathrm{Conv}_{1 \times 1}` are three 1 × 1 convolutions, the last to a single channel,
    * :math:`\mathrm{LSTM}` is the last state of an LSTM over the frames, which reshape reads as a square map,
    * :math:`F_e` is that map.

    Frames share the weights, parts do not.

    Args:
        in_channels: C, channels of the trunk.
        map_size: (h, w) of the part's feature map.
        config: ``lst_channels``, ``lstm_hidden``, ``lstm_layers``, ``initialization`` and ``lst_relu`` are used.

    Shapes: (m, f, C, h, w) -> (m, 1, √hidden, √hidden).

    Example:
        >>> LST(64, (2, 6), PRESETS["small"])(torch.rand(5, 3, 64, 2, 6)).shape
        torch.Size([5, 1, 8, 8])

    Source: Yu et al. 2020.
    """

    def __init__(
        self, in_channels: int, map_size: tuple[int, int], config: MGLNConfig
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(
            (in_channels, *config.lst_channels, 1)
        ):
            # The official code leaves these convolutions, and these alone, to torch's default.
            official = config.initialization == "fan_out"
            layers += [
                nn.Conv2d(before, after, 1)
                if official
                else _convolution(before, after, 1, "fan_in"),
                nn.ReLU(),
            ]
        self.squeeze = nn.Sequential(
            *(layers if config.lst_relu else layers[:-1])
        )
        self.lstm = nn.LSTM(
            map_size[0] * map_size[1],
            config.lstm_hidden,
            config.lstm_layers,
            batch_first=True,
        )
        self.side = math.isqrt(config.lstm_hidden)

    def forward(self, features: Tensor) -> Tensor:
        m, f = features.shape[:2]
        squeezed = self.squeeze(features.flatten(0, 1))  # (m f, 1, h, w)
        states, _ = self.lstm(  # (m, f, h w) -> (m, f, hidden)
            squeezed.reshape(m, f, -1)
        )
        return states[:, -1].reshape(m, 1, self.side, self.side)  # eq-mgln-lst


class PBM(nn.Module):
    r"""Part-based module: an LST block a part, and the part-end of 1 × 1 convolutions.

    .. math:: F_{enm} = [F_e; F_n; F_m], \qquad s^l = \mathrm{GAP} \; \mathrm{Conv}_{1 \times 1} (F_{enm})

    where

    * :math:`F_e, F_n, F_m` are the maps of eyes, nose and mouth, see :class:`LST`; a part that is not present enters as
      zeros,
    * :math:`\mathrm{Conv}_{1 \times 1}` are three 1 × 1 convolutions with ReLUs between them,
    * :math:`\mathrm{GAP}` is global average pooling,
    * :math:`s^l` are the local scores.

    Args:
        in_channels: C, channels of the trunk.
        num_classes: K.
        map_sizes: (h, w) of each part's feature map, by part; the order is that of ``present``.
        config: the widths.

    Shapes: three maps (m, f, C, h, w) and present (m, 3) bool -> local scores (m, K).

    Example:
        >>> module = PBM(16, 7, {part: (2, 4) for part in PARTS}, PRESETS["small"])
        >>> module({part: torch.rand(5, 3, 16, 2, 4) for part in PARTS}, torch.ones(5, 3, dtype=torch.bool)).shape
        torch.Size([5, 7])

    Source: Yu et al. 2020.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        map_sizes: dict[str, tuple[int, int]],
        config: MGLNConfig,
    ) -> None:
        super().__init__()
        self.lst = nn.ModuleDict(
            {
                part: LST(in_channels, size, config)
                for part, size in map_sizes.items()
            }
        )
        self.part_end = _pointwise_head(
            (len(map_sizes), *config.part_end_channels, num_classes), config
        )

    def forward(self, features: dict[str, Tensor], present: Tensor) -> Tensor:
        f_enm = torch.cat(  # eq-mgln-parts; (m, 3, s, s)
            [block(features[part]) for part, block in self.lst.items()], 1
        )
        return self.part_end(f_enm * present[:, :, None, None])


# --- the network --------------------------------------------------------------


class MGLN(nn.Module):
    r"""The multi-task global-local network.

    .. math:: L = L_{global} + L_{local}

    where

    * :math:`L_{global}` and :math:`L_{local}` are the two terms of :func:`two_task_loss`.

    A batch is a dict with ``images`` (m, T, 3, H, W), ``landmarks`` (m, T, 68, 2) in pixels with NaN where unknown,
    ``lengths`` (m,) and, to train, ``labels`` (m,).  Faces without landmarks are decided by the global module alone.
    Where the trunk has batch normalization, the averages inside it are those of faces, and those of the parts lie
    beside it, see :class:`Statistics`.  The state dict of a network with one set of averages loads as well; then each
    kind gets a copy of them.

    Args:
        backbone: the trunk that faces and parts share: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C
            in ``backbone.out_channels``; the paper's has the first ten convolutions of VGG-16.
        num_classes: K.
        config: hyper-parameters.
        image_size: side of the square face images, in pixels; fixes the sizes of the crops.

    Raises:
        ValueError: images too small for the trunk; batches that are not sequences.

    Example:
        >>> method = MGLN(nn.Conv2d(3, 16, 8, stride=8), num_classes=7, config=PRESETS["small"], image_size=64)
        >>> method(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 7])

    Source: Yu et al. 2020.
    """

    task = "expression"
    needs = ("labels", "landmarks", "lengths")

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: MGLNConfig = PRESETS["paper"],
        image_size: int = 128,
    ) -> None:
        super().__init__()
        self.config = config
        self.num_classes = num_classes
        if config.trunk_norm == "group":
            _use_group_normalization(backbone)
        self.backbone = backbone
        kinds = PARTS if config.trunk_norm == "own" else ()
        self.statistics = nn.ModuleDict(
            {part: Statistics(backbone) for part in kinds}
        )
        self.sizes = part_sizes(image_size)
        channels = int(backbone.out_channels)  # type: ignore[arg-type]
        self.gfm = GFM(channels, num_classes, config)
        self.pbm = PBM(
            channels,
            num_classes,
            {part: self.map_size(self.sizes[part]) for part in PARTS},
            config,
        )

    def map_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The trunk's map of a crop of ``size``, found by sending one through."""
        was_training = self.backbone.training
        self.backbone.eval()
        try:
            with torch.no_grad():
                height, width = self.backbone(torch.zeros(1, 3, *size)).shape[
                    -2:
                ]
        except RuntimeError as error:
            raise ValueError(
                f"a crop of {size[0]} x {size[1]} pixels is too small for this backbone; use larger images or a trunk "
                "that halves them three times at most, such as VGG-16's first ten convolutions"
            ) from error
        finally:
            self.backbone.train(was_training)
        return int(height), int(width)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *further: Any
    ) -> None:
        if not any(
            name.startswith(f"{prefix}statistics.") for name in state_dict
        ):
            for part in self.statistics:
                for name in Statistics.names(self.backbone):
                    if (
                        there := state_dict.get(f"{prefix}backbone.{name}")
                    ) is not None:
                        state_dict[
                            f"{prefix}statistics.{part}.{name.replace('.', '_')}"
                        ] = there
        super()._load_from_state_dict(state_dict, prefix, *further)

    def trunk(self, kind: str, images: Tensor) -> Tensor:
        """The trunk's maps (n, C, h, w) of pictures of one kind, ``"face"`` or a part, under that kind's statistics."""
        if kind not in self.statistics:
            return self.backbone(images)
        return self.statistics[kind](self.backbone, images)

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings that the global scores are read from: apex faces (m, 3, H, W) -> (m, gfm_channels[-1])."""
        return self.gfm.embed(self.backbone(images))

    def forward(self, images: Tensor) -> Tensor:
        """Global scores (m, K) of apex faces (m, 3, H, W): what the network says without landmarks and movement."""
        if images.ndim != 4:
            raise ValueError(
                f"images have shape {tuple(images.shape)}; expected still faces (m, 3, H, W): give sequences with "
                "their landmarks and lengths to predict(batch)"
            )
        return self.gfm(self.backbone(images))

    def look(
        self, batch: dict[str, Any]
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """What the two modules see.

        Returns:
            apex faces (m, 3, H, W), the parts' crops, each (m, 3 frames, 3, h, w), and present (m, 3 parts) bool: the
            part is there in all frames.
        """
        images, landmarks, lengths = (
            batch["images"],
            batch["landmarks"],
            batch["lengths"],
        )
        if images.ndim != 5 or landmarks.ndim != 4:
            raise ValueError(
                f"images have shape {tuple(images.shape)} and landmarks {tuple(landmarks.shape)}; expected sequences "
                "(m, T, 3, H, W) and (m, T, 68, 2)"
            )
        positions = frame_positions(lengths, self.config.frames)
        frames = select_frames(images, positions)  # (m, 3, 3, H, W)
        points = select_frames(landmarks, positions)  # (m, 3, 68, 2)
        m, f = frames.shape[:2]
        pictures = (  # (m f, 3, H, W) and (m f, 68, 2)
            frames.flatten(0, 1),
            points.flatten(0, 1),
        )
        crops, present = {}, []
        for part, width in zip(PARTS, self.config.part_widths, strict=True):
            if self.config.crops == "box":
                crop, there = extract_box(
                    *pictures,
                    OFFICIAL_LANDMARKS[part],
                    self.sizes[part],
                    self.config.box_margin,
                )
            else:
                crop, there = extract_part(
                    *pictures, PART_LANDMARKS[part], self.sizes[part], width
                )
            crops[part] = crop.unflatten(  # (m f, 3, h, w) -> (m, f, 3, h, w)
                0, (m, f)
            )
            present.append(there.view(m, f).all(1))
        return frames[:, -1], crops, torch.stack(present, dim=1)

    def local_scores(self, crops: dict[str, Tensor], present: Tensor) -> Tensor:
        """Local scores (m, K) of the parts' crops, each (m, 3 frames, 3, h, w)."""
        maps = {}
        for part, crop in crops.items():
            features = self.trunk(part, crop.flatten(0, 1))  # (m f, C, h, w)
            maps[part] = features.unflatten(  # (m, f, C, h, w)
                0, crop.shape[:2]
            )
        return self.pbm(maps, present)

    def scores(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Global scores (m, K), local scores (m, K), and has_parts (m,) bool."""
        faces, crops, present = self.look(batch)
        return self(faces), self.local_scores(crops, present), present.any(1)

    def predict(self, batch: dict[str, Any]) -> Tensor:
        """Fused scores (m, K); a face without any part is decided by its global scores alone."""
        global_scores, local_scores, has_parts = self.scores(batch)
        weight = torch.where(has_parts, self.config.fusion_weight, 1.0)[
            :, None
        ].to(global_scores.dtype)  # (m, 1)
        return fuse(global_scores, local_scores, weight)

    def training_step(
        self, batch: dict[str, Any], epoch: int = 0, gather: Gather = identity
    ) -> dict[str, Any]:
        """Loss and fused scores of one batch.

        Args:
            batch: sequences, see above.
            epoch: not used.
            gather: not used: both terms are means over samples.

        Returns:
            ``loss``, ``logits`` (the fused scores) and ``log`` (both terms).
        """
        faces, crops, present = self.look(batch)
        labels, has_parts = batch["labels"], present.any(1)
        partners: Tensor | None = None
        share: float | Tensor = 1.0
        if self.config.mixup > 0:
            faces, partners, share = mix_faces(faces, labels, self.config.mixup)
        global_scores, local_scores = (
            self(faces),
            self.local_scores(crops, present),
        )
        global_loss, local_loss = two_task_loss(
            global_scores, local_scores, labels, has_parts, partners, share
        )
        weight = torch.where(has_parts, self.config.fusion_weight, 1.0)[
            :, None
        ].to(global_scores.dtype)
        return {
            "loss": global_loss + local_loss,  # eq-mgln-loss
            "logits": fuse(global_scores, local_scores, weight),
            "log": {
                "global_loss": global_loss.detach(),
                "local_loss": local_loss.detach(),
            },
        }
