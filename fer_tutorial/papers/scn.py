"""SCN, the Self-Cure Network: how much is a label worth, and when should it be changed?

Wang, Peng, Yang, Lu, Qiao: "Suppressing Uncertainties for Large-Scale Facial Expression Recognition", CVPR 2020
(arXiv 2002.10392).  The equation numbers below are the paper's.  Official code: kaiwang960112/Self-Cure-Network.

Three ideas, a function each.  Every sample gets an importance between 0 and 1 that scales its logits
(:func:`importance`, :func:`weighted_cross_entropy`); the important part of a batch must be so by a margin
(:func:`rank_regularization`); and a doubtful sample whose label the network contradicts gets a new one
(:func:`relabel`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.configs import SCN_PRESETS as PRESETS
from fer_tutorial.papers.configs import RelabelGroup, SCNConfig, check_beta, check_delta_2, check_one_of

Gather = Callable[[Tensor], Tensor]


def identity(x: Tensor) -> Tensor:
    """What ``gather`` is with a single process: ``x`` itself."""
    return x


def importance(features: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""How much each sample is worth, Eq. (1): ``α_i = σ(w_aᵀ x_i)``.

    Args:
        features: x, embeddings, float (m, d).
        weight: w_a, float (d,).
        bias: float, one value; the official code has one, the equation has none.

    Returns:
        α, float (m,), each strictly between 0 and 1 (up to rounding).

    Raises:
        ValueError: ``weight`` does not have one entry for each dimension of ``features``.

    >>> importance(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([1.0, -0.5])).tolist()
    [0.5, 0.5]
    """
    if features.ndim != 2 or weight.shape != features.shape[1:]:
        raise ValueError(
            f"features of shape {tuple(features.shape)} and a weight of shape {tuple(weight.shape)} do not fit; "
            "expected (m, d) and (d,)"
        )
    # A product and a sum rather than a matrix product: it stays float32 under mixed precision, where bf16 would round
    # importances so coarsely that many tie.  It also leaves no axis of length one to squeeze away.
    score = (features * weight).sum(dim=-1)  # (m, d) -> (m,)
    return torch.sigmoid(score if bias is None else score + bias)  # Eq. (1)


def weighted_cross_entropy(logits: Tensor, importance: Tensor, labels: Tensor) -> Tensor:
    r"""Cross-entropy of logits that are scaled by importance, Eq. (2).

    ``L_WCE = −1/m Σ_i log [ exp(α_i z_{i y_i}) / Σ_j exp(α_i z_ij) ]`` with ``z_ij = W_jᵀ x_i``

    The importance sits inside the softmax, not in front of the logarithm: a small α flattens the sample's
    probabilities towards 1/K, whatever its logits say, so its loss and its gradient come from a blunted prediction.

    Args:
        logits: z, float (m, K).
        importance: α, float (m,).
        labels: y, int64 (m,), from 0 to K−1.

    Returns:
        The mean over the batch, a 0-dim tensor.

    Raises:
        ValueError: shapes that do not fit, or a single class.

    >>> z = torch.tensor([[2.0, 0.0]])
    >>> round(weighted_cross_entropy(z, torch.tensor([0.5]), torch.tensor([0])).item(), 4)  # log(1 + e^-1)
    0.3133
    """
    _check_batch(logits, labels, "logits")
    _check_importance(importance, len(labels))
    return F.cross_entropy(importance[:, None] * logits, labels)  # Eq. (2); (m, 1) * (m, K)


def high_group_size(n: int, beta: float) -> int:
    """How many of ``n`` samples form the high-importance group: M = βn rounded down, but at least 1 and at most n−1.

    A single sample has no second group to be compared with: it forms the high group alone.

    >>> [high_group_size(n, 0.7) for n in (1, 2, 10, 64)]
    [1, 1, 7, 44]
    """
    check_beta(beta)
    if n < 1:
        raise ValueError("the batch is empty; expected at least one sample")
    # The small term undoes rounding such as 0.29 * 100 = 28.999...
    return max(1, min(int(beta * n + 1e-9), n - 1))


def rank_regularization(importance: Tensor, beta: float = 0.7, margin: float | Tensor = 0.15) -> Tensor:
    r"""Ask that the important part of a batch be more important than the rest by a margin, Eq. (3) and (4).

    ``L_RR = max{0, δ1 − (α_H − α_L)}``, where α_H is the mean of the M = βm largest α and α_L that of the m − M others.

    M depends on the batch's size alone, so nothing waits for the device.  Where several α tie at the border of the two
    groups, which of them counts as high does not change either mean.

    Args:
        importance: α, float (m,): the whole batch, over all processes.
        beta: β, 0 < β < 1; M is clamped to 1 … m−1 by :func:`high_group_size`.
        margin: δ1, a number or a 0-dim tensor (a learnable margin).

    Returns:
        A 0-dim tensor; 0, still connected to ``importance``, for a batch of one, which has no second group.

    Raises:
        ValueError: ``importance`` is empty or not a vector, or β is out of range.

    >>> alpha = torch.tensor([0.9, 0.2, 0.7, 0.4])                       # high: 0.9, 0.7; low: 0.4, 0.2
    >>> round(rank_regularization(alpha, beta=0.5, margin=0.6).item(), 4)  # 0.6 - (0.8 - 0.3)
    0.1
    """
    _check_importance(importance, importance.numel())
    n = len(importance)
    high = high_group_size(n, beta)
    if n == 1:
        return importance.sum() * 0
    ranked = importance.sort(descending=True).values
    gap = ranked[:high].mean() - ranked[high:].mean()  # Eq. (4)
    return torch.relu(margin - gap)  # Eq. (3)


class Relabelling(NamedTuple):
    """What :func:`relabel` decided.

    Attributes:
        labels: y', int64 (m,), the old label where nothing changed.
        confidence: P_max, float (m,), the probability of the network's favourite class.
        changed: bool (m,).
    """

    labels: Tensor
    confidence: Tensor
    changed: Tensor


@torch.no_grad()
def relabel(
    probabilities: Tensor,
    labels: Tensor,
    importance: Tensor,
    beta: float = 0.7,
    margin: float = 0.2,
    group: RelabelGroup = "low",
    ranked_among: Tensor | None = None,
) -> Relabelling:
    r"""Give a sample the network's favourite label where the given one is much less probable, Eq. (5).

    ``y'_i = argmax_j p_ij  if  P_max − P_gt > δ2,  else  y_i``

    The paper asks this of the low-importance group alone, the official code of the whole batch; ``group`` chooses.
    Low means less important than the M-th most important sample, so samples that tie there count as high: all equal,
    none is relabelled, and the order of the batch never matters.

    Args:
        probabilities: p, float (m, K), rows sum to 1.
        labels: y, int64 (m,).
        importance: α, float (m,).
        beta: β, 0 < β < 1, the share of the high group.
        margin: δ2, 0 ≤ δ2 < 1.
        group: ``"low"`` or ``"all"``.
        ranked_among: α of the whole batch where this process holds a part of it; by default ``importance`` itself.

    Returns:
        A :class:`Relabelling`.

    Raises:
        ValueError: shapes that do not fit, a single class, or a parameter out of range.

    >>> p = torch.tensor([[0.7, 0.3], [0.7, 0.3], [0.55, 0.45]])
    >>> relabel(p, torch.tensor([1, 1, 1]), torch.tensor([0.2, 0.9, 0.3]), beta=0.4).labels.tolist()
    [0, 1, 1]
    """
    _check_batch(probabilities, labels, "probabilities")
    _check_importance(importance, len(labels))
    check_delta_2(margin)
    check_one_of("group", group, get_args(RelabelGroup))
    largest, favourite = probabilities.max(dim=1)  # (m,)
    given = probabilities.gather(1, labels[:, None])[:, 0]  # (m, 1) -> (m,)
    changed = largest - given > margin  # Eq. (5)
    if group == "low":
        everyone = importance if ranked_among is None else ranked_among
        border = everyone.topk(high_group_size(len(everyone), beta)).values[-1]
        changed = changed & (importance < border)
    return Relabelling(torch.where(changed, favourite, labels), largest, changed)


def _check_batch(scores: Tensor, labels: Tensor, name: str) -> None:
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"{name} of shape {tuple(scores.shape)} and labels of shape {tuple(labels.shape)} do not fit; "
            "expected (m, K) and (m,)"
        )
    num_classes = scores.shape[1]
    if num_classes < 2:
        raise ValueError(f"{name} have a single class; expected at least 2, since one class leaves nothing to decide")
    # Looking at the values would stall a GPU; there an index out of range stops the program by itself.
    if labels.device.type == "cpu" and len(labels) and not torch.compiler.is_compiling():
        smallest, largest = labels.aminmax()
        if smallest < 0 or largest >= num_classes:
            raise ValueError(
                f"labels run from {int(smallest)} to {int(largest)} but there are {num_classes} classes; expected 0 to "
                f"{num_classes - 1}, so check the label file or the number of classes"
            )


def _check_importance(importance: Tensor, n: int) -> None:
    if importance.ndim != 1 or len(importance) != n:
        raise ValueError(
            f"importance has shape {tuple(importance.shape)}; expected ({n},), one value a sample: "
            "remove a trailing axis with squeeze(-1), since a bare squeeze() also removes a batch of one"
        )


class SCN(nn.Module):
    r"""A backbone, average pooling, a linear classifier and, beside it, one number: the sample's importance.

    ``L = γ L_RR + (1−γ) L_WCE``, or as ``config.loss_rule`` says.  From epoch ``config.relabel_epoch`` on, every step
    also says which labels should change; who trains the network keeps the labels.  The probabilities of Eq. (5) are
    those of the scaled logits, as in the official code; the paper's text that we know does not say (our reading).

    Without a bias (Eq. 1 and 2 as printed) or with one (official code), see :class:`SCNConfig`.

    Args:
        backbone: images (m, 3, H, W) to a feature map (m, C, h, w); has ``out_channels`` = C = d.
        num_classes: K, at least 2.
        config: hyper-parameters.

    Raises:
        ValueError: fewer than two classes.

    >>> backbone = nn.Conv2d(3, 8, 3)
    >>> method = SCN(backbone, num_classes=7, config=SCNConfig(relabel_epoch=1))
    >>> batch = {"images": torch.randn(4, 3, 12, 12), "labels": torch.tensor([0, 1, 2, 3])}
    >>> outputs = method.training_step(batch)
    >>> outputs["loss"].shape, outputs["logits"].shape, sorted(outputs["relabel"])
    (torch.Size([]), torch.Size([4, 7]), ['confidence', 'labels'])
    """

    task = "expression"
    needs = ("labels",)

    def __init__(self, backbone: nn.Module, num_classes: int, config: SCNConfig = PRESETS["paper"]) -> None:
        super().__init__()
        if num_classes < 2:
            raise ValueError(
                f"SCN got {num_classes} class; relabelling needs another class to change to, so give 2 or more"
            )
        self.config = config
        self.backbone = backbone
        dimension = int(backbone.out_channels)  # type: ignore[arg-type]
        self.dropout = nn.Dropout(self.config.dropout)
        self.classifier = nn.Linear(dimension, num_classes, bias=self.config.bias)
        self.attention = nn.Linear(dimension, 1, bias=self.config.bias)
        margin = torch.tensor(float(self.config.delta_1))
        if self.config.learn_delta_1:
            self.delta_1: Tensor = nn.Parameter(margin)
        else:
            self.register_buffer("delta_1", margin)

    def embed(self, images: Tensor) -> Tensor:
        """x, the average-pooled feature map, (m, d)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, d, h, w) -> (m, d)

    def forward(self, images: Tensor) -> Tensor:
        """Logits z = W x, (m, K).  α > 0, so leaving it out cannot change which class comes first."""
        return self.classifier(self.dropout(self.embed(images)))

    def importance(self, images: Tensor) -> Tensor:
        """α of each image, (m,)."""
        return self._importance(self.dropout(self.embed(images)))

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch."""
        return self(batch["images"])

    def training_step(self, batch: dict[str, Tensor], epoch: int = 0, gather: Gather = identity) -> dict[str, Any]:
        """Loss, logits, values to log and, from ``relabel_epoch`` on, ``"relabel"``: the labels that should hold now.

        ``"kept"`` has the ``importance`` α (m,) of this process's samples, for who wants to watch them.

        The ranking is over all processes, so it is computed on gathered importances; the cross-entropy is a mean over
        samples and stays where it is.

        Args:
            batch: ``images`` (m, 3, H, W) and ``labels`` (m,).
            epoch: counted from 0.
            gather: concatenates over processes, differentiably.
        """
        config = self.config
        features = self.dropout(self.embed(batch["images"]))
        labels = batch["labels"]
        logits = self.classifier(features)  # (m, K)
        alpha = self._importance(features)  # (m,)
        everyone = gather(alpha)  # (m · processes,)

        cross_entropy = weighted_cross_entropy(logits, alpha, labels)
        rank = rank_regularization(everyone, config.beta, self.delta_1)
        log = {
            "cross_entropy": cross_entropy.detach(),
            "rank_regularization": rank.detach(),
            "delta_1": self.delta_1.detach(),
            "mean_importance": everyone.detach().mean(),
        }
        outputs = {
            "loss": self._combine(rank, cross_entropy),
            "logits": logits,
            "log": log,
            "kept": {"importance": alpha.detach()},
        }
        if epoch + 1 >= config.relabel_epoch:
            probabilities = torch.softmax(alpha.detach()[:, None] * logits.detach(), dim=1)
            new = relabel(
                probabilities, labels, alpha, config.beta, config.delta_2, config.relabel_group, ranked_among=everyone
            )
            log["relabelled"] = new.changed.float().mean()
            outputs["relabel"] = {"labels": new.labels, "confidence": new.confidence}
        return outputs

    def parameter_groups(self, lr: float, weight_decay: float) -> list[dict[str, Any]]:
        """The network, and a learnable δ1 without weight decay, which would pull it to zero by itself."""
        margin = [self.delta_1] if isinstance(self.delta_1, nn.Parameter) else []
        network = [parameter for name, parameter in self.named_parameters() if name != "delta_1"]
        groups: list[dict[str, Any]] = [{"params": network, "lr": lr, "weight_decay": weight_decay}]
        return groups + [{"params": margin, "lr": lr, "weight_decay": 0.0}] * bool(margin)

    def _importance(self, features: Tensor) -> Tensor:
        return importance(features, self.attention.weight[0], self.attention.bias)

    def _combine(self, rank: Tensor, cross_entropy: Tensor) -> Tensor:
        gamma = self.config.gamma
        match self.config.loss_rule:
            case "gamma_rank":
                return gamma * rank + (1 - gamma) * cross_entropy
            case "gamma_cross_entropy":
                return (1 - gamma) * rank + gamma * cross_entropy
            case _:
                return rank + cross_entropy
