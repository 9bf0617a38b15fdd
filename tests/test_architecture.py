"""Who may import whom: floors from the ground up, no circles, and what must stay light; and every module has tests.

An import counts wherever it stands: inside a function, or for a type checker alone, it still says who knows whom.
"""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "fer_tutorial"

# From the ground up; a room may import from its own floor and from those below.
FLOORS = (
    ("errors", "vocabulary", "names", "face_data", "config", "metrics", "group_metrics"),
    ("papers",),
    ("weights", "backbones"),
    ("methods", "recipes"),
    ("faces",),
    ("datasets",),
    ("viz",),  # draws what it is given, so that the report of a run can be drawn with it
    ("records",),
    ("training",),
    ("course",),
    ("coursework",),
    ("cli",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}

# A paper's file can be lifted out of the package together with these.
WITH_A_PAPER = ("fer_tutorial.papers.checks", "fer_tutorial.papers.configs")
IN_A_PAPER = {*sys.stdlib_module_names, "torch", "torchvision"}

WITHOUT_TORCH = ("fer_tutorial", "fer_tutorial.errors", "fer_tutorial.vocabulary", "fer_tutorial.config")


def dotted(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source: str) -> set[str]:
    """The full names that a module imports; of ``from a import b`` both, since b may be a module or a name in a."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "the package imports by full names"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_of(name: str) -> str:
    """The module that an imported name is, or stands in."""
    return name if name in MODULES else name.rpartition(".")[0]


GRAPH = {
    module: {module_of(name) for name in imports(path.read_text()) if name.startswith("fer_tutorial.")}
    for module, path in MODULES.items()
}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_a_floor():
    assert {room(module) for module in MODULES} - {""} == set(FLOOR)


def test_imports_are_resolved_to_modules():
    assert {name for names in GRAPH.values() for name in names} <= set(MODULES)
    assert imports("def f():\n    from a.b import c\n    import d.e") == {"a.b.c", "d.e"}


def test_no_module_imports_in_a_circle():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_nothing_imports_from_a_higher_floor():
    upward = [
        f"{module} imports {name}"
        for module, names in GRAPH.items()
        for name in names
        if module == "fer_tutorial" or FLOOR[room(name)] > FLOOR[room(module)]
    ]
    assert upward == []


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "papers"])
def test_a_paper_is_its_file_and_torch(module):
    foreign = {
        name
        for name in imports(MODULES[module].read_text())
        if name.partition(".")[0] not in IN_A_PAPER and module_of(name) not in WITH_A_PAPER
    }
    assert foreign == set()


@pytest.mark.parametrize("module", MODULES)
def test_the_package_stands_without_what_is_around_it(module):
    assert not {name.partition(".")[0] for name in imports(MODULES[module].read_text())} & {"studies", "tests", "tools"}


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_what_the_command_line_reads_first_does_without_torch(module):
    code = f"import sys, {module}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


# Tested elsewhere: the checkers of the exercises and the solutions together, with the answers to each chapter's.
TESTED_TOGETHER = {
    f"fer_tutorial.course.{folder}": "tests/course/test_exercises.py" for folder in ("exercises", "solutions")
}


def test_every_module_has_its_test_file():
    """``tests`` mirrors the package: ``tests/viz/test_plots.py`` is for ``fer_tutorial/viz/plots.py``."""
    missing = {
        module
        for module, path in MODULES.items()
        if path.stem not in ("__init__", "__main__")
        and module.rpartition(".")[0] not in TESTED_TOGETHER
        and not (REPOSITORY / "tests" / path.relative_to(PACKAGE).parent / f"test_{path.name}").is_file()
    }
    assert not missing
    assert all((REPOSITORY / test).is_file() for test in TESTED_TOGETHER.values())
