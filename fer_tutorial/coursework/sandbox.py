"""Where answers run: a process without network, files of ours or other people's answers.

Two things can make one: bubblewrap on Linux, and a container by podman or docker.  The tests of the isolation itself
are those of the hostile corpus; :func:`self_test` finds out whether it can be made here at all.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fer_tutorial.errors import UserError

PACKAGE = Path(__file__).resolve().parents[1]
HIDDEN = "coursework/samples"  # of the package: keys with their references
DISK = 64 << 20  # bytes of the scratch folder, which is in memory
PROCESSES = 64
CHILD = ["-m", "fer_tutorial.coursework.child"]
ENVIRONMENT = {"HOME": "/tmp", "OMP_NUM_THREADS": "1", "PYTHONPATH": "/package", "PYTHONHASHSEED": "0"}
ENVIRONMENT |= {"CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
SYSTEM = ("/lib", "/lib64", "/bin", "/sbin")  # links into /usr, or folders of their own


@dataclass(frozen=True)
class Sandbox:
    """How to start a process that an answer may run in.

    Attributes:
        name: of the means.
        command: gives the words of the command for a name that no other sandbox has.
        stop: the words of the command that ends the sandbox of that name, if ending its process does not.
    """

    name: str
    command: Callable[[str], list[str]]
    stop: Callable[[str], list[str]] | None = None


def bubblewrap() -> Sandbox:
    """Namespaces of its own for everything; of the disk, to read, Python, its packages and the system's libraries."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--hostname", "sandbox"]
    words += ["--ro-bind", "/usr", "/usr"]
    for folder in SYSTEM:
        if Path(folder).is_symlink():
            words += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).is_dir():
            words += ["--ro-bind", folder, folder]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/tmp", "/dev/shm"):  # before what is mounted below: Python may lie in /tmp
        words += ["--size", str(DISK), "--tmpfs", folder]
    prefixes = [Path(prefix) for prefix in dict.fromkeys((sys.base_prefix, sys.exec_prefix, sys.prefix))]
    for prefix in prefixes:
        if not prefix.is_relative_to("/usr"):
            words += ["--ro-bind", str(prefix), str(prefix)]
    words += ["--ro-bind", str(PACKAGE), "/package/fer_tutorial", "--tmpfs", f"/package/fer_tutorial/{HIDDEN}"]
    if any(PACKAGE.is_relative_to(prefix) for prefix in (Path("/usr"), *prefixes)):
        words += ["--tmpfs", str(PACKAGE / HIDDEN)]  # it can be seen there as well
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    return Sandbox("bubblewrap", lambda name: [*words, sys.executable, *CHILD])


def container(program: str, image: str) -> Sandbox:
    """A container of an image that has Python with numpy, torch, torchvision and safetensors.

    Args:
        program: "podman" or "docker".
        image: its name; nothing of ours need be in it, the package is mounted.
    """

    def command(name: str) -> list[str]:
        words = [program, "run", "--rm", "--interactive", f"--name={name}", "--pull=never", "--network=none"]
        words += ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=65534:65534"]
        words += [f"--pids-limit={PROCESSES}", "--memory=6g", "--memory-swap=6g", "--cpus=1"]
        words += [f"--tmpfs=/tmp:rw,size={DISK}", "--workdir=/tmp"]
        words += [f"--volume={PACKAGE}:/package/fer_tutorial:ro", f"--tmpfs=/package/fer_tutorial/{HIDDEN}:ro"]
        words += [f"--env={key}={value}" for key, value in ENVIRONMENT.items()]
        return [*words, "--entrypoint=python", image, *CHILD]

    return Sandbox(program, command, lambda name: [program, "kill", name])


def none_at_all() -> Sandbox:
    """A plain process: it has limits on time and memory, but reads every file that you can read."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(PACKAGE.parent)}
    words = ["env", *(f"{name}={value}" for name, value in environment.items())]
    return Sandbox("none", lambda name: [*words, sys.executable, *CHILD])


def self_test(sandbox: Sandbox) -> str:
    """Why the sandbox cannot be used here; "" if it can."""
    probe = "import socket, os; s = socket.socket(); s.settimeout(2); print(s.connect_ex(('192.0.2.1', 80)) != 0)"
    name = new_name()
    command = sandbox.command(name)
    words = [*command[: len(command) - len(CHILD)], "-c", probe]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode or done.stdout != "True\n":
        return (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
    return ""


def choose(image: str | None = None, unsafe: bool = False) -> Sandbox:
    """The sandbox to grade in.

    Args:
        image: of a container, if one is wanted in place of bubblewrap.
        unsafe: grade without one.

    Raises:
        UserError: there is none that works.
    """
    if unsafe:
        return none_at_all()
    if image is not None:
        programs = [program for program in ("podman", "docker") if shutil.which(program)]
        reasons = {program: self_test(container(program, image)) for program in programs}
        for program, reason in reasons.items():
            if not reason:
                return container(program, image)
        said = "; ".join(f"{program}: {reason}" for program, reason in reasons.items()) or "neither is installed"
        raise UserError(f"no container of {image!r} can be started by podman or docker ({said})")
    reason = self_test(bubblewrap()) if shutil.which("bwrap") else "bwrap is not installed"
    if reason:
        raise UserError(
            f"answers cannot be isolated here ({reason}); install bubblewrap and allow user namespaces, name an image "
            "of a container with --image, or pass --unsafe to run students' code with all that you can do yourself"
        )
    return bubblewrap()


def new_name() -> str:
    return f"fer-tutorial-{uuid.uuid4().hex[:12]}"
