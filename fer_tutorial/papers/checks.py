"""What every paper asks of its input, and what stands in for several processes where there is one.

A paper is x.py with this file and configs.py: together they need torch alone, so they can be lifted into another
project.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Gather = Callable[[Tensor], Tensor]


def identity(rows: Tensor) -> Tensor:
    """What ``gather`` is with a single process: ``rows`` themselves."""
    return rows
