import numpy as np
import pytest
from PIL import Image

from fer_tutorial.cli import main as cli


@pytest.mark.parametrize("name", ["sheet.png", "faces.npz", "folder"])
def test_faces_are_written(name, tmp_path, capsys):
    cli.main(["faces", "--out", str(tmp_path / name), "--n", "6", "--size", "32", "--options", "nuisance=0"])
    assert "6 faces written" in capsys.readouterr().out
    if name == "faces.npz":
        arrays = np.load(tmp_path / name)
        assert arrays["images"].shape == (6, 32, 32, 3)
        assert arrays["landmarks"].shape == (6, 68, 2)
    elif name == "folder":
        assert len(list(tmp_path.glob("folder/*/*.png"))) == 6
    else:
        assert Image.open(tmp_path / name).size[0] > 32


def test_data_sets_are_listed(capsys):
    cli.main(["datasets"])
    assert "ferplus" in capsys.readouterr().out
    cli.main(["datasets", "ferplus"])
    assert "MIT" in capsys.readouterr().out


def test_a_folder_is_checked(folder, capsys):
    cli.main(["datasets", "check", "--data-root", str(folder)])
    assert "folder, found by its files" in capsys.readouterr().out
    cli.main(["datasets", "check", "folder", "--data-root", str(folder), "--data-options", "subjects=^(.)"])
    assert "folder, given" in capsys.readouterr().out


def test_packed_data_train(folder, tmp_path, capsys):
    cli.main(["pack", "folder", "--data-root", str(folder), "--out", str(tmp_path / "pack"), "--size", "16"])
    packed = ["--data", "packed", "--data-root", str(tmp_path / "pack"), "--size", "16", "--epochs", "1"]
    cli.main(["train", "softmax", *packed, "--batch-size", "14", "--out", str(tmp_path / "run")])
    assert (tmp_path / "run" / "report.json").exists()


def test_a_gray_pack_trains_without_further_options(folder, tmp_path, refused):
    to = tmp_path / "pack"
    cli.main(["pack", "folder", "--data-root", str(folder), "--out", str(to), "--size", "16", "--channels", "1"])
    packed = ["--data", "packed", "--data-root", str(to), "--epochs", "1", "--batch-size", "14"]
    assert "--channels 1" in refused("train", "softmax", *packed, "--size", "16", "--channels", "3")
    assert "--size 16" in refused("train", "softmax", *packed)
    cli.main(["train", "softmax", *packed, "--size", "16", "--out", str(tmp_path / "run")])


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["datasets", "fer3000"], "there is no card for 'fer3000'"),
    (["datasets", ""], "there is no card for ''"),
    (["datasets", "packed"], "fer-tutorial pack"),
    (["datasets", "jaffe", "--data-root", "."], "expected fer-tutorial datasets check [NAME] --data-root DIR"),
    (["datasets", "check"], "pass root (--data-root)"),
    (["datasets", "check", "--data-root", "gone"], "there is nothing at gone"),
    (["pack", "packed", "--out", "x"], "packed is what this command writes"),
    (["pack", "cats", "--out", "x"], "there is no data set 'cats'"),
    (["pack", "folder", "--out", "x"], "--data-root"),
    (["pack", "synthetic", "--out", "x", "--data-options", "progress=0"], "an option of its own"),
    (["pack", "synthetic", "--out", "x", "--splits", "tset"], "no split 'tset'"),
    (["faces", "--n", "0"], "n is 0"),
    (["faces", "--n", "3", "--options", "size=32"], "use --size"),
    (["faces", "--n", "3", "--options", "smile=1"], "smile"),
    (["faces", "--n", "3", "--size", "0"], "size"),
    (["faces", "--n", "3", "--seed", "-1"], "seed"),
])  # fmt: skip
def test_wrong_input_is_one_sentence_and_nothing_is_written(arguments, sentence, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(*arguments)
    assert not list(tmp_path.iterdir())


def test_a_place_where_faces_cannot_be_written(tmp_path, refused):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("faces", "--n", "1", "--size", "32", "--out", tmp_path / "file" / "a.png")
