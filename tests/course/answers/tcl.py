"""Answers to the TCL exercises: the right ones, and the usual wrong ones with what they are told."""

import torch

from fer_tutorial.papers import tcl


def semi_synthesized(synthetic, real, attention, count):
    chosen = tcl.selected_dimensions(attention, count / attention.shape[1])
    return torch.where(chosen, synthetic, real)


RIGHT = {
    "tcl.by_hand": 1.0,
    "tcl.loss": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, margin),
    "tcl.nearest": lambda x, y, c: tcl.nearest_wrong_class(x, y, c),
    "tcl.fully_synthesized": lambda x, y, c: tcl.negative_centers("fully_synthesized", x, y, c),
    "tcl.semi_synthesized": semi_synthesized,
}

MISTAKES = [
    ("tcl.by_hand", 2.0, "expected 1, got 2"),
    ("tcl.loss", lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, margin, None, "sum"), "of twelve"),
    ("tcl.loss", lambda x, y, c, n, margin: tcl.triplet_center_loss(x.detach(), y, c, n, margin), "no gradient"),
    ("tcl.nearest", lambda x, y, c: torch.cdist(x, c).argmin(1), "got their own class"),
    ("tcl.fully_synthesized", lambda x, y, c: tcl.negative_centers("nearest", x, y, c), "the wrong centers"),
    ("tcl.semi_synthesized", lambda s, r, a, count: torch.where(a > 0.5, s, r), "eight samples"),
]
