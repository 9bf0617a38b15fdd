"""MGLN: frames, crops, the offset layer against loops and torchvision, the network, the two tasks, bad input."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import deform_conv2d

from fer_tutorial.backbones import vgg16_trunk
from fer_tutorial.papers.mgln import (
    GFM,
    LST,
    MGLN,
    PART_LANDMARKS,
    PARTS,
    PRESETS,
    ChannelwiseOffset,
    MGLNConfig,
    channelwise_resample,
    extract_part,
    frame_positions,
    fuse,
    mix_faces,
    part_sizes,
    sampling_points,
    select_frames,
    two_task_loss,
)

SMALL = PRESETS["small"]


def face_landmarks(
    center: tuple[float, float] = (32.0, 32.0), eye_distance: float = 20.0, angle: float = 0.0
) -> Tensor:
    """68 points (float64) with the eyes' centers level, ``eye_distance`` apart around ``center``, then turned."""
    points = torch.zeros(68, 2, dtype=torch.float64)
    ring = torch.tensor([[math.cos(t), math.sin(t)] for t in torch.arange(6).double().mul(math.pi / 3).tolist()])
    points[36:42] = ring.double() * 2 + torch.tensor([-eye_distance / 2, 0.0])
    points[42:48] = ring.double() * 2 + torch.tensor([eye_distance / 2, 0.0])
    points[17:22] = torch.tensor([-eye_distance / 2, -6.0])
    points[22:27] = torch.tensor([eye_distance / 2, -6.0])
    points[27:36] = torch.tensor([0.0, 8.0])
    points[48:68] = torch.tensor([0.0, 20.0])
    turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    return points @ turn + torch.tensor(center, dtype=torch.float64)


def batch_of(m: int = 4, frames: int = 5, size: int = 64) -> dict[str, Tensor]:
    landmarks = face_landmarks((size / 2, size / 2), size / 3).float()
    return {
        "images": torch.randn(m, frames, 3, size, size),
        "landmarks": landmarks.expand(m, frames, 68, 2).clone(),
        "lengths": torch.tensor([frames, 2, 3, frames])[:m],
        "labels": torch.arange(m) % 7,
    }


def network(config: MGLNConfig = SMALL, size: int = 64) -> MGLN:
    torch.manual_seed(0)
    return MGLN(vgg16_trunk(width=1 / 8), 7, config, image_size=size)


# Frames


def test_first_middle_and_apex_frame_by_hand():
    assert frame_positions(torch.tensor([2, 3, 4, 9])).tolist() == [[0, 0, 1], [0, 1, 2], [0, 1, 3], [0, 4, 8]]
    assert frame_positions(torch.tensor([1, 6]), "apex").tolist() == [[0, 0, 0], [5, 5, 5]]


def test_selected_frames_match_a_loop():
    values, positions = torch.randn(3, 6, 4, 2), torch.tensor([[0, 2, 5], [0, 0, 1], [0, 1, 3]])
    chosen = select_frames(values, positions)
    for i in range(3):
        for f in range(3):
            assert torch.equal(chosen[i, f], values[i, positions[i, f]])


def test_frames_behind_the_apex_do_not_matter():
    method, batch = network().eval(), batch_of()
    before = method.predict(batch)
    for i, length in enumerate(batch["lengths"]):
        batch["images"][i, length:] = 99.0
        batch["landmarks"][i, length:] = float("nan")
    assert torch.equal(method.predict(batch), before)


# Parts


def test_part_sizes_are_the_papers_at_128_and_divide_by_8_elsewhere():
    assert part_sizes(128) == {"eyes": (48, 128), "nose": (64, 32), "mouth": (32, 64)}
    assert all(side % 8 == 0 for size in (40, 48, 56, 64, 100) for pair in part_sizes(size).values() for side in pair)


def test_crop_matches_a_loop_over_pixels():
    angle, width, size = 0.3, 1.5, (8, 16)
    image = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    points = face_landmarks(angle=angle)
    crop, present = extract_part(image, points[None], PART_LANDMARKS["mouth"], size, width)
    assert present.tolist() == [True]
    center, scale = points[48:68].mean(0), width * 20.0 / size[1]
    for row in range(size[0]):
        for column in range(size[1]):
            u, v = column - 7.5, row - 3.5
            x = center[0].item() + scale * (u * math.cos(angle) - v * math.sin(angle))
            y = center[1].item() + scale * (u * math.sin(angle) + v * math.cos(angle))
            left, top = math.floor(x), math.floor(y)
            expected = torch.zeros(3, dtype=torch.float64)
            for q_y in (top, top + 1):
                for q_x in (left, left + 1):
                    if 0 <= q_x < 64 and 0 <= q_y < 64:
                        expected += (1 - abs(x - q_x)) * (1 - abs(y - q_y)) * image[0, :, q_y, q_x]
            torch.testing.assert_close(crop[0, :, row, column], expected, atol=1e-9, rtol=0)


def test_crop_is_level_and_the_right_way_round():
    """A picture whose red is the face's own x and green its own y: the crop's ramps run right and down, at any tilt."""
    for angle in (-0.5, 0.0, 0.7):
        y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
        x, y = x - 48, y - 48
        own_x = math.cos(angle) * x + math.sin(angle) * y
        own_y = -math.sin(angle) * x + math.cos(angle) * y
        picture = torch.stack([own_x, own_y, torch.zeros_like(x)])[None]
        points = face_landmarks((48.0, 48.0), angle=angle).float()[None]
        crop, _ = extract_part(picture, points, PART_LANDMARKS["nose"], (24, 12), 0.7)
        assert crop.shape == (1, 3, 24, 12)
        step = 0.7 * 20 / 12
        torch.testing.assert_close(crop[0, 0].diff(dim=1), torch.full((24, 11), step), atol=1e-3, rtol=0)
        torch.testing.assert_close(crop[0, 1].diff(dim=0), torch.full((23, 12), step), atol=1e-3, rtol=0)
        torch.testing.assert_close(crop[0, 1].diff(dim=1), torch.zeros(24, 11), atol=1e-3, rtol=0)


def test_shifting_face_and_landmarks_together_leaves_the_crop():
    image = torch.zeros(1, 3, 64, 64, dtype=torch.float64)
    image[:, :, 16:48, 16:48] = torch.randn(3, 32, 32, dtype=torch.float64)
    points = face_landmarks((30.0, 28.0), 12.0)[None]
    crop, _ = extract_part(image, points, PART_LANDMARKS["eyes"], (24, 48), 2.4)
    shifted = torch.roll(image, (5, -3), dims=(2, 3))
    moved, _ = extract_part(shifted, points + torch.tensor([-3.0, 5.0]), PART_LANDMARKS["eyes"], (24, 48), 2.4)
    torch.testing.assert_close(moved, crop)


def test_unknown_landmarks_give_an_empty_crop_and_say_so():
    points = face_landmarks().repeat(4, 1, 1)
    points[1] = float("nan")
    points[2, 48:68] = float("nan")
    points[3, 36:48] = 30.0  # the eyes coincide
    crop, present = extract_part(torch.rand(4, 3, 64, 64).double(), points, PART_LANDMARKS["mouth"], (16, 32), 1.5)
    assert present.tolist() == [True, False, False, False]
    assert crop[1:].abs().max() == 0
    eyes, present = extract_part(torch.rand(4, 3, 64, 64).double(), points, PART_LANDMARKS["eyes"], (16, 32), 1.5)
    assert present.tolist() == [True, False, True, False]
    assert torch.isfinite(eyes).all()


def test_part_centered_outside_the_picture_counts_as_missing():
    points = face_landmarks((32.0, 50.0))[None]  # the mouth's center is at y = 70
    _, present = extract_part(torch.rand(1, 3, 64, 64).double(), points, PART_LANDMARKS["mouth"], (16, 32), 1.5)
    assert present.tolist() == [False]


# Offset layer


def naive_resample(features: Tensor, offsets: Tensor) -> Tensor:
    """Channelwise resampling with the border repeated, pixel by pixel."""
    out = torch.zeros_like(features)
    m, c, h, w = features.shape
    for i in range(m):
        for k in range(c):
            for row in range(h):
                for column in range(w):
                    x = min(max(column + offsets[i, k, 0, row, column].item(), 0), w - 1)
                    y = min(max(row + offsets[i, k, 1, row, column].item(), 0), h - 1)
                    for q_y in range(h):
                        for q_x in range(w):
                            share = max(0, 1 - abs(x - q_x)) * max(0, 1 - abs(y - q_y))
                            out[i, k, row, column] += share * features[i, k, q_y, q_x]
    return out


def test_channelwise_resampling_matches_a_loop():
    features, offsets = torch.randn(2, 3, 4, 5).double(), 2 * torch.randn(2, 3, 2, 4, 5).double()
    torch.testing.assert_close(channelwise_resample(features, offsets), naive_resample(features, offsets))


def test_channelwise_resampling_is_torchvisions_operator_with_one_tap_and_a_group_per_channel():
    m, c, h, w = 2, 3, 5, 4
    features, offsets = torch.randn(m, c, h, w).double(), 2 * torch.randn(m, c, 2, h, w).double()
    theirs = deform_conv2d(
        features,
        offsets.flip(2).reshape(m, 2 * c, h, w),  # torchvision orders an offset (y, x)
        torch.ones(c, 1, 1, 1, dtype=torch.float64),
    )
    torch.testing.assert_close(channelwise_resample(features, offsets, padding="zeros"), theirs)


def test_integer_offsets_move_each_channel_on_its_own():
    features = torch.arange(2 * 9.0).view(1, 2, 3, 3)
    offsets = torch.zeros(1, 2, 2, 3, 3)
    offsets[:, 1, 0] = 1.0  # channel 1 reads one pixel to the right
    out = channelwise_resample(features, offsets)
    torch.testing.assert_close(out[0, 0], features[0, 0])
    torch.testing.assert_close(out[0, 1, :, :2], features[0, 1, :, 1:])


def test_resampling_gradients():
    features = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    offsets = (0.7 * torch.rand(1, 2, 2, 3, 4, dtype=torch.float64) + 0.1).requires_grad_()  # away from the kinks
    assert torch.autograd.gradcheck(channelwise_resample, (features, offsets))


def test_resampling_keeps_dtype():
    for dtype in (torch.float32, torch.float64):
        assert (
            channelwise_resample(torch.rand(1, 2, 3, 3, dtype=dtype), torch.zeros(1, 2, 2, 3, 3, dtype=dtype)).dtype
            is dtype
        )


def test_half_precision_features_are_read_at_exact_places():
    features, offsets = torch.arange(64.0).view(1, 1, 1, 64), torch.zeros(1, 1, 2, 1, 64)
    offsets[:, :, 0] = 0.25
    out = channelwise_resample(features.bfloat16(), offsets.bfloat16())
    assert out.dtype is torch.bfloat16
    torch.testing.assert_close(out.float(), channelwise_resample(features, offsets), atol=0.13, rtol=0)


@pytest.mark.parametrize("offset", ["channelwise", "deform_conv"])
def test_mixed_precision_trains(offset):
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(MGLNConfig(**{**vars(SMALL), "offset": offset})).training_step(batch_of())
    outputs["loss"].backward()
    assert torch.isfinite(outputs["loss"])


def test_sampling_points_are_places_plus_offsets():
    offsets = torch.randn(1, 2, 2, 3, 4)
    points = sampling_points(offsets)
    assert points.shape == (1, 2, 3, 4, 2)
    assert points[0, 1, 2, 3, 0] == 3 + offsets[0, 1, 0, 2, 3]
    assert points[0, 1, 2, 3, 1] == 2 + offsets[0, 1, 1, 2, 3]


def test_an_untrained_offset_layer_changes_nothing_and_still_learns():
    layer, features = ChannelwiseOffset(3), torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(layer(features), features)
    (layer(features) ** 2).sum().backward()
    assert layer.predict.weight.grad.abs().max() > 0


@pytest.mark.parametrize("offset", ["channelwise", "deform_conv"])
def test_global_module_gives_scores_for_any_map_size(offset):
    module = GFM(8, 5, MGLNConfig(gfm_channels=(8, 8, 8, 4, 4), offset=offset))
    assert module(torch.rand(2, 8, 4, 7)).shape == (2, 5)


def test_final_relu_keeps_scores_from_being_negative():
    features = torch.randn(8, 8, 4, 4)
    free = GFM(8, 5, MGLNConfig(gfm_channels=(8, 8, 8, 4, 4)))
    rectified = GFM(8, 5, MGLNConfig(gfm_channels=(8, 8, 8, 4, 4), final_relu=True))
    rectified.load_state_dict(free.state_dict())
    assert free(features).min() < 0
    assert rectified(features).min() >= 0


# Parts module


def test_lst_reads_the_frames_in_order():
    block = LST(4, (2, 3), SMALL)
    features = torch.randn(2, 3, 4, 2, 3)
    assert block(features).shape == (2, 1, 8, 8)
    assert not torch.allclose(block(features), block(features.flip(1)))


def test_paper_sizes():
    """At 128 pixels and full width the paper's shapes come out: part maps 6x16, 8x4, 4x8 and a 16x16 state."""
    method = MGLN(vgg16_trunk(width=1 / 16), 6, PRESETS["paper"], image_size=128)
    assert [method.pbm.lst[part].lstm.input_size for part in PARTS] == [96, 32, 32]
    assert method.pbm.lst["eyes"].side == 16
    assert method.pbm.lst["eyes"].lstm.num_layers == 3
    assert [layer.out_channels for layer in method.gfm.head if hasattr(layer, "out_channels")] == [32, 16, 6]


# Fusion and loss


def test_fusion_by_hand_and_at_its_ends():
    g, local = torch.randn(4, 7), torch.randn(4, 7)
    assert torch.equal(fuse(g, local, 1.0), g)
    assert torch.equal(fuse(g, local, 0.0), local)
    torch.testing.assert_close(fuse(g, local, 0.25), 0.25 * g + 0.75 * local)
    assert torch.equal(fuse(g, local, 0.5).argmax(1), (g + local).argmax(1))  # the official code's sum


def test_two_task_loss_matches_a_loop():
    g, local = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    labels, partners = torch.tensor([0, 1, 2, 0, 1]), torch.tensor([1, 1, 0, 2, 2])
    has_parts, share = torch.tensor([True, True, False, True, False]), 0.3
    expected_global = expected_local = 0.0
    for i in range(5):
        for label, weight in ((labels[i], share), (partners[i], 1 - share)):
            expected_global -= weight * math.log(math.exp(g[i, label]) / sum(math.exp(z) for z in g[i])) / 5
        if has_parts[i]:
            expected_local -= math.log(math.exp(local[i, labels[i]]) / sum(math.exp(z) for z in local[i])) / 5
    global_loss, local_loss = two_task_loss(g, local, labels, has_parts, partners, share)
    assert global_loss.item() == pytest.approx(expected_global)
    assert local_loss.item() == pytest.approx(expected_local)


def test_two_task_loss_gradients():
    g, local = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    labels = torch.tensor([0, 1, 2, 0])
    assert torch.autograd.gradcheck(
        lambda a, b: sum(two_task_loss(a, b, labels, labels > 0, labels.flip(0), 0.4)), (g, local)
    )


def test_mixup_blends_faces_and_names_the_partners():
    faces, labels = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 3, 2, 2), torch.arange(6)
    mixed, partners, share = mix_faces(faces, labels, 1.0)
    torch.testing.assert_close(mixed[:, 0, 0, 0], share * labels + (1 - share) * partners)
    assert sorted(partners.tolist()) == list(range(6))


# The whole network


def test_parameters_of_every_module_move():
    method, batch = network(), batch_of()
    before = {name: parameter.detach().clone() for name, parameter in method.named_parameters()}
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    for _ in range(2):  # the offset layers start at zero, so what lies behind them moves in the first step
        optimizer.zero_grad()
        method.training_step(batch)["loss"].backward()
        optimizer.step()
    still = [name for name, parameter in method.named_parameters() if torch.equal(parameter, before[name])]
    assert still == []


@pytest.mark.parametrize("config", [SMALL, MGLNConfig(**{**vars(SMALL), "mixup": 1.0, "offset": "deform_conv"})])
def test_training_step_reports_both_tasks(config):
    outputs = network(config).training_step(batch_of())
    assert outputs["logits"].shape == (4, 7)
    torch.testing.assert_close(outputs["loss"].detach(), sum(outputs["log"].values()))


def test_a_face_without_landmarks_is_decided_by_its_global_scores():
    method, batch = network().eval(), batch_of()
    batch["landmarks"][1] = float("nan")
    batch["landmarks"][2, :, 48:68] = float("nan")  # only the mouth is missing: the other parts still speak
    global_scores, local_scores, has_parts = method.scores(batch)
    assert has_parts.tolist() == [True, False, True, True]
    predicted = method.predict(batch)
    assert torch.equal(predicted[1], global_scores[1])
    torch.testing.assert_close(predicted[[0, 2, 3]], (0.5 * global_scores + 0.5 * local_scores)[[0, 2, 3]])


def test_a_batch_without_any_landmarks_trains_the_global_module():
    method, batch = network(), batch_of()
    batch["landmarks"][:] = float("nan")
    outputs = method.training_step(batch)
    assert outputs["log"]["local_loss"] == 0
    outputs["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in method.parameters() if p.grad is not None)


def test_still_frames_ignore_movement_and_three_frames_see_it():
    batch = batch_of()
    moved = {**batch, "images": batch["images"].clone()}
    moved["images"][:, 0] += 1.0  # the first frame is never the apex here
    dynamic, still = network().eval(), network(MGLNConfig(**{**vars(SMALL), "frames": "apex"})).eval()
    assert torch.equal(still.predict(moved), still.predict(batch))
    assert not torch.allclose(dynamic.predict(moved), dynamic.predict(batch))


def test_forward_is_the_global_module_on_apex_faces():
    method, batch = network().eval(), batch_of()
    apex = torch.stack([batch["images"][i, length - 1] for i, length in enumerate(batch["lengths"])])
    torch.testing.assert_close(method(apex), method.scores(batch)[0])


def test_permuting_the_batch_permutes_the_scores():
    method, batch, order = network().eval(), batch_of(), torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(
        method.predict({name: value[order] for name, value in batch.items()}), method.predict(batch)[order]
    )


def test_two_half_batches_give_the_loss_of_the_whole():
    method, batch = network(), batch_of()
    batch["landmarks"][3] = float("nan")  # a missing face must not change the weight of the others
    halves = [{name: value[part] for name, value in batch.items()} for part in (slice(0, 2), slice(2, 4))]
    losses = [method.training_step(half)["loss"] for half in halves]
    torch.testing.assert_close(sum(losses) / 2, method.training_step(batch)["loss"])


def test_constructing_the_network_leaves_the_trunk_as_it_was():
    trunk = vgg16_trunk(width=1 / 16, batch_norm=True).train()
    statistics = trunk[1].running_mean.clone()
    MGLN(trunk, 7, SMALL, image_size=64)
    assert trunk.training
    assert torch.equal(trunk[1].running_mean, statistics)


# Bad input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lengths": torch.tensor([5, 1, 3, 5])}, "fewer than two frames"),
        ({"lengths": torch.tensor([5, 6, 3, 5])}, "more frames than the 5"),
        ({"landmarks": torch.full((4, 5, 68, 2), 300.0)}, "far outside the 64 x 64 images"),
        ({"landmarks": torch.zeros(4, 5, 5, 2)}, r"expected \(12, 68, 2\)"),
        ({"images": torch.rand(4, 3, 64, 64)}, "expected sequences"),
    ],
)
def test_unusable_batches_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        network().predict({**batch_of(), **change})


def test_forward_wants_still_faces():
    with pytest.raises(ValueError, match="still faces"):
        network()(torch.rand(2, 5, 3, 64, 64))


@pytest.mark.parametrize(
    "options",
    [
        {"fusion_weight": 1.5},
        {"mixup": -1.0},
        {"offset": "both"},
        {"frames": "last"},
        {"lstm_hidden": 60},
        {"part_widths": (2.0, 0.0, 1.0)},
    ],
)
def test_configuration_is_checked(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        MGLNConfig(**options)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="an offset"):
        channelwise_resample(torch.rand(1, 2, 3, 3), torch.rand(1, 4, 3, 3))
    with pytest.raises(ValueError, match="same"):
        fuse(torch.rand(2, 7), torch.rand(2, 6))
    with pytest.raises(ValueError, match="weight"):
        fuse(torch.rand(2, 7), torch.rand(2, 7), -0.1)
    trunk = vgg16_trunk(width=1 / 16)
    trunk.append(torch.nn.MaxPool2d(4))
    with pytest.raises(ValueError, match="too small"):
        MGLN(trunk, 7, SMALL, image_size=32)


def test_without_mixup_the_global_loss_is_cross_entropy():
    g, labels = torch.randn(6, 4), torch.arange(6) % 4
    torch.testing.assert_close(two_task_loss(g, g, labels)[0], F.cross_entropy(g, labels))
