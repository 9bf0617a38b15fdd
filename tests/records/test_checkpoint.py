import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.records.checkpoint import (
    load_checkpoint,
    load_optimizer_tensors,
    load_weights,
    optimizer_tensors,
    save_checkpoint,
)
from fer_tutorial.training import build_method
from tests.helpers.striped_faces import striped


def test_tensors_and_facts_come_back(tmp_path):
    groups = {"a": {"x.y": torch.randn(3, 2).T, "n": torch.tensor(3)}, "b": {"u/v": torch.arange(4, dtype=torch.uint8)}}
    save_checkpoint(tmp_path / "c.safetensors", groups, {"epoch": 3, "best": None})
    loaded, facts = load_checkpoint(tmp_path / "c.safetensors")
    assert facts == {"epoch": 3, "best": None}
    for group, members in groups.items():
        for name, tensor in members.items():
            assert torch.equal(loaded[group][name], tensor)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(UserError, match="no checkpoint"):
        load_checkpoint(tmp_path / "missing.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(UserError, match="not a checkpoint of fer-tutorial"):
        load_checkpoint(tmp_path / "foreign.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00\x00")
    with pytest.raises(UserError, match="not a checkpoint of fer-tutorial"):
        load_checkpoint(tmp_path / "cut.safetensors")


def test_a_checkpoint_of_another_class_count_is_refused(tmp_path):
    method = build_method("softmax", striped())
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
    other = build_method("softmax", striped(classes=5)).state_dict()
    with pytest.raises(UserError, match=r"classifier\.weight has shape \(5, 128\) there and \(7, 128\) here"):
        load_weights(method, other, tmp_path)
    assert all(torch.equal(before[name], tensor) for name, tensor in method.state_dict().items())


@pytest.mark.parametrize("kind", [torch.optim.AdamW, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)])
def test_an_optimizer_continues_to_the_bit(kind):
    def steps(net, optimizer, count, seed):
        draw = torch.Generator().manual_seed(seed)
        for _ in range(count):
            optimizer.zero_grad()
            net(torch.randn(4, 3, 6, 6, generator=draw)).square().sum().backward()
            optimizer.step()

    torch.manual_seed(0)
    first = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    second = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    optimizer = kind(first.parameters())
    steps(first, optimizer, 3, seed=0)
    second.load_state_dict(first.state_dict())
    restored = kind(second.parameters())
    load_optimizer_tensors(restored, {name: t.contiguous().clone() for name, t in optimizer_tensors(optimizer).items()})
    steps(first, optimizer, 3, seed=1)
    steps(second, restored, 3, seed=1)
    assert torch.equal(first.weight, second.weight)
