"""Additive-margin softmax: a face must be closer to the own class than to any other by a margin.

F. Wang, J. Cheng, W. Liu, H. Liu: Additive Margin Softmax for Face Verification.  IEEE Signal Processing Letters 25(7),
926-930, 2018, arXiv 1801.05599.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.methods import register_method
from fer_tutorial.papers.checks import Gather, check_scores, identity


@dataclass(frozen=True)
class AdditiveMarginConfig:
    """Hyper-parameters: the margin μ between cosines, 0 or more, and the scale s of the logits, above 0."""

    margin: float = 0.35
    scale: float = 30.0

    def __post_init__(self) -> None:
        if not self.margin >= 0 or not self.scale > 0:
            raise ValueError(f"margin is {self.margin} and scale {self.scale}; expected 0 or more, and above 0")


PRESETS = {"paper": AdditiveMarginConfig()}


def additive_margin_loss(cosines: Tensor, labels: Tensor, margin: float, scale: float) -> Tensor:
    """Cross-entropy of ``scale`` times the cosines (m, K), from which the own class's is lowered by ``margin``."""
    check_scores(cosines, labels, "cosines")
    own = F.one_hot(labels, cosines.shape[1])  # (m,) -> (m, K)
    return F.cross_entropy(scale * (cosines - margin * own), labels)  # eq-am-loss


class AdditiveMargin(nn.Module):
    """A backbone, average pooling, and one direction a class, trained with :func:`additive_margin_loss`."""

    task = "expression"
    needs = ("labels",)

    def __init__(self, backbone: nn.Module, num_classes: int, config: AdditiveMarginConfig = PRESETS["paper"]) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.classifier = nn.Linear(int(backbone.out_channels), num_classes, bias=False)

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings that are classified: images (m, 3, H, W) -> (m, C)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, C, h, w) -> (m, C)

    def cosines(self, images: Tensor) -> Tensor:
        """Cosine of each embedding with each class's direction: images (m, 3, H, W) -> (m, K)."""
        return F.linear(
            F.normalize(self.embed(images)), F.normalize(self.classifier.weight)
        )  # (m, C), (K, C) -> (m, K)

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch; the margin is for training alone."""
        return self.config.scale * self.cosines(batch["images"])

    def training_step(self, batch: dict[str, Tensor], epoch: int = 0, gather: Gather = identity) -> dict[str, Any]:
        """Loss and logits of one batch; the loss is a mean over samples, so nothing is gathered."""
        cosines, labels = self.cosines(batch["images"]), batch["labels"]
        own = cosines.detach().gather(1, labels[:, None])  # (m, 1)
        return {
            "loss": additive_margin_loss(cosines, labels, self.config.margin, self.config.scale),
            "logits": self.config.scale * cosines,
            "log": {"own_cosine": own.mean()},
        }


register_method("additive_margin", AdditiveMargin, PRESETS, "additive-margin softmax")
