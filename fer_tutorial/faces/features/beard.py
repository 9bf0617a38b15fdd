"""The beard: how much of the skin its hairs cover."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.features.mouth import Mouth
from fer_tutorial.faces.head import Head


def find_beard(canvas: Canvas, head: Head, mouth: Mouth) -> Tensor:
    """(n, P), 01: full beard, goatee, moustache and stubble."""
    x, y, ax, t, step = head.x, head.y, head.ax, head.trait, canvas.step
    chin = step(y - mouth.lip_low - 0.015, 0.02) * step(0.23 - ax, 0.035)
    lip = (
        step(y - head.shape["nose_base"] - 0.035, 0.02)
        * step(mouth.corner_x + 0.055 - ax, 0.03)
        * step(mouth.lip_low + 0.03 - y, 0.02)
    )
    low = torch.maximum(step(ax * 0.9 + y * 0.72 - 0.735, 0.035), step(y - mouth.lip_low - 0.05, 0.03))
    jaw = low * step(y - 0.12, 0.06)
    grain = torch.sin(83 * x + 31 * torch.sin(9 * y)) * torch.sin(47 * y + 17 * torch.sin(11 * x))
    grain = 1 + 0.22 * canvas.fade * grain
    grown = torch.maximum(torch.maximum(t("beard") * jaw, t("goatee") * chin), t("moustache") * lip)
    anywhere = torch.maximum(torch.maximum(jaw, chin), lip)
    return torch.maximum(0.92 * grown * grain, 0.36 * t("stubble") * anywhere * grain).clamp(0, 0.96)
