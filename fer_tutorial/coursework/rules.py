"""What an answer must not use, found in its text: the functions of a task that is to be done by hand."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from fer_tutorial.coursework.answers import parsed

# With these a name can be used without being written.
DISGUISES = {"eval", "exec", "getattr", "__import__", "importlib", "compile", "globals", "vars", "__dict__", "builtins"}


def forbidden_in(answer: str, helpers: Sequence[str], names: Sequence[str]) -> str:
    """The first of ``names`` that an answer uses, itself or by what it calls of the helpers; "" if it uses none.

    >>> forbidden_in("def f(x):\\n    return g(x)", ["def g(x):\\n    x.backward()"], ["backward"])
    'backward'
    """
    if not names:
        return ""
    wanted = {*names, *DISGUISES}
    bound = {name: node for helper in helpers for node in _body(helper) for name in _binds(node)}
    waiting: list[ast.AST] = list(_body(answer))
    seen: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            used = _names(node)
            if "*" in used:
                return "import *"
            if found := sorted(used & wanted):
                return found[0]
            waiting += [bound[name] for name in used - seen if name in bound]
            seen |= used
    return ""


def _body(source: str) -> list[ast.stmt]:
    tree = parsed(source)
    return tree.body if tree else []


def _binds(node: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


def _names(node: ast.AST) -> set[str]:
    """The names that one node has, whatever it does with them."""
    match node:
        case ast.Name():
            return {node.id}
        case ast.Attribute():
            return {node.attr}
        case ast.alias():
            return {*node.name.split("."), node.asname or ""}
        case ast.ImportFrom():
            return set((node.module or "").split("."))
    return set()
