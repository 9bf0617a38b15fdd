from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.training import LabelStore
from tests.helpers.striped_faces import striped


@pytest.fixture
def data():
    shuffled = np.random.default_rng(0).permutation(12)
    return replace(striped(n=12), index=shuffled * 5 + 2, labels=np.arange(12) % 7)


def index_of(data, *positions):
    return torch.from_numpy(data.index[list(positions)])


def test_labels_are_read_and_written_by_index(data):
    store = LabelStore(data)
    assert store.labels_of(torch.from_numpy(data.index)).tolist() == data.labels.tolist()
    store.write(index_of(data, 3, 0), torch.tensor([6, 0]), torch.tensor([0.9, 0.8]), epoch=2)
    assert store.labels_of(index_of(data, 0, 3, 4)).tolist() == [0, 6, 4]


def test_audit_has_only_what_changed(data):
    store = LabelStore(data)
    store.write(index_of(data, 3, 0), torch.tensor([6, 0]), torch.tensor([0.9, 0.8]), epoch=2)
    store.write(index_of(data, 3), torch.tensor([1]), torch.tensor([0.7]), epoch=5)
    audit = store.audit()
    assert audit[["index", "when", "from", "to"]].values.tolist() == [
        [data.index[3], 2, 3, 6],
        [data.index[3], 5, 6, 1],
    ]
    np.testing.assert_allclose(audit["confidence"], [0.9, 0.7], rtol=1e-6)


def test_undo_goes_back_to_the_epoch_before(data):
    store = LabelStore(data)
    everyone = torch.from_numpy(data.index)
    store.write(index_of(data, 3, 5), torch.tensor([6, 6]), torch.ones(2), epoch=1)
    after_first = store.labels.clone()
    store.write(index_of(data, 3), torch.tensor([1]), torch.ones(1), epoch=2)
    store.write(index_of(data, 3, 4), torch.tensor([2, 2]), torch.ones(2), epoch=3)
    assert store.undo(since=2) == 3
    assert torch.equal(store.labels, after_first)
    assert store.undo() == 2
    assert store.labels_of(everyone).tolist() == data.labels.tolist()
    assert len(store.audit()) == 0


def test_of_a_sample_that_occurs_twice_the_last_row_counts(data):
    store = LabelStore(data)
    store.write(index_of(data, 3, 4, 3), torch.tensor([5, 5, 6]), torch.tensor([0.1, 0.2, 0.3]), epoch=0)
    assert store.labels_of(index_of(data, 3, 4)).tolist() == [6, 5]
    assert store.audit()["to"].tolist() == [5, 6]


def test_a_restored_store_is_the_same(data):
    store = LabelStore(data)
    store.write(index_of(data, 3, 0), torch.tensor([6, 2]), torch.tensor([0.9, 0.8]), epoch=2)
    restored = LabelStore(data)
    restored.load_state(*store.state())
    assert torch.equal(restored.labels, store.labels)
    assert restored.audit().equals(store.audit())


def test_a_store_of_another_data_set_is_refused(data):
    store = LabelStore(data)
    with pytest.raises(UserError, match="another data set"):
        LabelStore(data.subset(range(6))).load_state(*store.state())
    with pytest.raises(UserError, match="another data set"):
        store.check(data.subset(range(6)))


def test_labels_changed_under_the_store_are_noticed(data):
    store = LabelStore(data)
    changed = replace(data, labels=(data.labels + 1) % 7)
    with pytest.raises(UserError, match="have changed"):
        store.check(changed)
    with pytest.raises(UserError, match="differ"):
        LabelStore(changed).load_state(*store.state())
    store.labels[0] += 1
    with pytest.raises(UserError, match="without being recorded"):
        store.settle()
