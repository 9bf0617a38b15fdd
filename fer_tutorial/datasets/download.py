"""One file from the net: whole, checked, and continued where an interruption left it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from fer_tutorial.datasets.source import reason
from fer_tutorial.errors import UserError

ATTEMPTS = 6
FIRST_PAUSE = 1.0  # seconds; doubled before each further attempt
TIMEOUT = (10.0, 30.0)  # seconds to connect, and without a byte
BLOCK = 2**14  # bytes; of a block that a stalled connection does not fill nothing is kept
# What a server says of itself and not of the file: worth another attempt.
PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Remote:
    """A file as those who hand it out describe it.

    Args:
        url: where it is.
        size: of the file in bytes.
        md5: of the file, in hexadecimal digits.
    """

    url: str
    size: int
    md5: str


class _Again(Exception):
    """An attempt that failed for a reason that may pass."""


def download_file(
    remote: Remote,
    target: Path,
    progress: bool = True,
    attempts: int = ATTEMPTS,
    pause: float = FIRST_PAUSE,
    timeout: tuple[float, float] = TIMEOUT,
) -> str:
    """Write the file to ``target``, which appears only when it is whole and has the size and MD5 it should have.

    What has arrived lies beside it as ``.NAME.part``; the next attempt, or the next call, asks for the rest alone
    (``Range``), on condition that the server's file is still the same one (``If-Range``).  Proxies are those of the
    environment (``HTTPS_PROXY``, ``NO_PROXY``).

    Returns:
        The SHA-256 of the file.

    Raises:
        UserError: the server cannot be reached, refuses, or hands out something else.
    """
    part = _Part(target)
    why = "no attempt was made"
    with tqdm(total=remote.size, desc=target.name, unit="B", unit_scale=True, disable=not progress) as bar:
        for attempt in range(attempts):
            if attempt:
                time.sleep(pause * 2 ** (attempt - 1))
            try:
                _receive(remote, part, bar, timeout)
                return part.finish(remote)
            except _Again as error:
                why = str(error)
            except OSError as error:  # of the disk: those of the connection became _Again
                raise UserError(f"{target} cannot be written ({error.strerror}); make room there") from None
    raise UserError(
        f"{remote.url} was tried {attempts} times and {why}; check the connection and run the same command again, "
        "which goes on where this one stopped"
    )


class _Part:
    """What has arrived of a file, and by what the server told that version of the file from others."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.file = target.with_name(f".{target.name}.part")
        self.about = target.with_name(f".{target.name}.part.json")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.is_file() else 0

    def validator(self, url: str) -> str | None:
        """For ``If-Range``; None where nothing says what the part is a part of."""
        try:
            about = json.loads(self.about.read_text())
            return str(about["validator"]) if about["url"] == url and self.size else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self, url: str, validator: str | None) -> None:
        """Forget what has arrived."""
        self.about.unlink(missing_ok=True)
        self.file.write_bytes(b"")
        if validator is not None:
            self.about.write_text(json.dumps({"url": url, "validator": validator}))

    def finish(self, remote: Remote) -> str:
        """Check the file and give it its name."""
        if self.size < remote.size:
            raise _Again(f"ended after {self.size:,} of {remote.size:,} bytes")
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        with self.file.open("rb") as file:
            while block := file.read(BLOCK):
                md5.update(block)
                sha256.update(block)
            os.fsync(file.fileno())
        if md5.hexdigest() != remote.md5:
            self.remove()
            raise _Again(f"gave another file each time (MD5 {md5.hexdigest()}, expected {remote.md5})")
        os.replace(self.file, self.target)
        self.about.unlink(missing_ok=True)
        return sha256.hexdigest()

    def remove(self) -> None:
        self.file.unlink(missing_ok=True)
        self.about.unlink(missing_ok=True)


def _receive(remote: Remote, part: _Part, bar: Any, timeout: tuple[float, float]) -> None:
    """One request, and all of its bytes that arrive."""
    if part.size >= remote.size:
        if part.size == remote.size:
            return  # all had arrived when the last call was interrupted
        part.remove()
    validator = part.validator(remote.url)
    headers = {"Accept-Encoding": "identity"}  # or the bytes would be others than those that are counted
    if validator is not None:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": validator}
    with closing(open_url(remote.url, headers, timeout)) as response:
        if response.status_code == 416:
            part.remove()
            raise _Again("did not go on where it stopped")
        if response.status_code != 206:
            part.begin(remote.url, _validator_of(response))
        elif response.headers.get("Content-Range", "").partition("-")[0] != f"bytes {part.size}":
            part.remove()
            raise _Again("went on elsewhere than it was asked to")
        bar.n = part.size
        bar.refresh()
        with part.file.open("ab") as file:
            try:
                for block in response.raw.stream(BLOCK, decode_content=False):
                    if file.tell() + len(block) > remote.size:
                        file.truncate(0)
                        raise _Again(f"sent more than the {remote.size:,} bytes it should have")
                    file.write(block)
                    bar.update(len(block))
            except (HTTPError, TimeoutError, ConnectionError) as error:
                raise _Again(f"broke off ({_short(error)})") from None


def open_url(url: str, headers: dict[str, str], timeout: tuple[float, float]) -> requests.Response:
    """The answer to a request, its body still to be read.

    Raises:
        UserError: an address that leads nowhere, and an answer that no further attempt will change.
    """
    try:
        response = requests.get(url, headers=headers, timeout=timeout, stream=True)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _Again(f"could not be reached ({_short(error)})") from None
    except requests.RequestException as error:
        raise UserError(f"{url} leads nowhere ({_short(error)}); download the file with a browser instead") from None
    status = response.status_code
    if url.startswith("https:") and not response.url.startswith("https:"):
        response.close()
        raise UserError(f"{url} leads to {response.url}, which is not encrypted; download the file with a browser")
    if status in PASSING:
        response.close()
        raise _Again(f"answered {status} ({response.reason})")
    if status not in (200, 206, 416):
        response.close()
        raise UserError(
            f"{url} answered {status} ({response.reason}), not with the file; it may have moved, so download it with a "
            "browser"
        )
    return response


def fetch_text(
    url: str,
    most: int,
    attempts: int = ATTEMPTS,
    pause: float = FIRST_PAUSE,
    timeout: tuple[float, float] = TIMEOUT,
) -> str:
    """A short text, of ``most`` bytes at most.

    Raises:
        UserError: as :func:`download_file`.
    """
    why = "no attempt was made"
    for attempt in range(attempts):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            with closing(open_url(url, {}, timeout)) as response:
                try:
                    content = response.raw.read(most + 1, decode_content=True)
                except (HTTPError, TimeoutError, ConnectionError) as error:
                    raise _Again(f"broke off ({_short(error)})") from None
            if len(content) > most:
                raise UserError(f"{url} is longer than {most:,} bytes; expected a list of files")
            return content.decode(errors="replace")
        except _Again as error:
            why = str(error)
    raise UserError(f"{url} was tried {attempts} times and {why}; check the connection and run the command again")


def _validator_of(response: requests.Response) -> str | None:
    """What ``If-Range`` may name: a strong ETag, or else the date of the last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _short(error: BaseException) -> str:
    """What went wrong at the bottom of the libraries' nested errors."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) and isinstance(
        inner, BaseException
    ):
        error = inner
    return reason(error)[:160] or type(error).__name__
