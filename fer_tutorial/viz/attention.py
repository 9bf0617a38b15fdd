"""Where a network looks: Grad-CAM (Selvaraju et al., ICCV 2017) and its relatives, by the ``grad-cam`` package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from fer_tutorial.errors import UserError

# Our name → the package's class.  Grad-CAM++ weighs the places within a channel, HiResCAM multiplies gradient and map
# place by place, LayerCAM does so with positive gradients alone, which suits the early layers.
KINDS = {"Grad-CAM": "GradCAM", "Grad-CAM++": "GradCAMPlusPlus", "HiResCAM": "HiResCAM", "LayerCAM": "LayerCAM"}


def grad_cam(
    method: nn.Module,
    images: torch.Tensor,
    classes: Sequence[int] | torch.Tensor | None = None,
    layer: nn.Module | None = None,
    kind: str = "Grad-CAM",
) -> np.ndarray:
    r"""Grad-CAM: which places of the feature map speak for a class.

    .. math:: M = \mathrm{ReLU}\Big(\sum_c \alpha_c A_c\Big), \qquad
              \alpha_c = \frac{1}{hw} \sum_{u,v} \frac{\partial y_k}{\partial A_{c,u,v}}

    where :math:`A` (C, h, w) is the feature map of one image, :math:`y_k` the logit of the class asked about, and
    :math:`M` is enlarged to the image and scaled to 0-1.

    Args:
        method: maps images (m, C, H, W) to logits (m, K).
        images: (m, C, H, W), normalized as in training.
        classes: (m,) the class to explain for each image; the predicted one if not given.
        layer: whose output is the feature map :math:`A`; ``method.backbone`` if not given.
        kind: one of ``KINDS``: how gradient and feature map become one map.

    Returns:
        (m, H, W) float32 from 0 to 1, one map an image.  Weights, gradients and mode stay as they were.

    Raises:
        UserError: images of the wrong shape, another number of classes than images, no layer to look at, no such kind.

    Source: Selvaraju et al. (2017), equations 1 and 2.

    >>> class Toy(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.backbone = nn.Conv2d(1, 2, 3, padding=1)
    ...     def forward(self, images):
    ...         return self.backbone(images).amax(dim=(2, 3))
    >>> grad_cam(Toy(), torch.rand(3, 1, 8, 8), [0, 1, 1]).shape
    (3, 8, 8)
    """
    import pytorch_grad_cam  # heavy: only attention maps pay for it
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    if images.ndim != 4:
        raise UserError(f"images have shape {tuple(images.shape)}; expected (m, C, H, W), so add the missing dimension")
    if classes is not None and len(classes) != len(images):
        raise UserError(f"{len(classes)} classes for {len(images)} images; give one class an image")
    layer = getattr(method, "backbone", None) if layer is None else layer
    if layer is None:
        raise UserError(f"{type(method).__name__} has no backbone; pass layer=, the module whose output to look at")

    if kind not in KINDS:
        raise UserError(f"there is no kind of map {kind!r}; choose one of {', '.join(KINDS)}")

    targets = None if classes is None else [ClassifierOutputTarget(int(k)) for k in classes]
    # Frozen weights carry no gradient; asking for the input's makes the feature map differentiable all the same.
    inputs = images.detach().clone().requires_grad_()
    make_cam = getattr(pytorch_grad_cam, KINDS[kind])
    with left_as_it_was(method), torch.enable_grad(), make_cam(method, [layer]) as cam:
        return np.asarray(cam(input_tensor=inputs, targets=targets), dtype=np.float32)


@contextmanager
def left_as_it_was(method: nn.Module) -> Iterator[None]:
    """Afterwards the network's gradients and its modes (training or not) are what they were."""
    gradients = {parameter: parameter.grad for parameter in method.parameters()}
    training = {module: module.training for module in method.modules()}
    try:
        yield
    finally:
        for parameter, gradient in gradients.items():
            parameter.grad = gradient
        for module, mode in training.items():
            module.training = mode


def overlay(image: np.ndarray | torch.Tensor, heat: np.ndarray, alpha: float = 0.5) -> np.ndarray:
    """An attention map drawn over its image, in the perceptually uniform colors of matplotlib's ``inferno``.

    Args:
        image: (H, W), (H, W, C) or (C, H, W) with C = 1 or 3, uint8 or floats from 0 to 1.
        heat: (h, w) from 0 to 1; enlarged to the image if smaller.
        alpha: how much of the map is seen, from 0 (none) to 1 (nothing else).

    Returns:
        (H, W, 3) float32 from 0 to 1.

    Raises:
        UserError: not an image, not a map, or ``alpha`` out of range.

    >>> overlay(np.zeros((4, 4, 3), np.uint8), np.eye(4)).shape
    (4, 4, 3)
    """
    from matplotlib import colormaps

    from fer_tutorial.viz.pictures import as_picture

    if np.ndim(heat) != 2:
        raise UserError(f"the map has shape {np.shape(heat)}; expected (h, w), so pass one map at a time")
    if not 0 <= alpha <= 1:
        raise UserError(f"alpha is {alpha}; expected a number from 0 to 1")
    picture = as_picture(image)
    enlarged = nn.functional.interpolate(
        torch.as_tensor(np.asarray(heat), dtype=torch.float32)[None, None],  # (1, 1, h, w)
        size=picture.shape[:2],
        mode="bilinear",
        align_corners=False,
    )
    heat_rgb = colormaps["inferno"](enlarged[0, 0].numpy())[..., :3]  # (H, W, 3)
    return ((1 - alpha) * picture + alpha * heat_rgb).astype(np.float32)
