"""A server on this machine that hands out files in every way that servers do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Loopback:
    """What to answer, and what was asked.

    Attributes:
        url: of the server, without a path.
        files: the bytes at each path.
        faults: for each path, what goes wrong with the first answer, the second, ...: a status, ``stall``, ``truncate``
            (both after half of the rest), ``longer`` (a false Content-Length), ``more`` (further bytes), ``no range``,
            ``elsewhere`` (a range that was not asked for), ``other`` (another file of that size and another ETag),
            ``redirect``; "" for nothing.
        asked: the path and the Range of every request.
        etag: of all files; None for none.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str | int]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    etag: str | None = '"first"'
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Such a server, until the block ends."""
    state = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range")))
            path = "/" + self.path.removeprefix("http://").partition("/")[2] if "://" in self.path else self.path
            faults = state.faults.get(path, [])
            fault = faults.pop(0) if faults else ""
            content = state.files.get(path)
            if isinstance(fault, int) or content is None:
                self.send_error(fault if isinstance(fault, int) else 404)
            elif fault == "redirect":
                self.send_response(302)
                self.send_header("Location", f"{state.url}{path}")
                self.end_headers()
            else:
                self._send(content, str(fault))

        def _send(self, content: bytes, fault: str) -> None:
            etag = state.etag
            if fault == "other":
                content, etag = bytes(255 - byte for byte in content), '"second"'
            start = 0
            asked = self.headers.get("Range")
            if asked and fault != "no range" and self.headers.get("If-Range", etag) == etag:
                start = int(asked.removeprefix("bytes=").partition("-")[0])
                self.send_response(206)
                first = start + 1 if fault == "elsewhere" else start
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            rest = content[start:] + (b"more" if fault == "more" else b"")
            if etag:
                self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(rest) + (10 if fault == "longer" else 0)))
            self.end_headers()
            self.wfile.write(rest[: len(rest) // 2] if fault in ("stall", "truncate") else rest)
            self.wfile.flush()
            if fault == "stall":
                state.over.wait(20)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
