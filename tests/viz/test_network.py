"""Every method in the page against the same method in torch: the same numbers, in Chromium and in node."""

import copy
import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fer_tutorial.backbones import build_backbone
from fer_tutorial.errors import UserError
from fer_tutorial.methods import build_method, preset
from fer_tutorial.papers.configs import CenterLossConfig
from fer_tutorial.papers.g2rl import PRESETS, HeatmapEstimator
from fer_tutorial.viz import InteractiveFigure
from fer_tutorial.viz.interactive import _plain
from fer_tutorial.viz.network import export_network, in_half_precision, network_file, outputs_of
from tests.helpers.networks import ENGINES, RUN, batches, engine, results, trained_like

FACES, SIZE = 3, 48


def build(name, config=None, backbone="small_cnn"):
    return build_method(name, num_classes=7, image_size=SIZE, config=config, backbone=backbone)


# As the chapters build them, and what else changes the graph.
NETWORKS = {
    "softmax": lambda: build("softmax"),
    "softmax, small_resnet": lambda: build("softmax", backbone="small_resnet"),
    "softmax, edge_resnet": lambda: build("softmax", backbone="edge_resnet"),
    "center_loss": lambda: build("center_loss", CenterLossConfig(embedding_dim=2)),
    "dacl": lambda: build("dacl", preset("dacl", "small")),
    "scn": lambda: build("scn"),
    "tcl": lambda: build("tcl"),
    "tcl, he2018": lambda: build("tcl", preset("tcl", "he2018")),
    "mgln": lambda: build("mgln", preset("mgln", "small"), "vgg16_trunk_small"),
    "g2rl": lambda: HeatmapEstimator(build_backbone("small_cnn"), (1, 2, 4, 6, 12), PRESETS["small"], stride=4),
}
CLASSIFIERS = [name for name in NETWORKS if name.partition(",")[0] in ("softmax", "center_loss", "dacl", "scn", "tcl")]


def inputs_of(name, seed):
    generator = torch.Generator().manual_seed(seed)
    if name != "mgln":
        return (torch.randn(FACES, 3, SIZE, SIZE, generator=generator),)
    angle = torch.linspace(0, 6, 68)
    points = torch.stack([24 + 15 * angle.cos(), 24 + 15 * angle.sin()], dim=1)
    points[36:42], points[42:48] = torch.tensor([15.0, 17.0]), torch.tensor([33.0, 19.0])
    landmarks = points + torch.randn(FACES, 3, 68, 2, generator=generator)
    landmarks[0, 1, 50] = torch.nan  # a mouth that is not there
    landmarks[1] = torch.nan  # a face without parts
    return torch.randn(FACES, 3, 3, SIZE, SIZE, generator=generator), landmarks


def in_torch(network, inputs):
    """Face by face, since what MGLN's batch holds is one face's."""
    with torch.no_grad():
        rows = [outputs_of(network, *(each[i : i + 1] for each in inputs)) for i in range(FACES)]
    return {name: torch.cat([row[name] for row in rows]).float() for name in rows[0]}


@pytest.fixture(scope="module")
def cases():
    """Name → network, its export in single precision, inputs, and what torch makes of them."""
    found = {}
    for seed, (name, make) in enumerate(NETWORKS.items()):
        network = trained_like(make(), seed)
        inputs = inputs_of(name, seed)
        exported = export_network(network, *inputs, half=False)
        found[name] = network, exported, inputs, in_torch(network, inputs)
    return found


@pytest.fixture(scope="module", params=ENGINES)
def page(request):
    return engine(request.param, request)


@pytest.fixture(scope="module")
def seen(page, cases):
    """What the page makes of every case: (name, in half precision) → outputs."""
    keys = [(name, half) for name in cases for half in (False, True)]
    given = []
    for name, half in keys:
        _, exported, inputs, _ = cases[name]
        given.append([in_half_precision(exported) if half else exported, batches(exported, inputs)])
    return dict(zip(keys, map(results, page(RUN, given)), strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_computes_what_torch_computes(cases, seen, name):
    expected = cases[name][3]
    # The convolutions' last digits decide where MGLN's offset layers read, and random pictures are steep everywhere.
    tolerance = 1e-4 if name == "mgln" else 1e-5
    assert set(seen[name, False]) == set(expected)
    for output, values in expected.items():
        assert values.shape == seen[name, False][output].shape
        assert values.isfinite().all()
        difference = (seen[name, False][output] - values).abs().max()
        assert difference <= tolerance * max(1, values.abs().max()), output


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "g2rl"])
def test_half_precision_costs_little_probability(cases, seen, name):
    expected = cases[name][3]["logits"].softmax(1)
    cost = (seen[name, True]["logits"].softmax(1) - expected).abs().max()
    assert 0 < cost < (1e-2 if name == "mgln" else 1e-3)
    assert torch.equal(seen[name, True]["logits"].argmax(1), expected.argmax(1))


def test_half_precision_costs_little_intensity_and_place(cases, seen):
    expected = cases["g2rl"][3]
    assert 0 < (seen["g2rl", True]["intensities"] - expected["intensities"]).abs().max() < 5e-3
    assert 0 < (seen["g2rl", True]["points"] - expected["points"]).abs().max() < 0.05  # pixels


def test_every_number_of_half_precision_arrives(page):
    bits = np.arange(65536, dtype=np.uint16).view(np.float16)
    numbers = torch.tensor(bits[np.isfinite(bits)].astype(np.float32))
    layer = nn.Linear(1, len(numbers), bias=False)
    layer.weight.data[:, 0] = numbers
    exported = export_network(layer, torch.ones(1, 1))
    [[output]] = page(RUN, [[exported, [{"x": [1.0]}]]])
    assert torch.equal(torch.tensor(output["output"]["data"]), numbers)


def test_the_averages_of_the_class_activation_are_the_logits(cases):
    for name in CLASSIFIERS:
        outputs = cases[name][3]
        torch.testing.assert_close(
            outputs["class_activation"].mean(dim=(2, 3)), outputs["logits"], rtol=1e-4, atol=1e-5
        )


def test_mgln_averages_and_fuses_as_it_predicts(cases):
    network, _, inputs, outputs = cases["mgln"]
    torch.testing.assert_close(outputs["class_activation"].mean(dim=(2, 3)), outputs["global_scores"])
    batch = {"images": inputs[0], "landmarks": inputs[1], "lengths": torch.full((FACES,), 3)}
    with torch.no_grad():
        torch.testing.assert_close(outputs["logits"], network.predict(batch), rtol=1e-3, atol=1e-4)
    assert outputs["present"].tolist() == [[1, 1, 0], [0, 0, 0], [1, 1, 1]]


def test_grad_cam_is_what_the_gradient_says(cases):
    for name in CLASSIFIERS:
        network, _, (images,), outputs = cases[name]
        feature_map = network.backbone(images).detach().requires_grad_()
        whole, network.backbone = network.backbone, nn.Identity()  # a network whose image is the feature map
        logits = network(feature_map)
        network.backbone = whole
        for k in range(logits.shape[1]):
            (gradient,) = torch.autograd.grad(logits[:, k].sum(), feature_map, retain_graph=True)
            weights = gradient.mean(dim=(2, 3), keepdim=True)
            expected = F.relu((weights * feature_map).sum(1))
            torch.testing.assert_close(outputs["grad_cam"][:, k], expected, rtol=1e-3, atol=1e-6)


ASK = """
([exported, inputs, wanted]) => {
  try {
    const results = new Network(exported).run(inputs, wanted);
    return wanted.map((name) => Array.from(results[name].data));
  } catch (error) {
    return error.message;
  }
}
"""


def test_a_layer_can_be_asked_for(page, cases):
    network, exported, (images,), _ = cases["softmax"]
    with torch.no_grad():
        expected = nn.Sequential(*list(network.backbone)[:4])(images[:1]).flatten()
    [seen] = page(ASK, [exported, {"images": images[0].flatten().tolist()}, ["backbone.pool2"]])
    torch.testing.assert_close(torch.tensor(seen), expected)


def test_a_layer_can_be_given_and_what_is_in_front_of_it_is_not_needed(page, cases):
    network, exported, _, outputs = cases["tcl"]
    feature_map = outputs["feature_map"][:1].clone()
    feature_map[..., 2:4, 3] = 0  # two places hidden
    with torch.no_grad():
        expected = network.classifier(network.attention(feature_map)[0])[0]
    [seen] = page(ASK, [exported, {"feature_map": feature_map.flatten().tolist()}, ["logits"]])
    torch.testing.assert_close(torch.tensor(seen), expected)


@pytest.mark.parametrize(
    ("inputs", "wanted", "message"),
    [
        ({"images": [0.0] * 6912}, ["age"], "the network has no output age; it has logits, embedding"),
        ({"images": [0.0] * 10}, ["logits"], "images has 10 numbers; expected 1 × 3 × 48 × 48"),
        ({"faces": [0.0]}, ["logits"], "the network has no input faces; it has images"),
        ({}, ["logits"], "the input images is missing"),
    ],
)
def test_the_page_says_what_is_wrong(page, cases, inputs, wanted, message):
    assert page(ASK, [cases["softmax"][1], inputs, wanted]).startswith(message)


def test_what_several_outputs_share_is_there_once(cases):
    exported = cases["dacl"][1]
    operations = [step["operation"] for step in exported["steps"]]
    assert operations.count("convolution") == 5
    assert "affine" not in operations  # batch normalization is folded in


def test_averages_of_their_own_share_the_trunk(cases):
    exported = cases["mgln"][1]
    weights = {step["from"][1] for step in exported["steps"] if step["operation"] == "convolution"}
    trunk = [name for name in weights if name.startswith("backbone.")]
    assert len(trunk) == 10  # of 4 · 10 convolutions


def test_the_export_is_data_of_a_figure(cases):
    exported = in_half_precision(cases["softmax"][1])
    assert _plain(exported, "network") == json.loads(json.dumps(exported))


def test_the_network_is_left_as_it_was():
    network = build("dacl", preset("dacl", "small")).train()
    before = copy.deepcopy(network.state_dict())
    export_network(network, torch.zeros(2, 3, SIZE, SIZE))
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_the_outputs_are_the_callers_choice():
    exported = export_network(
        build("softmax"),
        torch.zeros(1, 3, SIZE, SIZE),
        outputs=lambda method, face: {"chances": method(face).softmax(1)},
    )
    assert list(exported["inputs"]) == ["face"]
    assert list(exported["outputs"]) == ["chances"]


def test_only_the_shape_of_the_example_counts():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(36, 2))
    images = torch.zeros(2, 5, 5, 3, dtype=torch.uint8).permute(0, 3, 1, 2)  # as they lie in a data set
    assert export_network(network, images) == export_network(network, torch.rand(1, 3, 5, 5))


@pytest.mark.parametrize(
    ("network", "example", "message"),
    [
        (build("softmax"), (), "0 inputs were given; expected 1: images"),
        (nn.Linear(2, 3), (torch.zeros(1, 5),), r"Linear cannot be traced \(.*\); give inputs of the right shape"),
    ],
)
def test_what_cannot_be_exported_is_said(network, example, message):
    with pytest.raises(UserError, match=message):
        export_network(network, *example)


def test_a_weight_too_large_for_half_precision_is_named():
    layer = nn.Linear(1, 1)
    layer.weight.data[:] = 1e6
    with pytest.raises(UserError, match=r"^weight reaches 1e\+06, more than half precision holds; pass half=False$"):
        export_network(layer, torch.zeros(1, 1))
    export_network(layer, torch.zeros(1, 1), half=False)


@pytest.mark.parametrize("where", ["data", "file"])
def test_a_figure_runs_a_network_from_disk(browser, tmp_path, where):
    layer = nn.Linear(2, 1)
    exported = export_network(layer, torch.zeros(1, 2))
    (tmp_path / "sum.js").write_text(network_file("sum.js", exported))
    (tmp_path / "figure.js").write_text(
        "export default {\n  async render({ model, el, report }) {\n"
        "    const { network } = model.get('data');\n"
        "    const sum = network.steps ? new Network(network) : await Network.load(network);\n"
        "    report(sum.run({ x: [1, 2] }).output.data[0].toFixed(4));\n  },\n};\n"
    )
    data = {"network": exported if where == "data" else "sum.js"}
    figure = InteractiveFigure(tmp_path / "figure.js", data, caption="A caption.", alt="A description.")
    (tmp_path / "page.html").write_text(f"<!doctype html><body>{figure.html()}")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    status = page.locator(".fer-status:not(:empty)")
    status.wait_for(state="attached")
    assert float(status.text_content()) == pytest.approx(layer(torch.tensor([1.0, 2.0])).item(), abs=1e-2)
    page.close()
