"""What the process of an answer may not do once its limits are set: grow, write much, or start another process.

The limits of the operating system do not hold for root, and count the processes of all of a user's programs; so
starting processes is refused by a filter of system calls (seccomp), where Linux has one for this kind of processor.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import struct
import sys
from pathlib import Path

MEGABYTE = 1 << 20
FILE_BYTES = 16 * MEGABYTE  # of one file
OPEN_FILES = 64
PROCESSES = 256  # threads included; holds for users other than root

# The numbers of system calls, and of the architecture in the filter's data.
CALLS = {
    "x86_64": (0xC000003E, {"clone": 56, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "clone3": 435}),
    "aarch64": (0xC00000B7, {"clone": 220, "execve": 221, "execveat": 281, "clone3": 435}),
}
# Memory that no limit of a process counts, and looking into other processes.
ALSO_REFUSED = {
    "x86_64": {"memfd_create": 319, "shmget": 29, "ptrace": 101, "process_vm_readv": 310},
    "aarch64": {"memfd_create": 279, "shmget": 194, "ptrace": 117, "process_vm_readv": 270},
}
CLONE_THREAD = 0x00010000
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, EQUAL, HAS, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where they stand in the filter's data
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER_MODE = 38, 22, 2


def set_limits(megabytes: int, seconds: int) -> None:
    """Set them for this process, for good.

    Args:
        megabytes: of memory, besides what it has now.
        seconds: of computing.
    """
    statistics = Path("/proc/self/statm")
    if statistics.exists():
        now = int(statistics.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, now + megabytes * MEGABYTE)
    # The first limit ends the process by a signal that tells why; who ignores it is killed a second later.
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_NPROC, PROCESSES)
        if platform.machine() in CALLS:
            _refuse_processes(*CALLS[platform.machine()], ALSO_REFUSED[platform.machine()])


def _lower(kind: int, value: int, last: int | None = None) -> None:
    """Lower the soft limit to ``value`` and the hard one, which cannot be raised again, to ``last`` or ``value``."""
    _, hard = resource.getrlimit(kind)
    wanted = (value, value if last is None else last)
    soft, last = wanted if hard == resource.RLIM_INFINITY else (min(limit, hard) for limit in wanted)
    resource.setrlimit(kind, (soft, last))


def _refuse_processes(architecture: int, calls: dict[str, int], others: dict[str, int]) -> None:
    """Threads may be started, processes and programs not."""
    refuse = (RETURN, 0, 0, REFUSE | errno.EPERM)
    program = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), refuse, (LOAD, 0, 0, NUMBER)]
    for name, number in {**calls, **others}.items():
        if name == "clone":
            # A thread is a clone with this flag; the number is loaded again for what follows.
            rest = [(LOAD, 0, 0, FIRST_ARGUMENT), (HAS, 1, 0, CLONE_THREAD), refuse, (RETURN, 0, 0, ALLOW)]
            program += [(EQUAL, 0, len(rest), number), *rest]
        elif name == "clone3":  # its flags stand in memory, which a filter cannot read; the C library then takes clone
            program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
        else:
            program += [(EQUAL, 0, 1, number), refuse]
    program.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    library = ctypes.CDLL(None, use_errno=True)
    for request in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER_MODE, ctypes.addressof(filter_), 0, 0)):
        if library.prctl(*(ctypes.c_ulong(word) for word in request)):
            raise OSError(ctypes.get_errno(), "the filter of system calls cannot be set")
