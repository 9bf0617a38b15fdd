"""Calls of one function one after the other, or in several processes with a thread each."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

from fer_tutorial.errors import UserError

Argument = TypeVar("Argument")
Value = TypeVar("Value")


class Failure(str):
    """The traceback of a call that failed."""


def outcomes(
    function: Callable[[Argument], Value], arguments: Sequence[Argument], processes: int
) -> Iterator[tuple[Argument, Value | Failure, float]]:
    """Argument, what the function returned for it (or how it failed) and seconds, as the calls end.

    Args:
        function: with several processes a function of a module, or a ``partial`` of one.
        arguments: one for each call; the calls start in this order.
        processes: how many calls at the same time; one is made in this process.

    Raises:
        UserError: a process was ended from outside.
    """
    if processes == 1:
        for argument in arguments:
            yield _attempt(function, argument)
        return
    # "spawn", because a process that has touched the GPU cannot be forked.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_end_with_parent) as pool:
        try:
            for future in as_completed([pool.submit(_attempt, function, argument) for argument in arguments]):
                yield future.result()
        except BrokenProcessPool as error:
            raise UserError(
                "a process was ended from outside, perhaps for want of memory; give the same command again to go on"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch: calls side by side do not disturb each other, and sums do not depend on their number."""
    import torch  # imported late: reading a record needs no torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _attempt(function: Callable[[Argument], Value], argument: Argument) -> tuple[Argument, Value | Failure, float]:
    started = time.perf_counter()
    outcome: Value | Failure
    with one_thread():
        try:
            outcome = function(argument)
        except Exception:
            outcome = Failure(traceback.format_exc())
    return argument, outcome, time.perf_counter() - started


def _end_with_parent() -> None:
    """End this process when its parent is gone, which after kill -9 nothing else would do."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
