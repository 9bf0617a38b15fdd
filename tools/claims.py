"""What the asserts of a notebook claim, and how near each came to failing.

``watched`` rewrites a cell so that its asserts are recorded and execution goes on after one that fails.  The record of
a claim is the smallest *margin* of its comparisons: the distance between the two sides, divided by the larger of them,
and negative where the comparison fails.  0.01 means: one percent more of one side turns the claim.
"""

from __future__ import annotations

import ast
import hashlib
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

RECORDER = "_claims"  # the name of a Claims in the notebook's kernel
OPERATORS = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}


class Claims:
    """Records what ``watched`` cells claim; lives in the kernel."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def check(self, cell: int, source: str, test: Callable[[], Any]) -> None:
        """Record one assert instead of raising."""
        self._margin: float | None = None
        self._sides = hashlib.sha256()
        error = ""
        try:
            passed = bool(test())
        except Exception as problem:  # a claim that cannot be computed does not hold
            passed, error = False, f"{type(problem).__name__}: {problem}"
        self.found.append(
            {
                "cell": cell,
                "claim": source,
                "passed": passed,
                "margin": self._margin,
                "sides": self._sides.hexdigest()[:16],  # the same in two runs if the two sides are, to the last bit
                "error": error,
            }
        )

    def compare(self, operators: list[str], *sides: Any) -> Any:
        """``a < b < c`` as it stands in the notebook, with the margin of each step noted."""
        result = None
        for name, left, right in zip(operators, sides[:-1], sides[1:], strict=True):
            self._note(name, left, right)
            step = getattr(operator, name)(left, right)
            result = step if result is None else result and step
        return result

    def _note(self, name: str, left: Any, right: Any) -> None:
        try:
            a, b = (np.asarray(_plain(side), dtype=np.float64) for side in (left, right))
        except (TypeError, ValueError):  # words, sets, shapes: equal or not, never near
            self._sides.update(f"{left!r}{right!r}".encode())
            return
        self._sides.update(a.tobytes() + b.tobytes())
        if name in ("eq", "ne") or not a.size or not b.size:
            return
        scale = np.maximum(np.abs(a), np.abs(b))
        margin = float(((a - b if name[0] == "g" else b - a) / np.where(scale == 0, 1, scale)).min())
        self._margin = margin if self._margin is None else min(self._margin, margin)


def _plain(side: Any) -> Any:
    """A tensor's numbers, wherever it lies."""
    return side.detach().cpu().numpy() if hasattr(side, "detach") else side


class _Comparisons(ast.NodeTransformer):
    """Hands the comparisons a claim consists of to the recorder, not those that only select what is compared."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        names = [OPERATORS.get(type(sign)) for sign in node.ops]
        if None in names:  # "in" and "is" have no margin
            return node
        operators = ast.List([ast.Constant(name) for name in names], ast.Load())
        return _call("compare", operators, node.left, *node.comparators)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return node  # "not a < b" turns where "a < b" does, but its margin has the other sign


class _Asserts(ast.NodeTransformer):
    def __init__(self, cell: int) -> None:
        self.cell = cell

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        source = ast.unparse(node.test)
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        test = ast.Lambda(nothing, _Comparisons().visit(node.test))
        return ast.Expr(_call("check", ast.Constant(self.cell), ast.Constant(source), test))


def _call(method: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(RECORDER, ast.Load()), method, ast.Load()), list(arguments), [])


def watched(source: str, cell: int) -> str:
    """The code of a cell, with its asserts recorded; unchanged if it has none or is not plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic
        return source
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return source
    return ast.unparse(ast.fix_missing_locations(_Asserts(cell).visit(tree)))
