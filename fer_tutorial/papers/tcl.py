"""TCL, triplet-center loss: be closer to the own class's center than to a negative one; and where negatives come from.

A. R. Rajoli, N. Lotfi, A. Atyabi, F. Afghah: Triplet Loss-less Center Loss Sampling Strategies in Facial Expression
Recognition Scenarios.  CISS 2023, arXiv 2302.04108.  No official code is known.  The paper's abstract names three
strategies for the negative sample (fully-synthesized, semi-synthesized, prediction-based) and a selective attention
module of pixel-wise and element-wise coefficients; the formulas here are OUR READING of those names, built on the
triplet-center loss of X. He, Y. Zhou, Z. Zhou, S. Bai, X. Bai: Triplet-Center Loss for Multi-View 3D Object Retrieval.
CVPR 2018.  Every choice of ours is marked so below, and is a parameter.  Of He et al. we know that their partial code
takes the plain distance and the mean over the batch; half squares and a sum are their formula as we recall it.  The
keys beside the code are the book's.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import (
    Gather,
    check_classes,
    check_embeddings,
    check_like_features,
    check_scores,
    identity,
)
from fer_tutorial.papers.configs import (
    STRATEGIES,
    CenterDistance,
    Strategy,
    TCLConfig,
    check_one_of,
)
from fer_tutorial.papers.configs import TCL_PRESETS as PRESETS

# --- equations ----------------------------------------------------------------


def center_distance(
    features: Tensor,
    centers: Tensor,
    weights: Tensor | None = None,
    distance: CenterDistance = "half_square",
) -> Tensor:
    r"""How far a sample is from a center, each dimension weighted: half the square, or the plain distance.

    .. math:: D_a(x, c) = \frac{1}{2} \sum_j a_j (x_j - c_j)^2
        \qquad\text{or}\qquad D_a(x, c) = \sqrt{\sum_j a_j (x_j - c_j)^2}

    where

    * :math:`x` is a row of ``features``,
    * :math:`c` is the center it is compared with (``centers``),
    * :math:`a` are the weights of the dimensions (``weights``).

    The plain distance has no gradient where it is 0; there autograd gets 0, one of its subgradients.

    Args:
        features: floating point, (..., d).
        centers: floating point, broadcastable with ``features``: (m, d) is one a sample; (K, d) are all of them for
            features (m, 1, d).
        weights: floating point, broadcastable likewise, 0 or more; None means ones.
        distance: ``"half_square"``, the first formula, or ``"euclidean"``, the second.

    Returns:
        The distances, of the broadcast shape without d.

    Raises:
        ValueError: an unknown distance.

    Example:
        >>> x, c = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
        >>> center_distance(x, c).item(), center_distance(x, c, distance="euclidean").item()
        (12.5, 5.0)

    Source: He et al. 2018 without weights (their code has the plain distance, their formula, as we recall it, half the
    square); the weights are our reading of Rajoli et al. 2023.
    """
    check_one_of("distance", distance, get_args(CenterDistance))
    squares = (features - centers).square()
    total = (squares if weights is None else weights * squares).sum(dim=-1)
    if distance == "half_square":
        return 0.5 * total  # eq-tcl-distance
    # The root's slope at 0 is infinite, and infinity times 0 is no number: its zeros are put in afterwards.
    apart = total > 0
    return torch.where(apart, torch.where(apart, total, 1.0).sqrt(), 0.0)


def triplet_center_loss(
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    negatives: Tensor,
    margin: float = 1.0,
    weights: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    distance: CenterDistance = "half_square",
) -> Tensor:
    r"""Be closer to the own center than to a negative one, by a margin.

    .. math:: L_{TC} = \sum_{i=1}^{m} \max\{0, D(x_i, c_{y_i}) + \mu - D(x_i, n_i)\}

    where

    * :math:`m` is the batch size,
    * :math:`x_i` is row i of ``features`` and :math:`y_i` its class (``labels``),
    * :math:`c_k` is row k of ``centers``,
    * :math:`n_i` is row i of ``negatives``,
    * :math:`\mu` is ``margin``,
    * :math:`D` is :func:`center_distance`.

    No triplets of samples have to be found: the positive is the class center and the negative a center too.

    A margin belongs to its distance.  Half squares of two distances r and s differ by (r − s)(r + s)/2, so a margin μ
    in half squares asks the negative to be farther by μ over the mean distance: 14 from the centers, half squares of
    98, a margin of 1 asks for 0.07, which is next to none.  With the plain distance μ is asked for at any distance.

    Args:
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d).
        negatives: floating point, (m, d), as from :func:`negative_centers`.
        margin: above 0, in the units of ``distance``.
        weights: element-wise attention, floating point, (m, d), 0 or more; None means ones.
        reduction: ``"sum"`` as in the formula, ``"mean"`` over the batch, or ``"none"``.
        distance: ``"half_square"`` or ``"euclidean"``, as for :func:`center_distance`.

    Returns:
        The loss, 0-dimensional, or (m,) without reduction.

    Raises:
        ValueError: shapes that do not fit, an empty batch, a label outside 0 to K-1 (looked at on the CPU only), or an
            unknown reduction or distance.

    Example:
        >>> x, c = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0], [2.0, 0.0]])
        >>> triplet_center_loss(x, torch.tensor([0]), c, c[[1]], margin=0.3)  # on the border: the margin is left
        tensor(0.3000)

    Source: He et al. 2018; their code has the mean, the sum is their formula as we recall it.
    """
    check_embeddings(features, labels, centers)
    check_like_features(negatives, features, "negatives")
    if weights is not None:
        check_like_features(weights, features, "weights")
    check_one_of("reduction", reduction, ("mean", "sum", "none"))
    own = center_distance(features, centers[labels], weights, distance)  # (m,)
    other = center_distance(features, negatives, weights, distance)  # (m,)
    losses = torch.relu(own + margin - other)  # eq-tcl-loss
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses


@torch.no_grad()
def nearest_wrong_class(
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    r"""The wrong class whose center is nearest.

    .. math:: k_i = \arg\min_{k \ne y_i} D(x_i, c_k)

    where

    * :math:`x_i` is row i of ``features`` and :math:`y_i` its class (``labels``),
    * :math:`c_k` is row k of ``centers``,
    * :math:`D` is :func:`center_distance`; half squares and plain distances have the same smallest one.

    Args:
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d), K at least 2.
        weights: element-wise attention, floating point, (m, d); None means ones.

    Returns:
        Classes, int64, (m,).

    Raises:
        ValueError: as for :func:`triplet_center_loss`, or a single class.

    Example:
        >>> x, c = torch.tensor([[0.9, 0.0]]), torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
        >>> nearest_wrong_class(x, torch.tensor([1]), c).tolist()  # class 1 is nearest, but it is the sample's own
        [0]

    Source: He et al. 2018.
    """
    check_embeddings(features, labels, centers)
    check_classes(len(centers))
    if weights is not None:
        check_like_features(weights, features, "weights")
    # (m, 1, d) against (K, d) -> (m, K)
    distances = center_distance(
        features[:, None],
        centers,
        None if weights is None else weights[:, None],
    )
    return _without_own(distances, labels, torch.inf).argmin(  # eq-tcl-nearest
        dim=1
    )


@torch.no_grad()
def nearest_wrong_class_per_dimension(
    features: Tensor, labels: Tensor, centers: Tensor
) -> Tensor:
    r"""In every dimension the wrong class that is nearest there.

    .. math:: k_i(j) = \arg\min_{k \ne y_i} |x_{ij} - c_{kj}|

    where

    * :math:`x_{ij}` is dimension j of row i of ``features`` and :math:`y_i` its class (``labels``),
    * :math:`c_{kj}` is dimension j of row k of ``centers``.

    Args:
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d), K at least 2.

    Returns:
        Classes, int64, (m, d).

    Raises:
        ValueError: as for :func:`triplet_center_loss`, or a single class.

    Example:
        >>> x, c = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 9.0], [1.0, 5.0], [5.0, 1.0]])
        >>> nearest_wrong_class_per_dimension(x, torch.tensor([0]), c).tolist()
        [[1, 2]]

    Source: our reading of Rajoli et al. 2023.
    """
    check_embeddings(features, labels, centers)
    check_classes(len(centers))
    gaps = (features[:, None] - centers).abs()  # (m, 1, d), (K, d) -> (m, K, d)
    return _without_own(gaps, labels, torch.inf).argmin(dim=1)  # eq-tcl-full


@torch.no_grad()
def most_probable_wrong_class(probabilities: Tensor, labels: Tensor) -> Tensor:
    r"""The wrong class the classifier finds most probable.

    .. math:: k_i = \arg\max_{k \ne y_i} p_{ik}

    where

    * :math:`p_{ik}` is the probability of class k for sample i (``probabilities``),
    * :math:`y_i` is the sample's class (``labels``).

    Args:
        probabilities: floating point, (m, K), K at least 2.  Logits serve as well: their order is the same.
        labels: classes 0 to K-1, int64, (m,).

    Returns:
        Classes, int64, (m,).

    Raises:
        ValueError: shapes that do not fit, a single class, or a label outside 0 to K-1 (looked at on the CPU only).

    Example:
        >>> most_probable_wrong_class(torch.tensor([[0.6, 0.1, 0.3]]), torch.tensor([0])).tolist()
        [2]

    Source: our reading of Rajoli et al. 2023.
    """
    check_scores(probabilities, labels, "probabilities")
    return _without_own(probabilities, labels, -torch.inf).argmax(
        dim=1
    )  # eq-tcl-prediction


@torch.no_grad()
def selected_dimensions(attention: Tensor, fraction: float = 0.5) -> Tensor:
    r"""The dimensions with a sample's largest attention.

    .. math:: S_i = \{ j : a_{ij} \text{ is among the } \mathrm{round}(\varrho d) \text{ largest of } a_i \}

    where

    * :math:`a_{ij}` is the attention for dimension j of sample i (``attention``),
    * :math:`d` is the number of dimensions,
    * :math:`\varrho` is ``fraction``.

    Args:
        attention: floating point, (m, d).
        fraction: from 0 (none) to 1 (all); the count is rounded to the nearest whole number.

    Returns:
        bool, (m, d), the same number of true entries in every row.

    Raises:
        ValueError: a fraction outside 0 to 1.

    Example:
        >>> selected_dimensions(torch.tensor([[0.1, 0.9, 0.5, 0.2]]), 0.5).tolist()
        [[False, True, True, False]]

    Source: our reading of Rajoli et al. 2023.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"fraction is {fraction}; expected a share from 0 to 1"
        )
    count = round(fraction * attention.shape[1])
    chosen = attention.topk(count, dim=1).indices  # (m, count)
    return torch.zeros_like(attention, dtype=torch.bool).scatter(
        1, chosen, True
    )


def negative_centers(
    strategy: Strategy,
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    probabilities: Tensor | None = None,
    attention: Tensor | None = None,
    select_fraction: float = 0.5,
) -> Tensor:
    r"""The center each sample is pushed from.

    .. math:: n_{ij} = c_{k_i(j) \, j}

    where

    * :math:`n_{ij}` is dimension j of the negative of sample i,
    * :math:`c_{kj}` is dimension j of row k of ``centers``,
    * :math:`k_i(j)` is the class that the strategy chooses for that dimension:

    ====================== ============================================================================= ============
    strategy               class                                                                         known from
    ====================== ============================================================================= ============
    ``nearest``            :func:`nearest_wrong_class`, the same in all dimensions                       He et al.
    ``fully_synthesized``  :func:`nearest_wrong_class_per_dimension`                                     our reading
    ``semi_synthesized``   the latter in :func:`selected_dimensions`, the former elsewhere               our reading
    ``prediction_based``   :func:`most_probable_wrong_class`, the same in all dimensions                 our reading
    ====================== ============================================================================= ============

    A fully synthesized negative is a center that need not exist anywhere: every coordinate belongs to some wrong
    class, and no wrong center is closer to the sample.  Which class is chosen carries no gradient; the chosen centers
    do.  Whether distances are half squares or plain ones makes no difference here: what is nearest in one is nearest in
    the other.

    Args:
        strategy: one of :data:`STRATEGIES`.
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d), K at least 2.
        probabilities: or logits, floating point, (m, K), for ``prediction_based``.
        attention: element-wise, floating point, (m, d): selects the dimensions in ``semi_synthesized`` and weights the
            distance in ``nearest``; None means an unweighted distance.
        select_fraction: the share of dimensions the attention selects.

    Returns:
        The negatives, floating point, (m, d).

    Raises:
        ValueError: an unknown strategy, one that lacks its input, a single class, or shapes that do not fit.

    Example:
        >>> x, c = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 9.0], [1.0, 5.0], [5.0, 2.0]])
        >>> negative_centers("fully_synthesized", x, torch.tensor([0]), c).tolist()
        [[1.0, 2.0]]

    Source: He et al. 2018 (nearest); our reading of Rajoli et al. 2023 (the other three).
    """
    check_one_of("strategy", strategy, STRATEGIES)
    match strategy:
        case "nearest":
            return centers[
                nearest_wrong_class(features, labels, centers, attention)
            ]
        case "fully_synthesized":
            return centers.gather(
                0, nearest_wrong_class_per_dimension(features, labels, centers)
            )
        case "semi_synthesized":
            if attention is None:
                raise ValueError(
                    "semi_synthesized needs attention, (m, d), to know which dimensions to synthesize"
                )
            synthetic = centers.gather(
                0, nearest_wrong_class_per_dimension(features, labels, centers)
            )
            real = centers[
                nearest_wrong_class(features, labels, centers, attention)
            ]
            return torch.where(  # eq-tcl-semi
                selected_dimensions(attention, select_fraction), synthetic, real
            )
        case "prediction_based":
            if probabilities is None:
                raise ValueError(
                    "prediction_based needs probabilities, (m, K), to know which wrong class is likeliest"
                )
            return centers[most_probable_wrong_class(probabilities, labels)]


def _without_own(scores: Tensor, labels: Tensor, fill: float) -> Tensor:
    """``scores`` (m, K) or (m, K, d) with the entries of each sample's own class replaced, so it is never chosen."""
    own = labels[:, None] == torch.arange(  # (m, K)
        scores.shape[1], device=labels.device
    )
    return scores.masked_fill(  # (m, K) or (m, K, 1)
        own.reshape(own.shape + (1,) * (scores.ndim - 2)), fill
    )


# --- parts of the network -----------------------------------------------------


class SelectiveAttention(nn.Module):
    r"""Where to look in the map, and which dimensions to compare: pixel-wise and element-wise weights.

    .. math:: s_i = \mathrm{softmax}_u(v^\top f_{iu}), \qquad x_i = \sum_u s_{iu} f_{iu}, \qquad
        a_i = \sigma(V_2 \, \mathrm{ReLU}(V_1 x_i)) \in (0, 1)^d

    where

    * :math:`f_{iu}` is the feature map of sample i at position u, d channels,
    * :math:`v` are the weights of a 1 × 1 convolution; they start at zero, so that training starts from plain average
      pooling,
    * :math:`s_{iu}` is the pixel-wise weight of position u,
    * :math:`x_i` is the embedding,
    * :math:`V_1, V_2` are two linear layers,
    * :math:`a_i` are the element-wise weights of the d dimensions, which enter the distances.

    Args:
        channels: d, channels of the feature map.
        pixel: learn s; otherwise every position weighs 1/(h·w).
        element: learn a; otherwise every dimension weighs 1.
        bottleneck: hidden width of the element-wise branch as a fraction of d.

    Shapes: (m, d, h, w) -> x (m, d), a (m, d) and s (m, h, w) with sum 1.

    Example:
        >>> x, a, s = SelectiveAttention(8)(torch.randn(2, 8, 3, 3))
        >>> x.shape, a.shape, s.shape
        (torch.Size([2, 8]), torch.Size([2, 8]), torch.Size([2, 3, 3]))

    Source: our reading of the abstract of Rajoli et al. 2023, where pixel-wise and element-wise coefficients of
    high-semantic deep features are combined.
    """

    def __init__(
        self,
        channels: int,
        pixel: bool = True,
        element: bool = True,
        bottleneck: float = 0.25,
    ) -> None:
        super().__init__()
        self.pixel: nn.Module | None = None
        self.element: nn.Module | None = None
        if pixel:
            self.pixel = nn.Conv2d(  # the softmax would ignore a bias
                channels, 1, kernel_size=1, bias=False
            )
            nn.init.zeros_(self.pixel.weight)
        if element:
            hidden = max(1, round(bottleneck * channels))
            self.element = nn.Sequential(
                nn.Linear(channels, hidden),
                nn.ReLU(),
                nn.Linear(hidden, channels),
                nn.Sigmoid(),
            )

    def forward(self, feature_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (m, d, h, w) to the embedding x (m, d), element-wise a (m, d) and pixel-wise s (m, h, w), Σ s = 1."""
        m, _, h, w = feature_map.shape
        scores = (
            feature_map.new_zeros(m, 1, h, w)
            if self.pixel is None
            else self.pixel(feature_map)
        )
        pixels = scores.flatten(1).softmax(
            dim=1
        )  # eq-tcl-attention; (m, 1, h, w) -> (m, h·w)
        x = (feature_map.flatten(2) * pixels[:, None]).sum(
            dim=2
        )  # (m, d, h·w) -> (m, d)
        elements = (
            torch.ones_like(x) if self.element is None else self.element(x)
        )
        return x, elements, pixels.unflatten(1, (h, w))


# --- the network --------------------------------------------------------------


class TCL(nn.Module):
    r"""A backbone, selective attention, a linear classifier and K centers.

    .. math:: L = L_{CE} + \lambda L_{TC}

    where

    * :math:`L_{CE}` is the cross-entropy,
    * :math:`L_{TC}` is :func:`triplet_center_loss`,
    * :math:`\lambda` is ``config.lambda_``.

    The centers are parameters: they follow the gradient of λ L_TC at their own learning rate (our reading; a center
    that is left out of the optimizer never moves).  The element-wise weights are trained by L_TC alone; the pixel-wise
    ones also by the cross-entropy, since they make the embedding that the classifier reads.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C = d in ``backbone.out_channels``.
        num_classes: K, at least 2.
        config: hyper-parameters.

    Raises:
        ValueError: fewer than two classes.

    Example:
        >>> method = TCL(nn.Conv2d(3, 8, 3), num_classes=7, config=TCLConfig("prediction_based"))
        >>> batch = {"images": torch.randn(4, 3, 12, 12), "labels": torch.tensor([0, 1, 2, 3])}
        >>> outputs = method.training_step(batch)
        >>> outputs["loss"].shape, outputs["logits"].shape
        (torch.Size([]), torch.Size([4, 7]))

    Source: our reading of Rajoli et al. 2023.
    """

    task = "expression"
    needs = ("labels",)

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: TCLConfig = PRESETS["fully_synthesized"],
    ) -> None:
        super().__init__()
        check_classes(num_classes)
        self.config = config
        self.backbone = backbone
        feature_dim = int(backbone.out_channels)  # type: ignore[arg-type]
        self.attention = SelectiveAttention(
            feature_dim, config.pixel_attention, config.element_attention
        )
        self.classifier = nn.Linear(feature_dim, num_classes)
        self.centers = nn.Parameter(  # near the embeddings' own scale
            0.1 * torch.randn(num_classes, feature_dim)
        )

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings x that are classified and compared: images (m, 3, H, W) -> (m, d)."""
        return self.attention(self.backbone(images))[0]

    def forward(self, images: Tensor) -> Tensor:
        """Logits: images (m, 3, H, W) -> (m, K)."""
        return self.classifier(self.embed(images))

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch."""
        return self(batch["images"])

    def training_step(
        self,
        batch: dict[str, Tensor],
        epoch: int = 0,
        gather: Gather = identity,
    ) -> dict[str, Any]:
        """Loss and logits of one batch.

        Args:
            batch: ``images`` (m, 3, H, W) and ``labels`` (m,).
            epoch: not used.
            gather: concatenates over processes, differentiably; used where the loss is a sum over the whole batch.

        Returns:
            ``loss``, ``logits`` and ``log`` (both terms, the share of samples inside the margin, the mean attention).
        """
        config = self.config
        labels = batch["labels"]
        x, weights, _ = self.attention(  # (m, d), (m, d)
            self.backbone(batch["images"])
        )
        logits = self.classifier(x)  # (m, K)
        attention = self._distance_weights(weights)
        selection = (
            weights if config.negatives == "semi_synthesized" else attention
        )
        negatives = negative_centers(
            config.negatives,
            x,
            labels,
            self.centers,
            logits,
            selection,
            config.select_fraction,
        )
        each = triplet_center_loss(  # (m,)
            x,
            labels,
            self.centers,
            negatives,
            config.margin,
            attention,
            "none",
            config.distance,
        )
        triplet = (
            each.mean() if config.reduction == "mean" else gather(each).sum()
        )
        cross_entropy = F.cross_entropy(logits, labels)
        return {
            "loss": cross_entropy + config.lambda_ * triplet,
            "logits": logits,
            "log": {
                "cross_entropy": cross_entropy.detach(),
                "triplet_center": triplet.detach(),
                "inside_margin": (each.detach() > 0).float().mean(),
                "mean_attention": weights.detach().mean(),
            },
        }

    def _distance_weights(self, attention: Tensor) -> Tensor | None:
        """What weights the distances: nothing, a, or a over its mean."""
        if not self.config.element_attention:
            return None
        return (
            attention / attention.mean(dim=1, keepdim=True)
            if self.config.normalize_attention
            else attention
        )

    def parameter_groups(
        self, lr: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """The network, and the centers at their own learning rate and without weight decay."""
        network = [
            parameter
            for name, parameter in self.named_parameters()
            if name != "centers"
        ]
        center_lr = lr * self.config.center_lr_scale
        return [
            {"params": network, "lr": lr, "weight_decay": weight_decay},
            {"params": [self.centers], "lr": center_lr, "weight_decay": 0.0},
        ]
