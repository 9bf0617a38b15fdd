"""A live look inside a network: choose a face, a class, a layer and a method, and the attention map is computed anew.

Where a kernel runs, ipywidgets shows the controls, which mouse and keyboard operate.  A page without a kernel shows the
same faces and layers as one picture.
"""

from __future__ import annotations

import html
import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.viz.attention import KINDS, grad_cam, left_as_it_was, overlay
from fer_tutorial.viz.interactive import STATIC
from fer_tutorial.viz.pictures import as_picture


class AttentionExplorer(widgets.VBox):
    """Attention maps of a network, computed where the reader asks for them.

    Args:
        method: maps images (m, 3, H, W) to logits (m, K); the layers looked at are those of ``method.backbone``.
        images: (m, 3, H, W), normalized as in training.
        pictures: the same m faces as they are shown, each of a form that :func:`fer_tutorial.viz.pictures.as_picture`
            takes.
        names: K class names.
        labels: (m,) the true classes, where they are known.
        layers: names of modules of the backbone, from the image to the classifier; all that have weights, unless given.

    Attributes:
        face, explained, layer, kind: the controls; setting their ``value`` draws anew.
        picture: the picture with its words, an HTML widget.

    Raises:
        UserError: numbers of images, pictures, labels or names that do not agree, or a layer that is not there.

    >>> from fer_tutorial.backbones import build_backbone
    >>> class Toy(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.backbone = build_backbone("small_cnn")
    ...     def forward(self, images):
    ...         return self.backbone(images).mean(dim=(2, 3))[:, :2]
    >>> faces = torch.rand(3, 3, 16, 16)
    >>> explorer = AttentionExplorer(Toy(), faces, faces, ["neutral", "happiness"])
    >>> explorer.layer.options
    ('block1', 'block2', 'block3', 'block4', 'block5')
    """

    def __init__(
        self,
        method: nn.Module,
        images: torch.Tensor,
        pictures: Any,
        names: Sequence[str],
        labels: Sequence[int] | torch.Tensor | np.ndarray | None = None,
        layers: Sequence[str] | None = None,
    ) -> None:
        backbone = getattr(method, "backbone", None)
        if not isinstance(backbone, nn.Module):
            raise UserError(f"{type(method).__name__} has no backbone; give a method, whose backbone has layers")
        known = dict(backbone.named_children())
        layers = [name for name, layer in known.items() if list(layer.parameters())] if layers is None else list(layers)
        if missing := [name for name in layers if name not in known]:
            raise UserError(f"the backbone has no layer {missing[0]!r}; choose from {', '.join(known)}")
        counts = {"pictures": len(pictures), "labels": len(images) if labels is None else len(labels)}
        for what, count in counts.items():
            if count != len(images):
                raise UserError(f"{count} {what} for {len(images)} images; give one an image")
        if not len(images) or not layers:
            raise UserError(f"{len(images)} images and {len(layers)} layers; expected at least one of each")
        with left_as_it_was(method), torch.no_grad():
            self._chances = method.eval()(images).softmax(dim=1).cpu().numpy()  # (m, K)
        if self._chances.shape[1] != len(names):
            raise UserError(f"the network tells {self._chances.shape[1]} classes apart; give as many names")
        self._method, self._images, self._layers, self._names = method, images, known, list(names)
        self._pictures = [as_picture(picture) for picture in pictures]
        self._labels = None if labels is None else [int(label) for label in labels]
        self.face = widgets.Dropdown(description="face", options=[(self._title(i), i) for i in range(len(images))])
        self.explained = widgets.Dropdown(
            description="class", options=[("the predicted one", -1), *((name, k) for k, name in enumerate(names))]
        )
        self.layer = widgets.Dropdown(description="layer", options=layers, value=layers[-1])
        self.kind = widgets.Dropdown(description="method", options=list(KINDS))
        self.picture = widgets.HTML()
        controls = [self.face, self.explained, self.layer, self.kind]
        row = widgets.Box(controls, layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([row, self.picture])
        for control in controls:
            control.observe(self._draw, "value")
        self._draw()

    def __repr__(self) -> str:
        return f"AttentionExplorer({len(self._images)} faces, {len(self.layer.options)} layers)"

    def heat(self, faces: Sequence[int], layer: str, kind: str, explained: int = -1) -> np.ndarray:
        """The maps (len(faces), H, W) from 0 to 1 of some faces, for one class; for the predicted ones if it is -1."""
        classes = None if explained < 0 else [explained] * len(faces)
        return grad_cam(self._method, self._images[list(faces)], classes, self._layers[layer], kind)

    def html(self) -> str:
        """All faces and layers as one picture that needs no kernel."""
        layers, columns = list(self.layer.options), len(self._images)
        figure = Figure(figsize=(1.2 * columns + 0.3, 1.2 * len(layers) + 1.6), dpi=100, layout="constrained")
        panels = figure.subplots(1 + len(layers), columns, squeeze=False)
        for row, name in zip(panels, ["", *layers], strict=True):
            maps = self.heat(range(columns), name, self.kind.value) if name else None
            for i, axes in enumerate(row):
                axes.imshow(self._pictures[i] if maps is None else overlay(self._pictures[i], maps[i]))
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
            row[0].set_ylabel(name or "face")
        for i, axes in enumerate(panels[0]):
            axes.set_title(self._title(i).partition(": ")[2].replace(", ", ",\n"), fontsize=8)
        words = (
            f"{columns} faces; below each, what {self.kind.value} marks for the predicted class at the layers "
            f"{', '.join(layers)}. " + ". ".join(self._title(i) for i in range(columns)) + "."
        )
        caption = "With a kernel (in Colab or Jupyter), choose a face, a class, a layer and a method here."
        return (
            f"<style>\n{(STATIC / 'frame.css').read_text(encoding='utf-8')}</style>\n"
            f'<div class="fer-figure" role="group" aria-label="{html.escape(caption)}"><div class="fer-stage">'
            f"{_image(figure, words)}</div>"
            f'<p class="fer-caption">{html.escape(caption)}</p></div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/html": self.html(), "text/plain": repr(self)}

    def _title(self, i: int) -> str:
        guess = self._names[int(self._chances[i].argmax())]
        if self._labels is None:
            return f"{i + 1}: {guess}"
        own = self._names[self._labels[i]]
        return f"{i + 1}: {own}" if own == guess else f"{i + 1}: {own}, taken for {guess}"

    def _draw(self, change: Any = None) -> None:
        i, k = self.face.value, self.explained.value
        heat = self.heat([i], self.layer.value, self.kind.value, k)[0]  # (H, W)
        k = int(self._chances[i].argmax()) if k < 0 else k
        name = f"{self._names[k]}, to which the network gives {100 * self._chances[i, k]:.0f} %"
        found = f"what speaks for {name}, is warmest {_where(heat)}" if heat.any() else f"nothing speaks for {name}"
        words = f"{self.kind.value} at {self.layer.value}: {found}."
        figure = Figure(figsize=(4.8, 2.4), dpi=100, layout="constrained")
        for axes, picture in zip(
            figure.subplots(1, 2), (self._pictures[i], overlay(self._pictures[i], heat)), strict=True
        ):
            axes.imshow(picture)
            axes.set_axis_off()
        self.picture.value = (
            f'{_image(figure, f"Face {self._title(i)}. {words}")}<p aria-live="polite">{html.escape(words)}</p>'
        )


def _image(figure: Figure, words: str) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", pil_kwargs={"quality": 85})  # a tenth of a PNG's size: heat maps are smooth
    return f'<img src="data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}" alt="{html.escape(words)}">'


def _where(heat: np.ndarray) -> str:
    """Where a map (H, W) is largest, in words.

    >>> _where(np.eye(9)[:, ::-1] * np.arange(9))
    'at the upper right'
    """
    row, column = (3 * np.array(np.unravel_index(heat.argmax(), heat.shape))) // heat.shape
    if row == column == 1:
        return "in the middle"
    return f"at the {('upper', 'middle', 'lower')[row]} {('left', 'middle', 'right')[column]}"
