"""The words of the commands, and which means is chosen; what they keep in is tested by the hostile corpus."""

import itertools
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest

from fer_tutorial.coursework import sandbox as rooms
from fer_tutorial.coursework.sandbox import PACKAGE, bubblewrap, choose, container, none_at_all, self_test
from fer_tutorial.errors import UserError


def pairs(words):
    return list(itertools.pairwise(words))


def test_bubblewrap_shares_nothing_and_binds_what_can_be_read_only():
    words = bubblewrap().command("name")
    assert {"--unshare-all", "--die-with-parent", "--new-session", "--clearenv"} <= set(words)
    assert "--bind" not in words
    assert "--dev-bind" not in words
    assert ("--cap-drop", "ALL") in pairs(words)
    bound = [words[place + 1] for place, word in enumerate(words) if word == "--ro-bind"]
    allowed = {"/usr", *rooms.SYSTEM, sys.base_prefix, sys.exec_prefix, sys.prefix, str(PACKAGE)}
    assert set(bound) <= allowed
    hidden = words.index("/package/fer_tutorial/coursework/samples")  # they hold their keys
    assert words[hidden - 1] == "--tmpfs"
    assert hidden > words.index(str(PACKAGE))
    assert words[-3:] == [sys.executable, "-m", "fer_tutorial.coursework.child"]


@pytest.mark.parametrize("program", ["podman", "docker"])
def test_a_container_has_no_network_and_limits(program):
    made = container(program, "image:1")
    words = made.command("fer-1")
    assert words[:3] == [program, "run", "--rm"]
    expected = {
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--pids-limit=64",
    }
    assert expected | {"--name=fer-1", "--memory=6g", "--memory-swap=6g", "--user=65534:65534", "--pull=never"} <= set(
        words
    )
    assert [word for word in words if word.startswith("--volume")] == [f"--volume={PACKAGE}:/package/fer_tutorial:ro"]
    assert not any(word.startswith("--privileged") for word in words)
    assert words[-3:] == ["image:1", "-m", "fer_tutorial.coursework.child"]
    assert made.stop("fer-1") == [program, "kill", "fer-1"]


def test_what_the_self_test_says(monkeypatch):
    def ending(code, out="", err=""):
        monkeypatch.setattr(
            subprocess, "run", lambda *words, **options: SimpleNamespace(returncode=code, stdout=out, stderr=err)
        )
        return self_test(bubblewrap())

    assert ending(0, "True\n") == ""
    assert (
        ending(1, err="first\nbwrap: setting up uid map: Permission denied\n")
        == "bwrap: setting up uid map: Permission denied"
    )
    assert ending(0, "False\n") == "it ended with status 0"  # the network was there

    def missing(*words, **options):
        raise FileNotFoundError("no bwrap")

    monkeypatch.setattr(subprocess, "run", missing)
    assert self_test(bubblewrap()) == "no bwrap"


def test_bubblewrap_works_here(sandbox):
    assert choose().name == sandbox.name == "bubblewrap"


@pytest.mark.usefixtures("sandbox")
def test_python_may_lie_in_a_folder_of_which_the_sandbox_has_its_own(monkeypatch):
    with TemporaryDirectory(dir="/tmp") as folder:
        python = Path(folder, "bin", "python")
        python.parent.mkdir()
        python.symlink_to(Path(sys.executable).resolve())
        monkeypatch.setattr(sys, "prefix", folder)
        monkeypatch.setattr(sys, "executable", str(python))
        assert self_test(bubblewrap()) == ""


def test_without_any_means_grading_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(
        UserError, match=r"cannot be isolated here \(bwrap is not installed\); install bubblewrap"
    ) as caught:
        choose()
    assert "--unsafe" in str(caught.value)
    with pytest.raises(UserError, match=r"'image'.*\(neither is installed\)"):
        choose("image")
    assert choose(unsafe=True).name == "none"


def test_the_first_program_that_works_makes_the_container(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(rooms, "self_test", lambda made: "" if made.name == "docker" else "no such image")
    assert choose("image").name == "docker"
    monkeypatch.setattr(rooms, "self_test", lambda made: "no such image")
    with pytest.raises(UserError, match=r"podman: no such image; docker: no such image"):
        choose("image")


def test_without_a_sandbox_the_environment_is_set():
    words = none_at_all().command("name")
    assert words[0] == "env"
    assert f"PYTHONPATH={PACKAGE.parent}" in words
