"""SCN, the Self-Cure Network: how much is a label worth, and when should it be changed?

K. Wang, X. Peng, J. Yang, S. Lu, Y. Qiao: Suppressing Uncertainties for Large-Scale Facial Expression Recognition.
CVPR 2020, arXiv 2002.10392.  Official code: https://github.com/kaiwang960112/Self-Cure-Network.  Equation numbers in
docstrings are the paper's; the keys beside the code are the book's.

Three ideas, a function each.  Every sample gets an importance between 0 and 1 that scales its logits
(:func:`importance`, :func:`weighted_cross_entropy`); the important part of a batch must be so by a margin
(:func:`rank_regularization`); and a doubtful sample whose label the network contradicts gets a new one
(:func:`relabel`).
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import (
    Gather,
    check_classes,
    check_scores,
    identity,
)
from fer_tutorial.papers.configs import SCN_PRESETS as PRESETS
from fer_tutorial.papers.configs import (
    RelabelGroup,
    SCNConfig,
    check_beta,
    check_delta_2,
    check_one_of,
)

# --- equations ----------------------------------------------------------------


def importance(
    features: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    r"""How much each sample is worth.

    .. math:: \alpha_i = \sigma(w_a^\top x_i)

    where

    * :math:`x_i` is row i of ``features``,
    * :math:`w_a` is ``weight``,
    * :math:`\sigma` is the logistic function,
    * :math:`\alpha_i` is the importance of sample i.

    Args:
        features: embeddings, floating point, (m, d).
        weight: floating point, (d,).
        bias: floating point, one value added to every product; the official code has one, the equation has none.

    Returns:
        The importances, (m,), each strictly between 0 and 1 (up to rounding).

    Raises:
        ValueError: ``weight`` does not have one entry for each dimension of ``features``.

    Example:
        >>> importance(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([1.0, -0.5])).tolist()
        [0.5, 0.5]

    Source: Wang et al. 2020, Eq. (1).
    """
    if features.ndim != 2 or weight.shape != features.shape[1:]:
        raise ValueError(
            f"features of shape {tuple(features.shape)} and a weight of shape {tuple(weight.shape)} do not fit; "
            "expected (m, d) and (d,)"
        )
    # A product and a sum rather than a matrix product: it stays float32 under mixed precision, where bf16 would round
    # importances so coarsely that many tie.  It also leaves no axis of length one to squeeze away.
    score = (features * weight).sum(dim=-1)  # (m, d) -> (m,)
    return torch.sigmoid(  # eq-scn-importance
        score if bias is None else score + bias
    )


def weighted_cross_entropy(
    logits: Tensor, importance: Tensor, labels: Tensor
) -> Tensor:
    r"""Cross-entropy of logits that are scaled by importance.

    .. math:: L_{WCE} = -\frac{1}{m} \sum_{i=1}^{m} \log \frac{\exp(\alpha_i z_{i y_i})}{\sum_j \exp(\alpha_i z_{ij})}

    where

    * :math:`m` is the batch size,
    * :math:`z_{ij} = W_j^\top x_i` is the logit of sample i for class j (``logits``),
    * :math:`\alpha_i` is the importance of sample i (``importance``),
    * :math:`y_i` is the class of sample i (``labels``).

    The importance sits inside the softmax, not in front of the logarithm: a small α flattens the sample's
    probabilities towards 1/K, whatever its logits say, so its loss and its gradient come from a blunted prediction.

    Args:
        logits: floating point, (m, K).
        importance: floating point, (m,).
        labels: classes 0 to K-1, int64, (m,).

    Returns:
        The mean over the batch, 0-dimensional.

    Raises:
        ValueError: shapes that do not fit, or a single class.

    Example:
        >>> z = torch.tensor([[2.0, 0.0]])
        >>> round(weighted_cross_entropy(z, torch.tensor([0.5]), torch.tensor([0])).item(), 4)  # log(1 + e^-1)
        0.3133

    Source: Wang et al. 2020, Eq. (2).
    """
    check_scores(logits, labels, "logits")
    check_importance(importance, len(labels))
    return F.cross_entropy(  # eq-scn-wce; (m, 1) * (m, K)
        importance[:, None] * logits, labels
    )


def high_group_size(n: int, beta: float) -> int:
    r"""How many of a batch's samples form the high-importance group.

    .. math:: M = \max(1, \min(\lfloor \beta n \rfloor, n - 1))

    where

    * :math:`n` is the number of samples,
    * :math:`\beta` is the share of the high group.

    A single sample has no second group to be compared with: it forms the high group alone.

    Args:
        n: samples, at least 1.
        beta: a share strictly between 0 and 1.

    Returns:
        M.

    Raises:
        ValueError: no sample, or β out of range.

    Example:
        >>> [high_group_size(n, 0.7) for n in (1, 2, 10, 64)]
        [1, 1, 7, 44]

    Source: Wang et al. 2020, with Eq. (3) and (4); that M leaves both groups a sample is our reading.
    """
    check_beta(beta)
    if n < 1:
        raise ValueError("the batch is empty; expected at least one sample")
    # The small term undoes rounding such as 0.29 * 100 = 28.999...
    return max(1, min(int(beta * n + 1e-9), n - 1))


def rank_regularization(
    importance: Tensor, beta: float = 0.7, margin: float | Tensor = 0.15
) -> Tensor:
    r"""Ask that the important part of a batch be more important than the rest by a margin.

    .. math:: L_{RR} = \max\{0, \delta_1 - (\alpha_H - \alpha_L)\}, \qquad
        \alpha_H = \frac{1}{M} \sum_{i \in \text{high}} \alpha_i, \quad
        \alpha_L = \frac{1}{m - M} \sum_{i \in \text{low}} \alpha_i

    where

    * :math:`m` is the batch size and :math:`M` the size of the high group, see :func:`high_group_size`,
    * high are the M samples with the largest :math:`\alpha`, low the others,
    * :math:`\alpha_i` is the importance of sample i (``importance``),
    * :math:`\delta_1` is ``margin``.

    M depends on the batch's size alone, so nothing waits for the device.  Where several α tie at the border of the two
    groups, which of them counts as high does not change either mean.

    Args:
        importance: floating point, (m,): the whole batch, over all processes.
        beta: β, 0 < β < 1, the share of the high group.
        margin: a number or a 0-dim tensor (a learnable margin).

    Returns:
        The loss, 0-dimensional; 0, still connected to ``importance``, for a batch of one, which has no second group.

    Raises:
        ValueError: ``importance`` is empty or not a vector, or β is out of range.

    Example:
        >>> alpha = torch.tensor([0.9, 0.2, 0.7, 0.4])                       # high: 0.9, 0.7; low: 0.4, 0.2
        >>> round(rank_regularization(alpha, beta=0.5, margin=0.6).item(), 4)  # 0.6 - (0.8 - 0.3)
        0.1

    Source: Wang et al. 2020, Eq. (3) and (4).
    """
    check_importance(importance, importance.numel())
    n = len(importance)
    high = high_group_size(n, beta)
    if n == 1:
        return importance.sum() * 0
    ranked = importance.sort(descending=True).values
    gap = ranked[:high].mean() - ranked[high:].mean()  # α_H − α_L
    return torch.relu(margin - gap)  # eq-scn-rank


class Relabeling(NamedTuple):
    """What :func:`relabel` decided.

    Attributes:
        labels: y', int64 (m,), the old label where nothing changed.
        confidence: P_max, floating point (m,), the probability of the network's favorite class.
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
) -> Relabeling:
    r"""Give a sample the network's favorite label where the given one is much less probable.

    .. math:: y'_i = \begin{cases} \arg\max_j p_{ij} & \text{if } P_{\max} - P_{gt} > \delta_2 \\
        y_i & \text{otherwise} \end{cases}

    where

    * :math:`p_{ij}` is the probability of class j for sample i (``probabilities``),
    * :math:`y_i` is its label (``labels``) and :math:`y'_i` the new one,
    * :math:`P_{\max} = \max_j p_{ij}` and :math:`P_{gt} = p_{i y_i}`,
    * :math:`\delta_2` is ``margin``.

    The paper asks this of the low-importance group alone, the official code of the whole batch; ``group`` chooses.
    Low means less important than the M-th most important sample, so samples that tie there count as high: all equal,
    none is relabeled, and the order of the batch never matters.

    Args:
        probabilities: floating point, (m, K), rows sum to 1.
        labels: classes 0 to K-1, int64, (m,).
        importance: α, floating point, (m,).
        beta: β, 0 < β < 1, the share of the high group.
        margin: 0 ≤ δ2 < 1.
        group: ``"low"`` or ``"all"``.
        ranked_among: α of the whole batch where this process holds a part of it; by default ``importance`` itself.

    Returns:
        A :class:`Relabeling`.

    Raises:
        ValueError: shapes that do not fit, a single class, or a parameter out of range.

    Example:
        >>> p = torch.tensor([[0.7, 0.3], [0.7, 0.3], [0.55, 0.45]])
        >>> relabel(p, torch.tensor([1, 1, 1]), torch.tensor([0.2, 0.9, 0.3]), beta=0.4).labels.tolist()
        [0, 1, 1]

    Source: Wang et al. 2020, Eq. (5).
    """
    check_scores(probabilities, labels, "probabilities")
    check_importance(importance, len(labels))
    check_delta_2(margin)
    check_one_of("group", group, get_args(RelabelGroup))
    largest, favorite = probabilities.max(dim=1)  # (m,)
    given = probabilities.gather(1, labels[:, None])[:, 0]  # (m, 1) -> (m,)
    changed = largest - given > margin
    if group == "low":
        everyone = importance if ranked_among is None else ranked_among
        border = everyone.topk(high_group_size(len(everyone), beta)).values[-1]
        changed = changed & (importance < border)
    return Relabeling(  # eq-scn-relabel
        torch.where(changed, favorite, labels), largest, changed
    )


def check_importance(importance: Tensor, n: int) -> None:
    """There is one importance a sample."""
    if importance.ndim != 1 or len(importance) != n:
        raise ValueError(
            f"importance has shape {tuple(importance.shape)}; expected ({n},), one value a sample: "
            "remove a trailing axis with squeeze(-1), since a bare squeeze() also removes a batch of one"
        )


# --- the network --------------------------------------------------------------


class SCN(nn.Module):
    r"""A backbone, average pooling, a linear classifier and, beside it, one number: the sample's importance.

    .. math:: L = \gamma L_{RR} + (1 - \gamma) L_{WCE}

    where

    * :math:`L_{RR}` is :func:`rank_regularization`,
    * :math:`L_{WCE}` is :func:`weighted_cross_entropy`,
    * :math:`\gamma` is ``config.gamma``; ``config.loss_rule`` has two other readings of the sum.

    From epoch ``config.relabel_epoch`` on, every step also says which labels should change; who trains the network
    keeps the labels.  The probabilities that decide are those of the scaled logits, as in the official code; the
    paper's text that we know does not say (our reading).

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C = d in ``backbone.out_channels``.
        num_classes: K, at least 2.
        config: hyper-parameters.

    Raises:
        ValueError: fewer than two classes.

    Example:
        >>> method = SCN(nn.Conv2d(3, 8, 3), num_classes=7, config=SCNConfig(relabel_epoch=1))
        >>> batch = {"images": torch.randn(4, 3, 12, 12), "labels": torch.tensor([0, 1, 2, 3])}
        >>> outputs = method.training_step(batch)
        >>> outputs["loss"].shape, outputs["logits"].shape, sorted(outputs["relabel"])
        (torch.Size([]), torch.Size([4, 7]), ['confidence', 'labels'])

    Source: Wang et al. 2020; with a bias and both losses at full weight the official code.
    """

    task = "expression"
    needs = ("labels",)

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: SCNConfig = PRESETS["paper"],
    ) -> None:
        super().__init__()
        check_classes(num_classes)
        self.config = config
        self.backbone = backbone
        feature_dim = int(backbone.out_channels)  # type: ignore[arg-type]
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(feature_dim, num_classes, bias=config.bias)
        self.attention = nn.Linear(feature_dim, 1, bias=config.bias)
        margin = torch.tensor(float(config.delta_1))
        if config.learn_delta_1:
            self.delta_1: Tensor = nn.Parameter(margin)
        else:
            self.register_buffer("delta_1", margin)

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings x that are classified: images (m, 3, H, W) -> (m, d)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, d, h, w) -> (m, d)

    def forward(self, images: Tensor) -> Tensor:
        """Logits: images (m, 3, H, W) -> (m, K).  α > 0, so leaving it out cannot change which class comes first."""
        return self.classifier(self.dropout(self.embed(images)))

    def importance(self, images: Tensor) -> Tensor:
        """The importance of each sample: images (m, 3, H, W) -> (m,)."""
        return self._importance(self.dropout(self.embed(images)))

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch."""
        return self(batch["images"])

    def training_step(
        self,
        batch: dict[str, Tensor],
        epoch: int = 0,
        gather: Gather = identity,
    ) -> dict[str, Any]:
        """Loss, logits and, from ``relabel_epoch`` on, new labels of one batch.

        The ranking is over all processes, so it is computed on gathered importances; the cross-entropy is a mean over
        samples and stays where it is.

        Args:
            batch: ``images`` (m, 3, H, W) and ``labels`` (m,).
            epoch: counted from 0.
            gather: concatenates over processes, differentiably: the ranking is of the whole batch.

        Returns:
            ``loss``, ``logits``, ``log`` (both terms, δ1, the mean importance and the share relabeled), ``kept`` (the
            ``importance`` (m,) of this process's samples) and, from ``relabel_epoch`` on, ``relabel``.
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
            probabilities = torch.softmax(
                alpha.detach()[:, None] * logits.detach(), dim=1
            )
            new = relabel(
                probabilities,
                labels,
                alpha,
                config.beta,
                config.delta_2,
                config.relabel_group,
                ranked_among=everyone,
            )
            log["relabeled"] = new.changed.float().mean()
            outputs["relabel"] = {
                "labels": new.labels,
                "confidence": new.confidence,
            }
        return outputs

    def parameter_groups(
        self, lr: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """The network, and a learnable δ1 without weight decay, which would pull it to zero by itself."""
        network = [
            parameter
            for name, parameter in self.named_parameters()
            if name != "delta_1"
        ]
        groups: list[dict[str, Any]] = [
            {"params": network, "lr": lr, "weight_decay": weight_decay}
        ]
        if self.config.learn_delta_1:
            groups.append(
                {"params": [self.delta_1], "lr": lr, "weight_decay": 0.0}
            )
        return groups

    def _importance(self, features: Tensor) -> Tensor:
        return importance(
            features, self.attention.weight[0], self.attention.bias
        )

    def _combine(self, rank: Tensor, cross_entropy: Tensor) -> Tensor:
        gamma = self.config.gamma
        match self.config.loss_rule:
            case "gamma_rank":
                return (  # eq-scn-total
                    gamma * rank + (1 - gamma) * cross_entropy
                )
            case "gamma_cross_entropy":
                return (1 - gamma) * rank + gamma * cross_entropy
            case _:
                return rank + cross_entropy
