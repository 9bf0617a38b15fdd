"""G2RL: heatmaps and their reading, the graph, the two losses, the export without geometry, bad input."""

import math

import pytest
import torch
from torch import Tensor, nn

from fer_tutorial.backbones import build_backbone
from fer_tutorial.faces import face_with
from fer_tutorial.papers.g2rl import (
    AU_POINTS,
    G2RL,
    PRESETS,
    G2RLConfig,
    GeometryEncoder,
    GraphConvolution,
    action_unit_columns,
    adjacency,
    au_points,
    from_map,
    gaussian_heatmap,
    geometry_loss,
    heatmap_loss,
    joint_loss,
    landmark_intensity_loss,
    read_heatmap,
    to_map,
)
from fer_tutorial.vocabulary import ACTION_UNITS, BP4D_ACTION_UNITS, DISFA_ACTION_UNITS, MIRRORED_LANDMARKS

SMALL = PRESETS["small"]
UNITS = (1, 2, 12)


def network(config: G2RLConfig = SMALL) -> G2RL:
    torch.manual_seed(0)
    return G2RL(build_backbone("small_cnn"), UNITS, config, image_size=48, map_size=(6, 6))


def changed(**options) -> G2RLConfig:
    return G2RLConfig(**{**vars(SMALL), **options})


def batch_of(m: int = 4) -> dict[str, Tensor]:
    return {
        "images": torch.randn(m, 3, 48, 48),
        "landmarks": 48 * torch.rand(m, 68, 2),
        "action_units": 5 * torch.rand(m, len(UNITS)),
    }


# Points


def test_the_table_has_every_action_unit_and_two_mirrored_points():
    assert set(AU_POINTS) == set(ACTION_UNITS) >= set(DISFA_ACTION_UNITS) | set(BP4D_ACTION_UNITS)
    for unit, points in AU_POINTS.items():
        # Of AU 17 the points lie on the midline, each its own mirror image.
        for point, other in zip(points, points if unit == 17 else points[::-1], strict=True):
            assert sorted(MIRRORED_LANDMARKS[landmark] for landmark in point) == sorted(other), unit


def test_points_lie_where_the_earlier_codes_example_has_them():
    """BP4D's points of one face of 256 pixels; those of AU 14 and 17 give away the second landmark of a midpoint."""
    corners, cheeks = torch.tensor([[84.0, 164], [174, 164]]), torch.tensor([[61.0, 156.5], [192.5, 155]])
    lip, chin = torch.tensor([131.0, 191]), torch.tensor([130.5, 210.5])
    landmarks = torch.full((1, 68, 2), torch.nan)
    landmarks[0, [48, 54]] = corners
    landmarks[0, [3, 13]] = edges = 2 * cheeks - corners
    landmarks[0, 57], landmarks[0, 8] = lip, 2 * chin - lip
    assert (edges == edges.round()).all()  # whole pixels, like all landmarks: they are landmarks
    assert (landmarks[0, 8] == landmarks[0, 8].round()).all()
    points = au_points(landmarks, [12, 14, 17])[0]
    torch.testing.assert_close(points, torch.stack([corners, cheeks, torch.stack([lip, chin])]))


def test_points_of_drawn_faces_lie_as_in_the_example():
    """In widths of the mouth: AU 6 level with the lower lids and outside of them, AU 14 outside of the mouth."""
    landmarks = face_with({12: 2.0}, identity_seed=3, size=256)[1][None]
    six, ten, corner, cheek, chin = au_points(landmarks, [6, 10, 12, 14, 17])[0]  # (2, 2) each
    width = corner[1, 0] - corner[0, 0]
    lids = landmarks[0, [41, 46]]
    assert ((six - lids)[:, 1].abs() < 0.2 * width).all()
    for outer, inner in ((six, lids), (cheek, corner), (corner, ten)):
        assert outer[0, 0] < inner[0, 0]
        assert outer[1, 0] > inner[1, 0]
    assert (chin[1] - chin[0])[1] > 0.1 * width  # one below the other
    assert (chin[1] - chin[0])[0].abs() < 0.05 * width


def test_points_are_midpoints_of_their_landmarks():
    landmarks = torch.randn(3, 68, 2)
    points = au_points(landmarks, [6, 12])
    assert points.shape == (3, 2, 2, 2)
    torch.testing.assert_close(points[:, 0, 0], (landmarks[:, 1] + landmarks[:, 41]) / 2)
    torch.testing.assert_close(points[:, 1, 1], landmarks[:, 54])


def test_map_coordinates_keep_pixel_centers():
    """At stride 4 the first map pixel covers image pixels 0 to 3, whose middle is 1.5."""
    assert to_map(torch.tensor([1.5, 5.5]), 4).tolist() == [0.0, 1.0]
    points = torch.randn(5, 2)
    torch.testing.assert_close(from_map(to_map(points, 4), 4), points)


def test_columns_of_the_wanted_action_units():
    assert action_unit_columns((12, 1), (1, 4, 12)) == [2, 0]
    with pytest.raises(ValueError, match="no intensities of AU 7"):
        action_unit_columns((1, 7), (1, 4, 12))


# Heatmaps


@pytest.mark.parametrize("peak", ["density", "intensity"])
def test_heatmap_matches_a_loop(peak):
    points, intensities, sigma = 6 * torch.rand(3, 2).double(), 5 * torch.rand(3).double(), 1.3
    maps = gaussian_heatmap(points, intensities, (6, 7), sigma, peak)
    for k in range(3):
        for row in range(6):
            for column in range(7):
                squared = (column - points[k, 0].item()) ** 2 + (row - points[k, 1].item()) ** 2
                expected = intensities[k].item() * math.exp(-squared / (2 * sigma**2))
                if peak == "density":
                    expected /= 2 * math.pi * sigma**2
                assert maps[k, row, column].item() == pytest.approx(expected)


def test_the_papers_peak_is_a_twenty_fifth_of_the_intensity():
    point, intensity = torch.tensor([8.0, 8.0]), torch.tensor(1.0)
    assert gaussian_heatmap(point, intensity, (17, 17), 2.0, "density").max().item() == pytest.approx(0.0398, abs=5e-5)
    assert gaussian_heatmap(point, intensity, (17, 17), 2.0).max().item() == 1.0


def test_shifting_the_point_shifts_the_heatmap():
    point, intensity = torch.tensor([5.3, 6.8]), torch.tensor(3.0)
    here = gaussian_heatmap(point, intensity, (16, 16), 1.5)
    there = gaussian_heatmap(point + torch.tensor([4.0, -2.0]), intensity, (16, 16), 1.5)
    torch.testing.assert_close(there[:-2, 4:], here[2:, :-4])


def test_doubling_the_intensity_doubles_the_heatmap():
    point = torch.tensor([5.0, 6.0])
    one, two = (gaussian_heatmap(point, torch.tensor(i), (12, 12), 1.5) for i in (2.0, 4.0))
    torch.testing.assert_close(two, 2 * one)


@pytest.mark.parametrize("peak", ["density", "intensity"])
@pytest.mark.parametrize("sigma", [0.8, 1.5, 3.0])
def test_reading_recovers_point_and_intensity_exactly(sigma, peak):
    points = 3 + 10 * torch.rand(20, 2, dtype=torch.float64)
    intensities = 0.2 + 4.8 * torch.rand(20, dtype=torch.float64)
    read_points, read_intensities = read_heatmap(
        gaussian_heatmap(points, intensities, (16, 16), sigma, peak), sigma, peak
    )
    torch.testing.assert_close(read_points, points, atol=1e-4, rtol=0)
    torch.testing.assert_close(read_intensities, intensities, atol=1e-4, rtol=0)


def test_reading_the_highest_pixel_is_less_exact():
    maps = gaussian_heatmap(torch.tensor([[5.5, 6.5]]), torch.tensor([4.0]), (12, 12), 1.0)
    points, intensities = read_heatmap(maps, subpixel=False)
    assert all(value == int(value) for value in points[0].tolist())
    assert intensities.item() == pytest.approx(4 * math.exp(-0.25), abs=1e-5)


def test_reading_without_the_factor_is_wrong_by_the_factor():
    """The famous failure: a density's peak taken for an intensity."""
    maps = gaussian_heatmap(torch.tensor([6.0, 6.0]), torch.tensor(4.0), (13, 13), 2.0, "density")
    assert read_heatmap(maps)[1].item() == pytest.approx(4 / (2 * math.pi * 4), rel=1e-4)
    assert read_heatmap(maps, 2.0, "density")[1].item() == pytest.approx(4.0, rel=1e-4)


def test_reading_flat_negative_and_border_maps_stays_finite():
    maps = torch.stack([torch.zeros(5, 6), torch.full((5, 6), -2.0), torch.rand(5, 6)])
    maps[2, 0, 5] = 7.0
    points, intensities = read_heatmap(maps)
    assert torch.isfinite(points).all()
    assert intensities[0] == 0
    assert intensities[1] == -2
    assert points[2].tolist() == [5.0, 0.0]
    assert intensities[2] == 7


def test_reading_has_a_gradient():
    maps = gaussian_heatmap(torch.tensor([[3.2, 4.4]]).double(), torch.tensor([4.0]).double(), (8, 8), 1.5)
    assert torch.autograd.gradcheck(lambda x: read_heatmap(x)[1], maps.requires_grad_(), atol=1e-4)


def test_reading_half_precision_maps():
    maps = gaussian_heatmap(torch.tensor([4.0, 4.0]), torch.tensor(3.0), (9, 9), 1.5).bfloat16()
    assert read_heatmap(maps)[1].item() == pytest.approx(3.0, rel=0.02)


def test_heatmap_loss_matches_a_loop_and_leaves_unknown_maps_out():
    predicted, target, weights = torch.randn(2, 3, 4, 5).double(), torch.randn(2, 3, 4, 5).double(), torch.rand(2, 3)
    target[1, 2] = float("nan")
    expected = 0.0
    for i in range(2):
        for k in range(3):
            if (i, k) != (1, 2):
                expected += weights[i, k].item() * ((predicted[i, k] - target[i, k]) ** 2).sum().item() / 2
    assert heatmap_loss(predicted, target, weights).item() == pytest.approx(expected)


def test_losses_have_correct_gradients():
    predicted = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.randn(2, 2, 3, 3, dtype=torch.float64)
    target[0, 1] = float("nan")
    assert torch.autograd.gradcheck(lambda p: heatmap_loss(p, target), predicted)
    known = torch.tensor([True, False, True])
    g, p = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: geometry_loss(a, b, known), (g, p))
    coded = 5 * torch.rand(3, 4, dtype=torch.float64)
    coded[0, 1] = float("nan")
    assert torch.autograd.gradcheck(lambda a: landmark_intensity_loss(a, coded, known), p)


# Graph


def naive_adjacency(nodes: Tensor, kind: str, scale: float, neighbors: int) -> Tensor:
    n = len(nodes)
    distance = [[math.dist(nodes[i].tolist(), nodes[j].tolist()) for j in range(n)] for i in range(n)]
    s = scale * sum(map(sum, distance)) / (n * (n - 1))
    weights = torch.eye(n, dtype=torch.float64)
    for i in range(n):
        nearest = sorted((j for j in range(n) if j != i), key=lambda j: distance[i][j])[:neighbors]
        for j in range(n):
            if i == j:
                continue
            if kind == "gaussian":
                weights[i, j] = math.exp(-(distance[i][j] ** 2) / (2 * s * s))
            elif kind == "inverse":
                weights[i, j] = 1 / (1 + distance[i][j] / s)
            elif j in nearest:
                weights[i, j] = weights[j, i] = 1
    degree = [sum(row).item() for row in weights]
    for i in range(n):
        for j in range(n):
            weights[i, j] /= math.sqrt(degree[i] * degree[j])
    return weights


@pytest.mark.parametrize("kind", ["gaussian", "inverse", "nearest"])
def test_adjacency_matches_a_loop(kind):
    nodes = torch.randn(2, 6, 2, dtype=torch.float64)
    weights = adjacency(nodes, kind, 0.7, 2)
    for i in range(2):
        torch.testing.assert_close(weights[i], naive_adjacency(nodes[i], kind, 0.7, 2))


@pytest.mark.parametrize("kind", ["gaussian", "inverse", "nearest"])
def test_adjacency_knows_neither_place_nor_size_nor_tilt(kind):
    nodes = torch.randn(1, 8, 2, dtype=torch.float64)
    turn = torch.tensor([[0.8, 0.6], [-0.6, 0.8]], dtype=torch.float64)
    moved = 3.7 * nodes @ turn + torch.tensor([5.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(adjacency(moved, kind), adjacency(nodes, kind))


def test_two_nodes_in_one_place_are_allowed():
    """Lips that touch put landmarks on top of each other."""
    nodes = torch.rand(1, 6, 2)
    nodes[0, 1] = nodes[0, 0]
    for kind in ("gaussian", "inverse", "nearest"):
        weights = adjacency(nodes, kind, neighbors=2)
        assert torch.isfinite(weights).all()
        assert weights[0, 0, 1] > 0


def test_graph_convolution_matches_a_loop():
    layer, weights, features = (
        GraphConvolution(3, 4).double(),
        torch.rand(1, 5, 5).double(),
        torch.randn(1, 5, 3).double(),
    )
    out = layer(weights, features)
    for i in range(5):
        mixed = sum(weights[0, i, j] * (layer.weight.weight @ features[0, j]) for j in range(5))
        torch.testing.assert_close(out[0, i], mixed.clamp(min=0))


def test_permuting_the_nodes_permutes_the_graph_convolutions_output():
    encoder, nodes, order = GeometryEncoder(68, SMALL).double(), torch.randn(2, 68, 2).double(), torch.randperm(68)
    torch.testing.assert_close(encoder.node_features(nodes[:, order]), encoder.node_features(nodes)[:, order])


def test_the_encoder_concatenates_three_layers():
    encoder, nodes = GeometryEncoder(68, changed(gcn_channels=(5, 6, 7))), torch.randn(2, 68, 2)
    features = encoder.node_features(nodes)
    assert features.shape == (2, 68, 18)
    torch.testing.assert_close(features[..., :5], encoder.graph[0](adjacency(nodes), nodes))
    assert encoder(nodes).shape == (2, SMALL.geometry_dim)


# Losses and network


def test_joint_loss_by_hand():
    g, s = torch.tensor(4.0), torch.tensor(8.0)
    assert [joint_loss(g, s, weight).item() for weight in (0.0, 0.25, 1.0)] == [8.0, 7.0, 4.0]


def test_geometry_loss_by_hand():
    g, p = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    assert geometry_loss(g, p).item() == 4.5
    assert geometry_loss(g, p, torch.tensor([False, True])).item() == 2.0


def test_landmark_intensity_loss_matches_a_loop_and_leaves_unknown_out():
    read, coded, known = torch.randn(3, 4), 5 * torch.rand(3, 4), torch.tensor([True, False, True])
    coded[2, 1] = float("nan")
    expected = 0.0
    for i in (0, 2):
        for a in range(4):
            if (i, a) != (2, 1):
                expected += (read[i, a].item() - coded[i, a].item()) ** 2 / 3
    assert landmark_intensity_loss(read, coded, known).item() == pytest.approx(expected, rel=1e-5)


def test_targets_put_the_peak_where_the_landmark_is():
    method, batch = network(), batch_of()
    batch["landmarks"] = 8 + 32 * torch.rand(4, 68, 2)
    points, intensities = method.estimator.read(method.targets(batch["landmarks"], batch["action_units"]))
    torch.testing.assert_close(points, au_points(batch["landmarks"], UNITS), atol=1e-3, rtol=0)
    torch.testing.assert_close(intensities, batch["action_units"], atol=1e-3, rtol=1e-3)


def test_every_parameter_moves():
    method, batch = network(), batch_of()
    before = {name: parameter.detach().clone() for name, parameter in method.named_parameters()}
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    method.training_step(batch)["loss"].backward()
    optimizer.step()
    still = [name for name, parameter in method.named_parameters() if torch.equal(parameter, before[name])]
    assert still == []


def test_geometry_guides_the_backbone():
    method, batch = network(changed(lambda_=1.0)), batch_of()
    method.training_step(batch)["loss"].backward()
    assert method.estimator.backbone[0][0].weight.grad.abs().max() > 0
    assert method.estimator.head.weight.grad is None or method.estimator.head.weight.grad.abs().max() == 0


def test_standardized_geometry_cannot_be_the_same_for_every_face():
    nodes = torch.randn(16, 68, 2)
    geometry = network(changed(standardize=True)).geometry(nodes)
    torch.testing.assert_close(geometry.mean(0), torch.zeros(SMALL.geometry_dim), atol=1e-5, rtol=0)
    assert (geometry.var(0, unbiased=False) > 0.5).all()


# Geometry that is learned first and then held

HELD = {"geometry_epochs": 2}


def moved(method: G2RL, batch: dict[str, Tensor], epoch: int, optimizer: torch.optim.Optimizer) -> set[str]:
    """The parts of the network whose weights a step of training changes."""
    before = {name: parameter.detach().clone() for name, parameter in method.named_parameters()}
    optimizer.zero_grad()
    method.training_step(batch, epoch=epoch)["loss"].backward()
    optimizer.step()
    return {
        name.partition(".")[0]
        for name, parameter in method.named_parameters()
        if not torch.equal(parameter, before[name])
    }


@pytest.mark.parametrize("standardize", [False, True])
def test_after_the_switch_the_geometry_stands_still(standardize):
    method, batch = network(changed(standardize=standardize, **HELD)), batch_of()
    optimizer = torch.optim.AdamW(method.parameters(), 1e-2)
    assert moved(method, batch, 0, optimizer) == {"estimator", "geometry", "reader"}
    assert moved(method, batch, 1, optimizer) == {"estimator", "geometry", "reader"}
    # Neither weight decay nor the optimizer's momentum moves it.
    assert moved(method, batch, 2, optimizer) == {"estimator", "projection"}
    assert moved(method, batch, 7, optimizer) == {"estimator", "projection"}


def test_held_geometry_guides_the_features_alone():
    method, batch = network(changed(lambda_=1.0, **HELD)), batch_of()
    method.training_step(batch, epoch=2)["loss"].backward()
    assert method.estimator.backbone[0][0].weight.grad.abs().max() > 0
    assert method.projection.weight.grad.abs().max() > 0
    assert all(weight.grad is None for part in (method.geometry, method.reader) for weight in part.parameters())


def test_held_geometry_has_no_guidance_while_it_is_learned():
    method, batch = network(changed(lambda_=1.0, **HELD)), batch_of()
    outputs = method.training_step(batch, epoch=1)
    assert outputs["loss"].item() == outputs["log"]["landmark_intensity_loss"].item()
    outputs["loss"].backward()
    assert all(weight.grad is None or not weight.grad.any() for weight in method.estimator.parameters())
    assert method.projection.weight.grad is None
    log = network(changed(**HELD)).eval().training_step(batch, epoch=2)["log"]
    loss = network(changed(**HELD)).eval().training_step(batch, epoch=2)["loss"].item()
    assert loss == pytest.approx(0.5 * (log["heatmap_loss"] + log["geometry_loss"]).item())


def test_geometry_learns_to_say_the_intensities():
    """A mouth that sinks with the intensity: G comes to say it, and held, it goes on saying it."""
    torch.manual_seed(0)
    config = changed(geometry_epochs=100, lambda_=1.0)
    method = G2RL(nn.Conv2d(3, 4, 8, stride=8), UNITS, config, image_size=48, map_size=(6, 6))
    batch = batch_of(32)
    batch["action_units"] = 5 * torch.rand(32, 1).expand(-1, len(UNITS))
    batch["landmarks"] = (12 + 24 * torch.rand(1, 68, 2)).repeat(32, 1, 1)
    batch["landmarks"][:, 48:, 1] += 2 * batch["action_units"][:, :1]
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    losses = []
    for epoch in range(110):
        optimizer.zero_grad()
        outputs = method.training_step(batch, epoch=epoch)
        losses.append(outputs["log"]["landmark_intensity_loss"].item())
        outputs["loss"].backward()
        optimizer.step()
    assert losses[99] < 0.1 * losses[0]
    assert losses[100:] == [losses[100]] * 10


def test_held_geometry_is_for_one_process(monkeypatch):
    for name, value in (("is_available", True), ("is_initialized", True), ("get_world_size", 2)):
        monkeypatch.setattr(torch.distributed, name, lambda value=value: value)
    with pytest.raises(ValueError, match="geometry_epochs is 2, which several processes cannot train together"):
        network(changed(**HELD)).training_step(batch_of())
    assert network().training_step(batch_of())["loss"].isfinite()


def test_the_exported_network_has_no_trace_of_held_geometry():
    assert set(network(changed(**HELD)).export().state_dict()) == set(network().export().state_dict())


def test_lambda_zero_is_heatmap_regression_alone():
    method, batch = network(changed(lambda_=0.0)).eval(), batch_of()
    outputs = method.training_step(batch)
    assert outputs["loss"].item() == outputs["log"]["heatmap_loss"].item()


def test_emphasis_weighs_strong_action_units_more():
    batch = batch_of()
    plain, emphasised = (
        network(changed(emphasis=e)).eval().training_step(batch)["log"]["heatmap_loss"] for e in (0.0, 2.0)
    )
    assert emphasised > plain
    batch["action_units"][:] = 0
    plain, emphasised = (
        network(changed(emphasis=e)).eval().training_step(batch)["log"]["heatmap_loss"] for e in (0.0, 2.0)
    )
    assert emphasised == plain


def test_the_exported_network_has_no_geometry_and_says_the_same():
    method, images = network().eval(), torch.randn(3, 3, 48, 48)
    exported = method.export()
    assert not any("geometry" in name or "projection" in name for name in exported.state_dict())
    assert not any(isinstance(module, GraphConvolution | GeometryEncoder) for module in exported.modules())
    torch.testing.assert_close(exported(images), method(images))
    with torch.no_grad():
        for parameter in (*method.geometry.parameters(), *method.projection.parameters()):
            parameter.fill_(float("nan"))
    assert torch.isfinite(method(images)).all()
    exported.head.weight.data.zero_()
    assert method.estimator.head.weight.abs().max() > 0  # a copy


def test_mixed_precision_trains():
    method, batch = network(), batch_of()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = method.training_step(batch)
    outputs["loss"].backward()
    exact = network().training_step(batch)["loss"]
    torch.testing.assert_close(outputs["loss"].float(), exact, rtol=0.02, atol=0)


def test_predictions_stay_on_the_scale():
    method, images = network().eval(), torch.randn(3, 3, 48, 48)
    with torch.no_grad():
        method.estimator.head.bias[:3] = 50.0
        method.estimator.head.bias[3:] = -50.0
    predicted = method.predict({"images": images})
    assert predicted.min() == 0
    assert predicted.max() == 5


def test_faces_without_landmarks_and_uncoded_intensities_are_left_out():
    method, batch = network().eval(), batch_of()
    batch["landmarks"][1] = float("nan")
    batch["action_units"][2, 0] = float("nan")
    outputs = method.training_step(batch)
    assert torch.isfinite(outputs["loss"])
    rest = {name: value[[0, 2, 3]] for name, value in batch.items()}
    others = method.training_step(rest)
    torch.testing.assert_close(outputs["loss"] * 4, others["loss"] * 3)  # face 1 adds nothing
    outputs["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in method.parameters())


def test_two_half_batches_give_the_loss_of_the_whole():
    method, batch = network().eval(), batch_of()
    halves = [{name: value[part] for name, value in batch.items()} for part in (slice(0, 2), slice(2, 4))]
    losses = [method.training_step(half)["loss"] for half in halves]
    torch.testing.assert_close(sum(losses) / 2, method.training_step(batch)["loss"])


def test_it_learns_to_read_a_dot():
    """Faces that are a single bright dot at the mouth corners, as bright as AU 12 is strong."""
    torch.manual_seed(0)
    config = changed(deconv_channels=(16,), lambda_=0.0)
    trunk = nn.Conv2d(3, 16, 4, stride=2, padding=1)
    method = G2RL(trunk, (12,), config, image_size=16, map_size=(8, 8))
    landmarks, intensities = torch.full((32, 68, 2), 8.0), 5 * torch.rand(32, 1)
    landmarks[:, 48], landmarks[:, 54] = torch.tensor([4.0, 10.0]), torch.tensor([11.0, 10.0])
    landmarks[:, 0] = 0.0
    dots = gaussian_heatmap(landmarks[:, [48, 54]], intensities.expand(-1, 2), (16, 16), 1.5).sum(1, keepdim=True)
    batch = {"images": dots.expand(-1, 3, -1, -1), "landmarks": landmarks, "action_units": intensities}
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        method.training_step(batch)["loss"].backward()
        optimizer.step()
    assert (method.predict(batch) - intensities).abs().mean() < 0.4


# Bad input


def test_bad_points_and_intensities_are_named():
    point = torch.tensor([4.0, 4.0])
    with pytest.raises(ValueError, match="outside 0 to 5"):
        gaussian_heatmap(point, torch.tensor(5.5), (8, 8), 1.0)
    with pytest.raises(ValueError, match="outside 0 to 5"):
        gaussian_heatmap(point, torch.tensor(-1.0), (8, 8), 1.0)
    with pytest.raises(ValueError, match="far outside the 8 x 8 map"):
        gaussian_heatmap(torch.tensor([30.0, 4.0]), torch.tensor(1.0), (8, 8), 1.0)
    with pytest.raises(ValueError, match="sigma"):
        gaussian_heatmap(point, torch.tensor(1.0), (8, 8), 0.0)


def test_bad_graphs_are_named():
    with pytest.raises(ValueError, match="coincide"):
        adjacency(torch.ones(1, 5, 2))
    with pytest.raises(ValueError, match="wrong layout"):
        adjacency(torch.rand(1, 2, 68))
    with pytest.raises(ValueError, match="at least two"):
        adjacency(torch.rand(1, 1, 2))
    with pytest.raises(ValueError, match="neighbors is 5"):
        adjacency(torch.rand(1, 5, 2), "nearest", neighbors=5)


def test_action_units_without_points_or_columns_are_named():
    with pytest.raises(ValueError, match="AU 99 has no points"):
        G2RL(build_backbone("small_cnn"), (1, 99), SMALL, 48, (6, 6))
    with pytest.raises(ValueError, match="at least one"):
        G2RL(build_backbone("small_cnn"), (), SMALL, 48, (6, 6))
    with pytest.raises(ValueError, match="estimates 3"):
        network().training_step({**batch_of(), "action_units": torch.rand(4, 5)})
    with pytest.raises(ValueError, match=r"expected \(m, 68, 2\)"):
        au_points(torch.rand(2, 5, 2), [1])


@pytest.mark.parametrize(
    "options",
    [
        {"lambda_": 1.2},
        {"sigma": 0.0},
        {"peak": "max"},
        {"adjacency": "full"},
        {"emphasis": -1.0},
        {"geometry_dim": 0},
        {"geometry_epochs": -1},
    ],
)
def test_configuration_is_checked(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        G2RLConfig(**options)


def test_a_batch_of_one_cannot_be_standardized():
    batch = batch_of(1)
    with pytest.raises(ValueError, match="the batch has a single sample"):
        network(changed(standardize=True)).training_step(batch)
    assert network().training_step(batch)["loss"].isfinite()
