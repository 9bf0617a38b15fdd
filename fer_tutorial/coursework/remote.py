"""Calling an answer that runs in a sandbox as if it were a function here."""

from __future__ import annotations

import contextlib
import math
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fer_tutorial.course import Wrong
from fer_tutorial.course.comparing import in_words
from fer_tutorial.course.trying import Unanswered, bits, error_in_words
from fer_tutorial.coursework import wire
from fer_tutorial.coursework.sandbox import Sandbox, new_name

START_SECONDS = 600.0  # importing torch on a busy machine
MEGABYTES = 2048
PATIENCE = 20  # seconds by the clock for each second of computing: other programs run as well
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "Unable to allocate", "std::bad_alloc")


class Stopped(Exception):
    """An answer that cannot go on.

    Attributes:
        status: "timeout", "memory" or "error".
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Session:
    """One sandbox, which serves the tasks of one submission one after the other; it is made anew once it is lost.

    Args:
        sandbox: how to make it.
        given: cells of the assignment that answers may rely on.
        megabytes: that an answer may take.
    """

    def __init__(self, sandbox: Sandbox, given: Sequence[str], megabytes: int = MEGABYTES) -> None:
        self._sandbox, self._given, self._megabytes = sandbox, list(given), megabytes
        self._process: subprocess.Popen[bytes] | None = None
        self._name = ""
        self._working = False
        self._seconds = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, helpers: Sequence[str], cells: Sequence[str], seconds: float) -> list[str]:
        """Execute the cells of one answer, which may then compute for so many seconds; the names that are defined.

        Raises:
            Stopped: the last of the cells raised an error, or it took too long.
        """
        if self._process is None:
            self._start()
        task = {"helpers": list(helpers), "cells": list(cells), "megabytes": self._megabytes}
        self._working, self._seconds = True, math.ceil(seconds)
        reply = self.ask({**task, "seconds": self._seconds}, PATIENCE * seconds)
        if reply["error"]:
            raise Stopped(*_status_and_words(reply["error"]))
        return [name for name in reply["defines"] if isinstance(name, str)]

    def ask(self, request: Any, seconds: float) -> dict[str, Any]:
        """The reply to a request.

        Raises:
            Stopped: there is none.
        """
        if self._process is None:
            raise Stopped("error", "it ended the process it ran in")
        try:
            reply = self._exchange(request, seconds)
        except TimeoutError:
            self.close()
            raise Stopped("timeout", "it was still running when its time was over") from None
        except (OSError, EOFError, wire.Broken):
            self.close()
            raise Stopped("error", "it ended or disturbed the process it ran in") from None
        if "ended" in reply:
            self._working = False
            raise Stopped(*_end_in_words(reply["ended"], reply.get("computed"), self._seconds))
        return reply

    def end(self) -> None:
        """The answer is done with."""
        if self._process is not None and self._working:
            with contextlib.suppress(Stopped):
                self.ask({"end": True}, 5.0)
                self.close()  # it answered for the process that it should have left
        self._working = False

    def close(self) -> None:
        """End the sandbox with all that runs in it."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._sandbox.stop is not None:
            subprocess.run(self._sandbox.stop(self._name), capture_output=True, check=False, timeout=60)
        process.kill()
        process.communicate()

    def _start(self) -> None:
        self._name = new_name()
        self._process = subprocess.Popen(
            self._sandbox.command(self._name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self.ask({"given": self._given}, START_SECONDS)

    def _exchange(self, request: Any, seconds: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wire.send(self._process.stdin.fileno(), request)
        reply = wire.receive(self._process.stdout.fileno(), time.monotonic() + seconds)
        expected = {"ended", "ready", "error"}
        if type(reply) is not dict or not expected & set(reply):
            raise wire.Broken
        return reply


class RemoteAnswer:
    """An answer in a sandbox: what is called here runs there, and gradients pass through.

    Args:
        session: in which the answer's cells were executed.
        function: its name there.
        seconds: of computing, for all calls together.
        parameters: of the function, in their order.

    Attributes:
        raised: the errors it raised, in words, without the inputs.
    """

    def __init__(self, session: Session, function: str, seconds: float, parameters: Sequence[str]) -> None:
        self.session, self.function, self.parameters = session, function, parameters
        self.raised: list[str] = []
        self._left = PATIENCE * seconds

    def __call__(self, **inputs: Any) -> Any:
        """What the answer gives for the inputs, which are handed over in the order of its parameters, without names.

        Raises:
            Unanswered: it is a stub.
            Wrong: it raises an error, gives what is no number, or changes what it is given.
            Stopped: it does not come back.
        """
        inputs = {name: inputs[name] for name in self.parameters}
        live = [name for name, value in inputs.items() if isinstance(value, Tensor) and value.requires_grad]
        plain = {name: value.detach() if name in live else value for name, value in inputs.items()}
        where = in_words(plain)
        reply = self._ask({"call": self.function, "inputs": plain, "live": live}, where, plain)
        given = _numbers(reply.get("value"), where, plain)
        after = reply.get("inputs")
        for name, value in plain.items():
            if type(after) is not dict or name not in after or bits(after[name]) != bits(value):
                raise Wrong(f"your answer changes the {name} it is given; work on a copy", plain)
        if reply.get("live") is True and type(given) is Tensor and given.is_floating_point():
            return _Remote.apply(self, where, given, *(inputs[name] for name in live))
        return given

    def value(self, name: str) -> Any:
        """What the answer's cell has assigned to ``name``."""
        return _numbers(self._ask({"get": name}, name, {}).get("value"), name, {})

    def gradients(self, weights: Tensor, where: str, count: int) -> tuple[Tensor, ...]:
        """Of the last call's result, weighed, to the inputs that were to remember."""
        found = self._ask({"weights": weights.detach()}, where, {}).get("value")
        if type(found) is not tuple or len(found) != count or not all(type(each) is Tensor for each in found):
            raise Wrong(f"{where}: the gradient cannot be computed")
        return found

    def _ask(self, request: Any, where: str, inputs: dict[str, Any]) -> dict[str, Any]:
        start = time.monotonic()
        try:
            reply = self.session.ask(request, max(self._left, 0.01))
        finally:
            self._left -= time.monotonic() - start
        error = reply.get("error")
        if error is not None:
            if type(error) is not dict:
                raise Stopped("error", "it disturbed the process it ran in")
            status, words = _status_and_words(error)
            if error.get("kind") == "NotImplementedError" and " not implemented for '" not in str(error.get("message")):
                raise Unanswered
            if status == "memory":
                raise Stopped(status, words)
            self.raised.append(words)
            raise Wrong(f"{where}: your answer raised {words}", inputs)
        return reply


class _Remote(torch.autograd.Function):
    """Hands the gradient of a result to the sandbox, and back from there those of the inputs."""

    @staticmethod
    def forward(context: Any, answer: RemoteAnswer, where: str, given: Tensor, *live: Tensor) -> Tensor:
        context.answer, context.where = answer, where
        context.shapes = [tensor.shape for tensor in live]
        return given.clone()

    @staticmethod
    def backward(context: Any, *weights: Tensor) -> Any:
        found = context.answer.gradients(weights[0], context.where, len(context.shapes))
        if [gradient.shape for gradient in found] != context.shapes:
            raise Wrong(f"{context.where}: the gradient cannot be computed")
        return None, None, None, *found


def _numbers(value: Any, where: str, inputs: dict[str, Any]) -> Any:
    """``value``, if all of it is of a kind that can be compared."""
    if wire.anywhere(value, lambda part: part is NotImplemented) is not None:
        raise Unanswered
    if (other := wire.anywhere(value, lambda part: isinstance(part, wire.Other))) is not None:
        raise Wrong(f"{where}: expected numbers, got {other.kind}", inputs)
    return value


def _status_and_words(error: dict[str, Any]) -> tuple[str, str]:
    kind, message = str(error.get("kind")), str(error.get("message"))
    words = error_in_words(kind, message)
    memory = kind == "MemoryError" or any(sign in message for sign in OUT_OF_MEMORY)
    return ("memory", f"it asked for more memory than there is for it ({words})") if memory else ("error", words)


def _end_in_words(code: Any, computed: Any, seconds: int) -> tuple[str, str]:
    # The limit's own signal; or, where the answer ignored it, what it computed, which the system counts in ticks.
    if code == -signal.SIGXCPU or (type(computed) is float and computed > 0.9 * seconds):
        return "timeout", "it computed for longer than its time"
    if code == -signal.SIGKILL:
        return "memory", "it was ended by the system, most likely for its memory"
    if type(code) is int and code < 0:
        return "error", f"it crashed (signal {-code})"
    return "error", "it ended its own process"
