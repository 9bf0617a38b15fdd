"""Videos made on the fly, of gray pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def write_video(file: Path, pictures: Sequence[np.ndarray]) -> Path:
    """An .avi of pictures (H, W), even numbers of pixels, without loss."""
    import av

    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("ffv1", rate=20)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = "gray"
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return file
