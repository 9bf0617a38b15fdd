"""G2RL: geometry-guided representation learning for the intensities of facial action units.

Y. Fan, Z. Lin: G2RL: Geometry-Guided Representation Learning for Facial Action Unit Intensity Estimation.  IJCAI 2020,
731-737, doi 10.24963/ijcai.2020/102.  No official code is known.  The equations are known from a published reading note
of the paper; what the note leaves open (σ, λ, layer sizes, the points, the map from distance to adjacency) is a
parameter here, and its value is our reading.  Ours are also: one adjacency for all three layers where the note writes
A^{l-1}, and L_S where it writes L'_S of images and landmarks (X, P).  The keys beside the code are the book's.

A network with deconvolutions predicts a heatmap for every facial point that an action unit (AU) moves: the place of the
peak says where the point is, its height how strong the AU is.  During training a second branch turns the landmarks into
a graph and the graph into a vector G, and the feature maps before the heatmaps are pulled towards it.  After training
the second branch is thrown away.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, get_args

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import (
    Gather,
    check_batch_normalization,
    identity,
    require,
)
from fer_tutorial.papers.configs import G2RL_PRESETS as PRESETS
from fer_tutorial.papers.configs import (
    AdjacencyKind,
    G2RLConfig,
    Peak,
    check_one_of,
)

HIGHEST_INTENSITY = 5.0  # FACS letters A to E, as numbers

# The two points of each AU, on the person's right and left (of AU 17: above and below): the midpoint of two of iBUG's
# 68 landmarks (numbered from 0), or a landmark itself where the two are the same.  Our reading.  Of the first author's
# earlier code, EvelynFan/FAU, it is known that AU points are landmarks or midpoints of two, and its example of training
# data shows where those of AU 6, 10, 12, 14 and 17 lie, though not of which landmarks they are made: the table has
# those that come nearest.  That code gives AU 4 one point and AU 9 three, where is not known; here every AU has two.
# Its author names Ntinou et al., Table 1, as the source.
# fmt: off
AU_POINTS: dict[int, tuple[tuple[int, int], tuple[int, int]]] = {
    1: ((21, 21), (22, 22)),  # inner ends of the brows
    2: ((18, 18), (25, 25)),  # outer thirds of the brows
    4: ((19, 20), (23, 24)),  # middles of the brows
    5: ((37, 38), (43, 44)),  # upper lids
    6: ((1, 41), (15, 46)),  # cheeks, half way from the face's edge to the lower lid's outer end
    7: ((40, 41), (46, 47)),  # lower lids
    9: ((39, 31), (42, 35)),  # sides of the nose, half way from inner eye corner to nostril
    10: ((49, 49), (53, 53)),  # upper lip's outer points
    12: ((48, 48), (54, 54)),  # mouth corners
    14: ((3, 48), (13, 54)),  # cheeks, half way from the face's edge to the mouth corner
    15: ((48, 59), (54, 55)),  # lower lip's border next to the corners
    17: ((57, 57), (8, 57)),  # on the midline: lower lip's border, and half way from there to the chin
    20: ((59, 59), (55, 55)),  # lower lip's outer points
    23: ((49, 49), (53, 53)),  # upper lip's outer points
    24: ((50, 58), (52, 56)),  # half way from upper to lower lip
    25: ((61, 67), (63, 65)),  # opening of the mouth
    26: ((7, 7), (9, 9)),  # jaw
    43: ((37, 41), (44, 46)),  # half way from upper to lower lid
}
# fmt: on


# --- equations: points and heatmaps -------------------------------------------


def action_unit_columns(
    wanted: Sequence[int], available: Sequence[int]
) -> list[int]:
    """Where the wanted AUs stand in a table whose columns are ``available``.

    Args:
        wanted: AUs, by number.
        available: AUs of the columns, by number.

    Returns:
        The columns' positions.

    Raises:
        ValueError: the table lacks one of them.

    Example:
        >>> action_unit_columns((12, 1), (1, 2, 12))
        [2, 0]
    """
    missing = [unit for unit in wanted if unit not in available]
    if missing:
        raise ValueError(
            f"the data have no intensities of AU {', '.join(map(str, missing))}; they have AU "
            f"{', '.join(map(str, available)) or '(none)'}, so choose among these"
        )
    return [list(available).index(unit) for unit in wanted]


def au_points(landmarks: Tensor, action_units: Sequence[int]) -> Tensor:
    r"""The two points of each action unit: midpoints of two landmarks each.

    .. math:: p_{as} = \frac{1}{2} (l_{u(a,s)} + l_{v(a,s)})

    where

    * :math:`l_i` is landmark i (``landmarks``),
    * :math:`u(a, s)` and :math:`v(a, s)` are the two landmarks of point s of action unit a, by :data:`AU_POINTS`.

    Args:
        landmarks: floating point, (m, 68, 2), (x, y).
        action_units: A action units, by number.

    Returns:
        (m, A, 2, 2): the point on the person's right, then on the left (of AU 17: the upper, then the lower one), each
        (x, y), in the landmarks' unit.

    Raises:
        ValueError: landmarks of another shape, or an AU that has no points in the table.

    Example:
        >>> au_points(torch.arange(136.0).view(1, 68, 2), [12])[0, 0].tolist()
        [[96.0, 97.0], [108.0, 109.0]]

    Source: that AU points are landmarks or midpoints is the first author's earlier code, EvelynFan/FAU; which ones, and
    two for every AU, is our reading.
    """
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2):
        raise ValueError(
            f"landmarks have shape {tuple(landmarks.shape)}; expected (m, 68, 2), points (x, y)"
        )
    unknown = [unit for unit in action_units if unit not in AU_POINTS]
    if unknown:
        raise ValueError(
            f"AU {', '.join(map(str, unknown))} has no points; the table has AU {', '.join(map(str, AU_POINTS))}"
        )
    pairs = torch.tensor(  # (A, 2, 2)
        [AU_POINTS[unit] for unit in action_units], device=landmarks.device
    )
    return landmarks[:, pairs].mean(
        3
    )  # (m, A, 2 points, 2 landmarks, 2) -> (m, A, 2, 2)


def to_map(points: Tensor, stride: float) -> Tensor:
    r"""From image pixels to pixels of a map that is ``stride`` times smaller; pixel centers are at integers in both.

    .. math:: p_{map} = \frac{p + 1/2}{r} - \frac{1}{2}

    where

    * :math:`p` is a point of the image (``points``),
    * :math:`r` is ``stride``.

    Args:
        points: floating point, (..., 2).
        stride: image pixels per pixel of the map.

    Returns:
        The points in pixels of the map, (..., 2).

    Example:
        >>> to_map(torch.tensor([0.5, 2.5]), 2).tolist()
        [0.0, 1.0]
    """
    return (points + 0.5) / stride - 0.5


def from_map(points: Tensor, stride: float) -> Tensor:
    r"""The inverse of :func:`to_map`.

    .. math:: p = r \left( p_{map} + \frac{1}{2} \right) - \frac{1}{2}

    where

    * :math:`p_{map}` is a point of the map (``points``),
    * :math:`r` is ``stride``.

    Args:
        points: floating point, (..., 2).
        stride: image pixels per pixel of the map.

    Returns:
        The points in pixels of the image, (..., 2).

    Example:
        >>> from_map(torch.tensor([0.0, 1.0]), 2).tolist()
        [0.5, 2.5]
    """
    return (points + 0.5) * stride - 0.5


def gaussian_heatmap(
    points: Tensor,
    intensities: Tensor,
    size: tuple[int, int],
    sigma: float,
    peak: Peak = "intensity",
) -> Tensor:
    r"""Target heatmap of every point: a Gaussian at the point, as high as the AU is strong.

    .. math:: S_k(i, j) = \frac{I_k}{2 \pi \sigma^2}
        \exp\left( -\frac{\lVert (i, j) - (i_k, j_k) \rVert^2}{2 \sigma^2} \right)

    where

    * :math:`(i, j)` is a pixel of the map,
    * :math:`(i_k, j_k)` is point k (``points``),
    * :math:`I_k` is the intensity of its AU (``intensities``),
    * :math:`\sigma` is ``sigma``.

    The formula is the paper's, ``peak="density"``; with ``peak="intensity"`` the factor :math:`2 \pi \sigma^2` is left
    out, and the peak is as high as the AU is strong.

    Args:
        points: floating point, (..., 2), (x, y) in pixels of the map; NaN where unknown.
        intensities: floating point, (...), from 0 to 5; NaN where not coded.
        size: (h, w) of the map.
        sigma: σ, in pixels of the map.
        peak: what the highest value is.  With "density" it is I / (2πσ²), 0.0398 · I at σ = 2: read it accordingly.

    Returns:
        The maps, (..., h, w), NaN all over where the point or its intensity is unknown.

    Raises:
        ValueError: intensities outside 0 to 5, points further than half a map outside the map (both looked at on the
            CPU only), a σ that is not positive, or an unknown peak.

    Example:
        >>> gaussian_heatmap(torch.tensor([1.0, 0.0]), torch.tensor(3.0), (1, 3), sigma=1.0).tolist()[0][1]
        3.0

    Source: Fan and Lin 2020; the peak of height I is our reading.
    """
    if sigma <= 0:
        raise ValueError(
            f"sigma is {sigma}; expected a positive number of map pixels"
        )
    check_one_of("peak", peak, get_args(Peak))
    require(
        ~((intensities < 0) | (intensities > HIGHEST_INTENSITY)).any(),
        "an action unit's intensity lies outside 0 to 5; expected FACS intensities (0 absent, 1 to 5 for A to E), so "
        "rescale the annotation",
    )
    h, w = size
    extent = points.new_tensor([w, h])
    require(
        ~((points < -0.5 * extent) | (points > 1.5 * extent)).any(),
        f"points lie far outside the {w} x {h} map; expected pixels of the map, so check that the landmarks are in "
        "pixels of these images and divided by the stride",
    )
    x = torch.arange(w, device=points.device, dtype=points.dtype)
    y = torch.arange(h, device=points.device, dtype=points.dtype)
    # The Gaussian is a product of one along x and one along y.
    along_x = torch.exp(  # (..., w)
        -((x - points[..., 0, None]) ** 2) / (2 * sigma**2)
    )
    along_y = torch.exp(  # (..., h)
        -((y - points[..., 1, None]) ** 2) / (2 * sigma**2)
    )
    height = (
        intensities / (2 * math.pi * sigma**2)
        if peak == "density"
        else intensities
    )
    return (  # eq-g2rl-target; (..., h, w)
        height[..., None, None] * along_y[..., :, None] * along_x[..., None, :]
    )


def read_heatmap(
    maps: Tensor,
    sigma: float = 1.0,
    peak: Peak = "intensity",
    subpixel: bool = True,
) -> tuple[Tensor, Tensor]:
    r"""Where the peak of each map is, and which intensity its height means.

    .. math::
        \hat L_k = \arg\max \Phi_k, \qquad \hat I_k = \max \Phi_k, \qquad
        \delta = \frac{l_+ - l_-}{2 \, (2 l_0 - l_- - l_+)}, \qquad
        \ln \hat I = l_0 + \frac{(l_+ - l_-) \, \delta}{4}

    where

    * :math:`\Phi_k` is map k (``maps``), :math:`\hat L_k` the place of its peak and :math:`\hat I_k` the intensity,
    * :math:`l_0, l_-, l_+` are the logarithms at the highest pixel and at its two neighbors,
    * :math:`\delta` is how far beyond the highest pixel the true peak lies, along x and along y.

    The last two refine the first two: a Gaussian's logarithm is a parabola, and three values fix a parabola.  On an
    exact Gaussian this recovers point and intensity exactly.  With ``peak="density"`` the intensity is
    :math:`2 \pi \sigma^2` times the height.

    Args:
        maps: floating point, (..., h, w).
        sigma: σ of the targets, used by ``peak="density"`` alone.
        peak: how the targets were scaled, see :func:`gaussian_heatmap`.
        subpixel: refine as above; False reads the highest pixel as it is.

    Returns:
        points (..., 2), (x, y) in pixels of the map, and intensities (...), differentiable in ``maps``.

    Example:
        >>> m = gaussian_heatmap(torch.tensor([3.3, 2.8]), torch.tensor(4.0), (8, 8), sigma=1.5)
        >>> [value.tolist() for value in read_heatmap(m, subpixel=False)][0]
        [3.0, 3.0]
        >>> [[round(x, 3) for x in value.view(-1).tolist()] for value in read_heatmap(m)]
        [[3.3, 2.8], [4.0]]

    Source: Fan and Lin 2020; the refinement is ours.
    """
    h, w = maps.shape[-2:]
    flat = (  # (..., h w)
        maps.float().flatten(-2)
        if maps.dtype in (torch.float16, torch.bfloat16)
        else maps.flatten(-2)
    )
    highest, position = flat.max(-1)  # eq-g2rl-read
    row, column = position // w, position % w
    points = torch.stack([column, row], dim=-1).to(flat.dtype)  # (..., 2)
    intensities = highest
    if subpixel:
        # A neighbor is never taken below a tenth of the peak: true for Gaussians from σ = 0.7 on, and it keeps the
        # logarithm of a rough prediction in bounds.  Maps without a positive peak are left as they are.
        floor = 0.1 * highest.clamp(min=1e-6)
        shifts, gain = [], torch.zeros_like(highest)
        for index, count, step in ((column, w, 1), (row, h, w)):
            inner = (index > 0) & (index < count - 1) & (highest > 1e-6)
            before = flat.gather(-1, (position - step).clamp(min=0)[..., None])[
                ..., 0
            ]
            after = flat.gather(
                -1, (position + step).clamp(max=h * w - 1)[..., None]
            )[..., 0]
            low, high = (
                torch.maximum(before, floor).log(),
                torch.maximum(after, floor).log(),
            )
            curvature = 2 * highest.clamp(min=1e-6).log() - low - high
            shift = ((high - low) / (2 * curvature.clamp(min=1e-6))).clamp(
                -0.5, 0.5
            )  # eq-g2rl-subpixel
            shift = torch.where(inner, shift, torch.zeros_like(shift))
            shifts.append(shift)
            gain = gain + torch.where(
                inner, (high - low) * shift / 4, torch.zeros_like(shift)
            )
        points = points + torch.stack(shifts, dim=-1)
        intensities = highest * gain.exp()
    if peak == "density":
        intensities = intensities * (2 * math.pi * sigma**2)
    return points, intensities


def heatmap_loss(
    predicted: Tensor, target: Tensor, weights: Tensor | None = None
) -> Tensor:
    r"""Heatmap regression, summed over pixels and maps.

    .. math:: L_S = \frac{1}{m} \sum_i \sum_k w_{ik} \lVert \Phi_k(X_i) - S_k(X_i) \rVert^2

    where

    * :math:`m` is the batch size and :math:`X_i` image i,
    * :math:`\Phi_k` is predicted map k (``predicted``) and :math:`S_k` its target (``target``),
    * :math:`w_{ik}` is the weight of map k of image i (``weights``), 1 in the paper.

    Args:
        predicted: floating point, (m, P, h, w).
        target: floating point, (m, P, h, w); a map that is NaN is left out.
        weights: floating point, (m, P); all 1 by default.

    Returns:
        The loss, 0-dimensional.

    Example:
        >>> target = torch.tensor([[[[1.0, 2.0]]], [[[torch.nan, torch.nan]]]])
        >>> heatmap_loss(torch.zeros(2, 1, 1, 2), target).item()
        2.5

    Source: Fan and Lin 2020; the weights are ours.
    """
    known = ~target.isnan()
    squares = (
        torch.where(
            known, predicted - target.nan_to_num(), torch.zeros_like(predicted)
        )
        ** 2
    )
    by_map = squares.sum((-2, -1))  # (m, P)
    if weights is not None:
        by_map = by_map * weights
    return by_map.sum(1).mean()  # eq-g2rl-heatmap-loss


# --- equations: geometry ------------------------------------------------------


def adjacency(
    nodes: Tensor,
    kind: AdjacencyKind = "gaussian",
    scale: float = 0.5,
    neighbors: int = 6,
) -> Tensor:
    r"""A graph's weights from the Euclidean distances between its nodes.

    .. math::
        A_{ij} = \exp\left( -\frac{d_{ij}^2}{2 s^2} \right) \quad\text{or}\quad \frac{1}{1 + d_{ij} / s}
        \quad\text{or}\quad \mathbb{1}[\text{nearest}], \qquad \hat A = D^{-1/2} A D^{-1/2}

    where

    * :math:`d_{ij}` is the distance between nodes i and j,
    * :math:`s` is ``scale`` times the mean distance between different nodes of this face, so that the size of the face
      does not matter,
    * nearest holds if i is among the nearest ``neighbors`` of j or j among those of i, or i = j,
    * :math:`D` is the diagonal matrix of the degrees :math:`D_{ii} = \sum_j A_{ij}`.

    Args:
        nodes: floating point, (m, n, 2).
        kind: ``"gaussian"``, ``"inverse"`` or ``"nearest"``: which of the three.
        scale: the length s, in mean distances; not used by ``"nearest"``.
        neighbors: used by ``"nearest"`` alone.

    Returns:
        Â, (m, n, n), symmetric.

    Raises:
        ValueError: nodes of another shape, fewer than two, all nodes in one place (looked at on the CPU only), an
            unknown kind, or more neighbors than there are other nodes.

    Example:
        >>> weights = adjacency(torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]), "inverse", scale=1.0)
        >>> [f"{weight:.2f}" for weight in weights.flatten()]
        ['0.67', '0.33', '0.33', '0.67']

    Source: that distances decide is Fan and Lin 2020; the three maps are our reading, and so is the normalization of
    T. Kipf, M. Welling: Semi-Supervised Classification with Graph Convolutional Networks.  ICLR 2017.
    """
    check_one_of("kind", kind, get_args(AdjacencyKind))
    if nodes.ndim != 3 or nodes.shape[2] != 2:
        raise ValueError(
            f"nodes have shape {tuple(nodes.shape)}; expected (m, n, 2), one point (x, y) a node: a graph whose nodes "
            "are pixels or channels has the wrong layout"
        )
    n = nodes.shape[1]
    if n < 2:
        raise ValueError(
            f"a graph of {n} nodes has no distances; expected at least two"
        )
    distances = (nodes[:, :, None] - nodes[:, None, :]).norm(dim=3)  # (m, n, n)
    mean = distances.sum((1, 2)) / (n * (n - 1))  # (m,)
    require(
        (mean > 0).all(),
        "all nodes of a face coincide; expected landmarks in different places, or NaN if unknown",
    )
    length = (scale * mean).clamp(min=1e-6)[:, None, None]
    if kind == "gaussian":
        weights = torch.exp(  # eq-g2rl-adjacency
            -(distances**2) / (2 * length**2)
        )
    elif kind == "inverse":
        weights = 1 / (1 + distances / length)
    else:
        if not 0 < neighbors < n:
            raise ValueError(
                f"neighbors is {neighbors} but a node has {n - 1} others; expected 1 to {n - 1}"
            )
        itself = torch.eye(n, dtype=nodes.dtype, device=nodes.device)
        # Twins may lie in one place, so the node itself is put out of reach rather than assumed to be the nearest.
        nearest = (
            (distances + itself * torch.finfo(nodes.dtype).max)
            .topk(neighbors, largest=False)
            .indices
        )
        chosen = torch.zeros_like(distances).scatter_(2, nearest, 1.0)
        weights = torch.maximum(chosen, chosen.transpose(1, 2)) + itself
    degree = weights.sum(
        2
    ).rsqrt()  # (m, n); every node counts itself, so no degree is 0
    return degree[:, :, None] * weights * degree[:, None, :]


def geometry_loss(
    geometry: Tensor, projected: Tensor, known: Tensor | None = None
) -> Tensor:
    r"""Geometry guidance.

    .. math:: L_G = \frac{1}{m} \sum_i b_i \lVert G_i - W M_i \rVert^2

    where

    * :math:`m` is the batch size,
    * :math:`G_i` is the geometry vector of face i (``geometry``),
    * :math:`W M_i` are its feature maps, projected to the length of G (``projected``),
    * :math:`b_i` is 1 if its landmarks are known, else 0 (``known``).

    Args:
        geometry: floating point, (m, g).
        projected: floating point, (m, g).
        known: bool, (m,); None for landmarks everywhere.

    Returns:
        The loss, 0-dimensional.

    Example:
        >>> g = torch.tensor([[3.0, 0.0], [1.0, 1.0]])
        >>> geometry_loss(g, torch.zeros(2, 2), torch.tensor([True, False])).item()
        4.5

    Source: Fan and Lin 2020.
    """
    squares = ((geometry - projected) ** 2).sum(1)  # (m,)
    if known is not None:
        squares = squares * known
    return squares.mean()  # eq-g2rl-guidance


def landmark_intensity_loss(
    read: Tensor, intensities: Tensor, known: Tensor | None = None
) -> Tensor:
    r"""What the geometry learns where it is learned first and then held: to say the intensities.

    .. math:: L_I = \frac{1}{m} \sum_i b_i \lVert V G_i + v - I_i \rVert^2

    where

    * :math:`m` is the batch size,
    * :math:`V G_i + v` are the intensities that a linear layer reads from the geometry vector of face i (``read``),
    * :math:`I_i` are those coded (``intensities``),
    * :math:`b_i` is 1 if its landmarks are known, else 0 (``known``).

    Args:
        read: floating point, (m, A).
        intensities: floating point, (m, A), from 0 to 5; one that is NaN is left out.
        known: bool, (m,); None for landmarks everywhere.

    Returns:
        The loss, 0-dimensional.

    Example:
        >>> coded = torch.tensor([[3.0, torch.nan], [1.0, 1.0]])
        >>> landmark_intensity_loss(torch.zeros(2, 2), coded, torch.tensor([True, False])).item()
        4.5

    Source: ours.
    """
    coded = ~intensities.isnan()
    squares = (
        torch.where(
            coded, read - intensities.nan_to_num(), torch.zeros_like(read)
        )
        ** 2
    ).sum(1)  # (m,)
    if known is not None:
        squares = squares * known
    return squares.mean()  # eq-g2rl-landmark-intensities


def joint_loss(geometry: Tensor, heatmaps: Tensor, lambda_: float) -> Tensor:
    r"""Both losses together.

    .. math:: L = \lambda L_G + (1 - \lambda) L_S

    where

    * :math:`L_G` is :func:`geometry_loss` (``geometry``),
    * :math:`L_S` is :func:`heatmap_loss` (``heatmaps``),
    * :math:`\lambda` is ``lambda_``.

    The note writes :math:`L'_S`, the heatmap loss of :math:`\Phi(X, P)`, images with landmarks, and does not say what P
    changes.  That it is :math:`L_S`, P having acted through the guidance alone, is our reading.

    Args:
        geometry: 0-dimensional.
        heatmaps: 0-dimensional.
        lambda_: from 0 (heatmaps alone) to 1.

    Returns:
        The loss, 0-dimensional.

    Example:
        >>> joint_loss(torch.tensor(4.0), torch.tensor(8.0), 0.25).item()
        7.0

    Source: Fan and Lin 2020; L_S in the place of L'_S is our reading.
    """
    return lambda_ * geometry + (1 - lambda_) * heatmaps


# --- parts of the network -----------------------------------------------------


class HeatmapEstimator(nn.Module):
    """From images to AU intensities by heatmaps.  All that is left of G2RL after training.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C in ``backbone.out_channels``.
        action_units: the A action units, by number; two maps each.
        config: ``deconv_channels``, ``sigma`` and ``peak`` are used.
        stride: image pixels per heatmap pixel.

    Shapes: images (m, 3, H, W) -> intensities (m, A), on the scale 0 to 5 but not cut off there.

    Example:
        >>> estimator = HeatmapEstimator(nn.Conv2d(3, 8, 8, stride=8), (1, 12), PRESETS["small"], stride=4)
        >>> estimator(torch.rand(2, 3, 48, 48)).shape, estimator.heatmaps(torch.rand(2, 3, 48, 48)).shape
        (torch.Size([2, 2]), torch.Size([2, 4, 12, 12]))

    Source: Fan and Lin 2020; the layers are our reading.
    """

    def __init__(
        self,
        backbone: nn.Module,
        action_units: Sequence[int],
        config: G2RLConfig,
        stride: float,
    ) -> None:
        super().__init__()
        self.action_units = tuple(action_units)
        self.sigma, self.peak, self.stride = config.sigma, config.peak, stride
        self.backbone = backbone
        layers: list[nn.Module] = []
        channels = (int(backbone.out_channels), *config.deconv_channels)  # type: ignore[arg-type]
        for before, after in pairwise(channels):
            layers += [
                nn.ConvTranspose2d(
                    before, after, 4, stride=2, padding=1, bias=False
                ),  # twice the resolution
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.deconvolutions = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels[-1], 2 * len(self.action_units), 1)

    def feature_maps(self, images: Tensor) -> Tensor:
        """M, the feature maps before the heatmaps: images (m, 3, H, W) -> (m, C', h', w')."""
        return self.deconvolutions(self.backbone(images))

    def heatmaps(self, images: Tensor) -> Tensor:
        """Φ: images (m, 3, H, W) -> (m, 2A, h', w'); maps 2a and 2a + 1 are those of AU a's first and second point."""
        return self.head(self.feature_maps(images))

    def read(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Points (m, A, 2, 2) in image pixels and intensities (m, A) of heatmaps: the mean of the two maps, ours."""
        points, intensities = read_heatmap(  # (m, 2A, 2), (m, 2A)
            maps, self.sigma, self.peak
        )
        return from_map(points, self.stride).unflatten(
            1, (-1, 2)
        ), intensities.unflatten(1, (-1, 2)).mean(2)

    def forward(self, images: Tensor) -> Tensor:
        return self.read(self.heatmaps(images))[1]


class GraphConvolution(nn.Module):
    r"""One layer on a graph.

    .. math:: F^l = \mathrm{ReLU}(\hat A F^{l-1} W^{l-1})

    where

    * :math:`F^l` are the nodes' features after layer l, a row a node,
    * :math:`\hat A` is :func:`adjacency`; the note writes :math:`A^{l-1}`, an adjacency of each layer's own, and leaves
      open how it changes: that all layers share that of the landmarks is our reading,
    * :math:`W` are the layer's weights.

    Every node mixes its features (W), then gathers its neighbors' (Â).  The order of the nodes does not matter:
    permuted nodes give permuted features.

    Args:
        in_features: c, a node's features before the layer.
        out_features: c', a node's features after it.

    Shapes: Â (m, n, n) and F (m, n, c) -> (m, n, c').

    Example:
        >>> GraphConvolution(2, 5)(torch.eye(68)[None], torch.rand(1, 68, 2)).shape
        torch.Size([1, 68, 5])

    Source: Fan and Lin 2020; the layer is Kipf and Welling's, one adjacency for all layers is our reading.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Linear(in_features, out_features, bias=False)

    def forward(self, adjacency: Tensor, features: Tensor) -> Tensor:
        return F.relu(adjacency @ self.weight(features))  # eq-g2rl-gcn


class GeometryEncoder(nn.Module):
    r"""From landmarks to the latent geometry vector.

    .. math:: F' = \|_{l=1}^{3} \mathrm{ReLU}(\hat A F^{l-1} W^{l-1}), \qquad
        G = \mathrm{FC}(\mathrm{FC}(\mathrm{FC}(\mathrm{Conv}_{1 \times 1}(F'))))

    where

    * :math:`F^0` are the nodes' coordinates and :math:`F^l` is :class:`GraphConvolution`,
    * :math:`F'` are the three layers' outputs side by side,
    * :math:`\mathrm{Conv}_{1 \times 1}` mixes the features of each node,
    * :math:`\mathrm{FC}` are fully connected layers, with ReLUs between them,
    * :math:`G` is the geometry vector; ``config.standardize`` gives it mean 0 and variance 1 over the batch.

    Args:
        num_nodes: n, 68 landmarks.
        config: sizes and the kind of adjacency.

    Shapes: nodes (m, n, 2), about −1 to 1, -> G (m, g).

    Raises:
        ValueError: a single sample in training where G is standardized over the batch.

    Example:
        >>> GeometryEncoder(68, PRESETS["small"])(torch.rand(2, 68, 2)).shape
        torch.Size([2, 32])

    Source: Fan and Lin 2020; the ReLUs are our reading, standardizing is ours.
    """

    def __init__(self, num_nodes: int, config: G2RLConfig) -> None:
        super().__init__()
        self.config = config
        channels = (2, *config.gcn_channels)
        self.graph = nn.ModuleList(
            GraphConvolution(before, after)
            for before, after in pairwise(channels)
        )
        self.conv = nn.Conv1d(sum(config.gcn_channels), config.node_channels, 1)
        first, second = config.fc_sizes
        self.fc = nn.Sequential(
            nn.Linear(config.node_channels * num_nodes, first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, config.geometry_dim),
            # Faces are alike, so G starts out varying by less than batch normalization's usual eps.
            nn.BatchNorm1d(config.geometry_dim, eps=1e-12, affine=False)
            if config.standardize
            else nn.Identity(),
        )

    def node_features(self, nodes: Tensor) -> Tensor:
        """F': the three layers' outputs side by side, nodes (m, n, 2) -> (m, n, c_1 + c_2 + c_3)."""
        weights = adjacency(
            nodes,
            self.config.adjacency,
            self.config.adjacency_scale,
            self.config.neighbors,
        )
        features, outputs = nodes, []
        for layer in self.graph:
            features = layer(weights, features)
            outputs.append(features)
        return torch.cat(outputs, dim=2)

    def forward(self, nodes: Tensor) -> Tensor:
        check_batch_normalization(self.fc, nodes)
        features = self.node_features(nodes).transpose(
            1, 2
        )  # (m, c, n): Conv1d mixes channels, nodes stay apart
        return self.fc(self.conv(features).flatten(1))


# --- the network --------------------------------------------------------------


class G2RL(nn.Module):
    r"""AU intensities from heatmaps, guided by geometry while training.

    .. math:: L = \lambda L_G + (1 - \lambda) L_S

    where

    * :math:`L_G` is :func:`geometry_loss`,
    * :math:`L_S` is :func:`heatmap_loss`,
    * :math:`\lambda` is ``config.lambda_``.

    Geometry learns from :math:`L_G`, together with the features.  With ``config.geometry_epochs`` above 0 it is learned
    first and then held, another reading of ours: in the first epochs the loss is :math:`L_I + (1 - \lambda) L_S`, where
    :math:`L_I` is :func:`landmark_intensity_loss`; from then on the geometry's weights stand still and the features
    alone follow, so that it cannot collapse.

    A batch is a dict with ``images`` (m, 3, H, W) and, to train, ``landmarks`` (m, 68, 2) in pixels with NaN where
    unknown and ``action_units`` (m, A) from 0 to 5 with NaN where not coded.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C in ``backbone.out_channels``.
        action_units: the A action units to estimate, by number, in the order of the data's columns.
        config: hyper-parameters.
        image_size: side of the square images, in pixels.
        map_size: (h, w) of the feature map; 7 × 7 for a ResNet and images of 224 pixels.

    Raises:
        ValueError: no action unit, one without points, a batch with another number of them, or several processes with
            ``geometry_epochs``.

    Example:
        >>> backbone = nn.Conv2d(3, 8, 8, stride=8)
        >>> method = G2RL(backbone, (1, 2, 12), PRESETS["small"], image_size=48, map_size=(6, 6))
        >>> method(torch.rand(2, 3, 48, 48)).shape
        torch.Size([2, 3])

    Source: Fan and Lin 2020; geometry that is held is ours.
    """

    task = "action_units"
    needs = ("action_units", "landmarks")

    def __init__(
        self,
        backbone: nn.Module,
        action_units: Sequence[int],
        config: G2RLConfig = PRESETS["paper"],
        image_size: int = 224,
        map_size: tuple[int, int] = (7, 7),
    ) -> None:
        super().__init__()
        if not action_units:
            raise ValueError(
                "there is no action unit to estimate; expected at least one"
            )
        au_points(  # says which AU has no points
            torch.zeros(1, 68, 2), action_units
        )
        self.config = config
        self.action_units = tuple(action_units)
        self.image_size = image_size
        factor = 2 ** len(config.deconv_channels)
        self.heatmap_size = (map_size[0] * factor, map_size[1] * factor)
        self.estimator = HeatmapEstimator(
            backbone,
            action_units,
            config,
            stride=image_size / self.heatmap_size[1],
        )
        self.geometry = GeometryEncoder(68, config)
        # W of L_G: all of M, flattened, to the length of G.
        self.projection = nn.Linear(
            config.deconv_channels[-1]
            * self.heatmap_size[0]
            * self.heatmap_size[1],
            config.geometry_dim,
            bias=False,
        )
        # V of L_I, where geometry is learned first: from G to the intensities.
        self.reader = (
            nn.Linear(config.geometry_dim, len(action_units))
            if config.geometry_epochs
            else None
        )

    @property
    def backbone(self) -> nn.Module:
        """The backbone, which belongs to the branch that stays."""
        return self.estimator.backbone

    def forward(self, images: Tensor) -> Tensor:
        """Intensities, not cut off at 0 and 5: images (m, 3, H, W) -> (m, A).  The geometry takes no part."""
        return self.estimator(images)

    def predict(self, batch: dict[str, Any]) -> Tensor:
        """Intensities (m, A), from 0 to 5, of a batch."""
        return self(batch["images"]).clamp(0, HIGHEST_INTENSITY)

    def targets(self, landmarks: Tensor, intensities: Tensor) -> Tensor:
        """S: landmarks (m, 68, 2) in image pixels and intensities (m, A) -> target maps (m, 2A, h', w')."""
        if intensities.shape[1:] != (len(self.action_units),):
            raise ValueError(
                f"the batch has {tuple(intensities.shape[1:])} action units a face but this network estimates "
                f"{len(self.action_units)}: AU {', '.join(map(str, self.action_units))}; choose the columns with "
                "action_unit_columns"
            )
        points = to_map(
            au_points(landmarks, self.action_units), self.estimator.stride
        ).flatten(1, 2)  # (m, 2A, 2)
        of_both = intensities.repeat_interleave(2, dim=1)  # (m, 2A)
        return gaussian_heatmap(
            points,
            of_both,
            self.heatmap_size,
            self.config.sigma,
            self.config.peak,
        )

    def training_step(
        self, batch: dict[str, Any], epoch: int = 0, gather: Gather = identity
    ) -> dict[str, Any]:
        """Loss and intensities of one batch.

        Args:
            batch: see above.
            epoch: counted from 0; from ``config.geometry_epochs`` on geometry is held, unless that is 0.
            gather: not used: all terms are means over samples.

        Returns:
            ``loss``, ``logits`` (the intensities (m, A)) and ``log`` (the terms).
        """
        landmarks, intensities = batch["landmarks"], batch["action_units"]
        features = self.estimator.feature_maps(batch["images"])  # M
        maps = self.estimator.head(features)  # Φ
        weights = (  # (m, 2A)
            1
            + self.config.emphasis
            * intensities.nan_to_num().repeat_interleave(2, dim=1)
        )
        loss_s = heatmap_loss(
            maps, self.targets(landmarks, intensities), weights
        )

        known = ~landmarks.isnan().any(2).any(1)  # (m,)
        # Faces without landmarks get some graph, so that nothing divides by zero, and weight 0.
        anywhere = torch.linspace(  # (68, 1)
            -1, 1, 68, device=landmarks.device, dtype=landmarks.dtype
        )[:, None]
        nodes = torch.where(
            known[:, None, None],
            2 * (landmarks + 0.5) / self.image_size - 1,
            anywhere,
        )
        held = self.reader is not None and epoch >= self.config.geometry_epochs
        vector = self.geometry(nodes)  # G
        if held:
            vector = vector.detach()
        projected = self.projection(features.flatten(1))  # W M
        loss_g = geometry_loss(vector, projected, known)
        loss = joint_loss(loss_g, loss_s, self.config.lambda_)
        log = {
            "heatmap_loss": loss_s.detach(),
            "geometry_loss": loss_g.detach(),
        }
        if self.reader is not None:
            if (
                dist.is_available()
                and dist.is_initialized()
                and dist.get_world_size() > 1
            ):
                # They wait for the gradient of every weight in every step, and held weights have none.
                raise ValueError(
                    f"geometry_epochs is {self.config.geometry_epochs}, which several processes cannot train together; "
                    "use one process, or 0"
                )
            loss_i = landmark_intensity_loss(
                self.reader(vector), intensities, known
            )
            log["landmark_intensity_loss"] = loss_i.detach()
            if not held:
                loss = loss_i + (1 - self.config.lambda_) * loss_s
        return {
            "loss": loss,
            "logits": self.estimator.read(maps)[1],
            "log": log,
        }

    def export(self) -> HeatmapEstimator:
        """A copy of the branch that stays: images in, intensities out, no trace of geometry module and projection."""
        return copy.deepcopy(self.estimator).eval()
