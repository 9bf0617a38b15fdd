"""The command line: ``fer-tutorial train``, ``evaluate``, ``datasets``, ``pack`` and ``faces``."""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import io
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import tyro

from fer_tutorial.config import Device, TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.methods import METHODS, config_class, preset, presets

C = TypeVar("C")

HELP = """usage: fer-tutorial COMMAND [OPTIONS]

Facial expression recognition: train and evaluate the methods of five papers.

commands:
  train METHOD      train a method on a data set
  evaluate RUN      evaluate what a run has trained
  datasets [NAME]   what data sets there are, and what is known of one
  pack NAME         write a data set as one memory-mapped array, which trains faster
  faces             draw synthetic faces: a contact sheet, a folder of images, or an array

examples:
  fer-tutorial train dacl                                       # on synthetic faces, a minute on a CPU
  fer-tutorial train dacl --data ferplus --data-root FERPLUS    # on real ones
  fer-tutorial train dacl --resume runs/dacl-synthetic-001      # continue after an interruption
  fer-tutorial evaluate runs/dacl-synthetic-001
  fer-tutorial train scn --data ferplus --data-root FERPLUS --preset official --pretrained resnet18.safetensors
  accelerate launch --num_processes 8 -m fer_tutorial.cli train dacl --data packed --data-root PACKED

Every command explains itself: fer-tutorial COMMAND --help.
"""


@dataclass
class DataChoice:
    """Which faces.

    Attributes:
        data: synthetic, synthetic_sequences, ferplus, fer2013, london, folder (of class-named folders) or packed;
            see ``fer-tutorial datasets``.
        data_root: the folder that holds the data set; synthetic faces need none.
        data_options: what the data set's reader takes besides, as NAME=VALUE: ``n=2000 label_noise=0.2`` for synthetic
            faces, ``labels=vote`` for ferplus.
        size: side of the images in pixels.
        classes: 7 expressions, or 8 with contempt.
    """

    data: str = "synthetic"
    data_root: Path | None = None
    data_options: tuple[str, ...] = ()
    size: int = 48
    classes: int = 7

    def load(self, split: str) -> Any:
        """One split as FaceData."""
        from fer_tutorial.datasets import load_data

        options = named_values(self.data_options)
        return load_data(self.data, self.data_root, split, size=self.size, num_classes=self.classes, **options)


@dataclass
class TrainCommand(Generic[C]):
    """Train a method; choose the epoch by the validation split, and report on the test split.

    The run's folder holds config.json, environment.json, metrics.csv, TensorBoard's files, the best and the last
    checkpoint, report.json, the confusion matrix and the learning curves.

    Attributes:
        method: hyper-parameters of the method.
        faces: which faces.
        train: how to train.
        preset: a named set of hyper-parameters, and the training settings that go with it; given options override it.
        backbone: small_cnn, edge_resnet, resnet18, resnet34, resnet50, efficientnet_lite0, vgg16_trunk or
            vgg16_trunk_small.
        pretrained: weights of the backbone: a .safetensors or .pth state dict, or ``imagenet`` for efficientnet_lite0.
        normalization: mean and standard deviation that images are normalised with: imagenet, or dacl (official code).
        holdout: hold out this share of the training split for validation, where the data have no validation split.
        folds: cross-validate over so many folds that share no person, instead of using the splits.
        out: folder of the run; runs/METHOD-DATA-NUMBER unless given.
        resume: continue the run in this folder; its settings are taken over.
    """

    method: C
    faces: Annotated[DataChoice, tyro.conf.arg(name="")] = field(default_factory=DataChoice)
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    preset: str | None = None
    backbone: str = "small_cnn"
    pretrained: str | None = None
    normalization: str = "imagenet"
    holdout: float | None = None
    folds: int | None = None
    out: Path | None = None
    resume: Path | None = None


@dataclass
class EvaluateCommand:
    """Evaluate the trained network of a run; without further options, on the test split of the run's own data.

    Attributes:
        run: folder of the run.
        weights: the best epoch's or the last one's.
        split: train, valid or test.
        data: another data set to evaluate on, see ``fer-tutorial datasets``.
        data_root: the folder that holds it.
        data_options: what its reader takes besides, as NAME=VALUE.
        out: where to write the metrics (a .json file) and, beside it, the confusion matrix.
        device: cpu, cuda, or auto for a GPU where there is one.
    """

    run: tyro.conf.Positional[Path]
    weights: Literal["best", "last"] = "best"
    split: str = "test"
    data: str | None = None
    data_root: Path | None = None
    data_options: tuple[str, ...] = ()
    out: Path | None = None
    device: Device = "auto"


@dataclass
class DatasetsCommand:
    """List the data sets, or show what is known of one: licence, how to get it, layout, classes, citation.

    Attributes:
        name: of a data set.
    """

    name: tyro.conf.Positional[str | None] = None


@dataclass
class PackCommand:
    """Write a data set as a memory-mapped array and a table, from which training reads without decoding images.

    Train on the result with ``--data packed --data-root OUT``.  Packing can be interrupted and repeated.

    Attributes:
        name: of the data set.
        out: folder to write.
        data_root: the folder that holds the data set.
        data_options: what its reader takes besides, as NAME=VALUE.
        splits: which splits; all unless given.
        size: side of the images in pixels.
        channels: 1 (grey) or 3.
        classes: 7 expressions, or 8 with contempt.
    """

    name: tyro.conf.Positional[str]
    out: Path
    data_root: Path | None = None
    data_options: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    size: int = 48
    channels: int = 3
    classes: int = 7


@dataclass
class FacesCommand:
    """Draw synthetic faces.

    Attributes:
        out: a .png file for a contact sheet, an .npz file for images and labels as arrays, or a folder for one image
            a face in a sub-folder a class.
        n: how many.
        size: side of the images in pixels.
        seed: the same seed draws the same faces.
        classes: 7 expressions, or 8 with contempt.
        options: what ``fer_tutorial.faces.sample_faces`` takes besides, as NAME=VALUE, such as ``nuisance=0``.
    """

    out: Path = Path("faces.png")
    n: int = 100
    size: int = 64
    seed: int = 0
    classes: int = 7
    options: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command.  What is wrong with the input is said in one sentence, and the exit status is 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("fer_tutorial").setLevel(logging.INFO)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        return
    try:
        command, *rest = arguments
        if command not in COMMANDS:
            raise UserError(
                f"there is no command {command!r}{did_you_mean(command, COMMANDS)}; see fer-tutorial --help"
            )
        COMMANDS[command](rest)
    except ValueError as error:
        print(f"fer-tutorial: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("fer-tutorial: interrupted; a training run continues with --resume", file=sys.stderr)
        sys.exit(130)


def train_command(arguments: list[str]) -> None:
    """``fer-tutorial train METHOD``."""
    if not arguments or arguments[0] in ("-h", "--help"):
        rows = "\n".join(f"  {name:<12}  {entry.summary}" for name, entry in METHODS.items())
        print(f"usage: fer-tutorial train METHOD [OPTIONS]\n\nmethods:\n{rows}\n")
        print("Options and defaults of a method: fer-tutorial train METHOD --help.")
        return
    name, *rest = arguments
    if name not in METHODS:
        raise UserError(f"there is no method {name!r}{did_you_mean(name, METHODS)}; expected {', '.join(METHODS)}")
    defaults = resumed_defaults(rest) or preset_defaults(name, option_value(rest, "--preset"))
    purpose = inspect.cleandoc(TrainCommand.__doc__ or "").split("Attributes:")[0]
    about = (
        f"{purpose}Method: {METHODS[name].summary}. Presets of {name}: {', '.join(presets(name))}.\n\n"
        f"Examples:\n"
        f"  fer-tutorial train {name} --epochs 20 --lr 0.001\n"
        f"  fer-tutorial train {name} --data packed --data-root PACKED --backbone resnet18 --precision bf16"
    )
    options = parse(TrainCommand[config_class(name)], rest, f"train {name}", defaults, about)  # type: ignore[misc]
    from fer_tutorial.training.setup import choose_device

    choose_device(options.train.device)  # a GPU that is not there is said before any face is drawn or read
    if options.folds is not None:
        run_folds(name, options)
    else:
        run_training(name, options)


def preset_defaults(name: str, which: str | None) -> TrainCommand:
    """A method's defaults: those of a preset, or ones that suit the small network on a CPU."""
    from fer_tutorial.recipes import RECIPES, Recipe

    available = presets(name)
    config = preset(name, which) if which else available.get("small", next(iter(available.values())))
    recipe = RECIPES.get((name, which or ""), Recipe())
    return TrainCommand(
        method=config,
        faces=DataChoice(data=METHODS[name].data, size=recipe.size),
        train=replace(recipe.train, restore_best=True),
        backbone=recipe.backbone,
        normalization=recipe.normalization,
    )


def resumed_defaults(arguments: list[str]) -> TrainCommand | None:
    """The settings of the run that is to be continued, if there is one."""
    folder = option_value(arguments, "--resume")
    if folder is None:
        return None
    from fer_tutorial.records.run_folder import RunFolder, restore_config, saved_config

    saved = RunFolder(folder).read_config()
    spec, notes = saved["method"], saved["notes"]
    faces = notes["faces"]
    root = faces["data_root"]
    return TrainCommand(
        method=restore_config(config_class(spec["name"]), saved["method_config"]),
        faces=restore_config(DataChoice, faces | {"data_root": Path(root) if root else None}),
        train=saved_config(folder),
        backbone=spec["backbone"],
        pretrained=notes["pretrained"],
        normalization=spec["normalization"],
        holdout=notes["holdout"],
    )


def run_training(name: str, options: TrainCommand) -> None:
    """Train, then evaluate the chosen weights on the test split."""
    from dataclasses import asdict

    from torch import distributed

    from fer_tutorial.methods import check_needs
    from fer_tutorial.records.report import write_results
    from fer_tutorial.training import build_method, evaluate, train
    from fer_tutorial.training.folds import hold_out

    started = time.time()
    training = options.faces.load("train")
    check_needs(name, training)
    if options.holdout is not None:
        training, validation = hold_out(training, options.holdout, options.train.seed)
    else:
        validation = options.faces.load("valid")
    test = options.faces.load("test")
    method = build_method(
        name,
        training,
        backbone=options.backbone,
        pretrained=options.pretrained,
        config=options.method,
        normalization=options.normalization,
        seed=options.train.seed,
    )
    first = int(os.environ.get("RANK", "0")) == 0
    folder = options.resume or options.out or next_folder(f"{name}-{options.faces.data}")
    say = print if first else lambda *_: None
    say(f"{name} on {training.name}: {len(training)} training, {len(validation)} validation, {len(test)} test samples")
    faces = asdict(options.faces) | {"data_root": options.faces.data_root and str(options.faces.data_root.resolve())}
    notes = {"faces": faces, "pretrained": options.pretrained, "holdout": options.holdout, "preset": options.preset}
    run = train(method, training, validation, options.train, folder, resume=options.resume is not None, notes=notes)
    metrics = evaluate(method, test)
    if first:
        write_results(Path(folder), run.history, metrics, method.spec, len(test), time.time() - started)
        say(f"\ntest split of {test.name}, {len(test)} samples, weights of epoch {run.best_epoch}:")
        say(describe(metrics, test.class_names))
        say(f"written to {folder}")
    if distributed.is_initialized():
        distributed.destroy_process_group()


def run_folds(name: str, options: TrainCommand) -> None:
    """Cross-validate, and print and write what the folds came to."""
    from fer_tutorial.training import build_method
    from fer_tutorial.training.folds import cross_validate, write_folds

    if options.resume is not None:
        raise UserError("cross-validation cannot be resumed; leave out --resume or --folds")
    data = options.faces.load("train")

    def make(training: Any) -> Any:
        return build_method(
            name,
            training,
            backbone=options.backbone,
            pretrained=options.pretrained,
            config=options.method,
            normalization=options.normalization,
            seed=options.train.seed,
        )

    result = cross_validate(make, data, options.folds or 0, options.train, options.train.seed)
    print(result.folds.to_string(index=False))
    for metric, mean in result.mean.items():
        print(f"{metric}: {mean:.4f} ± {result.std[metric]:.4f} over {options.folds} folds")
    folder = options.out or next_folder(f"{name}-{options.faces.data}-folds")
    write_folds(Path(folder), result, data.class_names)
    print(f"written to {folder}")


def evaluate_command(arguments: list[str]) -> None:
    """``fer-tutorial evaluate RUN``."""
    from fer_tutorial.records.files import to_json
    from fer_tutorial.records.report import write_confusion
    from fer_tutorial.records.run_folder import RunFolder, restore_config
    from fer_tutorial.training import evaluate, load_run
    from fer_tutorial.training.setup import choose_device

    options = parse(EvaluateCommand, arguments, "evaluate")
    saved = RunFolder(options.run).read_config()
    method: Any = load_run(options.run, options.weights).to(choose_device(options.device))
    faces = restore_config(DataChoice, saved["notes"].get("faces", {"size": saved["method"]["image_size"]}))
    if options.data is not None:
        faces = replace(faces, data=options.data, data_root=options.data_root, data_options=options.data_options)
    elif options.data_root is not None:
        faces = replace(faces, data_root=options.data_root)
    data = faces.load(options.split)
    metrics = evaluate(method, data)
    print(f"{saved['method']['name']} on the {options.split} split of {data.name}, {len(data)} samples:")
    print(describe(metrics, data.class_names))
    if options.out is not None:
        from fer_tutorial.records.files import write_atomically

        write_atomically(options.out, to_json(metrics).encode())
        if "confusion_matrix" in metrics:
            write_confusion(options.out.with_suffix(""), metrics["confusion_matrix"], data.class_names)


def datasets_command(arguments: list[str]) -> None:
    """``fer-tutorial datasets [NAME]``."""
    from fer_tutorial.datasets.commands import dataset_card, datasets_table

    options = parse(DatasetsCommand, arguments, "datasets")
    print(dataset_card(options.name) if options.name else datasets_table())


def pack_command(arguments: list[str]) -> None:
    """``fer-tutorial pack NAME``."""
    from fer_tutorial.datasets.commands import pack_splits

    options = parse(PackCommand, arguments, "pack")
    folders = pack_splits(
        options.name,
        options.out,
        options.data_root,
        options.splits or None,
        options.size,
        options.channels,
        options.classes,
        **named_values(options.data_options),
    )
    print("written to " + ", ".join(map(str, folders)))


def faces_command(arguments: list[str]) -> None:
    """``fer-tutorial faces``."""
    import numpy as np
    from PIL import Image

    from fer_tutorial.faces import sample_faces
    from fer_tutorial.viz import contact_sheet

    options = parse(FacesCommand, arguments, "faces")
    if options.n < 1:
        raise UserError(f"n is {options.n}; expected 1 or more faces")
    data = sample_faces(
        options.n, seed=options.seed, size=options.size, num_classes=options.classes, **named_values(options.options)
    ).to_face_data()
    out = options.out
    try:
        if out.suffix == ".png":
            out.parent.mkdir(parents=True, exist_ok=True)
            sheet = contact_sheet(data.images)  # float, 0 to 1
            Image.fromarray(np.round(255 * sheet).astype(np.uint8)).save(out)
        elif out.suffix == ".npz":
            out.parent.mkdir(parents=True, exist_ok=True)
            arrays: dict[str, Any] = {"class_names": np.array(data.class_names), **data.arrays()}
            np.savez_compressed(out, **arrays)
        else:
            for number, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
                folder = out / data.class_names[label]
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / f"{number:06}.png")
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); choose another place") from error
    print(f"{len(data)} faces written to {out}")


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "train": train_command,
    "evaluate": evaluate_command,
    "datasets": datasets_command,
    "pack": pack_command,
    "faces": faces_command,
}


def parse(kind: Any, arguments: list[str], name: str, default: Any = None, description: str | None = None) -> Any:
    """Command-line options as a dataclass; an unknown option is a UserError that suggests a known one."""
    given = {} if default is None else {"default": default}
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            options, unknown = tyro.cli(
                kind,
                args=arguments,
                prog=f"fer-tutorial {name}",
                description=description,
                return_unknown_args=True,
                **given,
            )
    except SystemExit as stop:
        if not stop.code:
            raise  # --help
        raise UserError(f"{sentence_in(complaint.getvalue())}; see fer-tutorial {name} --help") from None
    if unknown:
        raise UserError(f"unknown option {unknown[0]!r}; see fer-tutorial {name} --help")
    return options


def sentence_in(box: str) -> str:
    """What tyro says inside the box that it draws around an error.

    >>> sentence_in("╭─ Value error ─────╮\\n│ no   │\\n│ good │\\n│ ──────── │\\n│ help │\\n╰──────────╯")
    'no good'
    """
    blocks = re.split(r"(?m)^[^\w\n]*[-─]{5,}[^\w\n]*$|^╭.*$|^╰.*$", box.replace("│", " "))
    texts = [" ".join(block.split()) for block in blocks]
    texts = [text for text in texts if text and not text.endswith(" error")]
    return texts[0].rstrip(".") if texts else "the options cannot be read"


def option_value(arguments: list[str], option: str) -> str | None:
    """The value that ``option`` has among ``arguments``, before they are parsed; None if it is not there."""
    for position, argument in enumerate(arguments):
        if argument == option and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{option}="):
            return argument.split("=", 1)[1]
    return None


def named_values(options: Sequence[str]) -> dict[str, Any]:
    """``("n=10", "labels=vote")`` as ``{"n": 10, "labels": "vote"}``.

    >>> named_values(("n=10", "labels=vote"))
    {'n': 10, 'labels': 'vote'}
    """
    values: dict[str, Any] = {}
    for option in options:
        name, separator, text = option.partition("=")
        if not separator:
            raise UserError(f"the option {option!r} has no value; expected NAME=VALUE, such as n=2000")
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    return values


def did_you_mean(word: str, known: Sequence[str] | dict) -> str:
    """`` (did you mean 'train'?)``, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def next_folder(stem: str) -> Path:
    """``runs/STEM-001``, or the first number that is free."""
    number = 1
    while (folder := Path("runs") / f"{stem}-{number:03}").exists():
        number += 1
    return folder


def describe(metrics: dict[str, Any], names: Sequence[str]) -> str:
    """Metrics as lines of text."""
    lines = [
        f"  {name.replace('_', ' '):<20} {value:.4f}" for name, value in metrics.items() if isinstance(value, float)
    ]
    if "confusion_matrix" in metrics:
        lines.append("  confusion matrix (truth in rows, predictions in columns):")
        lines.append("  " + " " * 12 + "".join(f"{name[:9]:>10}" for name in names))
        for name, row in zip(names, metrics["confusion_matrix"], strict=True):
            lines.append(f"  {name:<12}" + "".join(f"{count:>10}" for count in row))
    for name, values in metrics.items():
        if name.endswith("_per_unit"):
            units = "  ".join(f"AU{unit} {value:.3f}" for unit, value in values.items())
            lines.append(f"  {name.removesuffix('_per_unit')} per action unit: {units}")
    return "\n".join(lines)
