"""Running a reader's answer: for a limited time, with whatever it raises caught, and with an eye on what it calls."""

from __future__ import annotations

import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fer_tutorial.course.comparing import in_words
from fer_tutorial.course.registry import Wrong

T = TypeVar("T")
SECONDS = 10.0  # for all calls of an answer in one check together; our own take a fraction of one


class Unanswered(Exception):
    """The answer is still the stub that the chapter started with."""


class OutOfTime(BaseException):
    """The answer was still running after the time allowed; no ``except Exception`` of its own catches it."""


class Answer:
    """What a reader handed in, guarded: call it like the function it should be.

    Attributes:
        value: what was handed in.
        borrowed: names of the package's own functions that it has called.
    """

    def __init__(self, value: Any) -> None:
        _refuse_stub(value)
        self.value = value
        self.borrowed: list[str] = []
        self._seconds_left = SECONDS

    def __call__(self, **inputs: Any) -> Any:
        """What the answer gives for ``inputs``, which are handed over in this order and without their names.

        Raises:
            Unanswered: the answer is a stub.
            Wrong: it is no function, raises an error, takes too long, or changes what it is given.
        """
        if not callable(self.value):
            raise Wrong(f"expected a function, got {type(self.value).__name__}; give its name without calling it")
        before = {name: bits(value) for name, value in inputs.items()}
        where = in_words(inputs)
        start = time.monotonic()
        try:
            given = within(self._seconds_left, lambda: self._watched(*inputs.values()))
        except KeyboardInterrupt:  # the reader's own
            raise
        except NotImplementedError as error:
            if " not implemented for '" not in str(error):  # as torch says of a dtype
                raise Unanswered from None
            raise Wrong(f"{where}: your answer raised {sentence(error)}", inputs) from error
        except OutOfTime:
            raise Wrong(
                f"{where}: your answer is still running after {SECONDS:g} seconds; does its loop end?", inputs
            ) from None
        except BaseException as error:  # sys.exit() as well
            raise Wrong(f"{where}: your answer raised {sentence(error)}", inputs) from error
        self._seconds_left -= time.monotonic() - start
        for part in given if type(given) in (tuple, list) else (given,):
            _refuse_stub(part)
        for name, value in inputs.items():
            if bits(value) != before[name]:
                raise Wrong(f"your answer changes the {name} it is given; work on a copy", inputs)
        return given

    def _watched(self, *inputs: Any) -> Any:
        """Call the answer, and note which functions of this package it calls; not those that they call in turn."""
        outermost: FrameType | None = None

        def watch(frame: FrameType, event: str, _: Any) -> None:
            nonlocal outermost
            if event == "call" and outermost is None and _is_ours(frame):
                outermost = frame
                if frame.f_code.co_name != "<module>":  # an import
                    self.borrowed.append(frame.f_code.co_qualname)
            elif event == "return" and frame is outermost:
                outermost = None

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            return self.value(*inputs)
        finally:
            sys.setprofile(before)


def _is_ours(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name.startswith("fer_tutorial.") and name != __name__


def within(seconds: float, work: Callable[[], T]) -> T:
    """What ``work`` returns, if it does so in time.

    In the main thread, where notebooks run their cells, an alarm stops it.  In other threads, and on Windows, no alarm
    can: there it runs in a thread of its own, which goes on by itself when the time is over.

    Raises:
        OutOfTime: the time is over.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _with_alarm(seconds, work)
    return _beside(seconds, work)


def _with_alarm(seconds: float, work: Callable[[], T]) -> T:
    def ring(signum: int, frame: FrameType | None) -> None:
        raise OutOfTime

    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))  # 0 would mean no alarm
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _beside(seconds: float, work: Callable[[], T]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise OutOfTime
    return results[0]


@contextmanager
def as_before() -> Iterator[None]:
    """Seed random numbers, let gradients be computed, and put both back as the reader had them."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the reader's, whatever they use
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def _refuse_stub(value: Any) -> None:
    if value is ... or value is NotImplemented:
        raise Unanswered


def bits(value: Any) -> Any:
    """What an answer must not change: the bits of arrays and tensors, of lists, of a network's parameters."""
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, nn.Module):
        return [bits(parameter) for parameter in value.parameters()]
    if isinstance(value, list | tuple):
        return [bits(item) for item in value]
    return value if isinstance(value, int | float) else None


def sentence(error: BaseException) -> str:
    """Type and first line of the message, without memory addresses, which differ from run to run."""
    return error_in_words(type(error).__name__, str(error))


def error_in_words(kind: str, message: str) -> str:
    """What :func:`sentence` says of an error of this kind.

    >>> error_in_words("ValueError", "cannot use <object at 0x7f00>\\nmore")
    'ValueError: cannot use <object>'
    """
    lines = message.strip().splitlines()
    first = re.sub(r" at 0x[0-9a-fA-F]+", "", lines[0]) if lines else ""
    return f"{kind}: {first}" if first else kind
