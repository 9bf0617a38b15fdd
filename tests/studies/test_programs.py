"""Every program of a study runs from end to end in little, can be read back, and does nothing twice."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from fer_tutorial.records.study import Study
from studies import center_loss, dacl, ferplus, g2rl, mgln, scn, speed, synthetic, tcl, transfer

PROGRAMS = (center_loss, dacl, tcl, scn, mgln, g2rl, speed, transfer, synthetic, ferplus)
BOOK = Path(__file__).resolve().parents[2] / "book"
# Studies that read real faces -> where below the folder of photographs they look for them.
ROOTS = {
    **dict.fromkeys(("transfer_faces", "transfer_annotators"), "."),
    **dict.fromkeys(("ferplus_recipe", "ferplus_choice", "ferplus_methods"), "ferplus"),
}
# Studies whose tables are not there yet, or not whole.
NOT_MEASURED = {
    *("ferplus_recipe", "ferplus_start", "ferplus_choice", "ferplus_methods"),
    *("mgln_repaired", "g2rl_settings", "transfer_faces"),
}
CASES = [(program, part) for program in PROGRAMS for part in program.PARTS]


@pytest.mark.parametrize(("program", "part"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_a_program_in_little(program, part, tmp_path, request, capsys):
    study_of = {other.name: name for name, other in program.PARTS.items()}
    chosen_by = program.PARTS[part].chosen_by
    for step in [*([] if chosen_by is None else [study_of[chosen_by]]), part, part]:
        name = program.PARTS[step].name
        arguments = [step, "--quick", "--out", str(tmp_path)]
        if name in ROOTS:
            arguments += ["--data-root", str(request.getfixturevalue("photographs") / ROOTS[name])]
        before = {path.name: path.read_bytes() for path in (tmp_path / name).glob("*")}
        program.main(arguments)
    assert str(tmp_path / name) in capsys.readouterr().out
    assert before == {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}  # the last did nothing
    study = Study.read(name, tmp_path)
    plan = program.PARTS[part].arms(1, tmp_path)
    assert len(study.runs) == len(plan)
    metrics = study.runs.drop(columns=list(plan[0]))
    assert metrics.notna().any().sum() > 4  # beside seconds, commit, processor and date


def whole(part, program) -> bool:
    """Whether the committed study has every arm with two seeds, and was chosen for by one that is whole."""
    if part.chosen_by is not None:
        (choice,) = (other for other in program.PARTS.values() if other.name == part.chosen_by)
        if not whole(choice, program):
            return False
    return len(Study.read(part.name).runs) >= len(part.arms(2))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_committed_tables_have_the_columns_that_the_program_writes(program):
    for part in program.PARTS.values():
        if part.name in NOT_MEASURED:
            assert not Study(part.name).path.exists() or not whole(part, program)
        else:
            assert Study.read(part.name).about["arm"] == list(part.arms(1)[0])


def test_the_book_says_what_is_not_measured_and_how_to_measure_it():
    cells = nbformat.read(BOOK / "what_the_methods_are_worth.ipynb", as_version=4).cells
    (text,) = [cell.source for cell in cells if "## 7. Not measured yet" in cell.source]
    said = dict(re.findall(r"^\| `(\w+)` \|.*\| `(\w+ \w+)[^|]*` \|$", text, re.MULTILINE))
    commands = {
        program.PARTS[part].name: f"{program.__name__.removeprefix('studies.')} {part}" for program, part in CASES
    }
    assert said == {name: commands[name] for name in NOT_MEASURED}


@pytest.mark.parametrize("program", [ferplus, transfer], ids=lambda program: program.__name__)
def test_real_faces_without_their_folder(program, tmp_path, capsys):
    part = next(name for name, part in program.PARTS.items() if part.name in ROOTS)
    with pytest.raises(SystemExit):
        program.main([part, "--quick", "--out", str(tmp_path)])
    assert "data-root" in capsys.readouterr().err


def test_a_method_waits_for_its_choice(capsys):
    tried = pd.DataFrame(synthetic.plan_choice(2))
    tried["valid_accuracy"] = [0.5 + 0.1 * (weight == 0.1) for weight in tried["lambda"]]
    last = tried[tried["variant"] == "TCL, nearest"].index[-1]
    assert [arm["variant"] for arm in synthetic.plan_methods(1, tried)] == list(synthetic.VARIANTS)
    assert capsys.readouterr().err == ""
    arms = synthetic.plan_methods(2, tried.drop(index=last))
    assert [arm["variant"] for arm in arms] == 2 * [name for name in synthetic.VARIANTS if name != "TCL, nearest"]
    assert {arm["lambda"] for arm in arms if "DACL" in arm["variant"]} == {0.1}
    assert "left out until the part 'choice' has run to its end: TCL, nearest" in capsys.readouterr().err


def test_weights_are_written_where_asked(tmp_path):
    file = tmp_path / "g2rl.safetensors"
    g2rl.main(["shipped", "--quick", "--out", str(tmp_path), "--set", f"weights_to={file}"])
    assert file.stat().st_size > 10_000
    synthetic.main(["shipped", "--quick", "--out", str(tmp_path), "--set", f"weights_to={tmp_path}"])
    written = {path.stem for path in tmp_path.glob("*.safetensors")} - {"g2rl"}
    assert written == {"softmax", "center_loss", "dacl", "scn", "tcl"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["adamw", "--quick"], "give a folder for its tables with --out"),
        (["adamw", "--out", "OUT", "--set", "epoch=3"], "no setting 'epoch'; choose among optimizer"),
        (["adamw", "--out", "OUT", "--seeds", "0"], "count from 1"),
        (["rmsprop"], "invalid choice"),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(arguments, expected, tmp_path, capsys):
    words = [str(tmp_path) if word == "OUT" else word for word in arguments]
    with pytest.raises(SystemExit) as stop:
        dacl.main(words)
    assert stop.value.code == 2
    assert expected in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_help_says_what_can_be_set(capsys):
    with pytest.raises(SystemExit):
        import_module("studies.scn").main(["--help"])
    text = capsys.readouterr().out
    for word in ("--seeds", "--processes", "--quick", "--out", "relabel_epoch=6"):
        assert word in text
