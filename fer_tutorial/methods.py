"""The methods by name, what the engine expects of one, and how to build one for given data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    NotRequired,
    Protocol,
    TypedDict,
    cast,
)

from fer_tutorial.errors import UserError, refusals_of_a_paper
from fer_tutorial.face_data import FaceData
from fer_tutorial.papers import configs

if TYPE_CHECKING:  # torch takes seconds to import, and who asks for a method's name or hyper-parameters need not wait
    from torch import Tensor, nn

    from fer_tutorial.papers.checks import Gather


class Relabel(TypedDict):
    """New labels for the samples of a batch.

    Keys:
        labels: int64 (m,), the labels that should hold from now on; the old one where nothing changes.
        confidence: float (m,), how sure the method is of each.
    """

    labels: Tensor
    confidence: Tensor


class StepOutputs(TypedDict):
    """What a method's ``training_step`` returns for a batch of m samples.

    Keys:
        loss: 0-dim, what is minimized.
        logits: logits (m, K), or the intensities (m, A) of A action units.
        log: 0-dim tensors without a gradient, by name: their mean over the epoch becomes a column of metrics.csv.
        relabel: see :class:`Relabel`; the engine writes these labels down, and the next batch with these samples has
            them.
        kept: tensors without a gradient, by name, for the method's own ``after_step`` and for whoever watches training.
    """

    loss: Tensor
    logits: Tensor
    log: NotRequired[dict[str, Tensor]]
    relabel: NotRequired[Relabel]
    kept: NotRequired[dict[str, Tensor]]


class Method(Protocol):
    """The contract of a method: an ``nn.Module`` with these members, and the engine can train it.

    A batch is a dict with ``images`` (m, 3, H, W), normalized, or sequences (m, T, 3, H, W); ``index`` (m,), which
    sample is which; ``labels`` (m,); and what else the data have of ``landmarks``, ``action_units``, ``lengths``,
    ``votes`` and ``clean_labels``.

    Two further methods are optional; a method that needs none of them does not define them.

    * ``after_step(batch, outputs, gather)`` runs after the optimizer's step, with the outputs of ``training_step``.
    * ``parameter_groups(lr, weight_decay)`` returns the optimizer's groups, each a dict with ``params`` and whatever of
      ``lr``, ``weight_decay`` and the optimizer's other settings it wants for these; without it all parameters are one
      group.

    Attributes:
        task: ``"expression"`` (labels; the prediction is logits) or ``"action_units"`` (intensities).
        needs: the fields of :class:`fer_tutorial.face_data.FaceData` without which it cannot be trained.
        backbone: images (m, 3, H, W) to a feature map (m, C, h, w).
        config: its hyper-parameters, a frozen dataclass.
        spec: how to build it again; :func:`build_method` sets it.
    """

    task: ClassVar[Literal["expression", "action_units"]]
    needs: ClassVar[tuple[str, ...]]
    config: Any
    spec: MethodSpec

    @property
    def backbone(self) -> nn.Module: ...

    def training_step(self, batch: dict[str, Tensor], epoch: int = 0, gather: Gather = ...) -> StepOutputs:
        """The loss of one batch and what else there is to say about it.

        Args:
            batch: see above.
            epoch: counted from 0.
            gather: concatenates rows over all processes, differentiably; with one process it returns what it is given.
                A loss that is not a mean over samples is computed on what was gathered.
        """
        ...

    def predict(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits (m, K), or intensities (m, A), of a batch without labels."""
        ...


class ExpressionMethod(Method, Protocol):
    """A :class:`Method` that tells expressions apart, by an embedding that is classified."""

    def embed(self, images: Tensor) -> Tensor:
        """The embedding that the classifier reads: images (m, 3, H, W) to (m, d)."""
        ...


class MethodEntry(NamedTuple):
    """A method of the table.

    Attributes:
        network: its class, or where that is, ``"package.module:Class"``, so that the table does not import torch.
        presets: its hyper-parameters by name, all of one dataclass; the first preset is the default.
        summary: a line about it.
        data: a data set that suits it.
    """

    network: type | str
    presets: Mapping[str, Any]
    summary: str
    data: str = "synthetic"


METHODS: dict[str, MethodEntry] = {
    "softmax": MethodEntry(
        "fer_tutorial.papers.softmax:Softmax", configs.SOFTMAX_PRESETS, "cross-entropy, the baseline"
    ),
    "center_loss": MethodEntry(
        "fer_tutorial.papers.center_loss:CenterLoss", configs.CENTER_LOSS_PRESETS, "center loss"
    ),
    "dacl": MethodEntry("fer_tutorial.papers.dacl:DACL", configs.DACL_PRESETS, "deep attentive center loss"),
    "scn": MethodEntry("fer_tutorial.papers.scn:SCN", configs.SCN_PRESETS, "self-cure network for uncertain labels"),
    "tcl": MethodEntry("fer_tutorial.papers.tcl:TCL", configs.TCL_PRESETS, "triplet center loss with better negatives"),
    "mgln": MethodEntry(
        "fer_tutorial.papers.mgln:MGLN",
        configs.MGLN_PRESETS,
        "global and local branches over sequences",
        "synthetic_sequences",
    ),
    "g2rl": MethodEntry(
        "fer_tutorial.papers.g2rl:G2RL", configs.G2RL_PRESETS, "geometry-guided action unit intensities"
    ),
}


def register_method(
    name: str, network: type, presets: Mapping[str, Any], summary: str, data: str = "synthetic"
) -> None:
    """Add a method to the table, for this process, so that all that takes a method's name takes this one.

    Args:
        name: what to call it.
        network: its class, which keeps the contract of :class:`Method`.  Its constructor takes the backbone, ``config``
            and whichever of ``num_classes``, ``action_units``, ``image_size`` and ``map_size`` it needs.
        presets: its hyper-parameters by name, all of one dataclass; the first preset is the default.
        summary: a line about it.
        data: a data set that suits it.

    Raises:
        UserError: a name that is taken, a class that lacks something of the contract, or no preset.
    """
    if name in METHODS:
        raise UserError(f"there is a method named {name!r} already; choose another name")
    missing = [member for member in ("task", "needs", "training_step", "predict") if not hasattr(network, member)]
    if missing:
        raise UserError(f"{network.__name__} has no {', '.join(missing)}; see fer_tutorial.methods.Method")
    if not presets:
        raise UserError(f"{name} has no preset; give at least one, such as {{'default': Config()}}")
    METHODS[name] = MethodEntry(network, presets, summary, data)


class Normalization(NamedTuple):
    """What is subtracted from the red, green and blue of a pixel in [0, 1], and what the rest is divided by."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


NORMALIZATIONS: dict[str, Normalization] = {
    "imagenet": Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # DACL's official code.
    "dacl": Normalization((0.5752, 0.4495, 0.4012), (0.2086, 0.1911, 0.1827)),
}


@dataclass(frozen=True)
class MethodSpec:
    """All that is needed to build a method again: saved beside its weights."""

    name: str
    backbone: str
    num_classes: int
    class_names: tuple[str, ...]
    action_units: tuple[int, ...]
    image_size: int
    normalization: str
    seed: int


def method_entry(name: str) -> MethodEntry:
    """The entry of a method, or a UserError that lists the names."""
    if name not in METHODS:
        raise UserError(f"there is no method named {name!r}; choose one of {', '.join(METHODS)}")
    return METHODS[name]


def config_class(name: str) -> type:
    """The dataclass of a method's hyper-parameters."""
    return type(next(iter(presets(name).values())))


def network_class(name: str) -> Any:
    """The class of a method's network; this imports torch."""
    network = method_entry(name).network
    if not isinstance(network, str):
        return network
    module, _, attribute = network.partition(":")
    return getattr(import_module(module), attribute)


def presets(name: str) -> Mapping[str, Any]:
    """A method's presets by name.

    >>> list(presets("softmax"))
    ['plain']
    """
    return method_entry(name).presets


def preset(name: str, which: str) -> Any:
    """One preset of a method, or a UserError that lists them."""
    available = presets(name)
    if which not in available:
        raise UserError(f"{name} has no preset {which!r}; choose one of {', '.join(available)}")
    return available[which]


def build_method(
    name: str,
    data: FaceData | None = None,
    *,
    backbone: str = "small_cnn",
    pretrained: str | Path | None = None,
    config: Any = None,
    num_classes: int | None = None,
    image_size: int | None = None,
    normalization: str = "imagenet",
    seed: int = 0,
) -> nn.Module:
    """Build a method's network, with weights drawn from ``seed``.

    Args:
        name: one of ``METHODS``.
        data: says how many classes or action units there are and how large the images are.
        backbone: name of the backbone, see :func:`fer_tutorial.backbones.build_backbone`.
        pretrained: weights of the backbone, see there.
        config: the method's hyper-parameters, its own dataclass; None for its first preset.
        num_classes: K, where there are no ``data``.
        image_size: side of the images in pixels, where there are no ``data``.
        normalization: which mean and standard deviation images are normalized with: ``imagenet`` or ``dacl``.

    Returns:
        The network, with its :class:`MethodSpec` in the attribute ``spec``.

    Raises:
        UserError: an unknown name, or something missing.

    >>> import torch
    >>> method = build_method("softmax", num_classes=7, image_size=48)
    >>> method(torch.zeros(2, 3, 48, 48)).shape
    torch.Size([2, 7])
    """
    method_entry(name)
    if data is None and (num_classes is None or image_size is None):
        raise UserError("build_method needs data, or num_classes and image_size, to know the network's shapes")
    if normalization not in NORMALIZATIONS:
        raise UserError(f"there is no normalization {normalization!r}; choose one of {', '.join(NORMALIZATIONS)}")
    if data is not None:
        check_needs(name, data)
        height, width = data.images.shape[-3:-1]
        if height != width:
            raise UserError(f"the images of {data.name!r} have {width}×{height} pixels; load them as square ones")
    spec = MethodSpec(
        name=name,
        backbone=backbone,
        num_classes=num_classes or cast(FaceData, data).num_classes,
        class_names=() if data is None else data.class_names,
        action_units=() if data is None else tuple(int(unit) for unit in data.action_unit_names),
        image_size=image_size or cast(FaceData, data).images.shape[-2],
        normalization=normalization,
        seed=seed,
    )
    return build_from_spec(spec, config or next(iter(presets(name).values())), pretrained)


def check_needs(name: str, data: FaceData) -> None:
    """Raise a UserError that names what ``data`` lack of what the method ``name`` needs."""
    entry = method_entry(name)
    missing = [field.replace("_", " ") for field in network_class(name).needs if getattr(data, field) is None]
    if missing:
        raise UserError(
            f"{name} ({entry.summary}) needs {' and '.join(missing)}, which the data set {data.name!r} does not have; "
            f"choose data that have it, such as {entry.data!r}, or another method"
        )


def build_from_spec(spec: MethodSpec, config: Any, pretrained: str | Path | None = None) -> nn.Module:
    """The network that ``spec`` and ``config`` describe; the global random state is left as it was."""
    import torch

    from fer_tutorial.backbones import build_backbone, feature_map_shape

    network = network_class(spec.name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        trunk = build_backbone(spec.backbone, pretrained)
        known = {
            "num_classes": spec.num_classes,
            "map_size": feature_map_shape(trunk, spec.image_size)[1:],
            "image_size": spec.image_size,
            "action_units": spec.action_units,
        }
        accepted = inspect.signature(network).parameters
        with refusals_of_a_paper():
            method = network(trunk, config=config, **{key: value for key, value in known.items() if key in accepted})
    method.spec = spec
    return method
