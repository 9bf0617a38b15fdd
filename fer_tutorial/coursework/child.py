"""The program in the sandbox: it executes an answer's cells and calls its function with what the grader sends.

It knows no reference and decides nothing.  Torch is imported once; each task then runs in a process of its own, forked
from this one, so that nothing an answer does reaches the next.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fer_tutorial.coursework import limits, wire

Space = dict[str, Any]


def main() -> None:
    """Serve the grader at standard input and output until it hangs up."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # an answer may read and print; nobody hears it
        os.dup2(nothing, stream)
    torch.set_num_threads(1)
    space: Space = {"__name__": "__main__"}
    with contextlib.suppress(EOFError, BrokenPipeError):
        given = wire.receive(requests)
        for cell in given["given"]:
            exec(compile(cell, "a given cell", "exec"), space)
        wire.send(replies, {"ready": True})
        while True:
            task = wire.receive(requests)
            worker = os.fork()
            if worker == 0:
                try:
                    _work(requests, replies, space, task)
                finally:
                    os._exit(0)
            _, status, usage = os.wait4(worker, 0)
            computed = usage.ru_utime + usage.ru_stime
            wire.send(replies, {"ended": os.waitstatus_to_exitcode(status), "computed": computed})


def _work(requests: int, replies: int, space: Space, task: Any) -> None:
    """One task, in a process of its own."""
    limits.set_limits(task["megabytes"], task["seconds"])
    torch.manual_seed(0)
    for cell in task["helpers"]:
        _try(lambda cell=cell: exec(compile(cell, "helpers", "exec"), space))  # type: ignore[misc]
    error = None
    for cell in task["cells"]:
        error = error or _try(lambda cell=cell: exec(compile(cell, "answer", "exec"), space))[1]  # type: ignore[misc]
    wire.send(replies, {"error": error, "defines": sorted(name for name in space if isinstance(name, str))})
    last: tuple[Any, list[Tensor]] = None, []
    while True:
        request = wire.receive(requests)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        if "call" in request:
            inputs = request["inputs"]
            for name in request["live"]:
                inputs[name].requires_grad_()
            function = space.get(request["call"])
            given, error = _try(lambda f=function, x=inputs: f(*x.values()))  # type: ignore[misc]
            last = given, [inputs[name] for name in request["live"]]
            live = type(given) in (Tensor, torch.nn.Parameter) and given.requires_grad
            wire.send(replies, {"error": error, "value": given, "live": live, "inputs": inputs})
        elif "weights" in request:
            given, error = _try(
                # A sum, since weights given apart make torch import modules for seconds.
                lambda last=last, w=request["weights"]: torch.autograd.grad(  # type: ignore[misc]
                    (w * last[0]).sum(), last[1], materialize_grads=True, retain_graph=True
                )
            )
            wire.send(replies, {"error": error, "value": given})
        elif "get" in request:
            wire.send(replies, {"error": None, "value": space.get(request["get"])})
        else:
            return


def _try(work: Callable[[], Any]) -> tuple[Any, dict[str, str] | None]:
    """What ``work`` gives, or its error in words that can be sent."""
    try:
        return work(), None
    except MemoryError:
        return None, {"kind": "MemoryError", "message": ""}
    except BaseException as error:
        try:
            message = str(error)[:1000]
        except BaseException:
            message = ""
        traceback.clear_frames(error.__traceback__)  # they may hold on to much memory
        return None, {"kind": type(error).__name__, "message": message}


if __name__ == "__main__":
    main()
    sys.exit(0)
