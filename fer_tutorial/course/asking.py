"""How an exercise is written down: a number, a function with its reference, or a judge where several answers are right.

What every function is tried on, and why nothing else is accepted by mistake:

* The right values are computed before the answer runs, on copies that it never sees.
* The inputs are drawn, from small to large, so that the sentence about the first that fails is short.
* Value, shape and kind of numbers are compared, in single and in double precision; then the gradient to every input
  that the exercise names.
* Each input is handed over twice; what is given must be the same, and the inputs must be left as they were.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.course.comparing import as_array, diagnosis, expect_close, in_words, is_close
from fer_tutorial.course.drawing import Draw
from fer_tutorial.course.registry import Exercise, Wrong, register
from fer_tutorial.course.trying import Answer

Hints = tuple[str, str, str]
Function = Callable[..., Any]
PRECISIONS = (torch.float32, torch.float64)


def number_exercise(name: str, value: float, hints: Hints) -> None:
    """Ask for a number that is worked out by hand.  No sentence ever tells it.

    Args:
        name: "chapter.what", where ``chapter`` is the module of :mod:`fer_tutorial.course.exercises` it stands in.
        value: the right one.
        hints: three, from a nudge to nearly the answer.

    Raises:
        ValueError: not exactly three hints, or a name without a chapter.

    >>> number_exercise("demo.half", 0.5, hints=("Read the name.", "It is less than 1.", "Divide 1 by 2."))
    """

    def checker(answer: Answer) -> None:
        given = as_array(answer.value, "the answer")
        if given.shape or given.dtype == bool:
            raise Wrong("expected one number")
        if not is_close(given, value):
            raise Wrong(diagnosis(float(given), value))

    register(Exercise(name, hints, checker))


def exercise(
    name: str,
    hints: Hints,
    draw: Callable[[Draw], Iterable[tuple[Any, ...]]],
    gradients: Sequence[str] = (),
    results: Sequence[str] = (),
    mistakes: Mapping[str, Function] | None = None,
    may_call: tuple[str, ...] = (),
) -> Callable[[Function], Function]:
    """Ask for a function; the decorated one is the reference, which gives the right result.

    Args:
        name: "chapter.what", where ``chapter`` is the module of :mod:`fer_tutorial.course.exercises` it stands in.
        hints: three, from a nudge to nearly the answer.
        draw: yields inputs of the reference, from small to large, those included on which mistakes show.
        gradients: parameters of the reference to which the result must let gradients through.
        results: what the values are called, where the result is a tuple of several.
        mistakes: usual ones, as functions of the same inputs in this order, by the sentence that explains them.
        may_call: functions of the package on which an answer may build and still be the reader's own.

    Raises:
        ValueError: not exactly three hints, or a name without a chapter.

    >>> def pairs(draw):
    ...     for n in (1, 3, 5):
    ...         yield draw.numbers(n), draw.numbers(n)
    >>> @exercise(
    ...     "demo.sum",
    ...     hints=("Read the name.", "Use +.", "return a + b"),
    ...     draw=pairs,
    ...     mistakes={"this is the difference": lambda a, b: a - b},
    ... )
    ... def _(a, b):
    ...     return a + b
    """

    def decorate(reference: Function) -> Function:
        checker = like_reference(reference, draw, gradients, results, mistakes)
        register(Exercise(name, hints, lambda answer: checker(answer, Draw()), reference, may_call))
        return reference

    return decorate


def like_reference(
    reference: Function,
    draw: Callable[[Draw], Iterable[tuple[Any, ...]]],
    gradients: Sequence[str] = (),
    results: Sequence[str] = (),
    mistakes: Mapping[str, Function] | None = None,
) -> Callable[[Any, Draw], None]:
    """A checker of functions: it gets the answer, called by the reference's parameters, and what to draw from.

    Args:
        reference: gives the right result.
        draw: yields its inputs, from small to large.
        gradients: parameters to which the result must let gradients through.
        results: what the values are called, where the result is a tuple of several.
        mistakes: usual ones, as functions of the same inputs in this order, by the sentence that explains them.

    >>> double = like_reference(lambda x: 2 * x, lambda draw: [(draw.numbers(n),) for n in (1, 3)])
    >>> double(lambda x: x * x, Draw())
    Traceback (most recent call last):
    ...
    fer_tutorial.course.registry.Wrong: for x = [-0.02]: entry [0] should be -0.04 but is 0.0004
    """
    names = list(inspect.signature(reference).parameters)

    def checker(answer: Any, numbers: Draw) -> None:
        drawn = [dict(zip(names, case, strict=True)) for case in draw(numbers)]
        trials = [_Trial(_in(case, dtype), reference, gradients) for dtype in PRECISIONS for case in drawn]
        for trial in trials:
            try:
                trial.run(answer, results)
            except Wrong as error:
                reason = f"{error}{trial.explained(mistakes or {})}"
                raise Wrong(reason, trial.inputs) from None

    return checker


def judged_exercise(name: str, hints: Hints) -> Callable[[Callable[[Answer], None]], Callable[[Answer], None]]:
    """Ask for a function of which more than one is right; the decorated judge calls it and raises Wrong if it is not.

    Args:
        name: "chapter.what", where ``chapter`` is the module of :mod:`fer_tutorial.course.exercises` it stands in.
        hints: three, from a nudge to nearly the answer.

    Raises:
        ValueError: not exactly three hints, or a name without a chapter.

    >>> @judged_exercise("demo.odd", hints=("Read the name.", "Not even.", "return 2 * x + 1"))
    ... def _(answer):
    ...     for x in range(5):
    ...         if answer(x=x) % 2 == 0:
    ...             raise Wrong(f"for x = {x} your number is even")
    """

    def decorate(judge: Callable[[Answer], None]) -> Callable[[Answer], None]:
        register(Exercise(name, hints, judge, judge))
        return judge

    return decorate


class _Trial:
    """One input with what is right for it: private, and computed before the answer runs."""

    def __init__(self, inputs: dict[str, Any], reference: Function, gradients: Sequence[str]) -> None:
        self.inputs = inputs
        self.right = reference(**copy.deepcopy(inputs))
        self.gradients: dict[str, Tensor] = {}
        if gradients:
            live = self._live(gradients)
            self.gradients = _gradients(reference(**live), {name: live[name] for name in gradients})
        self.given: Any = None

    def run(self, answer: Callable[..., Any], results: Sequence[str]) -> None:
        """Raise Wrong unless the answer gives what is right, twice, with its gradients."""
        where = in_words(self.inputs)
        self.given = answer(**copy.deepcopy(self.inputs))
        _expect_parts(self.given, self.right, where, results)
        live = self._live(self.gradients)
        again = answer(**live)
        if not _same(again, self.given):
            raise Wrong(f"{where}: the same input gives another result the second time")
        if self.gradients:
            self._expect_gradients(again, live, where)

    def explained(self, mistakes: Mapping[str, Function]) -> str:
        """The sentence of the usual mistake whose result was given, if it is one."""
        with warnings.catch_warnings():  # a mistake may divide by zero
            warnings.simplefilter("ignore")
            for sentence, mistake in mistakes.items():
                theirs = mistake(*copy.deepcopy(self.inputs).values())
                if self.given is not None and _same(self.given, theirs) and not _same(self.right, theirs):
                    return f": {sentence}"
        return ""

    def _live(self, gradients: Iterable[str]) -> dict[str, Any]:
        """A copy of the inputs of which some remember what is computed from them."""
        inputs = copy.deepcopy(self.inputs)
        for name in gradients:
            inputs[name].requires_grad_()
        return inputs

    def _expect_gradients(self, given: Any, live: dict[str, Any], where: str) -> None:
        found = _gradients(given, {name: live[name] for name in self.gradients})
        for name, right in self.gradients.items():
            # More than rounding leaves of a gradient that is zero.
            if not is_close(right, torch.zeros_like(right)) and not found[name].any():
                raise Wrong(f"{where}: the value is right, but no gradient reaches the {name}")
            expect_close(found[name], right, f"{where}: the value is right, but not its gradient to the {name}")


def _gradients(value: Any, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Gradients of a value, or of a weighted sum of several, to the inputs; zeros where there is none."""
    if not (isinstance(value, Tensor) and value.requires_grad):
        return {name: torch.zeros_like(tensor) for name, tensor in inputs.items()}
    weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype, device=value.device).reshape(value.shape)
    found = torch.autograd.grad((weights * value).sum(), list(inputs.values()), materialize_grads=True)
    return dict(zip(inputs, found, strict=True))


def _expect_parts(given: Any, right: Any, where: str, results: Sequence[str]) -> None:
    if not results:
        return expect_close(given, right, where)
    several = type(given) in (tuple, list) or (type(given) in (np.ndarray, Tensor) and given.ndim > 0)
    if not several or len(given) != len(right):
        raise Wrong(f"{where}: expected {len(right)} values, {' and '.join(results)}")
    for name, part, right_part in zip(results, given, right, strict=True):
        expect_close(part, right_part, f"{where}, {name}")


def _same(first: Any, second: Any) -> bool:
    """Whether two results agree; parts of different shapes are compared one by one."""
    if type(first) in (tuple, list) and type(second) in (tuple, list):
        return len(first) == len(second) and all(map(is_close, first, second))
    return is_close(first, second)


def _in(inputs: Mapping[str, Any], precision: torch.dtype) -> dict[str, Any]:
    """A copy of the inputs whose floating point numbers have this precision."""

    def convert(value: Any) -> Any:
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.to(precision)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value.astype(torch.zeros((), dtype=precision).numpy().dtype)
        return copy.deepcopy(value)

    return {name: convert(value) for name, value in inputs.items()}
