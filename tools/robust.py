"""Execute the notebooks under other roundings and say, claim by claim, which asserts hold and how near the others came.

A claim about a live training is worth printing only if it holds on every processor.  Each notebook is executed

* with the instructions of older and newer processors (SSE4.1, AVX2, AVX-512), with one thread and with two;
* several times with all initial weights disturbed by a relative 1e-3, the rounding of many machines at once;
* on the GPU, where there is one, or with a stand-in for it.

    python tools/robust.py [--runs 20] [--jobs 1] [--only SETTING..] [PATH..]

Goes on where it was interrupted: runs/robust has one file a run.  data/robust keeps one summary a notebook.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, it would not find its neighbors
from fer_tutorial.records.files import to_json, write_atomically
from fer_tutorial.records.provenance import provenance
from tools import notebooks
from tools.claims import RECORDER, watched
from tools.notebook_settings import CELL_TIMEOUT, ENVIRONMENT, ROUNDINGS, THREADS
from tools.notebooks import NotebookError

RUNS = notebooks.REPOSITORY / "runs" / "robust"
SUMMARIES = notebooks.REPOSITORY / "data" / "robust"
NOTEBOOK = "notebook"  # among the names of what a run was made from

# The cell before the first, which sets up what the asserts are rewritten to call, and the cell after the last.
PREPARE = """
import sys as _sys
_sys.path.insert(0, REPOSITORY)
from tools.claims import Claims as _Claims
RECORDER = _Claims()
if SEED is not None:
    from tools.disturb import disturb as _disturb
    _disturb(SEED)
if STAND_IN:
    from tools.stand_in import start as _start
    _start()
_sys.path.pop(0)
"""
REPORT = """
import json as _json, sys as _sys
_files = {getattr(module, "__file__", None) for module in _sys.modules.values()}
print(_json.dumps({"claims": RECORDER.found, "files": sorted(filter(None, _files))}))
"""


@dataclass(frozen=True)
class Setting:
    """One way of rounding."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    seed: int | None = None  # of the disturbance of the initial weights
    stand_in: bool = False  # for a GPU


def settings(runs: int) -> list[Setting]:
    """Every way of rounding that this machine has, then ``runs`` disturbances."""
    found = [
        Setting(f"{name}-{threads}", environment | dict.fromkeys(THREADS, str(threads)))
        for name, environment in ROUNDINGS.items()
        if name in available(torch.backends.cpu.get_cpu_capability())
        for threads in (1, 2)
    ]
    if torch.cuda.is_available():
        found.append(Setting("gpu", {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0")}))
    else:
        found.append(Setting("stand-in", stand_in=True))
    return found + [Setting(f"disturbed-{seed}", seed=seed) for seed in range(1, runs + 1)]


def available(capability: str) -> list[str]:
    """The roundings that a processor has; asked for one that it lacks, torch would end the process.

    >>> available("AVX2")
    ['sse', 'avx2']
    """
    return list(ROUNDINGS)[: {"AVX2": 2, "AVX512": 3}.get(capability, 1)]


def run(path: Path, setting: Setting) -> dict[str, Any]:
    """Execute one notebook under one setting: its claims, the files it imported, and where it stopped if it did."""
    notebook = notebooks.read(path)
    words = {"REPOSITORY": repr(str(notebooks.REPOSITORY)), "RECORDER": RECORDER}
    words |= {"SEED": repr(setting.seed), "STAND_IN": repr(setting.stand_in)}
    first, last = (nbformat.v4.new_code_cell(_filled(template, words)) for template in (PREPARE, REPORT))
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.source = watched(cell.source, number)
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=[first, *notebook.cells, last]),
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    stopped, number = "", 0
    with client.setup_kernel(env={**os.environ, **ENVIRONMENT, **setting.environment}):
        try:
            for number, cell in enumerate(client.nb.cells[:-1]):
                client.execute_cell(cell, number)
        except CellExecutionError as error:
            stopped = f"cell {number - 1}: {error.ename}: {error.evalue}"
        except CellTimeoutError:
            stopped = f"cell {number - 1}: longer than {CELL_TIMEOUT} s"
        except DeadKernelError:
            return {"claims": [], "files": [], "stopped": f"cell {number - 1} ended the kernel"}
        client.execute_cell(last, len(client.nb.cells) - 1)
    return json.loads(last.outputs[-1].text) | {"stopped": stopped}


def _filled(template: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        template = template.replace(word, value)
    return template


def recorded(path: Path, setting: Setting) -> dict[str, Any]:
    """The run from its file, made now if there is none or what it was made from has changed since.

    It was made from the notebook's code, from the project's files that the notebook imported, and from the tools here.
    A kernel that ended did not say what it had imported; such a run is made again.
    """
    file = RUNS / f"{path.stem}-{setting.name}.json"
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["made_from"] and kept["made_from"] == _made_from(path, list(kept["made_from"])):
            return kept
    result = run(path, setting)
    imported = [os.path.relpath(name, notebooks.REPOSITORY) for name in result.pop("files")]
    own = [name for name in imported if name.startswith(("fer_tutorial", "tools", "studies"))]
    result["made_from"] = _made_from(path, [NOTEBOOK, "tools/robust.py", *own]) if own else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, to_json(result).encode())
    return result


def _made_from(path: Path, names: list[str]) -> dict[str, str]:
    """A digest of each file of the project, "" for one that is gone; of the notebook that of its code."""
    digests = {}
    for name in names:
        file = notebooks.REPOSITORY / name
        if name == NOTEBOOK:
            content = notebooks.cells_digest(notebooks.read(path)).encode()
        else:
            content = file.read_bytes() if file.is_file() else b""
        digests[name] = hashlib.sha256(content).hexdigest()[:16] if content else ""
    return digests


def summarize(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What held how often; ``results`` has a run for each setting's name."""
    by_setting = {name: _by_claim(result["claims"]) for name, result in results.items()}
    live, fixed = [], []
    for cell, source in dict.fromkeys(key for claims in by_setting.values() for key in claims):
        seen = {name: claims.get((cell, source)) for name, claims in by_setting.items()}
        failed_in = [name for name, claim in seen.items() if claim is None or not claim["passed"]]
        if not failed_in and len({claim["sides"] for claim in seen.values() if claim}) == 1:
            fixed.append(source)  # the same value everywhere: arithmetic, or a committed table
            continue
        margins = [claim["margin"] for claim in seen.values() if claim and claim["margin"] is not None]
        spread = statistics.stdev(margins) if len(margins) > 1 else 0.0
        live.append(
            {
                "cell": cell,
                "claim": source,
                "passed": len(results) - len(failed_in),
                "runs": len(results),
                "nearest": min(margins, default=None),
                "deviations": statistics.fmean(margins) / spread if spread else None,
                "failed_in": failed_in,
            }
        )
    stopped = {name: result["stopped"] for name, result in results.items() if result["stopped"]}
    return {"live": sorted(live, key=lambda claim: claim["cell"]), "same_everywhere": fixed, "stopped": stopped}


def _by_claim(checks: list[dict[str, Any]]) -> dict[tuple[int, str], dict[str, Any]]:
    """One record a claim: an assert in a loop holds if it always does, and is as near as it ever comes."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for check in checks:
        claim = found.setdefault((check["cell"], check["claim"]), {"passed": True, "margin": None, "sides": ""})
        claim["passed"] &= check["passed"]
        claim["margin"] = min((m for m in (claim["margin"], check["margin"]) if m is not None), default=None)
        claim["sides"] += check["sides"]
    return found


def table(summary: dict[str, dict[str, Any]]) -> str:
    """The summary for people: one line a claim whose value differed between the runs."""
    lines = []
    for name, notebook in summary.items():
        lines.append(
            f"{name}: {len(notebook['live'])} live claims, {len(notebook['same_everywhere'])} the same everywhere"
        )
        for claim in notebook["live"]:
            mark = " " if claim["passed"] == claim["runs"] else "✗"
            nearest = "        " if claim["nearest"] is None else f"{100 * claim['nearest']:+7.1f}%"
            deviations = "       " if claim["deviations"] is None else f"{claim['deviations']:5.1f} σ"
            count = f"{claim['passed']:3} of {claim['runs']:2}"
            lines.append(f" {mark} cell {claim['cell']:3}  {count}  nearest {nearest}  {deviations}  {claim['claim']}")
        lines += [f" ✗ stopped under {setting}: {where}" for setting, where in notebook["stopped"].items()]
    return "\n".join(lines)


def failed(summary: dict[str, dict[str, Any]]) -> bool:
    return any(
        notebook["stopped"] or any(claim["passed"] < claim["runs"] for claim in notebook["live"])
        for notebook in summary.values()
    )


def robust(paths: list[Path], chosen: list[Setting], jobs: int) -> dict[str, dict[str, Any]]:
    """Run every notebook under every setting; the summary by notebook."""
    results: dict[str, dict[str, Any]] = {notebooks.name(path): {} for path in paths}
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(recorded, path, setting): (path, setting) for setting in chosen for path in paths}
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="run"):
            path, setting = waiting[done]
            results[notebooks.name(path)][setting.name] = done.result()
    order = [setting.name for setting in chosen]
    return {name: summarize({key: runs[key] for key in order}) for name, runs in results.items()}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help="notebooks; every one of the book if none is named")
    parser.add_argument("--runs", type=int, default=20, help="runs with disturbed weights (20)")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at a time (1)")
    parser.add_argument("--only", nargs="+", default=[""], help="settings, by how their names begin; keeps no summary")
    options = parser.parse_intermixed_args(arguments)
    chosen = [setting for setting in settings(options.runs) if setting.name.startswith(tuple(options.only))]
    try:
        paths = notebooks.find(options.paths)
        summary = robust(paths, chosen, options.jobs)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(summary))
    if options.only == [""]:
        SUMMARIES.mkdir(exist_ok=True)
        for path in paths:
            kept = {**provenance(), "settings": [setting.name for setting in chosen], **summary[notebooks.name(path)]}
            write_atomically(SUMMARIES / f"{path.stem}.json", to_json(kept).encode())
    return 1 if failed(summary) else 0


if __name__ == "__main__":
    sys.exit(main())
