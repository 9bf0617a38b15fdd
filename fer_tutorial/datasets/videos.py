"""Single frames of videos, which are decoded from the beginning on, so that a number always means the same frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from fer_tutorial.datasets.images import UnreadableImage
from fer_tutorial.datasets.optional import optional_module
from fer_tutorial.datasets.source import reason


class VideoFrames:
    """The frames of one video after another; quick where they are asked for in their order."""

    def __init__(self) -> None:
        self._file: Path | None = None
        self._container: Any = None
        self._frames: Iterator[Any] = iter(())
        self._next = 0

    def frame(self, file: Path, number: int) -> Image.Image:
        """Frame ``number``, from 0.

        Raises:
            UnreadableImage: a file that is no video, or one with fewer frames.
        """
        if file != self._file or number < self._next:
            self._open(file)
        av = optional_module("av", file)
        decoded = None
        try:
            while self._next <= number:
                decoded = next(self._frames, None)
                if decoded is None:
                    break
                self._next += 1
        except av.FFmpegError as error:
            raise UnreadableImage(file, f"is damaged at frame {self._next} ({reason(error)}); copy it again") from None
        if decoded is None:
            raise UnreadableImage(file, f"ends after {self._next} frames; expected frame {number}, so copy it again")
        return decoded.to_image()

    def _open(self, file: Path) -> None:
        av = optional_module("av", file)
        if self._container is not None:
            self._container.close()
        self._file, self._container = None, None
        try:
            self._container = av.open(str(file))
            self._frames = iter(self._container.decode(video=0))
        except (av.FFmpegError, IndexError) as error:
            raise UnreadableImage(file, f"is no video that can be read ({reason(error)}); copy it again") from None
        self._file, self._next = file, 0
