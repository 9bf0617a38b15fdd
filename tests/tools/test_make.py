"""The environment that `make` builds, with a stand-in for uv that writes down what it is asked for."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.notebooks import REPOSITORY

UV = """\
#!/bin/sh
echo "$@" >> asked.txt
if [ "$1" = venv ]; then mkdir -p .venv/bin && touch .venv/made && ln -s /bin/true .venv/bin/python; fi
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A project with what the environment is made from, and the stand-in where make looks for uv."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "tools").mkdir()
    shutil.copy(REPOSITORY / "tools" / "bootstrap.lock", tmp_path / "tools")
    (tmp_path / ".bootstrap" / "bin").mkdir(parents=True)
    uv = tmp_path / ".bootstrap" / "bin" / "uv"
    uv.write_text(UV)
    uv.chmod(0o755)
    return tmp_path


def environment(folder, *arguments):
    """`make stale`, which needs an environment and little else; what uv was asked for."""
    asked = folder / "asked.txt"
    asked.unlink(missing_ok=True)
    command = ["make", "--silent", "stale", *arguments]
    plain = {key: value for key, value in os.environ.items() if key not in ("TORCH", "MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, cwd=folder, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return asked.read_text().splitlines() if asked.exists() else []


def test_the_environment_is_exactly_the_lock_checked_by_hash_and_is_made_once(folder):
    made, installed, package = environment(folder)
    assert made.startswith("venv ")
    assert installed.endswith("--require-hashes requirements.lock")
    assert package.endswith("--no-deps --no-build-isolation --editable .")
    assert environment(folder) == []
    (folder / "pyproject.toml").touch()
    assert environment(folder) == [installed, package]  # the same environment, brought up to date


def test_the_cpu_build_is_one_word_and_checks_all_but_torch_by_hash(folder):
    _, others, torch, _ = environment(folder, "TORCH=cpu")
    assert others.endswith("--require-hashes .venv/cpu.lock")
    assert "--torch-backend=cpu" in torch
    assert re.search(r" torch==\d[\d.]* torchvision==\d[\d.]*$", torch)

    def names(lock):
        return re.findall(r"(?m)^([a-z][^=]*)==", (folder / lock).read_text())

    left_out = sorted(set(names("requirements.lock")) - set(names(".venv/cpu.lock")))
    pattern = "torch|torchvision|triton|cuda-.+|nvidia-.+"
    assert all(re.fullmatch(pattern, name) for name in left_out)
    assert {"torch", "torchvision"} < set(left_out)
    assert not any(re.fullmatch(pattern, name) for name in names(".venv/cpu.lock"))
    assert (folder / ".venv/cpu.lock").read_text().count("--hash=") > 1000


def test_what_is_installed_stays_the_choice_and_another_choice_builds_anew(folder):
    environment(folder, "TORCH=cpu")
    assert environment(folder) == []  # as in `make test` after `make book TORCH=cpu`
    (folder / ".venv" / "made").unlink()
    assert environment(folder, "TORCH=cuda")[1].endswith("requirements.lock")
    assert (folder / ".venv" / "made").exists()  # not a mixture: the old one is gone
    assert [path.name for path in (folder / ".venv").glob(".installed*")] == [".installed-cuda"]
    assert environment(folder) == []


def test_an_interrupted_environment_is_made_anew(folder):
    environment(folder, "TORCH=cpu")
    (folder / ".venv" / ".installed-cpu").unlink()
    assert environment(folder)[0].startswith("venv ")


def test_another_word_is_refused(folder):
    done = subprocess.run(["make", "stale", "TORCH=rocm"], cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0
    assert "TORCH is 'rocm'; expected cuda or cpu" in done.stdout
    assert not (folder / "asked.txt").exists()


def test_the_book_comes_after_the_environment(folder):
    dry = subprocess.run(["make", "-n", "book", "TORCH=cpu"], cwd=folder, capture_output=True, text=True, check=True)
    steps = ("--torch-backend=cpu", "notebooks.py execute", "plain.py write", "jupyter-book build")
    order = [dry.stdout.index(words) for words in steps]
    assert order == sorted(order)
