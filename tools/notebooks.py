"""Keep the book's notebooks reproducible: stamp, execute, find the stale ones, test them.

A notebook is committed with its outputs.  Its metadata says what they were made from: its code cells, the package's
files it imported, the data files it read and the lock.  Once one of them changes, the notebook is stale.

    python tools/notebooks.py stamp                    put the set-up cell into every notebook
    python tools/notebooks.py execute [--all] [PATH..] execute the stale notebooks (all of them; those named)
    python tools/notebooks.py normalize [PATH..]       write notebooks in their canonical form, without executing them
    python tools/notebooks.py stale [PATH..]           say what is not up to date; exit status 1 if anything is
    python tools/notebooks.py test [PATH..]            execute and compare every cell; fails if a notebook ran no cell
    python tools/notebooks.py test --rounding avx2     the same as a processor without AVX-512 would
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, it would not find its neighbors
from tools.notebook_settings import CELL_TIMEOUT, ENVIRONMENT, ROUNDINGS

REPOSITORY = Path(__file__).resolve().parent.parent
SIZE_LIMIT = 1_000_000  # bytes; a page larger than this is slow on a phone
SETUP_TAG = "setup"
SETUP_TAGS = ["hide-cell", "nbval-ignore-output", SETUP_TAG]

# Runs in the kernel before the first cell: notes every file that is opened.  safetensors opens files past Python.
WATCH = """
import safetensors as _safetensors
import sys as _sys
_opened = set()
_sys.addaudithook(lambda event, args: event == "open" and isinstance(args[0], (str, bytes)) and _opened.add(args[0]))
_open_tensors = _safetensors.safe_open
_safetensors.safe_open = lambda path, *rest, **named: (_opened.add(path), _open_tensors(path, *rest, **named))[1]
"""
# Runs after the last cell: the files opened and the modules imported, as the kernel sees them.  Python's own copies of
# modules are left out: whether it keeps any differs from machine to machine, and their sources are there.
REPORT = """
import json as _json, os as _os, sys as _sys
_modules = {getattr(module, "__file__", None) for module in list(_sys.modules.values())} - {None}
_paths = {_os.path.realpath(_os.fsdecode(path)) for path in _opened | _modules if "__pycache__" not in str(path)}
print(_json.dumps(sorted(path for path in _paths if path.startswith(ROOTS) and _os.path.isfile(path))))
"""

# Text that differs from run to run or from machine to machine has no place in an output that is committed.
UNREPEATABLE = {
    "a path of this machine": re.escape(str(REPOSITORY)) + r"|ipykernel_\d+",
    "a memory address": r"\b0x[0-9a-f]{8,}\b",
}


class NotebookError(Exception):
    """A notebook that cannot be used as it is; the message is one sentence for its author."""


def find(paths: Iterable[str | Path] = ()) -> list[Path]:
    """The notebooks named, or every notebook of the book."""
    if named := [Path(path).resolve() for path in paths]:
        for path in named:
            if not path.is_file() or path.suffix != ".ipynb":
                raise NotebookError(f"{path} is not a notebook; expected the path of an .ipynb file")
        return named
    found = (REPOSITORY / "book").rglob("*.ipynb")
    return sorted(path for path in found if not {"_build", ".ipynb_checkpoints"} & set(path.parts))


def read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds, all of them meaning the same to an author
        raise NotebookError(f"{name(path)} is not a readable notebook: {error}") from error


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)


# --- the canonical form -----------------------------------------------------------------------------------------------


def normalize(notebook: NotebookNode) -> NotebookNode:
    """Remove what changes without meaning: ids made at random, execution times, front-end state."""
    kept = {key: notebook.metadata[key] for key in ("fer_tutorial", "mystnb") if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {
            **kept,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    identify(notebook.cells)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in ("mystnb", "tags") if k in cell.metadata})
        if cell.cell_type == "code":
            for output in cell.outputs:
                _normalize_output(output)
    return notebook


def identify(cells: list[NotebookNode]) -> None:
    """Give every cell an id that follows from what stands in it."""
    seen: dict[str, int] = {}
    for cell in cells:
        digest = _digest(cell.cell_type + cell.source)[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _normalize_output(output: NotebookNode) -> None:
    if "metadata" in output:
        output.metadata = nbformat.from_dict({})
    if "data" in output and "text/html" in output.data:
        # A live widget's view needs the kernel that made it; its static form serves everywhere.
        output.data.pop("application/vnd.jupyter.widget-view+json", None)


def text(notebook: NotebookNode) -> str:
    nbformat.validate(notebook)
    return (
        json.dumps(
            nbformat.v4.rwbase.split_lines(copy.deepcopy(notebook)), indent=1, sort_keys=True, ensure_ascii=False
        )
        + "\n"
    )


def write(path: Path, notebook: NotebookNode) -> None:
    """Write atomically, so that an interruption leaves the old notebook."""
    content = text(normalize(notebook)).encode()
    if len(content) > SIZE_LIMIT:
        raise NotebookError(
            f"{name(path)} has {len(content):,} bytes, more than {SIZE_LIMIT:,}; "
            "draw fewer or smaller images, or bake less data into its interactive figures"
        )
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


def check_outputs(path: Path, notebook: NotebookNode) -> None:
    """Refuse outputs that no one else could reproduce."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                raise NotebookError(
                    f"cell {number} of {name(path)} shows a widget that has no static form; use InteractiveFigure"
                )
            for content in _texts(output):
                for what, pattern in UNREPEATABLE.items():
                    if match := re.search(pattern, content):
                        raise NotebookError(
                            f"cell {number} of {name(path)} prints {what} ({match[0]}), which differs elsewhere; "
                            "print something else, or assign the value that is shown"
                        )


def _texts(output: NotebookNode) -> list[str]:
    values = [output.get("text"), *output.get("traceback", []), output.get("data", {}).get("text/plain")]
    return [value for value in values if isinstance(value, str)]


# --- what the outputs were made from ----------------------------------------------------------------------------------


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def cells_digest(notebook: NotebookNode) -> str:
    return _digest(json.dumps([cell.source for cell in notebook.cells if cell.cell_type == "code"]))[:16]


def file_digest(path: Path) -> str:
    return _digest(path.read_bytes())[:16] if path.is_file() else "missing"


def reasons(path: Path) -> list[str]:
    """Why a notebook's outputs are out of date; nothing if they are not."""
    notebook = read(path)
    made_from = notebook.metadata.get("fer_tutorial")
    if made_from is None:
        return ["it was never executed"]
    found = []
    if cells_digest(notebook) != made_from["cells"]:
        found.append("its code changed")
    for file, digest in made_from["files"].items():
        now = file_digest(REPOSITORY / file)
        if now != digest:
            found.append(f"{file} is missing" if now == "missing" else f"{file} changed")
    return found


def problems(path: Path) -> list[str]:
    """Everything that keeps a notebook from being committed."""
    found = reasons(path)
    notebook = read(path)
    if not any(SETUP_TAG in _tags(cell) and cell.source == setup_source() for cell in notebook.cells):
        found.append("its set-up cell is not the common one (run: python tools/notebooks.py stamp)")
    if text(normalize(notebook)) != path.read_text(encoding="utf-8"):
        found.append("it is not in canonical form (run: python tools/notebooks.py normalize)")
    if path.stat().st_size > SIZE_LIMIT:
        found.append(f"it has {path.stat().st_size:,} bytes, more than {SIZE_LIMIT:,}")
    try:
        check_outputs(path, notebook)
    except NotebookError as error:
        found.append(str(error))
    return found


# --- the commands -----------------------------------------------------------------------------------------------------


def setup_source() -> str:
    """The set-up cell, with the repository's address, which ``_config.yml`` alone knows."""
    config = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    template = (REPOSITORY / "tools" / "setup_cell.py").read_text(encoding="utf-8")
    return template.replace("REPOSITORY_URL", config["repository"]["url"]).rstrip("\n")


def stamp(path: Path) -> None:
    """Make the set-up cell the first code cell, below the title."""
    notebook = read(path)
    cells = [cell for cell in notebook.cells if SETUP_TAG not in _tags(cell)]
    old = next((cell for cell in notebook.cells if SETUP_TAG in _tags(cell)), None)
    cell = nbformat.v4.new_code_cell(setup_source(), metadata={"tags": SETUP_TAGS})
    if old is not None:
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    position = 1 if cells and cells[0].cell_type == "markdown" else 0
    notebook.cells = [*cells[:position], cell, *cells[position:]]
    write(path, notebook)


def rewrite(path: Path) -> None:
    write(path, read(path))


def execute(path: Path) -> None:
    """Execute every cell in a fresh kernel and write the outputs, with what they were made from."""
    notebook = read(path)
    roots = tuple(str(REPOSITORY / folder) + os.sep for folder in ("fer_tutorial", "data"))
    watch, report = (nbformat.v4.new_code_cell(code) for code in (WATCH, REPORT.replace("ROOTS", repr(roots))))
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=[watch, *notebook.cells, report]),
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        coalesce_streams=True,
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        with client.setup_kernel(env={**os.environ, **ENVIRONMENT}):
            client.execute_cell(watch, 0, store_history=False)
            for number, cell in enumerate(notebook.cells, start=1):
                client.execute_cell(cell, number)
            client.execute_cell(report, len(notebook.cells) + 1, store_history=False)
    except (CellExecutionError, CellTimeoutError) as error:
        raise NotebookError(f"{name(path)} stopped:\n{error}") from error
    check_outputs(path, normalize(notebook))
    opened = json.loads(report.outputs[0].text)
    files = [*(Path(file) for file in opened), REPOSITORY / "requirements.lock"]
    notebook.metadata["fer_tutorial"] = {
        "cells": cells_digest(notebook),
        "files": {str(file.relative_to(REPOSITORY)): file_digest(file) for file in files},
    }
    write(path, notebook)


def compare(paths: list[Path], jobs: int, rounding: str | None = None) -> bool:
    """Whether every cell gives what is committed (nbval); false if one differs or a notebook ran no cell."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "tools.notebook_settings", f"--rootdir={os.path.commonpath([REPOSITORY, *paths])}"]
        command += ["-n", str(jobs), "--dist", "loadfile", f"--junitxml={report}", *map(str, paths)]
        environment = {**os.environ, **ROUNDINGS.get(rounding or "", {})}
        passed = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode == 0
        ran = {path: _cells_run(report, path) for path in paths}
    for path in (path for path, cells in ran.items() if not cells):
        print(f"{name(path)}: no cell ran", file=sys.stderr)
    print(f"{sum(ran.values())} cells of {len(ran)} notebooks ran")
    return passed and bool(ran) and all(ran.values())


def _cells_run(report: Path, path: Path) -> int:
    if not report.is_file():
        return 0
    cases = (case for case in ET.parse(report).iter("testcase") if case.find("skipped") is None)
    dotted = "." + name(path).replace("/", ".")  # as JUnit's report writes it, or the end of it
    return sum(dotted.endswith("." + case.get("classname", "").lstrip(".")) for case in cases)


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _attempt(action: Callable[[Path], None], path: Path) -> str:
    try:
        action(path)
    except NotebookError as error:
        return str(error)
    return ""


def _each(action: Callable[[Path], None], done: str, paths: list[Path], jobs: int) -> int:
    """Do ``action`` to every notebook, going on after a failure; the exit status."""
    status = 0
    with ProcessPoolExecutor(jobs) as pool:
        for path, failure in zip(paths, pool.map(_attempt, [action] * len(paths), paths), strict=True):
            print(failure or f"{done} {name(path)}", file=sys.stderr if failure else sys.stdout, flush=True)
            status = 1 if failure else status
    return status


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("stamp", "execute", "normalize", "stale", "test"))
    parser.add_argument("paths", nargs="*", help="notebooks; every one of the book if none is named")
    parser.add_argument("--all", action="store_true", help="execute also what is up to date")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (2)")
    parser.add_argument("--rounding", choices=ROUNDINGS, help="test as a processor of these instructions rounds")
    options = parser.parse_intermixed_args(arguments)
    try:
        paths = find(options.paths)
        if options.command == "stamp":
            return _each(stamp, "stamped", paths, 1)
        if options.command == "normalize":
            return _each(rewrite, "normalized", paths, 1)
        if options.command == "test":
            return 0 if compare(paths, options.jobs, options.rounding) else 1
        if options.command == "execute":
            wanted = paths if options.all or options.paths else [path for path in paths if reasons(path)]
            return _each(execute, "executed", wanted, options.jobs)
        stale = {path: found for path in paths if (found := problems(path))}
        for path, found in stale.items():
            print(f"{name(path)}: {'; '.join(found)}")
        return 1 if stale else 0
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
