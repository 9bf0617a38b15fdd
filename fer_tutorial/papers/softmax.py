"""The baseline of every comparison: a backbone, global average pooling, one linear layer, cross-entropy."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import Gather, identity
from fer_tutorial.papers.configs import SOFTMAX_PRESETS as PRESETS
from fer_tutorial.papers.configs import SoftmaxConfig

# --- the network --------------------------------------------------------------


class Softmax(nn.Module):
    r"""A classifier trained with cross-entropy, which is also called softmax loss.

    .. math:: L_S = -\frac{1}{m} \sum_{i=1}^{m} \log \frac{\exp(W_{y_i}^\top x_i + b_{y_i})}
        {\sum_{k=1}^{K} \exp(W_k^\top x_i + b_k)}

    where

    * :math:`m` is the batch size and :math:`K` the number of classes,
    * :math:`x_i` is the embedding of sample i, its average-pooled feature map,
    * :math:`y_i` is the class of sample i,
    * :math:`W_k` and :math:`b_k` are row k of the classifier's weights and biases.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C in ``backbone.out_channels``.
        num_classes: K.
        config: hyper-parameters.

    Example:
        >>> from torch import zeros
        >>> method = Softmax(nn.Conv2d(3, 16, 3), num_classes=7)
        >>> method(zeros(4, 3, 8, 8)).shape, method.embed(zeros(4, 3, 8, 8)).shape
        (torch.Size([4, 7]), torch.Size([4, 16]))
    """

    task = "expression"
    needs = ("labels",)

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: SoftmaxConfig = PRESETS["plain"],
    ) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(int(backbone.out_channels), num_classes)  # type: ignore[arg-type]

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings x that are classified: images (m, 3, H, W) -> (m, C)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, C, h, w) -> (m, C)

    def forward(self, images: Tensor) -> Tensor:
        """Logits: images (m, 3, H, W) -> (m, K)."""
        return self.classifier(self.dropout(self.embed(images)))

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
            gather: not used: the loss is a mean over samples.

        Returns:
            ``loss`` and ``logits``.
        """
        logits = self(batch["images"])
        loss = F.cross_entropy(
            logits, batch["labels"], label_smoothing=self.config.label_smoothing
        )
        return {"loss": loss, "logits": logits}
