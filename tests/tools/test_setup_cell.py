"""The first cell of every notebook, as on Colab: an environment with torch, without the package; a git address."""

import os
import shutil
import site
import subprocess
import sys
from importlib.metadata import version

import pytest
import torch

import fer_tutorial
from tools.notebooks import REPOSITORY

AFTER = "\nprint(fer_tutorial.__file__)\nprint(torch.__file__)\nprint(os.getcwd())\n"


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """A folder with an environment, a git repository of the project as it stands, and the cell as a script."""
    folder = tmp_path_factory.mktemp("colab")
    made = subprocess.run([sys.executable, "-m", "venv", folder / "env"], capture_output=True, text=True)
    if made.returncode:
        pytest.skip("cannot make an environment with pip (Debian and Ubuntu: apt install python3-venv)")
    # Python 3.11 puts an old setuptools into a new environment; it would hide the one that torch came with.
    pip = [folder / "env" / "bin" / "python", "-m", "pip", "--quiet"]
    subprocess.run([*pip, "uninstall", "--yes", "setuptools"], check=True, capture_output=True)
    # What this environment has, torch included, is what Colab "has already"; an editable package is not seen this way.
    packages = next((folder / "env" / "lib").iterdir()) / "site-packages"
    (packages / "had_already.pth").write_text("\n".join(site.getsitepackages()))

    project = folder / "project"
    for name in ("fer_tutorial", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        project.mkdir(exist_ok=True)
        copy(REPOSITORY / name, project / name)
    (project / "book").mkdir()
    (project / "book" / "index.md").write_text("# A book")
    git = ["git", "-C", project, "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "as it stands"]):
        subprocess.run([*git, *command], check=True)

    cell = (REPOSITORY / "tools" / "setup_cell.py").read_text().replace("REPOSITORY_URL", project.as_uri())
    (folder / "cell.py").write_text(cell + AFTER)
    (folder / "content").mkdir()
    return folder


def run(colab, **environment):
    # No index: whatever the cell installed beyond the package itself, it would have to download.
    # pip reads "false" here as "build without isolation"; the build's own tools are there already.
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [colab / "env" / "bin" / "python", colab / "cell.py"],
        cwd=colab / "content",
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | offline | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_it_installs_the_package_leaves_torch_alone_and_does_nothing_twice(colab):
    said, package, torch_file, folder = run(colab)
    assert said.startswith(f"fer_tutorial {fer_tutorial.__version__}, torch {torch.__version__}, Python ")
    assert package.startswith(str(colab / "env"))
    assert torch_file == torch.__file__
    assert folder == str(colab / "content" / "fer-tutorial" / "book")
    assert f"torch=={version('torch')}\n" in (colab / "content" / "fer-tutorial" / "installed.txt").read_text()
    # Neither git nor pip is called again: without a PATH and without the repository the cell still works.
    shutil.rmtree(colab / "project")
    assert run(colab, PATH="")[1:] == [package, torch_file, folder]
