"""The baseline of every comparison: a backbone, global average pooling, one linear layer, cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from fer_tutorial.papers.configs import SOFTMAX_PRESETS as PRESETS
from fer_tutorial.papers.configs import SoftmaxConfig


class Softmax(nn.Module):
    """Softmax classification.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C in ``backbone.out_channels``.
        num_classes: K.
        config: hyper-parameters.
    """

    task = "expression"
    needs = ("labels",)

    def __init__(self, backbone: nn.Module, num_classes: int, config: SoftmaxConfig = PRESETS["plain"]) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(int(backbone.out_channels), num_classes)  # type: ignore[arg-type]

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings that are classified: images (m, 3, H, W) -> (m, C)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, C, h, w) -> (m, C)

    def forward(self, images: Tensor) -> Tensor:
        """Logits: images (m, 3, H, W) -> (m, K)."""
        return self.classifier(self.dropout(self.embed(images)))

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K) of a batch."""
        return self(batch["images"])

    def training_step(
        self, batch: dict[str, Tensor], epoch: int = 0, gather: Callable[[Tensor], Tensor] | None = None
    ) -> dict[str, Any]:
        """Loss and logits of one batch.  The loss is a mean over samples, so nothing needs to be gathered."""
        logits = self(batch["images"])
        loss = functional.cross_entropy(logits, batch["labels"], label_smoothing=self.config.label_smoothing)
        return {"loss": loss, "logits": logits}
