"""A network as a list of plain steps that ``static/network.js`` can run, none of them twice.

The shape of every result is fixed, since a page shows one face at a time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Value:
    """A tensor that is known when the network runs."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that is known now; ``learned`` if any of it was."""

    name: str
    tensor: Tensor
    learned: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)


Known = Value | Constant
Operand = Value | Constant | int | float


@dataclass
class Step:
    """One operation: ``sources`` are the names of values and constants, or numbers."""

    operation: str
    sources: tuple[str | int | float, ...]
    result: Value
    settings: dict[str, Any]


@dataclass
class Graph:
    """The steps in the order in which they run, and the constants they use.

    Attributes:
        steps: name of the result → step.
        constants: by name.
        node: what of the traced network is being translated, an ``fx.Node``, whose own types say too little.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    node: Any = None
    _there: dict[str, Value] = field(default_factory=dict)
    _same: dict[tuple, Constant] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result of what is being translated."""
        return tuple(self.node.meta["val"].shape)

    def add(
        self,
        operation: str,
        sources: Iterable[Operand | None],
        shape: Sequence[int] | None = None,
        part: str = "",
        **settings: Any,
    ) -> Value:
        """The result of a step, which is new unless the same one is there.

        Args:
            operation: its name in ``static/network.js``.
            sources: what it works on; None is left out.
            shape: of the result; by default that of what is being translated.
            part: what to add to the name where one operation of torch becomes several steps.
            settings: what else the operation needs to know.
        """
        shape = tuple(int(size) for size in (self.shape if shape is None else shape))
        names = tuple(self._name(source) for source in sources if source is not None)
        key = json.dumps([operation, names, shape, settings])
        if key not in self._there:
            name = self.node.name + part
            while name in self.steps:
                name += "_"
            self._there[key] = Value(name, shape)
            self.steps[name] = Step(operation, names, self._there[key], settings)
        return self._there[key]

    def constant(self, part: str, tensor: Tensor, learned: bool = False) -> Constant:
        """A new constant, named after what is being translated."""
        return Constant(f"{self.node.name}_{part}", tensor, learned)

    def _name(self, source: Operand) -> str | int | float:
        if isinstance(source, Constant):
            content = (source.shape, source.learned, source.tensor.numpy().tobytes())
            source = self._same.setdefault(content, source)
            self.constants[source.name] = source
        return source.name if isinstance(source, Known) else source

    # --- what is done to the whole graph at the end ---

    def fold(self) -> None:
        """Batch normalization into the layer before it, where neither that layer nor its weights serve another."""
        uses = Counter(source for step in self.steps.values() for source in step.sources)
        for step in list(self.steps.values()):
            before = self.steps.get(str(step.sources[0]))
            if step.operation != "affine" or before is None or before.operation not in FOLDABLE:
                continue
            weight = self.constants.get(str(before.sources[1]))
            if uses[before.result.name] > 1 or weight is None or uses[weight.name] > 1:
                continue
            scale, shift = (self.constants[str(name)].tensor for name in step.sources[1:])
            bias = self.constants[str(before.sources[2])].tensor if len(before.sources) > 2 else torch.zeros(())
            if before.operation == "convolution_transpose":  # (channels in, channels out a group, …)
                if before.settings["groups"] > 1:
                    continue
                scaled = weight.tensor * scale[None, :, None, None]
            else:
                scaled = weight.tensor * scale.view(-1, *[1] * (weight.tensor.ndim - 1))
            # Under new names: the old ones may still be needed.
            name = step.result.name
            folded = Constant(f"{name}_weight", scaled, True), Constant(f"{name}_bias", bias * scale + shift, True)
            self.constants.update({constant.name: constant for constant in folded})
            sources = (before.sources[0], *(constant.name for constant in folded))
            self.steps[name] = Step(before.operation, sources, step.result, before.settings)

    def prune(self, wanted: Iterable[str]) -> None:
        """Keep what leads to ``wanted``."""
        needed = set(wanted)
        for name, step in reversed(list(self.steps.items())):
            if name in needed:
                needed.update(source for source in step.sources if isinstance(source, str))
        self.steps = {name: step for name, step in self.steps.items() if name in needed}
        self.constants = {name: constant for name, constant in self.constants.items() if name in needed}


FOLDABLE = ("convolution", "convolution_transpose", "linear")
