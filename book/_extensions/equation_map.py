"""The directive ``{equation-map}``: every numbered equation with its function, tests, exercises and figures.

It is read from the sources: labels and figures from the notebooks, ``# eq-...`` comments from the package's files,
names of functions from the tests and from the exercises' references.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import fer_tutorial
from fer_tutorial.course.registry import chapters, exercise_names, find

PACKAGE = Path(fer_tutorial.__file__).parent
TESTS = PACKAGE.parent / "tests"
HEAD = "| equation | function | tests | exercises | figures to operate |\n|---|---|---|---|---|"


class Equation(NamedTuple):
    label: str
    exercises: list[str]  # those whose text, right above the cell to fill in, names the equation
    figures: list[str]  # interactive figures of the same section


class Function(NamedTuple):
    name: str  # dotted, without the module
    module: str


def equations(notebook: Path) -> list[Equation]:
    """The labeled equations of a chapter in their order."""
    found: dict[str, Equation] = {}
    section: list[Equation] = []
    text = ""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text = re.split(r"^(?:#|\*\*)", source, flags=re.MULTILINE)[-1]  # of the last exercise alone
            for line in source.splitlines():
                if line.startswith("#"):
                    section = []
                elif match := re.match(r":label: (eq-\S+)|\$\$ \((eq-\S+)\)$", line):
                    section.append(found.setdefault(label := match[1] or match[2], Equation(label, [], [])))
            continue
        for equation in section:
            equation.figures.extend(re.findall(r'InteractiveFigure\(\s*"(\w+)"', source))
        if match := re.search(r'^check\("(.+?)"', source, re.MULTILINE):
            for label in re.findall(r"\{eq\}`(eq-\S+?)`", text):
                if label in found:
                    found[label].exercises.append(match[1])
    return list(found.values())


def functions() -> dict[str, Function]:
    """Which function or method computes an equation, by the label at the line that does."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for number, line in enumerate(source.splitlines(), start=1):
            if match := re.search(r"# (eq-[\w-]+)", line):
                name = _around(ast.parse(source), number).removesuffix(".__init__")
                found[match[1]] = Function(name, module)
    return found


def _around(tree: ast.Module, line: int) -> str:
    """The dotted name of the function or method that a line stands in."""
    names: list[str] = []
    node: ast.AST = tree
    while True:
        inner = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        inside = next((n for n in inner if n.lineno <= line <= (n.end_lineno or n.lineno)), None)
        if inside is None:
            return ".".join(names)
        names.append(inside.name)
        node = inside


def _mentions(name: str, module: str) -> Iterator[tuple[Path, int]]:
    """The test file of a module, with how many of its tests name a function."""
    parts = module.split(".")
    path = TESTS.joinpath(*parts[1:-1], f"test_{parts[-1]}.py")
    if path.is_file():
        source = path.read_text(encoding="utf-8")
        tests = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        word = re.compile(rf"\b{name}\b")
        naming = {n.name for n in tests if word.search(ast.get_source_segment(source, n) or "")}
        helpers = naming - {n for n in naming if n.startswith("test_")}
        for helper in helpers:  # a test that calls a helper that names it
            naming |= {n.name for n in tests if re.search(rf"\b{helper}\b", ast.get_source_segment(source, n) or "")}
        if count := sum(n.startswith("test_") for n in naming):
            yield path, count


def _checked_with(function: Function) -> list[str]:
    """The exercises whose references call a function of a paper."""
    tasks = [find(name) for chapter in chapters() for name in exercise_names(chapter)]
    word = re.compile(rf"\b{function.name}\(")
    return [
        task.name
        for task in tasks
        if "." not in function.name and task.written and word.search(inspect.getsource(task.written))
    ]


class EquationMap(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        where = functions()
        rows = [HEAD]
        for document in self.config.external_site_map:  # in the order of the contents
            path = Path(self.env.srcdir) / f"{document}.ipynb"
            if path.is_file():
                self.env.note_dependency(str(path))
                rows += [self._row(equation, where.get(equation.label), document) for equation in equations(path)]
        box = nodes.container()
        self.state.nested_parse(StringList("\n".join(rows).splitlines(), source="equations"), 0, box)
        return box.children

    def _row(self, equation: Equation, function: Function | None, document: str) -> str:
        repository = self.config.html_theme_options["repository_url"] + "/blob/main"
        code = tests = ""
        exercises = list(equation.exercises)
        if function:
            code = f"{{py:obj}}`{function.name} <{function.module}.{function.name}>`"
            for path, count in _mentions(function.name.partition(".")[0], function.module):
                link = f"{repository}/tests/{path.relative_to(TESTS).as_posix()}"
                tests = f"[{count} tests]({link})"
            exercises += [name for name in _checked_with(function) if name not in exercises]
        figures = ", ".join(f"`{name}`" for name in dict.fromkeys(equation.figures))
        asked = ", ".join(f"[`{name}`](/{document}.ipynb)" for name in exercises)
        return f"| {{eq}}`{equation.label}` | {code} | {tests} | {asked} | {figures} |"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("equation-map", EquationMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
