"""``fer-tutorial train METHOD``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union

import tyro

from fer_tutorial.cli.options import DataChoice, option_value
from fer_tutorial.config import TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.methods import METHODS, NORMALIZATIONS, config_class, preset, presets
from fer_tutorial.names import BACKBONES
from fer_tutorial.recipes import RECIPES, Recipe

C = TypeVar("C")
if TYPE_CHECKING:
    BackboneName = str
    NormalizationName = str
else:
    BackboneName = tyro.extras.literal_type_from_choices(BACKBONES)
    NormalizationName = tyro.extras.literal_type_from_choices(tuple(NORMALIZATIONS))

PURPOSE = """{summary}.

Train the method; choose the epoch by the validation split, and report on the test split. The run's folder holds
config.json, environment.json, metrics.csv, TensorBoard's files, the best and the last checkpoint, report.json, the
confusion matrix and the learning curves.

Presets of {name}: {presets}.

Examples:
  fer-tutorial train {name} --epochs 20 --lr 0.001
  fer-tutorial train {name} --data packed --data-root PACKED --backbone resnet18 --precision bf16"""

# Pairs of options of which the second has no effect beside the first, and why.
NO_EFFECT = (
    ("--folds", "--holdout", "a fold is trained without a validation split"),
    ("--folds", "--monitor", "a fold's last epoch is what counts"),
    ("--folds", "--patience", "a fold's last epoch is what counts"),
    ("--folds", "--restore-best", "a fold's last epoch is what counts"),
    ("--resume", "--out", "a run is continued in its own folder"),
    ("--resume", "--preset", "a run keeps its own settings"),
    ("--resume", "--pretrained", "a run goes on with its own weights"),
)


@dataclass
class TrainCommand(Generic[C]):
    """Train one method."""

    method: Annotated[C, tyro.conf.arg(help="hyper-parameters of the method")]
    faces: Annotated[DataChoice, tyro.conf.arg(name="")] = field(default_factory=DataChoice)
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    preset: Annotated[
        str | None,
        tyro.conf.arg(
            help="a named set of hyper-parameters and the training settings that go with it; given options override it"
        ),
    ] = None
    backbone: Annotated[BackboneName, tyro.conf.arg(help="the network")] = "small_cnn"
    pretrained: Annotated[
        str | None,
        tyro.conf.arg(
            help="weights of the backbone: a .safetensors or .pth state dict, the folder of a run, or imagenet for "
            "efficientnet_lite0"
        ),
    ] = None
    normalization: Annotated[
        NormalizationName,
        tyro.conf.arg(
            help="mean and standard deviation that images are normalized with; dacl is that of its official code"
        ),
    ] = "imagenet"
    holdout: Annotated[
        float | None,
        tyro.conf.arg(help="hold out this share of the training split for validation, instead of a validation split"),
    ] = None
    folds: Annotated[
        int | None,
        tyro.conf.arg(
            help="cross-validate over so many folds that share no person, made of the training split (folder, list, "
            "jaffe, kdef: of all pictures)"
        ),
    ] = None
    out: Annotated[Path | None, tyro.conf.arg(help="folder of the run; runs/METHOD-DATA-NUMBER unless given")] = None
    resume: Annotated[
        Path | None,
        tyro.conf.arg(help="continue the run, or the cross-validation, in this folder; its settings are taken over"),
    ] = None
    name: tyro.conf.Suppress[str] = ""

    def execute(self) -> None:
        """Do it, and say what came of it."""
        from torch import distributed

        from fer_tutorial.training.distributed import is_first_process
        from fer_tutorial.training.run import Plan

        plan = Plan(
            self.name,
            self.faces.config(),
            self.train,
            self.method,
            self.backbone,
            self.pretrained,
            self.normalization,
            self.holdout,
        )
        say = print if is_first_process() else lambda line: None
        if self.folds is not None:
            self._run_folds(plan, say)
        else:
            self._run_once(plan, say)
        if distributed.is_initialized():
            distributed.destroy_process_group()

    def _run_once(self, plan: Any, say: Any) -> None:
        from fer_tutorial.cli.evaluate import describe
        from fer_tutorial.training import run

        folder = self.resume or self.out or next_folder(f"{self.name}-{self.faces.data}")
        result: Any = run(plan, folder, self.resume is not None, say, notes={"preset": self.preset})
        say(
            f"\n{result.split} split of {plan.data.name}, {result.samples} samples, weights of epoch "
            f"{result.best_epoch}:"
        )
        say(describe(result.metrics, result.method.spec.class_names))
        say(f"written to {folder}")

    def _run_folds(self, plan: Any, say: Any) -> None:
        from fer_tutorial.training.distributed import is_first_process
        from fer_tutorial.training.folds import write_folds
        from fer_tutorial.training.run import run_folds

        folder = self.resume or self.out or next_folder(f"{self.name}-{self.faces.data}-folds")
        result = run_folds(plan, self.folds or 0, folder, self.resume is not None, say)
        say(result.folds.to_string(index=False))
        for metric, mean in result.mean.items():
            say(f"{metric}: {mean:.4f} ± {result.std[metric]:.4f} over {self.folds} folds")
        if is_first_process():
            write_folds(folder, result)
        say(f"written to {folder}")


def train_commands(arguments: Sequence[str]) -> tuple[Any, list[TrainCommand]]:
    """The command of each method, as a union of tyro's subcommands, and their defaults.

    Args:
        arguments: the words after the program's name, in which --preset and --resume decide what the defaults are.
    """
    chosen = arguments[1] if arguments[:1] == ["train"] and len(arguments) > 1 else None
    members, defaults = [], []
    for name, entry in METHODS.items():
        default = plain_defaults(name)
        if name == chosen and "--help" not in arguments and "-h" not in arguments:
            check_effects(arguments)
            default = resumed_defaults(name, arguments) or preset_defaults(name, option_value(arguments, "--preset"))
        subcommand = tyro.conf.subcommand(
            name,
            default=default,
            description=PURPOSE.format(summary=entry.summary, name=name, presets=", ".join(presets(name)))
            if name == chosen
            else entry.summary,
            prefix_name=False,
        )
        members.append(Annotated[TrainCommand[config_class(name)], subcommand])  # type: ignore[misc]
        defaults.append(default)
    return Union[tuple(members)], [  # noqa: UP007 - of a tuple
        each for each in defaults if chosen in (None, each.name)
    ] or defaults


def plain_defaults(name: str) -> TrainCommand:
    """A method's defaults: ones that suit the small network on a CPU."""
    return preset_defaults(name, None)


def preset_defaults(name: str, which: str | None) -> TrainCommand:
    """A method's defaults: those of a preset, or ones that suit the small network on a CPU."""
    available = presets(name)
    config = preset(name, which) if which is not None else available.get("small", next(iter(available.values())))
    recipe = RECIPES.get((name, which or ""), Recipe())
    return TrainCommand(
        method=config,
        faces=DataChoice(data=METHODS[name].data, size=recipe.size),
        train=replace(recipe.train, restore_best=True),
        backbone=recipe.backbone,
        normalization=recipe.normalization,
        name=name,
    )


def resumed_defaults(name: str, arguments: Sequence[str]) -> TrainCommand | None:
    """The settings of the run that is to be continued, if there is one."""
    folder = option_value(arguments, "--resume")
    if folder is None:
        return None
    from fer_tutorial.records.run_folder import RunFolder
    from fer_tutorial.training.folds import fold_folder
    from fer_tutorial.training.run import saved_folds, saved_plan

    folds = saved_folds(folder)
    RunFolder(folder if folds is None else fold_folder(folder, 0)).check_method(name, folder)
    given = option_value(arguments, "--folds")
    if given is not None and given != str(folds):
        what = "no cross-validation" if folds is None else f"a cross-validation of {folds} folds"
        raise UserError(f"{folder} holds {what}, so --folds {given} has no effect; leave it out")
    plan = saved_plan(folder)
    return TrainCommand(
        method=plan.config,
        faces=DataChoice.of(plan.data),
        train=plan.train,
        backbone=plan.backbone,
        pretrained=plan.pretrained,
        normalization=plan.normalization,
        holdout=plan.holdout,
        folds=folds,
        name=name,
    )


def check_effects(arguments: Sequence[str]) -> None:
    """Refuse an option that has no effect beside another one."""
    for first, second, why in NO_EFFECT:
        if option_value(arguments, first) is not None and option_value(arguments, second) is not None:
            raise UserError(f"{second} has no effect with {first}: {why}; leave out one of the two")


def next_folder(stem: str) -> Path:
    """``runs/STEM-001``, or the first number that is free."""
    number = 1
    while (folder := Path("runs") / f"{stem}-{number:03}").exists():
        number += 1
    return folder
