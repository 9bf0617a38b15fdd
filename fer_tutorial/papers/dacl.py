"""DACL, the deep attentive center loss: a center loss that weighs every dimension of every embedding.

A. H. Farzaneh, X. Qi: Facial Expression Recognition in the Wild via Deep Attentive Center Loss.  WACV 2021, 2402-2411.
Official code: https://github.com/amirhfarzaneh/dacl.  The formulas are those of that code; the keys beside the code
are the book's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_tutorial.papers.checks import (
    Gather,
    check_batch_normalization,
    check_embeddings,
    check_like_features,
    identity,
)
from fer_tutorial.papers.configs import DACL_PRESETS as PRESETS
from fer_tutorial.papers.configs import DACLConfig

# --- equations ----------------------------------------------------------------


def sparse_center_loss(
    features: Tensor, attention: Tensor, labels: Tensor, centers: Tensor
) -> Tensor:
    r"""Center loss in which the attention weighs every dimension of every sample.

    .. math:: L_{SC} = \frac{1}{2m} \sum_{i=1}^{m} \sum_{j=1}^{d} a_{ij} \, (x_{ij} - c_{y_i j})^2

    where

    * :math:`m` is the batch size, :math:`d` the feature dimension and :math:`K` the number of classes,
    * :math:`x_{ij}` is dimension j of the embedding of sample i (``features``),
    * :math:`a_{ij} \in (0, 1)` says how much that dimension matters for that sample (``attention``),
    * :math:`y_i` is the class of sample i (``labels``),
    * :math:`c_{kj}` is dimension j of the center of class k (``centers``).

    Args:
        features: embeddings, floating point, (m, d).
        attention: weights, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d).

    Returns:
        The loss, 0-dimensional.  With attention 1 everywhere it is center loss with reduction ``"mean"``.

    Raises:
        ValueError: shapes that do not fit, an empty batch, or (for labels on the CPU, where looking at them does not
            stall a GPU) a label outside 0 to K-1.

    Example:
        >>> x, a = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.25]])
        >>> sparse_center_loss(x, a, torch.tensor([0]), torch.zeros(1, 2))  # 1/2 (0.5 · 1 + 0.25 · 4)
        tensor(0.7500)

    Source: Farzaneh and Qi 2021, the sparse center loss; written as the official code computes it.
    """
    check_embeddings(features, labels, centers)
    check_like_features(attention, features, "attention")
    squared_differences = (features - centers[labels]).square()  # (m, d)
    return (attention * squared_differences).sum() / (  # eq-dacl-loss
        2 * len(features)
    )


def sparse_center_loss_gradients(
    features: Tensor, attention: Tensor, labels: Tensor, centers: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    r"""The gradients of :func:`sparse_center_loss`, written by hand.

    .. math::
        \frac{\partial L_{SC}}{\partial x_{ij}} = \frac{a_{ij} (x_{ij} - c_{y_i j})}{m}, \qquad
        \frac{\partial L_{SC}}{\partial a_{ij}} = \frac{(x_{ij} - c_{y_i j})^2}{2m}, \qquad
        \frac{\partial L_{SC}}{\partial c_{kj}} = \frac{1}{m} \sum_i \delta(y_i = k) \, a_{ij} (c_{kj} - x_{ij})

    where

    * :math:`\delta` is 1 if its condition holds and 0 otherwise,
    * :math:`m`, :math:`x_{ij}`, :math:`a_{ij}`, :math:`y_i` and :math:`c_{kj}` are as in :func:`sparse_center_loss`.

    The first two are those of the official code; its centers do not follow the third but :func:`sparse_center_update`.
    Training leaves differentiation to autograd; this function is here to be compared.

    Args:
        features: embeddings, floating point, (m, d).
        attention: weights, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        centers: class centers, floating point, (K, d).

    Returns:
        The gradients to features (m, d), attention (m, d) and centers (K, d).

    Raises:
        ValueError: as for :func:`sparse_center_loss`.

    Example:
        >>> x, a, c = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.25]]), torch.zeros(1, 2)
        >>> to_x, to_a, to_c = sparse_center_loss_gradients(x, a, torch.tensor([0]), c)
        >>> to_x, to_a, to_c
        (tensor([[0.5000, 0.5000]]), tensor([[0.5000, 2.0000]]), tensor([[-0.5000, -0.5000]]))

    Source: the official code (the first two); derived by us (the third).
    """
    check_embeddings(features, labels, centers)
    check_like_features(attention, features, "attention")
    m = len(features)
    difference = features - centers[labels]  # (m, d)
    to_features = attention * difference / m  # eq-dacl-gradients
    to_attention = difference.square() / (2 * m)
    to_centers = torch.zeros_like(centers).index_add(  # eq-dacl-gradient-center
        0, labels, -to_features.to(centers.dtype)
    )
    return to_features, to_attention, to_centers


def sparse_center_update(
    centers: Tensor,
    features: Tensor,
    attention: Tensor,
    labels: Tensor,
    alpha: float,
) -> Tensor:
    r"""The official code's step of the class centers: center loss's rule, with the attention in the numerator.

    .. math::
        \Delta c_{kj} = \frac{\sum_i \delta(y_i = k) \, a_{ij} (c_{kj} - x_{ij})}{1 + n_k},
        \qquad c_{kj} \leftarrow c_{kj} - \alpha \, \Delta c_{kj}

    where

    * :math:`\delta` is 1 if its condition holds and 0 otherwise,
    * :math:`n_k` counts the samples of class k in the batch,
    * :math:`\alpha` is the step size ``alpha``,
    * :math:`x_{ij}`, :math:`a_{ij}`, :math:`y_i` and :math:`c_{kj}` are as in :func:`sparse_center_loss`.

    Neither the loss weight :math:`\lambda` nor :math:`1/m` enters, so this is not gradient descent on the loss.

    Args:
        centers: class centers, floating point, (K, d).
        features: embeddings, floating point, (m, d).
        attention: weights, floating point, (m, d).
        labels: classes 0 to K-1, int64, (m,).
        alpha: step size, 0 (centers stand still) to 1.

    Returns:
        The new centers, (K, d), of the dtype of ``centers``, without a gradient history.

    Raises:
        ValueError: as for :func:`sparse_center_loss`.

    Example:
        >>> x, a = torch.tensor([[2.0, 4.0]]), torch.tensor([[0.5, 1.0]])
        >>> sparse_center_update(torch.zeros(2, 2), x, a, torch.tensor([0]), alpha=0.5)
        tensor([[0.2500, 1.0000],
                [0.0000, 0.0000]])

    Source: the official code; the rule it varies is Wen et al. 2016, Eq. (4).
    """
    check_embeddings(features, labels, centers)
    check_like_features(attention, features, "attention")
    with torch.no_grad():
        differences = (attention * (centers[labels] - features)).to(  # (m, d)
            centers.dtype
        )
        sums = torch.zeros_like(centers).index_add(  # (m, d) -> (K, d)
            0, labels, differences
        )
        counts = centers.new_zeros(len(centers)).index_add(  # (m,) -> (K,)
            0, labels, centers.new_ones(len(labels))
        )
        return centers - alpha * sums / (1 + counts)[:, None]  # eq-dacl-center


# --- parts of the network -----------------------------------------------------


class ContextEncoder(nn.Sequential):
    r"""The CE-unit: three fully connected layers that see the whole feature map and return a short code.

    .. math:: e_i = \tanh \mathrm{BN} \, W_3 \; \mathrm{ReLU} \, \mathrm{BN} \, W_2 \; \mathrm{ReLU} \, \mathrm{BN} \,
        W_1 \, \mathrm{vec}(x^*_i)

    where

    * :math:`x^*_i` is the feature map of sample i, (C, h, w),
    * :math:`W_1, W_2, W_3` are linear layers with a bias,
    * :math:`\mathrm{BN}` is batch normalization,
    * :math:`e_i` is the code, in (-1, 1).

    Args:
        in_features: C·h·w of the feature map.
        sizes: widths of the three layers; the official code has (3584, 512, 64).

    Shapes: (m, C, h, w) or (m, C·h·w) -> (m, sizes[2]).

    Raises:
        ValueError: a single sample in training, which batch normalization cannot normalize.

    Example:
        >>> ContextEncoder(in_features=32 * 3 * 3, sizes=(64, 32, 16))(torch.randn(4, 32, 3, 3)).shape
        torch.Size([4, 16])

    Source: Farzaneh and Qi 2021, the attention network; layers as in the official code.
    """

    def __init__(
        self, in_features: int, sizes: Sequence[int] = (3584, 512, 64)
    ) -> None:
        first, second, third = sizes
        super().__init__(  # eq-dacl-encoder
            nn.Flatten(),  # (m, C, h, w) -> (m, C·h·w)
            *(nn.Linear(in_features, first), nn.BatchNorm1d(first), nn.ReLU()),
            *(nn.Linear(first, second), nn.BatchNorm1d(second), nn.ReLU()),
            *(nn.Linear(second, third), nn.BatchNorm1d(third), nn.Tanh()),
        )

    def forward(self, feature_map: Tensor) -> Tensor:
        check_batch_normalization(self, feature_map)
        return super().forward(feature_map)


class MultiHeadAttention(nn.Module):
    r"""One binary classifier a feature dimension: is dimension j of this sample in, or is it out?

    .. math:: a_{ij} = \frac{\exp p^{in}_{ij}}{\exp p^{in}_{ij} + \exp p^{ex}_{ij}}

    where

    * :math:`(p^{ex}_{ij}, p^{in}_{ij})` are the two outputs of head j for the code of sample i,
    * :math:`a_{ij}` is the attention.

    All d heads are rows of one linear layer; index 1 of each pair is "in", as in the official code.

    Args:
        code_dim: length of the code e.
        feature_dim: d, the number of heads.

    Shapes: (m, code_dim) -> (m, d), in (0, 1).

    Example:
        >>> heads = MultiHeadAttention(code_dim=64, feature_dim=512)
        >>> heads(torch.zeros(4, 64)).shape, sum(p.numel() for p in heads.parameters())
        (torch.Size([4, 512]), 66560)

    Source: Farzaneh and Qi 2021, the attention network; layers as in the official code.
    """

    def __init__(self, code_dim: int, feature_dim: int) -> None:
        super().__init__()
        self.heads = nn.Linear(code_dim, 2 * feature_dim)

    def forward(self, code: Tensor) -> Tensor:
        pairs = self.heads(code).unflatten(1, (-1, 2))  # (m, 2d) -> (m, d, 2)
        return pairs.softmax(dim=2)[  # eq-dacl-attention; (m, d, 2) -> (m, d)
            ..., 1
        ]


class MeanOne(nn.Module):
    r"""Divides the attention of each sample by its mean over the dimensions.

    .. math:: \tilde a_{ij} = \frac{a_{ij}}{\frac{1}{d} \sum_l a_{il}}

    where

    * :math:`a_{ij}` is the attention for dimension j of sample i,
    * :math:`d` is the number of dimensions.

    With it, attention cannot lower the loss by fading everywhere; it can only choose dimensions.

    Shapes: (m, d) -> (m, d), positive, of mean 1 in every row.

    Example:
        >>> MeanOne()(torch.tensor([[0.1, 0.3]]))
        tensor([[0.5000, 1.5000]])

    Source: ours, not the paper's.
    """

    def forward(self, attention: Tensor) -> Tensor:
        return attention / attention.mean(  # eq-dacl-mean-one
            dim=1, keepdim=True
        )


# --- the network --------------------------------------------------------------


class DACL(nn.Module):
    r"""A classifier trained with softmax loss plus sparse center loss.

    .. math:: L = L_S + \lambda L_{SC}

    where

    * :math:`L_S` is the cross-entropy,
    * :math:`L_{SC}` is :func:`sparse_center_loss`,
    * :math:`\lambda` is ``config.lambda_``.

    The attention network (CE-unit and heads) reads the feature map and weighs the center loss.  It does not touch the
    logits, so it can be thrown away after training.  It reads the feature map with its gradient, as in the official
    code: :math:`L_{SC}` changes the backbone by way of :math:`x` and by way of :math:`a`.

    The centers start as in the official code, normal with standard deviation sqrt(2 / K), and so do the linear layers
    of the attention network under ``attention_start="kaiming"``: normal with variance 2 / inputs, biases 0.  Under
    ``"torch"``, our choice for the small preset, they start as torch starts them.  Batch normalization behind the
    CE-unit's layers undoes most of that difference, the heads keep it: over the dimensions of a face the attention
    first has a standard deviation of 0.24 under ``"kaiming"`` and of 0.12 under ``"torch"``.

    With ``attention="one"`` there is no attention network and :math:`a_{ij} = 1`: center loss with DACL's centers.

    Args:
        backbone: maps images (m, 3, H, W) to feature maps (m, C, h, w) and says C = d in ``backbone.out_channels``.
        num_classes: K.
        config: hyper-parameters.
        map_size: (h, w) of the feature map; 7 × 7 for a ResNet and images of 224 pixels.

    Example:
        >>> backbone = nn.Conv2d(3, 16, 3)
        >>> method = DACL(backbone, num_classes=7, config=PRESETS["small"], map_size=(6, 6))
        >>> images = torch.zeros(4, 3, 8, 8)
        >>> method(images).shape, method.attention(images).shape
        (torch.Size([4, 7]), torch.Size([4, 16]))

    Source: Farzaneh and Qi 2021; λ and how layers and centers start as in the official code.
    """

    task = "expression"
    needs = ("labels",)
    centers: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        config: DACLConfig = PRESETS["official"],
        map_size: tuple[int, int] = (7, 7),
    ) -> None:
        super().__init__()
        feature_dim = int(backbone.out_channels)  # type: ignore[arg-type]
        self.config = config
        self.backbone = backbone
        self.classifier = nn.Linear(feature_dim, num_classes)
        attention_network = nn.Sequential(
            ContextEncoder(
                feature_dim * map_size[0] * map_size[1], config.encoder_sizes
            ),
            MultiHeadAttention(config.encoder_sizes[2], feature_dim),
            *([MeanOne()] if config.mean_one else []),
        )
        if config.attention_start == "kaiming":
            for layer in attention_network.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.kaiming_normal_(layer.weight)
                    nn.init.zeros_(layer.bias)
        # Drawn in any case, so that with one seed the centers start alike with the attention and without.
        self.attention_network = (
            attention_network if config.attention == "learned" else None
        )
        centers = nn.init.kaiming_normal_(
            torch.empty(num_classes, feature_dim), mode="fan_out"
        )
        if config.update_rule == "paper":
            self.register_buffer("centers", centers)
        else:
            self.centers = nn.Parameter(centers)

    def embed(self, images: Tensor) -> Tensor:
        """The embeddings x that are classified and pulled to the centers: images (m, 3, H, W) -> (m, d)."""
        return self.backbone(images).mean(dim=(2, 3))  # (m, d, h, w) -> (m, d)

    def embed_with_attention(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings x and attention a: images (m, 3, H, W) -> (m, d), (m, d)."""
        feature_map = self.backbone(images)  # (m, d, h, w)
        features = feature_map.mean(dim=(2, 3))  # (m, d)
        if self.attention_network is None:
            return features, torch.ones_like(features)
        return features, self.attention_network(feature_map)

    def attention(self, images: Tensor) -> Tensor:
        """How much each dimension of each embedding counts: images (m, 3, H, W) -> (m, d) in (0, 1)."""
        return self.embed_with_attention(images)[1]

    def forward(self, images: Tensor) -> Tensor:
        """Logits: images (m, 3, H, W) -> (m, K).  The attention network does not run."""
        return self.classifier(self.embed(images))  # (m, d) -> (m, K)

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
            ``loss``, ``logits``, ``log`` (both terms, mean and spread of the attention) and ``kept`` (``features``,
            ``attention`` and ``labels`` of all processes).
        """
        features, attention = self.embed_with_attention(batch["images"])
        logits = self.classifier(features)
        softmax_loss = F.cross_entropy(logits, batch["labels"])
        all_features, all_attention, all_labels = (
            gather(features),
            gather(attention),
            gather(batch["labels"]),
        )
        distance_loss = sparse_center_loss(
            all_features, all_attention, all_labels, self.centers
        )
        watched = all_attention.detach()
        return {
            "loss": softmax_loss
            + self.config.lambda_ * distance_loss,  # eq-dacl-joint
            "logits": logits,
            "log": {
                "softmax_loss": softmax_loss.detach(),
                "sparse_center_loss": distance_loss.detach(),
                "mean_attention": watched.mean(),  # falls towards 0: nothing in the loss holds it up
                "attention_spread": watched.std(
                    dim=1, correction=0
                ).mean(),  # 0 if all dimensions count alike
            },
            "kept": {
                "features": all_features.detach(),
                "attention": watched,
                "labels": all_labels,
            },
        }

    @torch.no_grad()
    def after_step(
        self,
        batch: dict[str, Tensor],
        outputs: dict[str, Any],
        gather: Gather = identity,
    ) -> None:
        """Moves the centers as the official code does; under ``"autograd"`` the optimizer has moved them already."""
        if self.config.update_rule == "paper":
            self.centers.copy_(
                sparse_center_update(
                    self.centers, **outputs["kept"], alpha=self.config.alpha
                )
            )

    def parameter_groups(
        self, lr: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """Optimizer groups; centers that are parameters get the learning rate α, no momentum and no weight decay."""
        network = [
            parameter
            for name, parameter in self.named_parameters()
            if name != "centers"
        ]
        groups: list[dict[str, Any]] = [
            {"params": network, "lr": lr, "weight_decay": weight_decay}
        ]
        if self.config.update_rule == "autograd":
            groups.append(
                {
                    "params": [self.centers],
                    "lr": self.config.alpha,
                    "weight_decay": 0.0,
                    "momentum": 0.0,
                }
            )
        return groups
