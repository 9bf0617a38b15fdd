import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.training import build_method, load_run, predict, train
from fer_tutorial.training.explore import explore
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped


def trained(name, tmp_path):
    train(build_method(name, striped()), striped(), striped(seed=1), quick(epochs=1), folder=tmp_path / name)
    return tmp_path / name


def test_the_network_of_a_run_is_shown_with_the_faces_that_tell_most(tmp_path):
    run, faces = trained("softmax", tmp_path), striped(n=40, seed=2)
    figure = explore(run, faces, n=6)
    logits = torch.tensor(predict(load_run(run), faces))
    wrong = logits.argmax(1).numpy() != faces.labels
    surest = np.flatnonzero(wrong)[logits.softmax(1).max(1).values[torch.from_numpy(wrong)].argmax()]
    assert len(figure.data["faces"]) == 6
    assert figure.data["faces"][0]["label"] == faces.labels[surest]
    assert figure.data["networks"][0]["known"][0]["logits"] == pytest.approx(logits[surest].tolist(), abs=2e-3)
    assert f"6 of 40 faces of striped, of which it recognizes {(~wrong).sum()}" in figure.caption


def test_what_cannot_be_shown_is_said(tmp_path):
    sequences = striped(sequence=3, size=48, n=16)
    train(build_method("mgln", sequences), sequences, sequences, quick(epochs=1), folder=tmp_path / "mgln")
    with pytest.raises(UserError, match="MGLN has no classifier, so it cannot be questioned"):
        explore(tmp_path / "mgln", sequences)
    with pytest.raises(UserError, match="holds no run"):
        explore(tmp_path / "nowhere", striped())
