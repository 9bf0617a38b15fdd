"""Center loss: pull every embedding towards the center of its class.

Y. Wen, K. Zhang, Z. Li, Y. Qiao: A Discriminative Feature Learning Approach for Deep Face Recognition.  ECCV 2016,
doi 10.1007/978-3-319-46478-7_31.  Equation numbers in docstrings are the paper's; the keys beside the code are the
book's.
"""

from __future__ import annotations

import math
from typing import Any, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import Gather, check_embeddings, identity
from fer_tutorial.papers.configs import CENTER_LOSS_PRESETS as PRESETS
from fer_tutorial.papers.configs import (
    CenterLossConfig,
    CenterReduction,
    check_one_of,
)

# --- equations ----------------------------------------------------------------


def center_loss(
    features: Tensor,
    labels: Tensor,
    centers: Tensor,
    reduction: CenterReduction = "sum",
) -> Tensor:
    r"""Half the squared distance from each embedding to its class center.

    .. math:: L_C = \frac{1}{2} \sum_{i=1}^{m} \lVert x_i - c_{y_i} \rVert_2^2

    where

    * :math:`m` is the batch size, :math:`d` the feature dimension and :math:`K` the number of classes,
    * :math:`x_i` is row i of ``features``,
    * :math:`y_i` is entry i of ``labels``,
    * :math:`c_k` is row k of ``centers``.

    Widely used implementations divide differently, and so need another weight for the same effect:

    ======================= ============================ ===================================================
    ``reduction``           value                        used by
    ======================= ============================ ===================================================
    ``"sum"``               :math:`\frac{1}{2} \sum`     the paper
    ``"mean"``              :math:`\frac{1}{2m} \sum`    ydwen/caffe-face, the authors' code
    ``"mean_without_half"`` :math:`\frac{1}{m} \sum`     KaiyangZhou/pytorch-center-loss
    ======================= ============================ ===================================================

    Args:
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d).
        reduction: how the m distances become one number.

    Returns:
        The loss, 0-dimensional, at least 0.

    Raises:
        ValueError: shapes that do not fit, an empty batch, an unknown reduction, or (for labels on the CPU, where
            looking at them does not stall a GPU) a label outside 0 to K-1.

    Example:
        >>> x, c = torch.tensor([[1.0, 2.0], [4.0, 0.0]]), torch.tensor([[0.0, 0.0], [4.0, 2.0]])
        >>> center_loss(x, torch.tensor([0, 1]), c)  # 1/2 ((1 + 4) + (0 + 4))
        tensor(4.5000)

    Source: Wen et al. 2016, Eq. (2).
    """
    check_embeddings(features, labels, centers)
    check_one_of("reduction", reduction, get_args(CenterReduction))
    squared_distances = (  # (m, d) -> (m,)
        (features - centers[labels]).square().sum(dim=1)
    )
    if reduction == "sum":
        return squared_distances.sum() / 2  # eq-cl-loss
    if reduction == "mean":
        return squared_distances.mean() / 2
    return squared_distances.mean()


def center_update(
    centers: Tensor, features: Tensor, labels: Tensor, alpha: float
) -> Tensor:
    r"""The paper's step of the class centers.

    .. math::
        \Delta c_j = \frac{\sum_i \delta(y_i = j) \, (c_j - x_i)}{1 + \sum_i \delta(y_i = j)},
        \qquad c_j \leftarrow c_j - \alpha \, \Delta c_j

    where

    * :math:`\delta` is 1 if its condition holds and 0 otherwise,
    * :math:`\alpha` is the step size ``alpha``,
    * :math:`x_i`, :math:`y_i` and :math:`c_j` are as in :func:`center_loss`.

    A class that is absent from the batch keeps its center: the 1 in the denominator keeps 0/0 away.  The loss weight
    :math:`\lambda` and the learning rate do not enter.

    Args:
        centers: class centers, floating point, (K, d).
        features: embeddings, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        alpha: step size, 0 (centers stand still) to 1.

    Returns:
        The new centers, (K, d), of the dtype of ``centers``, without a gradient history.

    Raises:
        ValueError: as for :func:`center_loss`.

    Example:
        >>> center_update(torch.zeros(2, 1), torch.tensor([[3.0], [6.0]]), torch.tensor([0, 0]), alpha=0.5)
        tensor([[1.5000],
                [0.0000]])

    Source: Wen et al. 2016, Eq. (4) and Algorithm 1.
    """
    check_embeddings(features, labels, centers)
    with torch.no_grad():
        differences = (centers[labels] - features).to(centers.dtype)  # (m, d)
        sums = torch.zeros_like(centers).index_add(  # (m, d) -> (K, d)
            0, labels, differences
        )
        counts = centers.new_zeros(len(centers)).index_add(  # (m,) -> (K,)
            0, labels, centers.new_ones(len(labels))
        )
        delta = sums / (1 + counts)[:, None]  # eq-cl-update
        return centers - alpha * delta


# --- the network --------------------------------------------------------------


class CenterLoss(nn.Module):
    r"""A classifier trained with softmax loss plus center loss.

    .. math:: L = L_S + \lambda L_C

    where

    * :math:`L_S` is the cross-entropy, see :class:`fer_tutorial.papers.softmax.Softmax`,
    * :math:`L_C` is :func:`center_loss`,
    * :math:`\lambda` is ``config.lambda_``.

    The centers start at zero, which is our reading of the paper, or as ``config.center_start`` says.  They move after
    every step of the network by ``config.update_rule``.  With momentum :math:`\mu` and weight decay :math:`w`, as the
    authors' code has them, that is :math:`v \leftarrow \mu v + \alpha (\Delta c + w c)` and :math:`c \leftarrow c - v`.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C in ``backbone.out_channels``.
        num_classes: K.
        config: hyper-parameters.

    Example:
        >>> backbone = nn.Conv2d(3, 16, 3)
        >>> method = CenterLoss(backbone, num_classes=7, config=CenterLossConfig(embedding_dim=2))
        >>> method(torch.zeros(4, 3, 8, 8)).shape, method.centers.shape
        (torch.Size([4, 7]), torch.Size([7, 2]))

    Source: Wen et al. 2016, Eq. (5); start, momentum and weight decay of the centers: face_train_test.prototxt and
    face_solver.prototxt of ydwen/caffe-face; the step without λ: main.py of KaiyangZhou/pytorch-center-loss.
    """

    task = "expression"
    needs = ("labels",)
    centers: Tensor
    velocity: Tensor  # of the centers, where they have momentum and the optimizer does not move them

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: CenterLossConfig = PRESETS["paper"],
    ) -> None:
        super().__init__()
        channels = int(backbone.out_channels)  # type: ignore[arg-type]
        feature_dim = (
            channels if config.embedding_dim is None else config.embedding_dim
        )
        self.config = config
        self.backbone = backbone
        self.embedding = (
            nn.Identity()
            if config.embedding_dim is None
            else nn.Linear(channels, feature_dim)
        )
        self.classifier = nn.Linear(feature_dim, num_classes)
        centers = torch.zeros(num_classes, feature_dim)
        if config.center_start == "xavier":
            bound = math.sqrt(
                3 / feature_dim
            )  # Caffe's filler counts the inputs alone, torch's the outputs as well
            nn.init.uniform_(centers, -bound, bound)
        if config.update_rule == "autograd":
            self.centers = nn.Parameter(centers)
        else:
            self.register_buffer("centers", centers)
            if config.center_momentum > 0:
                self.register_buffer("velocity", torch.zeros_like(centers))

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings x that are classified and pulled to the centers: images (m, 3, H, W) -> (m, d)."""
        return self.embedding(  # (m, C, h, w) -> (m, C) -> (m, d)
            self.backbone(images).mean(dim=(2, 3))
        )

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
            gather: concatenates over processes, differentiably: the centers' step counts the whole batch.

        Returns:
            ``loss``, ``logits``, ``log`` (both terms) and ``kept`` (``features`` and ``labels`` of all processes).
        """
        features = self.embed(batch["images"])
        logits = self.classifier(features)
        softmax_loss = F.cross_entropy(logits, batch["labels"])  # eq-cl-softmax
        all_features, all_labels = gather(features), gather(batch["labels"])
        distance_loss = center_loss(
            all_features, all_labels, self.centers, self.config.reduction
        )
        return {
            "loss": softmax_loss
            + self.config.lambda_ * distance_loss,  # eq-cl-total
            "logits": logits,
            "log": {
                "softmax_loss": softmax_loss.detach(),
                "center_loss": distance_loss.detach(),
            },
            "kept": {"features": all_features.detach(), "labels": all_labels},
        }

    @torch.no_grad()
    def after_step(
        self,
        batch: dict[str, Tensor],
        outputs: dict[str, Any],
        gather: Gather = identity,
    ) -> None:
        """Moves the centers by their rule; under ``"autograd"`` the optimizer has moved them already."""
        config, kept = self.config, outputs["kept"]
        if config.update_rule == "autograd":
            return
        if config.update_rule == "paper":
            step = self.centers - center_update(  # α Δc
                self.centers, kept["features"], kept["labels"], config.alpha
            )
        else:
            step = config.alpha * self._gradient(
                kept["features"], kept["labels"]
            )
        step += config.alpha * config.center_weight_decay * self.centers
        if config.center_momentum > 0:
            step = self.velocity.mul_(config.center_momentum).add_(step)
        self.centers.sub_(step)

    @torch.enable_grad()
    def _gradient(self, features: Tensor, labels: Tensor) -> Tensor:
        """Gradient (K, d) of center loss, without λ, in the centers."""
        centers = self.centers.clone().requires_grad_()
        return torch.autograd.grad(
            center_loss(features, labels, centers, self.config.reduction),
            centers,
        )[0]

    def parameter_groups(
        self, lr: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """Optimizer groups; centers that are parameters get the learning rate α, and no weight decay but their own."""
        network = [
            parameter
            for name, parameter in self.named_parameters()
            if name != "centers"
        ]
        groups: list[dict[str, Any]] = [
            {"params": network, "lr": lr, "weight_decay": weight_decay}
        ]
        if self.config.update_rule == "autograd":
            own = {
                "weight_decay": self.config.center_weight_decay,
                "momentum": self.config.center_momentum,
            }
            groups.append(
                {"params": [self.centers], "lr": self.config.alpha, **own}
            )
        return groups
