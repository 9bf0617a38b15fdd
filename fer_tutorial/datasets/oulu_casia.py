"""Oulu-CASIA (Zhao et al. 2011): recordings of 80 people and six expressions, by two cameras in three kinds of light.

Frames are found by the end of their paths: ``OriginalImg/VL/Strong/P001/Anger/000.jpeg``, or
``PreProcess_Img/VL_Acropped/Strong/P001/Anger/000.jpeg`` for the owners' cut faces, whatever the folders above are
called.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.fixed_folds import FOLDS, check_fold, dealt, is_in
from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.picture_files import files_below, is_image
from fer_tutorial.datasets.sequences import Recording, check_frames, recordings_source
from fer_tutorial.datasets.source import Source, existing_root, one_of
from fer_tutorial.errors import UserError

EXPECTED = "Oulu-CASIA's folder, with OriginalImg/VL/Strong/P001/Anger/000.jpeg or PreProcess_Img/VL_Acropped"
CAMERAS = ("VL", "NI")
LIGHTS = ("Strong", "Weak", "Dark")
IMAGES = ("original", "cropped")
PEOPLE = tuple(f"P{number:03}" for number in range(1, 81))
FRAME = re.compile(
    r"/(?P<camera>VL|NI)(?P<cropped>_?Acropped)?/(?P<light>Strong|Weak|Dark)/(?P<person>P\d{3})/(?P<expression>[a-z]+)/"
    r"(?P<frame>\d+)\.jpe?g$",
    re.IGNORECASE,
)
# MGLN's list takes people in the order of their numbers, eight a fold.
MGLN_FOLDS = [
    list(PEOPLE[start : start + len(PEOPLE) // FOLDS]) for start in range(0, len(PEOPLE), len(PEOPLE) // FOLDS)
]
PROTOCOL_FOLDS = {"mgln": MGLN_FOLDS, "ids": dealt(PEOPLE)}


def open_oulu_casia(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    frames: str = "all",
    camera: str = "VL",
    light: str = "Strong",
    images: str = "original",
    protocol: str = "ids",
    fold: int = 0,
) -> Source:
    """Oulu-CASIA by one camera in one light, as sequences or stills.

    The owners have no split.  ``test`` is one of ten folds of eight people, ``train`` the people of all others, ``all``
    is everybody; there is no validation split, so hold one out.

    Args:
        root: the folder OriginalImg or PreProcess_Img, or one around or within it.
        split: ``train``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: as everywhere; there is no contempt, and neutral alone as the first frame.
        frames: ``all``, ``first_middle_last``, ``last``, ``last_three`` or ``last_three_and_first``, see
            :mod:`fer_tutorial.datasets.sequences`.
        camera: ``VL`` (visible light) or ``NI`` (near infrared).
        light: ``Strong``, ``Weak`` or ``Dark``.
        images: ``original``, cut to their central square, or ``cropped``, the owners' cut faces.
        protocol: ``ids`` deals people, in the order of their numbers, into ten folds; ``mgln`` takes eight neighbors a
            fold, as MGLN's list does (P001 to P008, P009 to P016, and so on).
        fold: which of the ten is the test, from 0.

    ``index`` is the place of a recording in the sorted list of all that are read, from 0 (of stills, times 1000, plus
    the frame).

    Raises:
        UserError: an unknown option, or no frames with such paths.
    """
    check_size(size, channels)
    check_frames(frames)
    check_fold("oulu_casia", split, protocol, fold)
    wanted_camera, wanted_light = one_of("camera", camera, CAMERAS), one_of("light", light, LIGHTS)
    wanted_images = one_of("images", images, IMAGES)
    path = existing_root("oulu_casia", root, EXPECTED)
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}, so unpack it first")
    found: defaultdict[tuple[str, str], dict[int, Path]] = defaultdict(dict)
    others = 0
    for file in files_below(path):
        name = FRAME.search(file.absolute().as_posix())
        if name is None or name["person"].upper() not in PEOPLE:
            others += is_image(file)
            continue
        kind = (name["camera"].upper(), name["light"].title(), IMAGES[name["cropped"] is not None])
        expression = expression_of(name["expression"])
        if expression is None:
            raise UserError(f"{file} lies in a folder that is named after no expression; expected Anger and so on")
        if kind != (wanted_camera, wanted_light, wanted_images):
            others += 1
            continue
        frames_of = found[name["person"].upper(), expression]
        if int(name["frame"]) in frames_of:
            first = frames_of[int(name["frame"])]
            raise UserError(f"{first} and {file} are one and the same frame; expected every file once, so remove one")
        frames_of[int(name["frame"])] = file
    if not found:
        raise UserError(
            f"{path} has no {wanted_images} frames of camera {wanted_camera} in {wanted_light} light; expected "
            f"{EXPECTED}"
        )
    recordings = [
        Recording(f"{person}/{expression}", person, tuple(frames_of[i] for i in sorted(frames_of)), expression)
        for (person, expression), frames_of in sorted(found.items())
    ]
    return recordings_source(
        "oulu_casia",
        split,
        size,
        channels,
        num_classes,
        frames,
        recordings,
        lambda each: is_in(split, each.person, PROTOCOL_FOLDS[protocol], fold),
        PEOPLE,
        {
            "root": str(path.resolve()),
            "form": f"{wanted_images}, {wanted_camera}, {wanted_light}",
            "splits": f"by person: fold {fold} of {protocol!r} is the test",
        },
        {"pictures of other cameras, light or kinds": others},
    )
