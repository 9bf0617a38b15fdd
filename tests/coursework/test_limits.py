"""Limits, each in a process that has them and says what it could not do."""

import os
import platform
import signal
import sys

import pytest

from fer_tutorial.coursework import limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


def limited(work):
    """What ``work`` gives in a process with limits: its text, or its error's type; or the signal that ended it."""
    read, write = os.pipe()
    if (worker := os.fork()) == 0:
        try:
            limits.set_limits(megabytes=200, seconds=1)
            try:
                said = str(work())
            except BaseException as error:
                said = type(error).__name__
            os.write(write, said.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    return said or status


def thread():
    import threading

    said = []
    worker = threading.Thread(target=lambda: said.append("ran"))
    worker.start()
    worker.join()
    return said[0]


def forever():
    while True:
        pass


def undeterred():
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    forever()


def large_file():
    with open("/tmp/fer-limits-test", "wb") as file:
        try:
            file.write(bytes(limits.FILE_BYTES + 1))
            file.flush()
        finally:
            os.unlink("/tmp/fer-limits-test")


def test_what_is_harmless_works():
    assert limited(lambda: sum(range(10))) == "45"
    assert limited(thread) == "ran"


def test_memory_files_and_time_end():
    assert limited(lambda: len(bytearray(10**9))) == "MemoryError"
    assert limited(forever) == -signal.SIGXCPU
    assert limited(undeterred) == -signal.SIGKILL
    assert limited(large_file) in ("OSError", -25)  # SIGXFSZ, unless Python ignores it
    assert limited(lambda: [os.dup(0) for _ in range(100)]) == "OSError"


@pytest.mark.skipif(platform.machine() not in limits.CALLS, reason="no filter of system calls for this processor")
@pytest.mark.parametrize("work", [
    os.fork,
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
    lambda: os.execv("/bin/true", ["true"]),
    lambda: os.memfd_create("x"),
], ids=["fork", "spawn", "exec", "memory file"])  # fmt: skip
def test_no_process_can_be_started(work):
    assert limited(work) == "PermissionError"


def test_the_parent_is_as_before():
    limited(lambda: None)
    assert os.waitpid(os.fork() or os._exit(0), 0)[1] == 0
