"""A run's network, to be questioned in a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.run_folder import load_run
from fer_tutorial.training.evaluate import predict
from fer_tutorial.training.fit import check_inputs, match_classes
from fer_tutorial.viz.interactive import InteractiveFigure
from fer_tutorial.viz.questioning import check_method, question, telling_faces


def explore(
    run: Path | str,
    faces: FaceData,
    n: int = 12,
    weights: Literal["best", "last"] = "best",
    device: torch.device | str = "cpu",
) -> InteractiveFigure:
    """The figure of :func:`fer_tutorial.viz.questioning.question` for the network of a run.

    Args:
        run: its folder.
        faces: those to choose from; classes are matched by name, as in :func:`fer_tutorial.training.evaluate`.
        n: how many faces the figure has: those that are mistaken with most confidence, up to half, and those that are
            recognized so.
        weights: the best epoch's or the last one's.
        device: where the faces to show are found.

    Returns:
        The figure; ``page()`` of it is a page of its own, ``html()`` a part of one.

    Raises:
        UserError: no run there, a method without a class activation map, or faces that are not for this network.
    """
    if n < 1:
        raise UserError(f"{n} faces were asked for; expected 1 or more")
    method: Any = load_run(run, weights).to(device)
    check_method(method)
    check_inputs(method, faces)
    names = method.spec.class_names or faces.class_names
    data = match_classes(names, faces).data
    logits, labels = torch.from_numpy(predict(method, data)), torch.from_numpy(data.labels)
    chosen = telling_faces(logits, labels, n)
    right = (logits.argmax(1) == labels).sum().item()
    caption = (
        f"{method.spec.name} on {len(chosen)} of {len(data)} faces of {data.name}, of which it recognizes {right}. "
        "Hide the part of a face that the map is warmest at: does the prediction change?"
    )
    return question({method.spec.name: method.cpu()}, data.images[chosen], data.labels[chosen], names, caption)
