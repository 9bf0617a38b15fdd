from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.cli import main as cli
from fer_tutorial.vocabulary import EXPRESSIONS

CLASSES = EXPRESSIONS[:7]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder of class-named folders for each split, with stripes for faces; their names say who it is."""
    root = tmp_path_factory.mktemp("faces")
    draw = np.random.default_rng(0)
    for split, count in (("train", 6), ("valid", 2), ("test", 2)):
        for label, name in enumerate(CLASSES):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                image = draw.integers(0, 100, (16, 16), np.uint8)
                image[2 * label : 2 * label + 2] += 150
                Image.fromarray(image).save(root / split / name / f"{number}.png")
    return root


@pytest.fixture
def quick(folder):
    """Options that make a run take a moment."""
    data = ["--data", "folder", "--data-root", str(folder), "--size", "16"]
    return [*data, "--epochs", "1", "--batch-size", "14", "--device", "cpu", "--no-tensorboard"]


@pytest.fixture
def synthetic():
    """Options for a run on a few synthetic faces, who are known."""
    data = ["--data-options", "n=28", "cache=False", "--size", "32"]
    return [*data, "--epochs", "1", "--batch-size", "8", "--device", "cpu", "--no-tensorboard"]


@pytest.fixture
def trained(quick, tmp_path, capsys):
    """A run of one epoch, and what it printed."""
    cli.main(["train", "softmax", *quick, "--out", str(tmp_path / "run")])
    return SimpleNamespace(folder=tmp_path / "run", said=capsys.readouterr().out)


@pytest.fixture
def refused(capsys):
    """The one sentence with which arguments are refused."""

    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr().err
        assert stop.value.code == 2
        assert said.startswith("fer-tutorial: ")
        assert said.count("\n") == 1, said
        return said

    return call
