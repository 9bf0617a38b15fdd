"""MGLN's study: which module of which variant sees what, and averages that are put right afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fer_tutorial.papers.mgln import PARTS
from studies import mgln
from tests.helpers.striped_faces import striped

SETTINGS = mgln.Settings(size=48)
# Whether the global and the local module see movement, and whether they see the parts.
SEES = {
    "moving": ((False, True), (False, True)),
    "still": ((False, False), (False, True)),
    "apart": ((False, True), (False, True)),
    "shared_statistics": ((False, True), (False, True)),
    "both_whole": ((False, True), (False, False)),
    "both_parts": ((False, True), (True, True)),
    "both_offsets": ((False, False), (False, True)),
    "both_lstm": ((True, True), (False, True)),
    "swapped": ((False, True), (True, False)),
    "parts_apart": ((False, True), (False, True)),
    "group_norm": ((False, True), (False, True)),
    "official_offset": ((False, True), (False, True)),
    "deform_conv": ((False, True), (False, True)),
    "mixup": ((False, True), (False, True)),
}


@pytest.fixture(scope="module")
def data():
    return striped(n=8, size=48, channels=3, sequence=3)


def built(variant, data):
    return mgln.build(SETTINGS, {"variant": variant, "seed": 0}, data)


def batch_of(data):
    torch.manual_seed(1)
    batch = {name: torch.tensor(value) for name, value in data.arrays().items()}
    return batch | {"images": torch.randn(8, 3, 3, 48, 48)}


def test_every_variant_is_in_the_table_above():
    assert {*SEES, "softmax"} == set(mgln.VARIANTS)
    assert mgln.VARIANTS[:3] == ("moving", "still", "apart")


@pytest.mark.parametrize("variant", SEES)
def test_which_module_sees_what(variant, data):
    method, batch = built(variant, data).eval(), batch_of(data)
    moved = batch | {"images": batch["images"].clone()}
    moved["images"][:, 0] += torch.randn(8, 3, 48, 48)
    elsewhere = batch | {"landmarks": batch["landmarks"] + 2}
    with torch.no_grad():
        before, without_movement, without_parts = (method.scores(b)[:2] for b in (batch, moved, elsewhere))
    movement = tuple(not torch.equal(a, b) for a, b in zip(before, without_movement, strict=True))
    parts = tuple(not torch.equal(a, b) for a, b in zip(before, without_parts, strict=True))
    assert (movement, parts) == SEES[variant]


@pytest.mark.parametrize("variant", SEES)
def test_every_variant_trains_all_it_has(variant, data):
    method, batch = built(variant, data).train(), batch_of(data)
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    before = {name: parameter.detach().clone() for name, parameter in method.named_parameters()}
    for _ in range(2):  # the offset layers start at zero
        outputs = method.training_step(batch)
        torch.testing.assert_close(outputs["loss"].detach(), sum(outputs["log"].values()))
        optimizer.zero_grad()
        outputs["loss"].backward()
        optimizer.step()
    assert [name for name, parameter in method.named_parameters() if torch.equal(parameter, before[name])] == []


def test_modules_apart_share_nothing(data):
    method, batch = built("apart", data).train(), batch_of(data)
    _, crops, present = method.look(batch)
    method.local_scores(crops, present).sum().backward()
    assert all(parameter.grad is None for parameter in (*method.backbone.parameters(), *method.gfm.parameters()))
    assert all(parameter.grad is not None for parameter in method.trunk_of_parts.parameters())


def test_parts_apart_are_averaged(data):
    method, batch = built("parts_apart", data).eval(), batch_of(data)
    _, crops, present = method.look(batch)
    with torch.no_grad():
        maps = {part: method.trunk(part, crop.flatten(0, 1)).unflatten(0, (8, 3)) for part, crop in crops.items()}
        each = [method.pbm[part]({part: maps[part]}, present[:, [n]]) for n, part in enumerate(PARTS)]
        torch.testing.assert_close(method.local_scores(crops, present), sum(each) / 3)


def test_own_statistics_of_a_network_trained_without(data):
    """The weights stay; every kind's averages become those of its own pictures, over all of the data alike."""
    method = built("shared_statistics", data)
    own = mgln.with_own_statistics(replace(SETTINGS, batch_size=8), method, data)
    assert all(torch.equal(a, b) for a, b in zip(own.parameters(), method.parameters(), strict=True))
    batch = mgln.Loader(data, own).take()
    own.backbone.train()
    layer = torch.nn.BatchNorm2d(8, momentum=1.0)  # its averages are the batch's
    _, crops, _ = own.look(batch)
    with torch.no_grad():
        layer(own.backbone[0](crops["mouth"].flatten(0, 1)))
    torch.testing.assert_close(own.statistics["mouth"].get_buffer("1_running_mean"), layer.running_mean)
    torch.testing.assert_close(own.statistics["mouth"].get_buffer("1_running_var"), layer.running_var)
