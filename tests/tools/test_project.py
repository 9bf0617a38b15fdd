"""What the project says about itself: one version, workflows, and extras that hold what they promise."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml

import fer_tutorial
from tools.notebooks import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def modules(requirements):
    """The modules that the requirements' own packages install."""
    wanted = {word.split(">")[0].split("<")[0].split("[")[0].strip() for word in requirements} - {"fer-tutorial"}
    found = {
        module
        for module, packages in packages_distributions().items()
        if {package.lower().replace("_", "-") for package in packages} & wanted and not module.startswith("_")
    }
    assert found
    return found


def imports_without(refused, rooms):
    """Import every module of ``rooms`` in a Python where the modules ``refused`` cannot be imported."""
    code = f"""
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {sorted(refused)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refuse())
for room in {rooms!r}:
    module = importlib.import_module("fer_tutorial." + room)
    for _, name, _ in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        if "__main__" not in name:
            importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_has_the_papers_the_networks_the_faces_and_the_readers():
    refused = modules(EXTRAS["train"] + EXTRAS["viz"])
    assert {"accelerate", "matplotlib", "tyro", "seaborn"} <= refused
    imports_without(refused, ["papers", "backbones", "methods", "recipes", "faces", "datasets"])


def test_pictures_need_no_engine():
    imports_without(modules(EXTRAS["train"]), ["viz"])


def test_training_needs_nothing_that_is_for_the_book_or_for_developing():
    refused = modules(EXTRAS["book"] + EXTRAS["dev"]) - modules(EXTRAS["train"] + EXTRAS["viz"])
    imports_without(refused, ["training", "records", "cli", "course"])


def test_coursework_needs_what_its_extra_promises():
    refused = modules(EXTRAS["book"] + EXTRAS["dev"]) - modules(EXTRAS["train"] + EXTRAS["viz"] + EXTRAS["course"])
    assert "jupyterlab" in refused
    imports_without(refused, ["coursework"])


def test_the_version_is_that_of_the_package_and_the_citation_repeats_it():
    assert PROJECT["dynamic"] == ["version"]
    assert "version" not in PROJECT
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    assert citation["version"] == fer_tutorial.__version__


@pytest.mark.parametrize("path", sorted((REPOSITORY / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_workflows_and_templates_can_be_read(path):
    assert yaml.safe_load(path.read_text())["name"]


def test_the_workflow_runs_the_checks_on_every_python_that_is_promised():
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "checks.yml").read_text())
    promised = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if ":: Python :: 3." in line]
    assert workflow["jobs"]["checks"]["strategy"]["matrix"]["python"] == promised
    assert any(".ci/run" in step.get("run", "") for step in workflow["jobs"]["checks"]["steps"])


def test_the_hook_before_a_commit_is_make_lint():
    (local,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == ["make lint"]
