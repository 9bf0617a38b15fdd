"""Inputs to try an answer on: drawn, not chosen, and with so few digits that a reader can follow them."""

from __future__ import annotations

import torch
from torch import Tensor


class Draw:
    """Draws inputs from one seed, the same ones in every session.

    The numbers have two decimals, so that the sentence that shows an input is short, and exact ties are rare.

    Example:
        >>> draw = Draw()
        >>> draw.numbers(2, 3).shape, draw.labels(5, 3).dtype
        (torch.Size([2, 3]), torch.int64)
    """

    def __init__(self, seed: int = 0) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def numbers(self, *shape: int, low: float = -3.0, high: float = 3.0) -> Tensor:
        """Numbers between ``low`` and ``high``, with two decimals."""
        return (low + (high - low) * torch.rand(*shape, generator=self._generator)).mul(100).round().div(100)

    def shares(self, *shape: int) -> Tensor:
        """Numbers from 0.02 to 0.98, as attention and importance are."""
        return self.numbers(*shape, low=0.02, high=0.98)

    def labels(self, m: int, classes: int) -> Tensor:
        """``m`` classes from 0 to ``classes`` - 1, (m,)."""
        return self.integers(m, low=0, high=classes - 1)

    def integers(self, *shape: int, low: int, high: int) -> Tensor:
        """Whole numbers from ``low`` to ``high``, both included."""
        return torch.randint(low, high + 1, shape, generator=self._generator)

    def probabilities(self, m: int, classes: int) -> Tensor:
        """Rows of probabilities, (m, classes), of networks that are more or less sure; three decimals."""
        return self.numbers(m, classes).softmax(dim=1).mul(1000).round().div(1000)

    def order(self, n: int) -> Tensor:
        """The numbers 0 to ``n`` - 1 in any order, (n,)."""
        return torch.randperm(n, generator=self._generator)
