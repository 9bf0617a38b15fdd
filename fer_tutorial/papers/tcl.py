"""Triplet-center loss and where its negatives come from.

Rajoli, Lotfi, Atyabi, Afghah: "Triplet Loss-less Center Loss Sampling Strategies in Facial Expression Recognition
Scenarios", CISS 2023 (arXiv 2302.04108).  No official code is known.  The paper's abstract names three strategies for
the negative sample (fully-synthesized, semi-synthesized, prediction-based) and a selective attention module of
pixel-wise and element-wise coefficients; the formulas here are OUR READING of those names, built on the triplet-center
loss of He, Zhou, Zhou, Bai, Bai: "Triplet-Center Loss for Multi-View 3D Object Retrieval", CVPR 2018.  Every choice of
ours is marked so below, and is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.configs import STRATEGIES, Strategy, TCLConfig
from fer_tutorial.papers.configs import TCL_PRESETS as PRESETS

Reduction = Literal["mean", "sum", "none"]
Gather = Callable[[Tensor], Tensor]


def identity(x: Tensor) -> Tensor:
    """What ``gather`` is with a single process: ``x`` itself."""
    return x


def center_distance(features: Tensor, centers: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Half the squared distance, each dimension weighted: ``D_a(x, c) = ½ Σ_j a_j (x_j − c_j)²``.

    Args:
        features: x, float (..., d).
        centers: c, float, broadcastable with ``features``: (m, d) one a sample, (K, d) against (m, 1, d) all of them.
        weights: a, float, broadcastable likewise; ``None`` means ones, which is He et al.'s ½‖x − c‖².

    Returns:
        float, the broadcast shape without d.

    >>> center_distance(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])).item()
    12.5
    """
    squares = (features - centers).square()
    return 0.5 * (squares if weights is None else weights * squares).sum(dim=-1)


def triplet_center_loss(
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    negatives: Tensor,
    margin: float = 1.0,
    weights: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Be closer to the own center than to a negative one, by a margin (He et al. 2018).

    ``L_TC = Σ_i max(0, D(x_i, c_{y_i}) + margin − D(x_i, n_i))``,  ``D = ½‖·‖²`` or its weighted form

    No triplets of samples have to be found: the positive is the class center and the negative a center too.

    Args:
        features: x, float (m, d).
        labels: y, int64 (m,), from 0 to K−1.
        centers: c, float (K, d).
        negatives: n, float (m, d), as from :func:`negative_centers`.
        margin: a distance above 0.
        weights: a, float (m, d), element-wise attention in (0, 1); ``None`` means ones.
        reduction: ``"sum"`` as in the formula, ``"mean"`` over the batch, or ``"none"``: (m,).

    Returns:
        A 0-dim tensor, or (m,) without reduction.

    Raises:
        ValueError: shapes that do not fit, or an unknown reduction.

    >>> x, c = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    >>> triplet_center_loss(x, torch.tensor([0]), c, c[[1]], margin=0.3).item()  # on the border: the margin is left
    0.30000001192092896
    """
    _check_batch(features, labels, centers)
    _check_like(features, negatives, "negatives")
    _check_like(features, weights, "weights")
    own = center_distance(features, centers[labels], weights)  # (m,)
    other = center_distance(features, negatives, weights)  # (m,)
    loss = torch.relu(own + margin - other)
    match reduction:
        case "mean":
            return loss.mean()
        case "sum":
            return loss.sum()
        case "none":
            return loss
    raise ValueError(f"reduction is {reduction!r}; expected 'mean', 'sum' or 'none'")


@torch.no_grad()
def nearest_wrong_class(features: Tensor, labels: Tensor, centers: Tensor, weights: Tensor | None = None) -> Tensor:
    """The wrong class whose center is nearest, ``argmin_{k≠y_i} D(x_i, c_k)``: int64 (m,) (He et al. 2018).

    >>> x, c = torch.tensor([[0.9, 0.0]]), torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    >>> nearest_wrong_class(x, torch.tensor([1]), c).tolist()  # class 1 is nearest, but it is the sample's own
    [0]
    """
    _check_batch(features, labels, centers)
    _check_like(features, weights, "weights")
    # (m, 1, d) against (K, d) -> (m, K)
    distances = center_distance(features[:, None], centers, None if weights is None else weights[:, None])
    return _without_own(distances, labels, torch.inf).argmin(dim=1)


@torch.no_grad()
def nearest_wrong_class_per_dimension(features: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    """In every dimension the wrong class that is nearest there, ``argmin_{k≠y_i} |x_ij − c_kj|``: int64 (m, d).

    >>> x, c = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 9.0], [1.0, 5.0], [5.0, 1.0]])
    >>> nearest_wrong_class_per_dimension(x, torch.tensor([0]), c).tolist()
    [[1, 2]]
    """
    _check_batch(features, labels, centers)
    gaps = (features[:, None] - centers).abs()  # (m, 1, d), (K, d) -> (m, K, d)
    return _without_own(gaps, labels, torch.inf).argmin(dim=1)


@torch.no_grad()
def most_probable_wrong_class(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The wrong class the classifier finds most probable, ``argmax_{k≠y_i} p_ik``: int64 (m,).

    Logits serve as well as probabilities: their order is the same.

    >>> most_probable_wrong_class(torch.tensor([[0.6, 0.1, 0.3]]), torch.tensor([0])).tolist()
    [2]
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"probabilities of shape {tuple(probabilities.shape)} and labels of shape {tuple(labels.shape)} do not "
            "fit; expected (m, K) and (m,)"
        )
    _check_classes(probabilities.shape[1])
    _check_labels(labels, probabilities.shape[1])
    return _without_own(probabilities, labels, -torch.inf).argmax(dim=1)


@torch.no_grad()
def selected_dimensions(attention: Tensor, fraction: float = 0.5) -> Tensor:
    """The dimensions with a sample's largest attention, a ``fraction`` of them (our reading).

    Args:
        attention: a, float (m, d).
        fraction: from 0 (none) to 1 (all); the count is rounded to the nearest whole number.

    Returns:
        bool (m, d), the same number of true entries in every row.

    >>> selected_dimensions(torch.tensor([[0.1, 0.9, 0.5, 0.2]]), 0.5).tolist()
    [[False, True, True, False]]
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction is {fraction}; expected a share from 0 to 1")
    count = round(fraction * attention.shape[1])
    chosen = attention.topk(count, dim=1).indices  # (m, count)
    return torch.zeros_like(attention, dtype=torch.bool).scatter(1, chosen, True)


def negative_centers(
    strategy: Strategy,
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    probabilities: Tensor | None = None,
    attention: Tensor | None = None,
    select_fraction: float = 0.5,
) -> Tensor:
    r"""The center n_i each sample is pushed from.

    ====================== ========================================================================== ============
    strategy               n_i                                                                        known from
    ====================== ========================================================================== ============
    ``nearest``            c_k with k = argmin_{k≠y_i} D(x_i, c_k)                                    He et al.
    ``fully_synthesized``  n_ij = c_{k(j) j} with k(j) = argmin_{k≠y_i} |x_ij − c_kj|                 our reading
    ``semi_synthesized``   as above in the dimensions the attention selects, as ``nearest`` elsewhere our reading
    ``prediction_based``   c_k with k = argmax_{k≠y_i} p_ik                                           our reading
    ====================== ========================================================================== ============

    A fully synthesized negative is a center that need not exist anywhere: every coordinate belongs to some wrong
    class, and no wrong center is closer to x_i.  Which class is chosen carries no gradient; the chosen centers do.

    Args:
        strategy: one of :data:`STRATEGIES`.
        features: x, float (m, d).
        labels: y, int64 (m,).
        centers: c, float (K, d), K ≥ 2.
        probabilities: p (or logits), float (m, K), for ``prediction_based``.
        attention: a, float (m, d), element-wise: selects the dimensions in ``semi_synthesized`` and weights the
            distance in ``nearest``; ``None`` means an unweighted distance.
        select_fraction: the share of dimensions the attention selects.

    Returns:
        n, float (m, d).

    Raises:
        ValueError: an unknown strategy, one that lacks its input, a single class, or shapes that do not fit.

    >>> x, c = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 9.0], [1.0, 5.0], [5.0, 2.0]])
    >>> negative_centers("fully_synthesized", x, torch.tensor([0]), c).tolist()
    [[1.0, 2.0]]
    """
    match strategy:
        case "nearest":
            return centers[nearest_wrong_class(features, labels, centers, attention)]
        case "fully_synthesized":
            return centers.gather(0, nearest_wrong_class_per_dimension(features, labels, centers))
        case "semi_synthesized":
            if attention is None:
                raise ValueError("semi_synthesized needs attention, (m, d), to know which dimensions to synthesize")
            synthetic = centers.gather(0, nearest_wrong_class_per_dimension(features, labels, centers))
            real = centers[nearest_wrong_class(features, labels, centers, attention)]
            return torch.where(selected_dimensions(attention, select_fraction), synthetic, real)
        case "prediction_based":
            if probabilities is None:
                raise ValueError("prediction_based needs probabilities, (m, K), to know which wrong class is likeliest")
            return centers[most_probable_wrong_class(probabilities, labels)]
    raise ValueError(f"strategy is {strategy!r}; expected one of {', '.join(STRATEGIES)}")


class SelectiveAttention(nn.Module):
    r"""Where to look in the map, and which dimensions to compare: pixel-wise and element-wise weights (our reading).

    ``s = softmax_p(uᵀ f_p)``,  ``x = Σ_p s_p f_p``,  ``a = σ(V₂ relu(V₁ x)) ∈ (0, 1)^d``

    The paper's abstract says that pixel-wise and element-wise coefficients of high-semantic deep features are
    combined; this is how we read it.  The pixel-wise weights s of the H·W positions pool the map into the embedding x,
    and the element-wise weights a of its d dimensions enter the distances.  u starts at zero, so that training starts
    from plain average pooling.

    Args:
        channels: d, channels of the feature map.
        pixel: learn s; otherwise every position weighs 1/(H·W).
        element: learn a; otherwise every dimension weighs 1.
        bottleneck: hidden width of the element-wise branch as a fraction of d.

    >>> x, a, s = SelectiveAttention(8)(torch.randn(2, 8, 3, 3))
    >>> x.shape, a.shape, s.shape
    (torch.Size([2, 8]), torch.Size([2, 8]), torch.Size([2, 3, 3]))
    """

    def __init__(self, channels: int, pixel: bool = True, element: bool = True, bottleneck: float = 0.25) -> None:
        super().__init__()
        self.pixel: nn.Module | None = None
        self.element: nn.Module | None = None
        if pixel:
            self.pixel = nn.Conv2d(channels, 1, kernel_size=1, bias=False)  # the softmax would ignore a bias
            nn.init.zeros_(self.pixel.weight)
        if element:
            hidden = max(1, round(bottleneck * channels))
            self.element = nn.Sequential(
                nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid()
            )

    def forward(self, feature_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (m, d, h, w) to the embedding x (m, d), element-wise a (m, d) and pixel-wise s (m, h, w), Σ s = 1."""
        m, _, h, w = feature_map.shape
        scores = feature_map.new_zeros(m, 1, h, w) if self.pixel is None else self.pixel(feature_map)
        pixels = scores.flatten(1).softmax(dim=1)  # (m, 1, h, w) -> (m, h·w)
        x = (feature_map.flatten(2) * pixels[:, None]).sum(dim=2)  # (m, d, h·w) -> (m, d)
        elements = torch.ones_like(x) if self.element is None else self.element(x)
        return x, elements, pixels.unflatten(1, (h, w))


class TCL(nn.Module):
    r"""A backbone, selective attention, a linear classifier and K centers: ``L = L_CE + λ L_TC``.

    The centers are parameters: they follow the gradient of λ L_TC at their own learning rate (our reading; a center
    that is left out of the optimizer never moves).  The element-wise weights are trained by L_TC alone; the pixel-wise
    ones also by the cross-entropy, since they make the embedding that the classifier reads.

    Args:
        backbone: images (m, 3, H, W) to a feature map (m, C, h, w); has ``out_channels`` = C = d.
        num_classes: K, at least 2.
        config: hyper-parameters.

    Raises:
        ValueError: fewer than two classes.

    >>> method = TCL(nn.Conv2d(3, 8, 3), num_classes=7, config=TCLConfig("prediction_based"))
    >>> batch = {"images": torch.randn(4, 3, 12, 12), "labels": torch.tensor([0, 1, 2, 3])}
    >>> outputs = method.training_step(batch)
    >>> outputs["loss"].shape, outputs["logits"].shape
    (torch.Size([]), torch.Size([4, 7]))
    """

    task = "expression"
    needs = ("labels",)

    def __init__(self, backbone: nn.Module, num_classes: int, config: TCLConfig = PRESETS["fully_synthesized"]) -> None:
        super().__init__()
        _check_classes(num_classes)
        self.config = config
        self.backbone = backbone
        dimension = int(backbone.out_channels)  # type: ignore[arg-type]
        self.attention = SelectiveAttention(dimension, self.config.pixel_attention, self.config.element_attention)
        self.classifier = nn.Linear(dimension, num_classes)
        self.centers = nn.Parameter(0.1 * torch.randn(num_classes, dimension))  # near the embeddings' own scale

    def embed(self, images: Tensor) -> Tensor:
        """x, the feature map pooled by the pixel-wise attention, (m, d)."""
        return self.attention(self.backbone(images))[0]

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (m, K)."""
        return self.classifier(self.embed(images))

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch."""
        return self(batch["images"])

    def training_step(self, batch: dict[str, Tensor], epoch: int = 0, gather: Gather = identity) -> dict[str, Any]:
        """Loss, logits and values to log.

        Args:
            batch: ``images`` (m, 3, H, W) and ``labels`` (m,).
            epoch: not used.
            gather: concatenates over processes, differentiably; used where the loss is a sum over the whole batch.
        """
        config = self.config
        labels = batch["labels"]
        x, weights, _ = self.attention(self.backbone(batch["images"]))  # (m, d), (m, d)
        logits = self.classifier(x)  # (m, K)
        attention = self._distance_weights(weights)
        selection = weights if config.negatives == "semi_synthesized" else attention
        negatives = negative_centers(
            config.negatives, x, labels, self.centers, logits, selection, config.select_fraction
        )
        each = triplet_center_loss(x, labels, self.centers, negatives, config.margin, attention, "none")  # (m,)
        triplet = each.mean() if config.reduction == "mean" else gather(each).sum()
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
        return attention / attention.mean(dim=1, keepdim=True) if self.config.normalize_attention else attention

    def parameter_groups(self, lr: float, weight_decay: float) -> list[dict[str, Any]]:
        """The network, and the centers at their own learning rate and without weight decay."""
        network = [parameter for name, parameter in self.named_parameters() if name != "centers"]
        return [
            {"params": network, "lr": lr, "weight_decay": weight_decay},
            {"params": [self.centers], "lr": lr * self.config.center_lr_scale, "weight_decay": 0.0},
        ]


def _without_own(scores: Tensor, labels: Tensor, fill: float) -> Tensor:
    """``scores`` (m, K) or (m, K, d) with the entries of each sample's own class replaced, so it is never chosen."""
    own = labels[:, None] == torch.arange(scores.shape[1], device=labels.device)  # (m, K)
    return scores.masked_fill(own.reshape(own.shape + (1,) * (scores.ndim - 2)), fill)  # (m, K) or (m, K, 1)


def _check_batch(features: Tensor, labels: Tensor, centers: Tensor) -> None:
    if features.ndim != 2 or labels.shape != features.shape[:1] or centers.shape[1:] != features.shape[1:]:
        raise ValueError(
            f"features of shape {tuple(features.shape)}, labels {tuple(labels.shape)} and centers "
            f"{tuple(centers.shape)} do not fit; expected (m, d), (m,) and (K, d)"
        )
    _check_classes(len(centers))
    _check_labels(labels, len(centers))


def _check_labels(labels: Tensor, num_classes: int) -> None:
    # Looking at the values would stall a GPU; there an index out of range stops the program by itself.
    if labels.device.type == "cpu" and len(labels) and not torch.compiler.is_compiling():
        smallest, largest = labels.aminmax()
        if smallest < 0 or largest >= num_classes:
            raise ValueError(
                f"labels run from {int(smallest)} to {int(largest)} but there are {num_classes} classes; expected 0 to "
                f"{num_classes - 1}, so check the label file or the number of classes"
            )


def _check_classes(num_classes: int) -> None:
    if num_classes < 2:
        raise ValueError(f"there is {num_classes} class; a negative center needs another one, so give 2 or more")


def _check_like(features: Tensor, value: Tensor | None, name: str) -> None:
    if value is not None and value.shape != features.shape:
        raise ValueError(f"{name} have shape {tuple(value.shape)}; expected {tuple(features.shape)}, like the features")
