import re

import pytest
import tyro

from fer_tutorial.cli import main as cli
from fer_tutorial.cli.options import DataChoice, did_you_mean, named_values, option_names, option_value
from fer_tutorial.cli.train import preset_defaults
from fer_tutorial.config import DataConfig
from fer_tutorial.errors import UserError


def test_values_are_numbers_where_they_look_like_numbers():
    typed = (
        "n=10",
        "label_noise=0.2",
        "labels=vote",
        "cache=False",
        "intensity=(1, 5)",
        "pattern=^(S\\d+)_",
        "a=b=c",
        "all=...",
    )
    assert named_values(typed) == {
        **{"n": 10, "label_noise": 0.2, "labels": "vote", "cache": False, "intensity": (1, 5)},
        **{"pattern": "^(S\\d+)_", "a": "b=c", "all": "..."},
    }


@pytest.mark.parametrize(("typed", "sentence"), [
    (("n",), "'n' has no value; expected NAME=VALUE"),
    (("",), "'' has no value"),
    (("=3",), "'=3' has no value"),
    (("n=1", "n=2"), "'n' is given twice"),
    (("size=32",), "'size=32' is an option of its own here; use --size"),
])  # fmt: skip
def test_values_that_cannot_be_meant(typed, sentence):
    with pytest.raises(UserError, match=sentence):
        named_values(typed, {"size": "--size"})


@pytest.mark.parametrize(("words", "value"), [
    (["--preset", "official"], "official"),
    (["--preset=official"], "official"),
    (["--preset="], ""),
    (["--preset"], ""),
    (["--presets", "x"], None),
    ([], None),
])  # fmt: skip
def test_an_option_is_found_before_the_words_are_parsed(words, value):
    assert option_value(["train", "dacl", *words], "--preset") == value


def test_underscores_are_hyphens():
    assert option_value(["--restore_best"], "--restore-best") == ""


def test_suggestions_are_near_or_none():
    assert did_you_mean("trian", ["train", "pack"]) == " (did you mean 'train'?)"
    assert did_you_mean("xyz", ["train", "pack"]) == ""


def test_the_options_that_are_suggested_are_those_of_the_help(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "dacl", "--help"])
    shown = set(re.findall(r"--[a-z][\w.-]*", capsys.readouterr().out.partition("options")[2]))
    named = set(option_names(preset_defaults("dacl", None)))
    assert named - shown == set()
    assert len(named) > 40


def test_a_choice_of_data_survives_being_written_down(tmp_path):
    config = DataConfig("folder", str(tmp_path), 64, 8, 1, {"subjects": r"^(S\d+)_", "n": 3, "intensity": (1, 5)})
    assert DataChoice.of(config).config() == config


def test_a_relative_folder_is_noted_by_its_full_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = tyro.cli(DataChoice, args=["--data-root", "faces"])
    assert typed.config().root == str(tmp_path / "faces")


@pytest.mark.parametrize(("typed", "sentence"), [
    (["--size", "0"], "size is 0"),
    (["--size", "-5"], "size is -5"),
    (["--classes", "6"], "classes is 6"),
    (["--channels", "4"], "channels is 4"),
])  # fmt: skip
def test_choices_out_of_range(typed, sentence):
    with pytest.raises(UserError, match=sentence):
        tyro.cli(DataChoice, args=typed).config()
