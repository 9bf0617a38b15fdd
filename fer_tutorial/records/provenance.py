"""Where a figure comes from: the command, the code's commit, the machine and the versions."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("fer-tutorial", "torch", "torchvision", "accelerate", "torchmetrics", "safetensors", "numpy", "pandas")

# What a processor can do that decides how sums are grouped and rounded, as Linux names it: x86 first, then ARM.
ROUNDING_FLAGS = (
    *("sse4_1", "fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_bf16", "amx_fp16", "asimd", "sve", "sve2", "bf16", "sme"),
)


def provenance(command: list[str] | None = None) -> dict[str, Any]:
    """What every record says about how it was made.

    Args:
        command: the words of the command; those of this process unless given.  A word that is a path from the root of
            the file system is cut to its last part, because a record names no folder of the machine it was made on.

    Returns:
        ``command`` (list of words), ``commit`` (see :func:`commit`), ``date`` (ISO 8601 with the time zone) and
        ``environment`` (see :func:`environment`).  How long it took is added by whoever runs.

    >>> provenance(["python", "/somewhere/studies/scn.py"])["command"]
    ['python', 'scn.py']
    """
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if command is None else command
    return {
        "command": [Path(word).name if Path(word).is_absolute() else word for word in words],
        "commit": commit(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "environment": environment(),
    }


def environment() -> dict[str, Any]:
    """Versions and hardware of this machine, with all that decides how it rounds.

    Returns:
        ``python`` and ``platform``; ``processor`` (its name), ``processor_flags`` (those of ``ROUNDING_FLAGS`` that
        it has), ``cpu_capability`` (which of them torch uses), ``threads`` (of torch); ``gpus`` (names), ``cuda``
        (version, or None); ``packages`` (name -> version).
    """
    import torch  # imported late: reading a record needs no torch

    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    name, flags = _processor()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": name,
        "processor_flags": flags,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "cuda": torch.version.cuda if torch.cuda.is_available() else None,
        "packages": versions,
    }


def machine(facts: dict[str, Any]) -> str:
    """The hardware of an :func:`environment` in a few words: GPUs, and the processor with what torch uses of it.

    >>> machine({"gpus": [], "processor": "AMD EPYC", "cpu_capability": "AVX512"})
    'AMD EPYC (AVX512)'
    """
    capability = f" ({facts['cpu_capability']})" if "cpu_capability" in facts else ""
    return ", ".join([*facts.get("gpus", []), f"{facts['processor']}{capability}"])


def commit() -> str | None:
    """The commit of the source code that runs, with ``+changes`` where files differ from it; None outside git."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout

    try:
        return git("rev-parse", "HEAD").strip() + ("+changes" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, list[str]]:
    """The processor's name and those of its flags that decide rounding; none where the system lists no flags."""
    try:
        lines = [line.partition(":") for line in cpuinfo.read_text().splitlines()]
    except OSError:
        lines = []
    facts = {key.strip(): value.strip() for key, _, value in reversed(lines)}  # the first processor's
    present = set(facts.get("flags", facts.get("Features", "")).split())
    name = facts.get("model name") or platform.processor() or platform.machine()
    return name, [flag for flag in ROUNDING_FLAGS if flag in present]
