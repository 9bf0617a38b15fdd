"""A network that can be questioned in the page: its maps over a face, and what becomes of them when it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fer_tutorial.errors import UserError
from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.viz.attention import left_as_it_was
from fer_tutorial.viz.interactive import InteractiveFigure, image_url
from fer_tutorial.viz.network import export_network, network_file, outputs_of
from fer_tutorial.viz.pictures import as_picture

# What is shown, of what a method has: output → its name for readers, and of maps whether there is one for each class.
MAPS = {
    "class_activation": ("class activation", True),
    "weighted_activation": ("activation times attention", True),
    "pixel_attention": ("attention to places", False),
}
NUMBERS = {"importance": "importance", "mean_attention": "attention"}
GRAY = 0.5  # of the patch that hides a part of a face


def question(
    methods: nn.Module | Mapping[str, nn.Module],
    images: Sequence[Any] | np.ndarray | Tensor,
    labels: Sequence[int] | np.ndarray | Tensor,
    names: Sequence[str],
    caption: str,
    *,
    task: tuple[int, str] | None = None,
    files: str | None = None,
) -> InteractiveFigure:
    """A figure in which a reader hides a part of a face, moves, blurs or darkens it, and the network answers at once.

    The networks run in the page, which needs neither kernel nor connection.  Shown are the probabilities of all
    classes, the class activation map, and what else the method says: DACL its attention, SCN its importance, TCL its
    attention to places.

    Args:
        methods: one, or several by the name that readers are to see, of those that average a feature map and classify
            it by a linear layer; the last is shown first.
        images: (m, H, W, C), faces that are not normalized, each of a form that
            :func:`fer_tutorial.viz.pictures.as_picture` takes, and square.
        labels: (m,) their true classes.
        names: K class names.
        caption: what the figure shows, and something to try.
        task: a face and a class: with which patch does the method that is shown first take the face for the class?  The
            figure says when a reader has found one, and whether there is a smaller one.
        files: the folder, as the page addresses it, that holds the networks, see :func:`asked_network`; without it they
            are in the figure itself.  A network of a folder is loaded when it is first asked something.

    Raises:
        UserError: numbers of images, labels or names that do not agree, images that are not square, a method without
            such a map, or a task that cannot be done.

    >>> from fer_tutorial.methods import build_method
    >>> method = build_method("softmax", num_classes=2, image_size=16)
    >>> question(method, np.zeros((3, 16, 16), np.uint8), [0, 1, 1], ["neutral", "happiness"], "Two classes.")
    InteractiveFigure('attention')
    """
    if isinstance(methods, nn.Module):
        check_method(methods)
        methods = {methods.spec.name: methods}  # type: ignore[union-attr, dict-item]
    pictures = np.stack([as_picture(image) for image in images])  # (m, H, W, 3)
    if not methods or len(images) != len(labels) or pictures.shape[1] != pictures.shape[2]:
        shape = "×".join(map(str, pictures.shape[1:3]))
        raise UserError(
            f"{len(methods)} methods, {len(images)} images of {shape} pixels and {len(labels)} labels; expected a "
            "method or more, and a label for each square image"
        )
    # As the page reads them, in 256 steps.
    pixels = torch.from_numpy(np.round(pictures * 255) / 255).permute(0, 3, 1, 2).float()  # (m, 3, H, W)
    networks, graphs = [], []
    for name, method in methods.items():
        check_method(method)
        known = _known(method, pixels)
        if known["logits"].shape[1] != len(names):
            raise UserError(f"{name} tells {known['logits'].shape[1]} classes apart; give as many names")
        graphs.append(asked_network(method))
        network: dict[str, Any] = {
            "name": name,
            "maps": [[title, output, per_class] for output, (title, per_class) in MAPS.items() if output in known],
            "numbers": [[title, output] for output, title in NUMBERS.items() if output in known],
            "known": [
                {output: np.round(values[i].flatten().numpy(), 3) for output, values in known.items()}
                for i in range(len(pixels))
            ],
        }
        if files is None:
            network["graph"] = graphs[-1]
        else:
            file = f"{method.spec.name}.js"  # type: ignore[union-attr]
            network["address"] = f"{files}/{file}"
            network["megabytes"] = round(len(network_file(file, graphs[-1])) / 1e6, 1)
        networks.append(network)
    data = {
        "names": list(names),
        "size": pixels.shape[-1],
        "faces": [{"image": image_url(p), "label": int(label)} for p, label in zip(pictures, labels, strict=True)],
        "networks": networks,
        "task": None if task is None else _task(task, list(methods.values())[-1], pixels, list(names), len(networks)),
    }

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same with the graph of the network that the page has asked for."""
        return {
            **data,
            "networks": [
                {**network, "graph": graph} if n == request["network"] else network
                for n, (network, graph) in enumerate(zip(networks, graphs, strict=True))
            ],
        }

    alt = (
        f"{len(pixels)} faces to choose from. The chosen one lies under a map of the network, orange where it speaks "
        f"for a class and blue where it speaks against it. Bars show the probabilities of {', '.join(names)}, for the "
        "face as it is and as it was changed by a gray patch, a shift, blur, noise, brightness or a mirror."
    )
    return InteractiveFigure("attention", data, caption, alt, respond=None if files is None else answer)


def check_method(method: nn.Module) -> None:
    """Raise a UserError unless a method classifies a feature map, averaged, by a linear layer, and says its size."""
    for what in ("spec", "backbone", "classifier"):
        if not hasattr(method, what):
            raise UserError(
                f"{type(method).__name__} has no {what}, so it cannot be questioned; give a method of build_method "
                "that classifies single images, such as softmax"
            )


def asked_network(method: nn.Module) -> dict[str, Any]:
    """The network of the figure, from pixels of 0 to 1 to all that is shown; see
    :func:`fer_tutorial.viz.network.export_network`.
    """
    spec: Any = method.spec
    size = spec.image_size
    return export_network(method, torch.zeros(1, 3, size, size), outputs=_shown)


def telling_faces(logits: Tensor, labels: Tensor, n: int) -> list[int]:
    """Which faces to show: those that are mistaken with the highest probability, then as many that are recognized so.

    Args:
        logits: (m, K).
        labels: (m,).
        n: how many; where less than half of them are mistaken, the more are recognized.

    >>> telling_faces(torch.tensor([[0.0, 9.0], [0.0, 1.0], [2.0, 0.0], [3.0, 0.0]]), torch.tensor([1, 1, 1, 0]), 3)
    [2, 0, 3]
    """
    sure, guesses = logits.softmax(1).max(1)
    order = sure.argsort(descending=True)
    right = guesses[order] == labels[order]
    mistaken = order[~right][: n // 2]
    return [*mistaken.tolist(), *order[right][: n - len(mistaken)].tolist()]


def smallest_patch(method: nn.Module, image: Tensor, to: int) -> int | None:
    """The width of the smallest gray patch with which a method takes a face for the class ``to``; None if no such is.

    Widths are even, up to half of the face, and all places are tried.

    Args:
        method: of pixels as for :func:`question`.
        image: (3, H, W), from 0 to 1.
        to: the class.
    """
    size = image.shape[-1]
    for width in range(2, size // 2 + 1, 2):
        starts = range(-(width // 2), size - width // 2)  # of a patch around each pixel
        for top in starts:
            hidden = image.repeat(len(starts), 1, 1, 1)
            for row, left in zip(hidden, starts, strict=True):
                row[:, max(0, top) : top + width, max(0, left) : left + width] = GRAY
            if (_logits(method, hidden).argmax(1) == to).any():
                return width
    return None


def _task(task: tuple[int, str], method: nn.Module, pixels: Tensor, names: list[str], networks: int) -> dict[str, int]:
    face, to = task
    width = smallest_patch(method, pixels[face], names.index(to))
    if width is None:
        raise UserError(f"no patch makes {to} of face {face}; choose another face or class for the task")
    return {"face": face, "to": names.index(to), "smallest": width, "network": networks - 1}


def _normalized(method: nn.Module, pixels: Tensor) -> Tensor:
    spec: Any = method.spec
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in NORMALIZATIONS[spec.normalization])
    return (pixels - mean) / std


def _shown(method: nn.Module, pixels: Tensor) -> dict[str, Tensor]:
    results = dict(outputs_of(method, _normalized(method, pixels)))
    if "attention" in results:
        results["mean_attention"] = results["attention"].mean(1)
    return {name: results[name] for name in ("logits", *MAPS, *NUMBERS) if name in results}


def _known(method: nn.Module, pixels: Tensor) -> dict[str, Tensor]:
    """What is shown of each face as it is."""
    with left_as_it_was(method), torch.no_grad():
        method.eval()
        results = [_shown(method, face[None]) for face in pixels]  # maps are those of a single face
    return {name: torch.cat([result[name] for result in results]) for name in results[0]}


def _logits(method: nn.Module, pixels: Tensor) -> Tensor:
    with left_as_it_was(method), torch.no_grad():
        return method.eval()(_normalized(method, pixels))
