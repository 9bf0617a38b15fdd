"""MGLN: frames, crops, the offset layer against loops and torchvision, the network, the two tasks, bad input."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from fer_tutorial.backbones import build_backbone, vgg16_trunk
from fer_tutorial.papers.mgln import (
    GFM,
    LST,
    MGLN,
    OFFICIAL_LANDMARKS,
    PART_LANDMARKS,
    PARTS,
    PBM,
    PRESETS,
    ChannelwiseOffset,
    MGLNConfig,
    Statistics,
    channelwise_resample,
    extract_box,
    extract_part,
    frame_positions,
    fuse,
    mix_faces,
    part_sizes,
    sampling_points,
    scrambled_offsets,
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


def test_box_crop_is_a_slice_of_the_picture_squeezed():
    image, points, margin, size = torch.randn(1, 3, 64, 48).double(), torch.zeros(68, 2).double(), 5.0, (16, 24)
    own = OFFICIAL_LANDMARKS["nose"]
    points[list(own)] = torch.rand(len(own), 2).double() * 14 + torch.tensor([20.0, 30.0])
    left, top = (points[list(own)].amin(0) - margin).int().tolist()
    right, bottom = (points[list(own)].amax(0) + margin).int().tolist()
    crop, present = extract_box(image, points[None], own, size, margin)
    assert present.tolist() == [True]
    expected = F.interpolate(image[:, :, top:bottom, left:right], size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(crop, expected)


def test_box_crop_by_hand():
    """Landmarks from 20 to 28 and a margin of 4: columns 16 to 31, two of them a pixel of a crop 8 wide."""
    ramp, points = torch.arange(64.0).expand(1, 3, 64, 64), torch.full((1, 68, 2), 20.0)
    points[0, 50] = 28.0
    crop, _ = extract_box(ramp, points, OFFICIAL_LANDMARKS["mouth"], (8, 8), 4.0)
    torch.testing.assert_close(crop[0, 0, 3], 16.5 + 2 * torch.arange(8.0))


def test_a_box_is_cut_off_at_the_border_and_squeezes_an_open_mouth_like_a_closed_one():
    image, points = torch.randn(1, 3, 40, 40).double(), torch.full((2, 68, 2), 20.0).double()
    points[:, 48], points[:, 54] = torch.tensor([2.0, 20.0]), torch.tensor([38.0, 20.0])
    points[0, 57, 1], points[1, 57, 1] = 22.0, 34.0
    crops, present = extract_box(image.expand(2, -1, -1, -1), points, OFFICIAL_LANDMARKS["mouth"], (16, 32), 5.0)
    assert present.tolist() == [True, True]
    for crop, bottom in zip(crops, (27, 39), strict=True):
        expected = F.interpolate(image[:, :, 15:bottom], (16, 32), mode="bilinear", align_corners=False)
        torch.testing.assert_close(crop, expected[0])


def test_box_crops_ignore_the_two_points_that_the_slices_leave_out():
    image, points = torch.randn(2, 3, 64, 64).double(), face_landmarks().repeat(2, 1, 1)
    points[1, 36], points[1, 67] = float("nan"), 60.0
    for part in PARTS:
        crops, present = extract_box(image[:1].expand(2, -1, -1, -1), points, OFFICIAL_LANDMARKS[part], (16, 16), 5.0)
        assert present.tolist() == [True, True]
        assert torch.equal(crops[0], crops[1])


def test_a_box_without_landmarks_or_outside_the_picture_is_missing():
    points = face_landmarks().repeat(3, 1, 1)
    points[1, 50] = float("nan")
    points[2, 48:68] = torch.tensor([80.0, 20.0]).double()
    crop, present = extract_box(torch.rand(3, 3, 64, 64).double(), points, OFFICIAL_LANDMARKS["mouth"], (16, 32), 5.0)
    assert present.tolist() == [True, False, False]
    assert torch.isfinite(crop).all()
    assert crop[1:].abs().max() == 0


def test_the_configuration_says_which_crops_the_network_sees():
    batch = batch_of()
    _, level, _ = network().look(batch)
    _, box, present = network(replace(SMALL, crops="box", box_margin=2.0)).look(batch)
    assert {part: crop.shape for part, crop in level.items()} == {part: crop.shape for part, crop in box.items()}
    assert not torch.allclose(level["mouth"], box["mouth"])
    frames = select_frames(batch["images"], frame_positions(batch["lengths"]))[:, 0]
    points = select_frames(batch["landmarks"], frame_positions(batch["lengths"]))[:, 0]
    expected, _ = extract_box(frames, points, OFFICIAL_LANDMARKS["mouth"], part_sizes(64)["mouth"], 2.0)
    assert torch.equal(box["mouth"][:, 0], expected)
    assert present.all()


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


@pytest.mark.parametrize("offset", ["channelwise", "official", "deform_conv"])
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


def test_the_official_code_applies_offsets_elsewhere_than_it_predicts_them():
    """Two numbers worked out from its view: channel, row and column predicted -> channel, row and column moved."""
    for predicted_at, moved in (((0, 1, 2), (0, 0, 3)), ((1, 0, 0), (0, 2, 0))):
        predicted = torch.zeros(1, 4, 4, 4)
        predicted[(0, *predicted_at)] = 1.0
        offsets = scrambled_offsets(predicted)
        assert offsets.shape == (1, 2, 2, 4, 4)
        assert offsets.nonzero().tolist() == [[0, moved[0], 1, *moved[1:]]]  # 1: along y


def test_scrambled_offsets_match_a_count_of_places():
    m, c, h, w = 2, 3, 4, 5
    predicted = torch.randn(m, 2 * c, h, w)
    offsets = scrambled_offsets(predicted)
    for i in range(m):
        numbers = [predicted[i, k, y, x] for k in range(2 * c) for y in range(h) for x in range(w)]
        for place in range(c * h * w):
            k, y, x = place // (h * w), place // w % h, place % w
            assert offsets[i, k, 1, y, x] == numbers[2 * place]
            assert offsets[i, k, 0, y, x] == numbers[2 * place + 1]


def test_the_official_offset_layer_matches_a_loop_over_its_view():
    torch.manual_seed(0)
    layer, features = ChannelwiseOffset(2, official=True).double(), torch.randn(2, 2, 4, 3).double()
    m, c, h, w = features.shape
    pairs = layer.predict(features).contiguous().view(-1, h, w, 2).view(m, c, h, w, 2)  # (y, x), as in that code
    expected = naive_resample(features, torch.stack([pairs[..., 1], pairs[..., 0]], dim=2).detach())
    torch.testing.assert_close(layer(features).detach(), expected)
    again = ChannelwiseOffset(2).double()
    again.load_state_dict({"predict.weight": layer.predict.weight, "predict.bias": torch.zeros(4).double()})
    assert not torch.allclose(again(features), layer(features))  # the same prediction, read where it was made


def test_the_official_code_starts_with_offsets_and_without_a_bias():
    torch.manual_seed(0)
    layer = ChannelwiseOffset(64, official=True)
    assert layer.predict.bias is None
    assert layer.predict.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 2 * 64)), rel=0.02)


@pytest.mark.parametrize("offset", ["channelwise", "official", "deform_conv"])
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


def test_initializations_are_he_s_or_the_official_code_s():
    torch.manual_seed(0)
    wide = MGLNConfig(gfm_channels=(64, 32, 64, 32, 16), lst_channels=(64, 32), part_end_channels=(64, 256))
    for initialization, fan in (("fan_in", 9 * 128), ("fan_out", 9 * 64)):
        config = replace(wide, initialization=initialization)
        convolution = GFM(128, 7, config).blocks[0][1]
        assert convolution.weight.std().item() == pytest.approx(math.sqrt(2 / fan), rel=0.03)
        assert convolution.bias.abs().max() == 0
    part_end = PBM(8, 7, dict.fromkeys(PARTS, (2, 3)), config).part_end
    assert part_end[2].weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.03)
    torch.manual_seed(1)
    squeeze = LST(64, (2, 3), config).squeeze[0]  # torch's own: uniform up to 1/√64, with a bias
    assert squeeze.weight.abs().max().item() == pytest.approx(1 / 8, rel=0.01)
    assert squeeze.bias.abs().max() > 0


def test_the_lstm_of_the_official_code_sees_nothing_negative():
    features, seen = torch.randn(4, 3, 8, 2, 3), []
    for lst_relu in (False, True):
        block = LST(8, (2, 3), replace(SMALL, lst_relu=lst_relu))
        block.lstm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].min().item()))
        block(features)
    assert seen[0] < 0 <= seen[1]


def test_the_official_preset_is_the_official_code():
    config = PRESETS["official"]
    assert (config.mixup, config.offset, config.crops, config.box_margin) == (1.0, "official", "box", 5.0)
    assert (config.final_relu, config.lst_relu, config.initialization) == (True, True, "fan_out")
    narrow = {name: value for name, value in vars(SMALL).items() if "channels" in name or "lstm" in name}
    method, batch = network(replace(config, **narrow)), batch_of()
    assert torch.isfinite(method.training_step(batch)["loss"])


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


# Normalization of the trunk


def normalized(trunk_norm: str, size: int = 64) -> MGLN:
    torch.manual_seed(0)
    return MGLN(vgg16_trunk(width=1 / 8, batch_norm=True), 7, replace(SMALL, trunk_norm=trunk_norm), image_size=size)


def seen_by_the_trunk(method: MGLN, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The trunk's maps of faces and of each part."""
    faces, crops, _ = method.look(batch)
    pictures = {"face": faces, **{part: crop.flatten(0, 1) for part, crop in crops.items()}}
    with torch.no_grad():
        return {kind: method.trunk(kind, picture) for kind, picture in pictures.items()}


def farthest_from_training(method: MGLN, batch: dict[str, Tensor]) -> float:
    """After many passes of one batch: how far evaluation normalizes from training, in the spread of the maps."""
    for layer in method.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.2
    for _ in range(60):
        training = seen_by_the_trunk(method.train(), batch)
    evaluated = seen_by_the_trunk(method.eval(), batch)
    return max(((evaluated[kind] - maps).abs().mean() / maps.std()).item() for kind, maps in training.items())


def test_evaluation_normalizes_each_kind_as_training_did():
    """What is left is a variance over n − 1 in place of n, of three 6 × 6 maps at the least."""
    batch = batch_of()
    batch["images"] += torch.linspace(-3, 3, 64)  # eyes, nose and mouth see different parts of a ramp
    assert farthest_from_training(normalized("own"), batch) < 0.05
    assert farthest_from_training(normalized("shared"), batch) > 0.2
    assert farthest_from_training(normalized("group"), batch) == 0


def test_kinds_share_weights_and_not_averages():
    method, batch = normalized("own").train(), batch_of()
    assert sum(p.numel() for p in method.parameters()) == sum(p.numel() for p in normalized("shared").parameters())
    assert list(method.statistics.parameters()) == []
    method.trunk("mouth", torch.randn(4, 3, 16, 24) + 2)
    first = {kind: method.statistics[kind].get_buffer("1_running_mean").clone() for kind in PARTS}
    assert method.backbone[1].running_mean.abs().max() == 0  # faces' own, not seen yet
    assert first["mouth"].abs().max() > 0
    assert first["eyes"].abs().max() == first["nose"].abs().max() == 0
    method(batch["images"][:, -1])
    assert method.backbone[1].running_mean.abs().max() > 0
    assert torch.equal(method.statistics["mouth"].get_buffer("1_running_mean"), first["mouth"])
    method.local_scores(*method.look(batch)[1:]).sum().backward()
    assert all(p.grad is not None for p in method.backbone.parameters())


def test_a_kind_is_normalized_as_by_a_trunk_of_its_own():
    method = normalized("own").train()
    alone, crops = vgg16_trunk(width=1 / 8, batch_norm=True).train(), torch.randn(6, 3, 16, 24) + 1
    alone.load_state_dict(method.backbone.state_dict())
    for _ in range(3):
        torch.testing.assert_close(method.trunk("eyes", crops), alone(crops))
    method.eval(), alone.eval()
    torch.testing.assert_close(method.trunk("eyes", crops), alone(crops))


@pytest.mark.parametrize("trunk_norm", ["own", "shared", "group"])
def test_weights_of_every_normalization_come_back(trunk_norm):
    method, batch = normalized(trunk_norm).train(), batch_of()
    method.training_step(batch)
    again = normalized(trunk_norm)
    again.load_state_dict(method.state_dict())
    assert torch.equal(again.eval().predict(batch), method.eval().predict(batch))


def test_weights_from_before_kinds_had_averages_of_their_own_mean_what_they_meant():
    old, batch = normalized("shared").train(), batch_of()
    old.training_step(batch)
    state = old.state_dict()
    names = list(state)
    new = normalized("own")
    new.load_state_dict(state)
    assert list(state) == names  # the caller's dictionary is as it was
    assert torch.equal(new.eval().predict(batch), old.eval().predict(batch))
    whole = nn.ModuleDict({"method": normalized("own")})  # below another module as well
    whole.load_state_dict({f"method.{name}": value for name, value in state.items()})
    del state["backbone.1.running_mean"]
    with pytest.raises(RuntimeError, match=r"backbone\.1\.running_mean.*statistics\.eyes\.1_running_mean"):
        normalized("own").load_state_dict(state)


def test_the_weights_that_ship_with_the_book_load():
    torch.manual_seed(0)
    method = MGLN(build_backbone("vgg16_trunk_small"), 7, SMALL, image_size=48)
    weights = load_file(Path(__file__).parents[2] / "data/weights/mgln.safetensors")
    method.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in weights.items()})


def test_group_normalization_takes_the_place_of_batch_normalization_and_its_weights():
    trunk = nn.Sequential(nn.Conv2d(3, 16, 8, stride=8), nn.Sequential(nn.BatchNorm2d(16)), nn.BatchNorm2d(16))
    trunk.out_channels = 16
    nn.init.constant_(trunk[1][0].weight, 3.0)
    method = MGLN(trunk, 7, replace(SMALL, trunk_norm="group"), image_size=64)
    assert [type(layer).__name__ for layer in (trunk[1][0], trunk[2])] == ["GroupNorm", "GroupNorm"]
    assert trunk[1][0].num_groups == 2
    assert (trunk[1][0].weight == 3.0).all()
    assert not list(method.buffers())


def test_statistics_know_the_trunk_s_averages_alone():
    trunk = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    trunk.register_buffer("counter", torch.zeros(1))
    names = ["1.running_mean", "1.running_var", "1.num_batches_tracked"]
    assert Statistics.names(trunk) == names
    assert [name for name, _ in Statistics(trunk).named_buffers()] == [name.replace(".", "_") for name in names]


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
        {"crops": "round"},
        {"box_margin": -1.0},
        {"initialization": "zero"},
        {"trunk_norm": "batch"},
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
