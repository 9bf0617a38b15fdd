"""SCN in the engine: what it relabels ends up in the label store, and comes back as the label in the next epoch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import StepOutputs
from fer_tutorial.papers.scn import SCNConfig
from fer_tutorial.training import NO_AUGMENTATION, TrainConfig, build_method, train

SETTINGS = TrainConfig(epochs=3, batch_size=16, lr=5e-3, augment=NO_AUGMENTATION, progress=False, device="cpu")


@pytest.fixture(scope="module")
def data() -> FaceData:
    """Bright and dark pictures, 48 of each; every fourth label is wrong.  Indices are no positions."""
    generator = np.random.default_rng(0)
    clean = np.arange(96) % 2
    images = (60 + 120 * clean[:, None, None, None] + generator.integers(0, 40, (96, 16, 16, 3))).astype(np.uint8)
    labels = np.where(np.arange(96) % 8 < 2, 1 - clean, clean)
    index = 1000 + 7 * np.arange(96)[::-1].copy()
    return FaceData("toy", "train", images, labels, ("dark", "bright"), index=index, clean_labels=clean)


def test_labels_are_rewritten_from_the_chosen_epoch_on(data: FaceData) -> None:
    method = build_method("scn", data, config=SCNConfig(relabel_epoch=2, relabel_group="all"))
    run = train(method, data, None, SETTINGS)
    assert run.labels is not None
    audit = run.labels.audit()
    assert set(audit["when"]) <= {1, 2}
    assert 1 in set(audit["when"])
    now = run.labels.labels.numpy()
    assert (now == data.clean_labels).sum() > (data.labels == data.clean_labels).sum()
    assert run.labels.undo() == len(audit)
    assert np.array_equal(run.labels.labels.numpy(), data.labels)


def test_the_next_epoch_trains_on_the_new_labels(data: FaceData) -> None:
    method = build_method("scn", data, config=SCNConfig(relabel_epoch=1, relabel_group="all", delta_2=0.0))
    seen: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def watch(batch: dict, outputs: StepOutputs) -> None:
        seen.append((batch["index"], batch["labels"].clone(), outputs["relabel"]["labels"]))

    train(method, data, None, SETTINGS, on_step=watch)
    believed: dict[int, int] = {}
    compared = 0
    for index, given, new in seen:
        for i, before, after in zip(index.tolist(), given.tolist(), new.tolist(), strict=True):
            compared += i in believed
            assert believed.get(i, before) == before
            believed[i] = after
    assert compared == 2 * 96


def test_never_relabeling_leaves_no_trace(data: FaceData) -> None:
    run = train(build_method("scn", data, config=SCNConfig(relabel_epoch=4)), data, None, SETTINGS)
    assert run.labels is not None
    assert len(run.labels.audit()) == 0
    assert "relabeled" not in run.history


def test_a_label_store_of_other_data_is_refused(data: FaceData) -> None:
    run = train(build_method("scn", data), data, None, replace(SETTINGS, epochs=1))
    assert run.labels is not None
    with pytest.raises(ValueError, match="labels of 'toy' have changed"):
        run.labels.check(replace(data, labels=1 - data.labels))
    with pytest.raises(ValueError, match="another data set"):
        run.labels.check(data.subset(np.arange(40)))
