"""The stand-in for a GPU fails where a GPU would, and only there."""

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nbformat.v4 import new_code_cell, new_notebook
from torch import nn

from tools import robust
from tools.robust import Setting
from tools.stand_in import StandIn


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 7))


def test_a_network_that_was_moved_trains_on_moved_tensors(network):
    images, labels = torch.randn(5, 3, 8, 8), torch.arange(5)
    with StandIn():
        network.to("cuda")
        assert {t.device.type for t in network.state_dict().values()} == {"cuda"}
        optimizer = torch.optim.AdamW(network.parameters())
        loss = F.cross_entropy(network(images.to("cuda")), labels.cuda())
        assert loss.is_cuda
        loss.backward()
        assert network[0].weight.grad.device.type == "cuda"
        before = network[0].weight.detach().cpu()
        optimizer.step()
        assert network[0].weight.is_cuda
        assert not torch.equal(before, network[0].weight.cpu())
        network.to("cpu")
        assert network(images).device.type == "cpu"


@pytest.mark.parametrize(
    "forgetful",
    [
        lambda network, gpu, cpu: network(cpu),
        lambda network, gpu, cpu: gpu + cpu,
        lambda network, gpu, cpu: torch.cat([gpu, cpu]),
        lambda network, gpu, cpu: F.cross_entropy(network(gpu), torch.arange(5)),
        lambda network, gpu, cpu: cpu[gpu[:, 0, 0, 0] > 0],
        lambda network, gpu, cpu: torch.equal(gpu, cpu),
        lambda network, gpu, cpu: gpu + torch.zeros(5, 3, 8, 8),
    ],
)
def test_tensors_of_two_devices_do_not_meet(network, forgetful):
    cpu = torch.randn(5, 3, 8, 8)
    with StandIn(), pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        forgetful(network.to("cuda"), cpu.to("cuda"), cpu)


@pytest.mark.parametrize("convert", [lambda t: t.numpy(), np.asarray, lambda t: t.to("cpu").cuda().numpy()])
def test_numpy_cannot_see_the_gpu(convert):
    with StandIn(), pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        convert(torch.ones(3, device="cuda"))


def test_what_a_gpu_allows_is_allowed():
    with StandIn():
        gpu, cpu = torch.arange(6.0, device="cuda").view(2, 3), torch.arange(3.0)
        assert (gpu + torch.tensor(1.0)).is_cuda  # one number goes with anything
        assert gpu[torch.tensor([0])].is_cuda  # so do indices
        gpu[0] = cpu
        gpu.copy_(torch.ones(2, 3))
        assert gpu.tolist() == [[1.0] * 3] * 2
        assert gpu.sum().item() == 6
        assert not cpu.to("cpu").is_cuda
        assert gpu.cpu().numpy().shape == (2, 3)
        assert torch.zeros(2, device=gpu.device).is_cuda
        assert torch.zeros_like(gpu).is_cuda
        assert gpu.to(torch.float64).is_cuda
        assert cpu.to(gpu).is_cuda
        assert torch.zeros(2).to("meta").device.type == "meta"


CHAPTER = """\
import numpy as np
import torch
from fer_tutorial.datasets import data_from_arrays
from fer_tutorial.training import Loader, TrainConfig, build_method, predict, train
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
data = data_from_arrays(np.zeros((14, 16, 16, 3), np.uint8), np.arange(14) % 7)
seen = []
method = build_method("softmax", data)
train(method, data, data, TrainConfig(epochs=1, batch_size=7, progress=False),
      on_step=lambda batch, outputs: seen.append(outputs["logits"]))"""
RIGHT = """\
batch = Loader(data, method).take()
assert {device.type, batch["images"].device.type, method(batch["images"]).device.type, seen[0].device.type} == {"cuda"}
assert predict(method, data).shape == (14, 7)"""


@pytest.mark.parametrize(
    ("cell", "stopped"),
    [
        ("method(torch.zeros(2, 3, 16, 16))", "RuntimeError: Expected all tensors to be on the same device"),
        ("seen[0].argmax(1).numpy()", "TypeError: can't convert cuda:0"),
    ],
)
def test_a_notebook_chooses_the_gpu_and_stops_where_a_cell_forgets_it(tmp_path, cell, stopped):
    path = tmp_path / "chapter.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code) for code in (CHAPTER, RIGHT, cell)]), path)
    result = robust.run(path, Setting("stand-in", stand_in=True))
    assert [claim["passed"] for claim in result["claims"]] == [True, True], result
    assert result["stopped"].startswith(f"cell 2: {stopped}")
