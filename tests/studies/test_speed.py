"""What the speed study computes from seconds, and its stopwatch; no test measures time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from studies import peers, speed


def counted(settings=None):
    """A clock that goes on by one whenever it is read."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


def test_a_table_row_by_hand():
    seconds = {
        "softmax": np.array([[1.0, 2.0, 1.0], [10.0, 20.0, 10.0], [1.0, 2.0, 1.0]]),  # a slow moment
        "dacl": np.array([[1.0, 3.0, 2.0], [10.0, 30.0, 20.0], [1.0, 3.0, 2.0]]),
    }
    settings = speed.Steps(backbone="small_cnn", size=24, batch_size=8)
    data = speed.random_pixels(8, 24)
    steppers = {variant: speed.Stepper(variant, settings, data) for variant in seconds}
    table = speed.steps_table(seconds, steppers, settings).set_index("method")
    assert table.loc["dacl", ["forward_ms", "backward_ms", "update_ms"]].tolist() == [1000, 3000, 2000]
    assert table.loc["dacl", ["relative", "relative_without_update"]].tolist() == pytest.approx([6 / 4, 4 / 3])
    assert table["images_per_second"].tolist() == pytest.approx([8 / 4, 8 / 6])
    assert table.loc["dacl", "peak_mb"] > table.loc["softmax", "peak_mb"] > 0


@pytest.mark.parametrize("variant", speed.VARIANTS)
def test_a_step_trains(variant):
    settings = speed.Steps(backbone="small_cnn", size=24, batch_size=8)
    step = speed.Stepper(variant, settings, speed.random_pixels(8, 24))
    before = {name: tensor.clone() for name, tensor in step.method.named_parameters()}
    assert step().shape == (3,)
    changed = {name for name, tensor in step.method.named_parameters() if not torch.equal(tensor, before[name])}
    assert "classifier.weight" in changed
    assert any(name.startswith("backbone") for name in changed)


def test_peak_memory_is_that_of_the_fullest_moment():
    def step():
        first = torch.zeros(1000)
        del first
        return torch.zeros(600), torch.zeros(500)

    assert speed.peak_memory(step, "cpu") == 4 * 1100


def test_the_clock_follows_the_optimizer_that_steps_first():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    network, centers = (torch.optim.SGD([weight], 0.1) for weight in weights)
    with speed.moments_of_steps(counted()) as moments:
        for _ in range(3):
            network.step()
            centers.step()
    network.step()
    assert moments == [0, 1, 2]


def test_a_loop_of_ours_is_timed_between_its_steps(monkeypatch):
    monkeypatch.setitem(speed.CLOCKS, "processor", counted())
    settings = speed.Steps(backbone="small_cnn", size=24, batch_size=8, loop_steps=2)
    data = speed.random_pixels(24, 24)
    method = speed.Stepper("softmax", settings, data).method
    assert speed.loop_seconds(method, data, settings, "sgd") == 1


def test_authors_without_a_copy_are_left_out_and_named(capsys):
    assert speed.authors_loops(speed.Steps()) == {}
    assert "no dacl_repo was given" in capsys.readouterr().out
    loops = speed.authors_loops(speed.Steps(dacl_repo="somewhere"))
    assert list(loops) == ([] if torch.cuda.is_available() else ["dacl, ours", "dacl, authors' program"])
    assert speed.authors_loops(speed.Steps(scn_repo="somewhere", size=112)) == {}


@pytest.mark.parametrize("program", peers.PROGRAMS.values())
def test_a_folder_without_the_program_is_named(program, tmp_path):
    with pytest.raises(ValueError, match=r"there is no \w+\.py in .*; give the folder of a copy"):
        program(tmp_path, 4, 1, 0)


def test_an_imported_program_is_forgotten(tmp_path):
    import sys

    (tmp_path / "main.py").write_text("from helper import word\nimport json\n")
    (tmp_path / "helper.py").write_text("word = 'theirs'\n")
    before = set(sys.modules), list(sys.path)
    with peers.imported(tmp_path, "main") as main:
        assert main.word == "theirs"
    assert (set(sys.modules), list(sys.path)) == before


def test_a_program_that_lacks_a_package_says_which(tmp_path):
    (tmp_path / "main.py").write_text("import no_such_package\n")
    with pytest.raises(ValueError, match="needs the package no_such_package"), peers.imported(tmp_path, "main"):
        pass


def test_pictures_lie_as_in_rafdb(tmp_path):
    peers.write_rafdb(tmp_path, {"train": 8, "test": 7})
    lines = (tmp_path / "EmoLabel/list_patition_label.txt").read_text().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (15, "train_00000.jpg 1", "test_00006.jpg 7")
    assert len(list((tmp_path / "Image/aligned").glob("*_aligned.jpg"))) == 15
    peers.write_image_folders(tmp_path / "folders", {"train": 8})
    assert sorted(path.name for path in (tmp_path / "folders/train").iterdir()) == list("1234567")
