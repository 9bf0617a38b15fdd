"""How the book's notebooks are executed, by tools/notebooks.py as by somebody who types `pytest --nbval`.

The second works because this is a plugin of pytest (conftest.py names it).  Nothing here needs nbval or Jupyter.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

CELL_TIMEOUT = 600  # seconds
NBVAL_TIMEOUT = 2000  # nbval's own, for those who name none
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")

# What could make two executions differ.  The committed outputs come from the CPU, which every reader has.
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
}
THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS")

# What PyTorch's own kernels and oneDNN's may use of a processor, oldest first: each rounds in its own way.
ROUNDINGS = {
    "sse": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
}


def pytest_configure(config: Any) -> None:
    """`pytest --nbval` compares as the book's own tools do, unless the command line says otherwise."""
    if not config.getoption("nbval", default=False):  # not asked for, or not installed
        return
    options = config.option
    options.nbval_sanitize_with = options.nbval_sanitize_with or str(SANITIZE)
    if options.nbval_cell_timeout == NBVAL_TIMEOUT:
        options.nbval_cell_timeout = CELL_TIMEOUT
    options.nbval_current_env = not options.nbval_kernel_name
    # Kernels inherit the environment.  Who asks for more threads gets them: what the book claims holds all the same.
    os.environ.update(ENVIRONMENT | dict.fromkeys(THREADS, os.environ.get("OMP_NUM_THREADS", "1")))
