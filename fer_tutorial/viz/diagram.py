"""Diagrams of networks: boxes and arrows as an SVG with real text, in the colors of the page around it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fer_tutorial.errors import UserError
from fer_tutorial.viz.colors import OKABE_ITO

CELL_WIDTH, CELL_HEIGHT = 142, 84  # of the grid on which boxes lie, in pixels
BOX_WIDTH, LINE_HEIGHT, FONT_SIZE = 120, 17, 13
PADDING = 9  # between a box and its text, above and below
HEAD = 8  # length of an arrow's head

# What a box is, by its outline.  Blue and orange can be told from each other and from the page in both themes.
OUTLINES = {
    "data": 'stroke="currentColor" stroke-opacity="0.55" rx="14" fill="none"',
    "layer": 'stroke="currentColor" stroke-opacity="0.55" rx="3" fill="currentColor" fill-opacity="0.07"',
    "new": f'stroke="{OKABE_ITO[0]}" stroke-width="2.5" rx="3" fill="{OKABE_ITO[5]}" fill-opacity="0.16"',
    "loss": f'stroke="{OKABE_ITO[3]}" stroke-width="2.5" rx="14" fill="{OKABE_ITO[1]}" fill-opacity="0.14"',
}


class Box(NamedTuple):
    """A box of a diagram.

    Attributes:
        column: where its middle lies, in columns of the grid, from 0; fractions are allowed.
        row: likewise, from 0 at the top.
        text: its lines; ``L_SC`` is set with a subscript.
        kind: "data", "layer", "new" (what a paper adds) or "loss".
    """

    column: float
    row: float
    text: str
    kind: str = "layer"


class Diagram:
    """Boxes and arrows with a caption and a description in words; a notebook displays it.

    Args:
        boxes: by name.
        arrows: pairs of names, from and to.  An arrow between boxes of one row or one column is straight; any other
            leaves its box sideways, turns half-way and enters sideways.
        caption: what the diagram shows.
        alt: the same in words, for who cannot see it.

    Raises:
        UserError: no box, a kind that is not known, an arrow from or to no box, boxes that lie on each other, or no
            caption or description.

    >>> boxes = {"x": Box(0, 0, "embedding x", "data"), "loss": Box(1, 0, "L_S", "loss")}
    >>> Diagram(boxes, [("x", "loss")], caption="Softmax loss.", alt="An arrow from the embedding to the loss.")
    Diagram('An arrow from the embedding to the loss.')
    """

    def __init__(self, boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]], caption: str, alt: str):
        if not caption.strip() or not alt.strip():
            raise UserError("the diagram has an empty caption or description; write both, for who cannot see it")
        _check(boxes, arrows)
        self.boxes, self.arrows, self.caption, self.alt = dict(boxes), list(arrows), caption, alt

    def __repr__(self) -> str:
        return f"Diagram({self.alt!r})"

    def svg(self) -> str:
        """The drawing alone; its lines have the text color of what it is put into."""
        places = [_extent(box) for box in self.boxes.values()]
        left, top = min(place[0] for place in places) - 3, min(place[1] for place in places) - 3
        width, height = max(place[2] for place in places) + 3 - left, max(place[3] for place in places) + 3 - top
        parts = [_arrow(self.boxes[start], self.boxes[end]) for start, end in self.arrows]
        parts += [_box(box) for box in self.boxes.values()]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
            f'style="width:100%;min-width:{0.72 * width:.0f}px;max-width:{width:g}px" role="img" '
            f'aria-label="{html.escape(self.alt)}" font-family="system-ui, sans-serif" font-size="{FONT_SIZE}">'
            + "".join(parts)
            + "</svg>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        page = (
            '<figure class="fer-diagram" style="margin:0"><div style="overflow-x:auto" tabindex="0" role="group" '
            f'aria-label="Diagram">{self.svg()}</div>'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )
        return {"text/html": page, "image/svg+xml": self.svg(), "text/plain": repr(self)}


def _check(boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]]) -> None:
    if not boxes:
        raise UserError("the diagram has no box; expected at least one")
    for name, box in boxes.items():
        if box.kind not in OUTLINES:
            raise UserError(f"box {name!r} is of kind {box.kind!r}; expected one of {', '.join(OUTLINES)}")
    for end in (end for arrow in arrows for end in arrow):
        if end not in boxes:
            raise UserError(f"an arrow touches {end!r}, which is no box; expected one of {', '.join(boxes)}")
    names = list(boxes)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            if _overlap(_extent(boxes[one]), _extent(boxes[other])):
                raise UserError(f"boxes {one!r} and {other!r} lie on each other; give them other columns or rows")


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _middle(box: Box) -> tuple[float, float]:
    return CELL_WIDTH * box.column, CELL_HEIGHT * box.row


def _extent(box: Box) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box."""
    x, y = _middle(box)
    half = PADDING + LINE_HEIGHT * len(box.text.splitlines()) / 2
    return x - BOX_WIDTH / 2, y - half, x + BOX_WIDTH / 2, y + half


def _box(box: Box) -> str:
    left, top, right, bottom = _extent(box)
    x, _ = _middle(box)
    lines = "".join(
        f'<text x="{x:g}" y="{top + PADDING + LINE_HEIGHT * (number + 0.76):g}" text-anchor="middle" '
        f'fill="currentColor">{_set(line)}</text>'
        for number, line in enumerate(box.text.splitlines())
    )
    size = f'x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"'
    return f"<rect {size} {OUTLINES[box.kind]}/>{lines}"


def _set(line: str) -> str:
    """A line with what follows an underscore as a subscript."""
    return re.sub(
        r"_(\w+)",
        r'<tspan dy="3" font-size="75%">\1</tspan><tspan dy="-3">&#8203;</tspan>',
        html.escape(line),
    )


def _arrow(start: Box, end: Box) -> str:
    (x0, y0), (x1, y1) = _middle(start), _middle(end)
    from_, to = _extent(start), _extent(end)
    rightwards = x1 >= x0
    if x0 == x1:
        down = y1 > y0
        path = f"M{x0:g} {from_[3] if down else from_[1]:g}V{(to[1] - HEAD) if down else (to[3] + HEAD):g}"
        tip, direction = (x1, to[1] if down else to[3]), (0, 1 if down else -1)
    else:
        begin, stop = (from_[2], to[0]) if rightwards else (from_[0], to[2])
        direction = (1 if rightwards else -1, 0)
        path = f"M{begin:g} {y0:g}" + (f"H{(begin + stop) / 2:g}V{y1:g}" if y0 != y1 else "")
        path += f"H{stop - HEAD * direction[0]:g}"
        tip = (stop, y1)
    back = (tip[0] - HEAD * direction[0], tip[1] - HEAD * direction[1])
    aside = (HEAD / 2 * direction[1], HEAD / 2 * direction[0])
    corners = [tip, (back[0] + aside[0], back[1] + aside[1]), (back[0] - aside[0], back[1] - aside[1])]
    head = "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z"
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.7"/>'
        f'<path d="{head}" fill="currentColor" fill-opacity="0.7"/>'
    )
