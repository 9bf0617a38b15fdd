"""Files that are no weights: each is refused in one sentence that says what it is instead."""

import gzip
import io
import os
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.weights import read_tensors


class Surprise:
    def __reduce__(self):
        return (print, ("this must never run",))


def torch_file(content, **how) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **how)
    return file.getvalue()


def legacy(content) -> bytes:
    return torch_file(content, _use_new_zipfile_serialization=False)


def archive(**files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as unpacked:
        for name, content in files.items():
            unpacked.writestr(name, content)
    return file.getvalue()


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("weights.pth"))
    return file.getvalue()


def numpy_file(save_arrays) -> bytes:
    file = io.BytesIO()
    save_arrays(file)
    return file.getvalue()


def torchscript() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(3, 2), torch.zeros(1, 3)), file)
    return file.getvalue()


def damaged(content: bytes) -> bytes:
    """The same length, another inside: the pickle that names the tensors is overwritten."""
    place = content.index(b"data.pkl") + 64
    return content[:place] + bytes(b ^ 0xFF for b in content[place : place + 64]) + content[place + 64 :]


STATE = {"conv1.weight": torch.ones(2, 3), "bn1.bias": torch.zeros(4)}

HOSTILE = {
    "empty": (b"", "is empty; download"),
    "lfs_pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer.* git lfs pull"),
    "web_page": (b"<!DOCTYPE html>\n<html><head><title>Sign in</title>", "is a web page, not weights"),
    "web_page_with_mark": (b"\xef\xbb\xbf\r\n  <HTML lang='en'>", "is a web page, not weights"),
    "xml_error": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page, not weights"),
    "json_answer": (b'{"message": "Not Found"}', "is a text file, not weights"),
    "long_text": ("weights are at ä link\n".encode() * 40, "is a text file, not weights"),
    "index_of_shards": (b'{"weight_map": {"a": "model-00001.safetensors"}}', "is a text file, not weights"),
    "gzip": (gzip.compress(torch_file(STATE)), "is packed with gzip; unpack it first"),
    "tar": (tar(), "is a tar archive; unpack it first"),
    "zip_of_others": (archive(readme="hello", license="MIT"), r"zip archive of other files \(readme, license\)"),
    "empty_zip": (archive(), r"zip archive of other files \(none\)"),
    "npz": (numpy_file(lambda file: np.savez(file, a=np.zeros(3))), r"zip archive of other files \(a\.npy\)"),
    "npy": (numpy_file(lambda file: np.save(file, np.zeros(3))), "is a NumPy array without a name"),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(100), "is an HDF5 file, such as Keras writes"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no weights file of a form known here"),
    "zeros": (bytes(1000), "no weights file of a form known here"),
    "torchscript": (torchscript(), "is a TorchScript program, not weights alone"),
    "zip_cut_short": (torch_file(STATE)[:700], "is cut short: the end of the file is missing"),
    "zip_damaged": (damaged(torch_file(STATE)), "is a?.*damaged"),
    "legacy_cut_short": (legacy(STATE)[:-5], "is damaged or cut short"),
    "legacy_cut_at_the_start": (legacy(STATE)[:40], "is damaged or cut short"),
    "code": (torch_file({"weights": Surprise()}), "could run a stranger's code; save its state dict alone"),
    "legacy_code": (legacy({"weights": Surprise()}), "could run a stranger's code; save its state dict alone"),
    "whole_model": (torch_file(nn.Linear(3, 2)), r"asks for torch\.nn\.modules\.linear\.Linear.*stranger's code"),
    "numpy_scalar": (torch_file({"state_dict": STATE, "accuracy": np.float64(1)}), "asks for numpy.*stranger's code"),
    "plain_pickle": (pickle.dumps({"a": np.zeros(3)}), "a pickle that torch has not written"),
    "one_tensor": (torch_file(torch.zeros(3)), "holds no named tensors; expected a state dict"),
    "list": (torch_file([torch.zeros(3)]), "holds no named tensors"),
    "numbers": (torch_file({"epoch": 3, "accuracy": 0.9}), "holds no named tensors"),
    "safetensors_cut_short": (save(STATE)[:-3], "is damaged or cut short"),
    "safetensors_bad_header": (save(STATE).replace(b"data_offsets", b"data_0ffsets"), "is damaged or cut short"),
    "safetensors_of_nothing": (save({}), "holds no named tensors"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_weights_file_says_what_it_is(tmp_path, capsys, name, suffix):
    content, message = HOSTILE[name]
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "never run" not in capsys.readouterr().out


def test_places_that_are_no_file(tmp_path):
    with pytest.raises(UserError, match=r"there is no weights file .*missing\.pth; give"):
        read_tensors(tmp_path / "missing.pth")
    (tmp_path / "dangling.pth").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match=r"there is no weights file .*dangling\.pth"):
        read_tensors(tmp_path / "dangling.pth")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"is a folder; give a \.safetensors or \.pth file"):
        read_tensors(tmp_path / "empty")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.pth").touch()
    (folder / "notes.txt").touch()
    with pytest.raises(UserError, match=r"is a folder; give one of the files in it: a\.pth$"):
        read_tensors(folder)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        read_tensors(tmp_path / "pipe")


@pytest.mark.parametrize(
    "content", [torch_file(STATE), legacy(STATE), save(STATE)], ids=["zip", "legacy", "safetensors"]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".bin", ""])
def test_the_content_decides_not_the_name(tmp_path, content, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    tensors = read_tensors(path)
    assert set(tensors) == set(STATE)
    assert all(torch.equal(tensors[name], STATE[name]) for name in STATE)


def test_dictionaries_inside_dictionaries_become_dotted_names(tmp_path):
    torch.save({"state_dict": STATE, "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}}}, tmp_path / "w.pth")
    assert set(read_tensors(tmp_path / "w.pth")) == {
        "state_dict.conv1.weight",
        "state_dict.bn1.bias",
        "optimizer.state.0.step",
    }


def test_a_dictionary_that_holds_itself_ends(tmp_path):
    content = dict(STATE)
    content["self"] = content
    torch.save(content, tmp_path / "endless.pth")
    assert "self.conv1.weight" in read_tensors(tmp_path / "endless.pth")
