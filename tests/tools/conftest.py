"""A project of one tiny notebook, with the settings and tools of this one."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.executed_notebook import save_executed
from tools.notebooks import REPOSITORY


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder with ``book/tiny.ipynb``, the configuration of pytest and the tools, and a test that passes."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("book", "tests", "fer_tutorial"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tests" / "test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    save_executed(tmp_path / "book" / "tiny.ipynb", ("6 * 7", "42"))
    return tmp_path
