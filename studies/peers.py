"""The authors' own training programs, run as they are for a few steps, to be timed beside ours.

None of their code is in this project: a copy of each repository lies elsewhere, is imported from there, and is
forgotten again.  The programs are not changed.  What is put in the place of something is listed with each; all of it is
about machines of today (an import that torchvision has moved, weights that would be downloaded, a GPU that is not
there) and about not writing files.

Both read JPEG files one by one, as they do RAF-DB's.  The files here are synthetic faces of RAF-DB's size.
"""

from __future__ import annotations

import importlib
import io
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pandas as pd
import torch
import torchvision
from PIL import Image
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.faces import sample_faces

CLASSES = 7
PICTURE_SIZE = 100  # pixels of RAF-DB's aligned faces


def dacl_program(repository: Path, batch_size: int, steps: int, workers: int) -> None:
    """An epoch of ``steps`` batches of github.com/amirhfarzaneh/dacl: its ``main.main``, with validation at the end.

    In the place of: ``torchvision.models.utils``, which no longer exists; the file of MS-Celeb-1M's weights (training
    starts from random ones); checkpoints and TensorBoard's files, which are not written.
    """
    moved = types.ModuleType("torchvision.models.utils")
    moved.load_state_dict_from_url = torch.hub.load_state_dict_from_url  # type: ignore[attr-defined]
    with (
        mock.patch.dict(sys.modules, {moved.__name__: moved}),
        imported(repository, "main") as main,
        TemporaryDirectory() as folder,
        quiet(),
    ):
        write_image_folders(Path(folder), {"train": steps * batch_size, "test": 2 * CLASSES})
        main.writer = mock.Mock()
        main.save_checkpoint = mock.Mock()
        main.main(
            {
                "root_dir": folder, "batch_size": batch_size, "workers": workers, "epochs": 1, "arch": "resnet18",
                "pretrained": "", "lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "alpha": 0.5, "lamb": 0.01,
                "deterministic": False, "save_path": folder,
            }
        )  # fmt: skip


def scn_program(repository: Path, batch_size: int, steps: int, workers: int) -> None:
    """An epoch of ``steps`` batches of github.com/kaiwang960112/Self-Cure-Network: its ``train.run_training``.

    Labels change from this first epoch on.  In the place of: ImageNet's weights (training starts from random ones); and
    of ``cuda()``, where there is no GPU, nothing.
    """
    arguments = [
        "train.py", "--batch_size", str(batch_size), "--workers", str(workers), "--epochs", "1", "--relabel_epoch", "1",
    ]  # fmt: skip
    networks = types.SimpleNamespace(resnet18=lambda pretrained: torchvision.models.resnet18())
    with imported(repository / "src", "train") as train, TemporaryDirectory() as folder, quiet(), without_gpu():
        write_rafdb(Path(folder), {"train": steps * batch_size, "test": 2 * CLASSES})
        with mock.patch.object(train, "models", networks), mock.patch.object(sys, "argv", arguments):
            sys.argv += ["--raf_path", folder]
            train.run_training()


PROGRAMS: dict[str, Callable[[Path, int, int, int], None]] = {"dacl": dacl_program, "scn": scn_program}


@contextmanager
def imported(folder: Path, name: str) -> Iterator[Any]:
    """The module ``name`` that lies in ``folder``; afterwards it, and what it imported from there, is forgotten.

    Raises:
        UserError: there is none, or it needs a package that is not installed.
    """
    if not (folder / f"{name}.py").is_file():
        raise UserError(f"there is no {name}.py in {folder}; give the folder of a copy of the authors' repository")
    ours = {key: sys.modules.pop(key) for key in names_in(folder) if key in sys.modules}
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(f"{folder / name}.py needs the package {error.name}; install it") from error
    finally:
        sys.path.remove(str(folder))
        for key in [key for key in sys.modules if key.partition(".")[0] in names_in(folder)]:
            del sys.modules[key]
        sys.modules.update(ours)


def names_in(folder: Path) -> set[str]:
    """What can be imported from ``folder``."""
    return {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}


@contextmanager
def quiet() -> Iterator[None]:
    """Progress bars and tables go nowhere."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


@contextmanager
def without_gpu() -> Iterator[None]:
    """Where there is no GPU, ``cuda()`` leaves everything where it is."""
    if torch.cuda.is_available():
        yield
        return
    with (
        mock.patch.object(torch.Tensor, "cuda", lambda self: self),
        mock.patch.object(nn.Module, "cuda", lambda self: self),
    ):
        yield


def pictures(count: int) -> list[Image.Image]:
    """Some synthetic faces, again and again where more are wanted."""
    drawn = sample_faces(min(count, 64), size=PICTURE_SIZE).to_face_data().images
    return [Image.fromarray(drawn[number % len(drawn)]) for number in range(count)]


def write_image_folders(root: Path, counts: dict[str, int]) -> None:
    """``split/class/number.jpg``, the classes in turn."""
    for split, count in counts.items():
        for number, picture in enumerate(pictures(count)):
            file = root / split / str(number % CLASSES + 1) / f"{number:05}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            picture.save(file)


def write_rafdb(root: Path, counts: dict[str, int]) -> None:
    """RAF-DB's folder of aligned faces and its list of labels, the classes in turn."""
    (root / "Image/aligned").mkdir(parents=True)
    (root / "EmoLabel").mkdir()
    lines = []
    for split, count in counts.items():
        for number, picture in enumerate(pictures(count)):
            picture.save(root / f"Image/aligned/{split}_{number:05}_aligned.jpg")
            lines.append((f"{split}_{number:05}.jpg", number % CLASSES + 1))
    pd.DataFrame(lines).to_csv(root / "EmoLabel/list_patition_label.txt", sep=" ", header=False, index=False)
