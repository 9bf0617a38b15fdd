"""What the keys of several assignments need to look at answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fer_tutorial.course import Draw, Wrong

Variant = Mapping[str, Any]
Check = Callable[[Any, Draw, Variant], None]

# What a task "by hand" must not use: every way to have torch differentiate.
BY_AUTOGRAD = (
    "autograd",
    "backward",
    "grad",
    "jacobian",
    "jacrev",
    "jacfwd",
    "vjp",
    "jvp",
    "functional_call",
    "requires_grad",
    "requires_grad_",
    "enable_grad",
    "grad_fn",
    "register_hook",
)


def results(answer: Callable[..., Any], names: Sequence[str], *which: int) -> Callable[..., Any]:
    """The answer, of whose results, called ``names``, only some are looked at.

    >>> results(lambda x: (x, 2 * x), ("x", "twice x"), 1)(x=3)
    6
    >>> results(lambda x: x, ("x", "twice x"), 1)(x=3)
    Traceback (most recent call last):
    ...
    fer_tutorial.course.registry.Wrong: expected 2 results: x, twice x
    """

    def some(**inputs: Any) -> Any:
        given = answer(**inputs)
        if type(given) not in (tuple, list) or len(given) != len(names):
            raise Wrong(f"expected {len(names)} results: {', '.join(names)}")
        return given[which[0]] if len(which) == 1 else tuple(given[each] for each in which)

    return some
