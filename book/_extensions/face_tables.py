"""The directives ``{face-parameters}``, parameters with their pictures, and ``{face-balance}``, who is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fer_tutorial.faces import AGE_GROUPS, BEARDS, HAIR_STYLES, SEXES, SKIN_TONES
from fer_tutorial.faces.identity import sample_identity

PEOPLE = 48 * 1000  # a multiple of what is balanced exactly
ATTRIBUTES = {
    "skin_tone": tuple(f"tone {tone + 1} of {SKIN_TONES}" for tone in range(SKIN_TONES)),
    "hair_style": HAIR_STYLES,
    "glasses": ("no glasses", "glasses"),
    "beard": tuple(f"{kind} beard" if kind in ("none", "full") else kind for kind in BEARDS),
}


def balance() -> list[tuple[str, str, list[float]]]:
    """For each value of each attribute: attribute, value, and its share among women, men, girls, boys and all."""
    _, attributes = sample_identity(torch.arange(PEOPLE))
    child, male = attributes["age_group"] == AGE_GROUPS.index("child"), attributes["sex"] == SEXES.index("male")
    groups = [~child & ~male, ~child & male, child & ~male, child & male, torch.ones_like(child)]
    return [
        (name, value, [float((attributes[name][group] == position).double().mean()) for group in groups])
        for name, values in ATTRIBUTES.items()
        for position, value in enumerate(values)
    ]


def balance_table() -> list[str]:
    rows = ["| | women | men | girls | boys | all |", "|---|--:|--:|--:|--:|--:|"]
    for _, value, shares in balance():
        rows.append(f"| {value} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")
    return rows


def parameter_table(table: str, sheets: Path) -> list[str]:
    """One row a parameter; ``tools/face_sheets.py`` has drawn the pictures and written down what they show."""
    rows = ["| parameter | what it means | values and pictures |", "|---|---|---|"]
    for strip in json.loads((sheets / "strips.json").read_text(encoding="utf-8"))[table]:
        values = ", ".join(f"{value:g}".replace("-", "−") for value in strip["values"])
        picture = f"![{strip['alt']}](/_static/{sheets.name}/{table}/{strip['name']}.webp)"
        rows.append(f"| `{strip['name']}` | {strip['meaning']} | {values} {picture} |")
    return rows


class _Table(SphinxDirective):
    def parsed(self, rows: list[str]) -> list[nodes.Node]:
        box = nodes.container()
        self.state.nested_parse(StringList(rows, source="faces"), 0, box)
        return box.children


class FaceParametersTable(_Table):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        sheets = Path(self.env.srcdir) / "_static" / "face_sheets"
        self.env.note_dependency(str(sheets / "strips.json"))
        return self.parsed(parameter_table(self.arguments[0], sheets))


class FaceBalance(_Table):
    def run(self) -> list[nodes.Node]:
        return self.parsed(balance_table())


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("face-parameters", FaceParametersTable)
    app.add_directive("face-balance", FaceBalance)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
