"""The strands of the hair: a pattern from about -1 to 1 that the hair's layers share."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.head import Head


def find_strands(canvas: Canvas, head: Head) -> Tensor:
    """(n, P): straight strands that run from the crown outwards, or locks."""
    x, y, parting = canvas.x, canvas.y, head.trait("parting")
    out = (x - 0.10 * parting) / (y + 1.75).clamp(min=0.3)
    straight = 0.6 * torch.sin(95 * out + 3 * torch.sin(31 * out + 2 * y)) + 0.4 * torch.sin(
        47 * out + 0.9 * torch.sin(5 * y) + 6 * parting
    )
    locks = torch.sin(31 * x + 3.1 * torch.sin(17 * y + 3 * x)) * torch.sin(29 * y + 2.7 * torch.sin(19 * x))
    return torch.lerp(straight, locks, head.trait("curl")) * (0.35 + 0.65 * canvas.fade)
