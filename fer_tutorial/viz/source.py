"""Show the package's own code in a chapter, so that text, code and tests cannot drift apart."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from fer_tutorial.errors import UserError


class Source:
    """Python source that a notebook displays as a highlighted listing, with a line that says whence it is."""

    def __init__(self, code: str, whence: str = ""):
        self.code, self.whence = code, whence

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}\n```" + (f"\n\n{self.whence}" if self.whence else "")


def show_source(obj: Any, docstring: bool = False) -> Source:
    """The source of a function, method, class or module, for display.

    Args:
        obj: what to show; it must be defined in a file.
        docstring: keep the docstrings.  The chapter around a listing says what they say, so they are left out.

    Raises:
        UserError: ``obj`` has no Python source (a built-in, an instance).

    >>> from fer_tutorial.errors import UserError
    >>> show_source(UserError)
    class UserError(ValueError):
        ...
    """
    try:
        code = textwrap.dedent(inspect.getsource(inspect.unwrap(obj) if callable(obj) else obj)).rstrip()
    except (TypeError, OSError) as error:
        raise UserError(
            f"{type(obj).__name__} object has no Python source to show; pass a function, a method, a class or a module"
        ) from error
    return Source(code if docstring else _without_docstrings(code), _whence(obj))


def _whence(obj: Any) -> str:
    """Name, file and tests of a function or class of this package; nothing of any other."""
    module, name = getattr(obj, "__module__", ""), getattr(obj, "__qualname__", "")
    if not (name and module.startswith("fer_tutorial.")):
        return ""
    parts = module.split(".")
    tests = "/".join(["tests", *parts[1:-1], f"test_{parts[-1]}.py"])
    return f"`{module}.{name}` in `{'/'.join(parts)}.py`, tested in `{tests}`"


def _without_docstrings(code: str) -> str:
    lines = code.splitlines()
    for node in sorted(_documented(code), key=lambda node: -node.body[0].lineno):
        statement = node.body[0]
        first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
        if len(node.body) == 1:  # nothing else in the body: an ellipsis stands for it
            lines[first:last] = [" " * statement.col_offset + "..."]
        else:
            while last < len(lines) and not lines[last].strip():
                last += 1
            del lines[first:last]
    return "\n".join(lines).strip("\n")


def _documented(code: str) -> list[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, kinds))
    return [node for node in nodes if ast.get_docstring(node, clean=False) is not None]
