"""Every operation in the page against torch, on shapes that are odd, uneven, or a single place; and what is refused."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import DeformConv2d

from fer_tutorial.errors import UserError
from fer_tutorial.viz.network import export_network
from tests.helpers.networks import ENGINES, RUN, batches, engine, results, trained_like

ROWS, LENGTH = 3, 600


def part(x: Tensor, *shape: int) -> Tensor:
    """The first numbers of x (1, LENGTH) as a tensor (1, ...)."""
    count = torch.Size(shape).numel()
    return x[:, :count].reshape(1, *shape)


class SharedWeights(nn.Module):
    """One convolution for two pictures, each normalized with statistics of its own: nothing can be folded."""

    def __init__(self):
        super().__init__()
        self.convolution, self.one, self.two = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4)

    def forward(self, x):
        return self.one(self.convolution(x)) + self.two(self.convolution(2 * x))


class SeenBeforehand(nn.Module):
    """What is normalized is needed as it was, too."""

    def __init__(self):
        super().__init__()
        self.convolution, self.normalization = nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4)

    def forward(self, x):
        before = self.convolution(x)
        return self.normalization(before) * before


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))

    def forward(self, x):
        y = x * 1
        return F.relu_(self.body(y) + y) + y


class LastState(nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0][:, -1]


# name: a module, and the shape of what it is given.
MODULES: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "convolution, odd": (nn.Conv2d(3, 5, 3), (3, 7, 9)),
    "convolution, stride 2 with padding": (nn.Conv2d(3, 5, 3, stride=2, padding=1, bias=False), (3, 7, 10)),
    "convolution, uneven": (nn.Conv2d(2, 3, (1, 4), stride=(3, 2), padding=(0, 3)), (2, 8, 7)),
    "convolution, dilated": (nn.Conv2d(2, 3, 3, padding=2, dilation=2), (2, 5, 6)),
    "convolution, groups": (nn.Conv2d(6, 9, 3, padding=1, groups=3), (6, 5, 5)),
    "convolution, by channel": (nn.Conv2d(6, 6, 5, padding=2, groups=6), (6, 3, 4)),
    "convolution, one place": (nn.Conv2d(7, 6, 1), (7, 1, 1)),
    "convolution, larger than the map": (nn.Conv2d(3, 2, 5, padding=2), (3, 1, 2)),
    "convolution transposed": (nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1, bias=False), (4, 3, 5)),
    "convolution transposed, uneven": (nn.ConvTranspose2d(4, 3, (3, 2), (2, 3), (1, 0), (1, 2)), (4, 4, 3)),
    "convolution transposed, groups": (nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2), (4, 3, 3)),
    "convolution transposed, one place": (nn.ConvTranspose2d(5, 3, 4, stride=2, padding=1), (5, 1, 1)),
    "linear": (nn.Linear(17, 5), (17,)),
    "linear, rows": (nn.Linear(6, 1, bias=False), (5, 6)),
    "max pool": (nn.MaxPool2d(2), (3, 7, 9)),
    "max pool, padding": (nn.MaxPool2d(3, stride=2, padding=1), (3, 7, 8)),
    "max pool, ceiling": (nn.MaxPool2d(2, ceil_mode=True), (3, 7, 5)),
    "average pool": (nn.AvgPool2d(3, stride=2, padding=1), (3, 7, 8)),
    "average pool, without padding": (nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False), (3, 5, 4)),
    "adaptive average pool": (nn.AdaptiveAvgPool2d((3, 2)), (3, 7, 5)),
    "adaptive average pool, larger": (nn.AdaptiveAvgPool2d(4), (3, 3, 5)),
    "adaptive average pool, one": (nn.AdaptiveAvgPool2d(1), (3, 1, 1)),
    "batch normalization, vectors": (nn.BatchNorm1d(9), (9,)),
    "batch normalization, first": (nn.BatchNorm2d(3), (3, 4, 5)),
    "batch normalization, without weights": (nn.BatchNorm1d(9, affine=False, eps=1e-12), (9,)),
    "folded into a convolution": (nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6)), (4, 5, 5)),
    "folded into a transposed one": (nn.Sequential(nn.ConvTranspose2d(4, 6, 3), nn.BatchNorm2d(6)), (4, 3, 3)),
    "folded into a linear layer": (nn.Sequential(nn.Linear(8, 6, bias=False), nn.BatchNorm1d(6)), (8,)),
    "shared weights": (SharedWeights(), (2, 5, 5)),
    "seen before normalization": (SeenBeforehand(), (2, 5, 5)),
    "twice normalized": (nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.BatchNorm2d(4)), (2, 3, 3)),
    "residual, in place": (Residual(), (4, 5, 3)),
    "ReLU6, dropout, flatten": (nn.Sequential(nn.ReLU6(), nn.Dropout(0.5), nn.Flatten()), (3, 2, 2)),
    "Hardtanh": (nn.Hardtanh(-0.5, 0.25), (40,)),
    "LSTM": (LastState(5, 6, 2, batch_first=True), (4, 5)),
}

# name: a function of what it is given, and that thing's shape.
FUNCTIONS = {
    "sigmoid, tanh": (lambda x: x.sigmoid() + x.tanh(), (3, 5)),
    "softmax, last": (lambda x: (100 * x).softmax(2), (3, 5)),
    "softmax, middle": (lambda x: x.softmax(1), (3, 4, 5)),
    "exp, log, sqrt, abs": (lambda x: x.exp().log() + x.abs().sqrt(), (3, 5)),
    "powers": (lambda x: x**2 + x.square() - 2 * x.abs() ** 1.5, (3, 5)),
    "negative, subtracted from": (lambda x: (1 - x) - (-x) / 3, (3, 5)),
    "repeated to fit": (lambda x: x[:, :, :1] * x[:, :1] + x, (3, 5)),
    "with constants": (lambda x: x * torch.arange(5.0) / torch.tensor([[2.0], [3.0], [4.0]]), (3, 5)),
    "learned and not": (lambda x: x + torch.ones_like(x) * 2 - x.new_zeros(5), (3, 5)),
    "maximum, minimum, clamp": (lambda x: torch.maximum(x, -x).clamp(max=0.7) - torch.minimum(x, x[:, :1]), (3, 5)),
    "atan2, remainder, floor": (lambda x: torch.atan2(x, x[:, :1]) % 0.7 + (x // 0.3), (3, 5)),
    "comparisons": (lambda x: (x > 0) + 2.0 * (x >= x[:, :1]) + 4.0 * (x < 0.3) + 8.0 * (x <= x[:, 1:2]), (3, 5)),
    "logic": (lambda x: ((x > 0) & (x < 1)) + 2.0 * ((x > 1) | ~(x > -1)), (3, 5)),
    "where": (lambda x: torch.where(x > 0, x, x[:, :1]) + torch.where(x > 0, 1.0, 2.0), (3, 5)),
    "mean, sum": (lambda x: x.mean((2, 3)) + x.sum(dim=(2, 3)), (3, 4, 5)),
    "mean of the first axes": (lambda x: x.mean((1, 2), keepdim=True) * x, (3, 4, 5)),
    "sum of all": (lambda x: x.sum()[None], (3, 4)),
    "highest, lowest": (lambda x: x.amax(1) - x.amin((1, 3))[:, :, None], (3, 4, 5)),
    "any, all": (lambda x: (x > 1).any(2) + 2.0 * (x > -1).all(1).any(1)[:, None], (3, 5)),
    "max with its place": (lambda x: torch.stack([x.max(2)[0], x.max(2)[1].float()]), (3, 5)),
    "the first of equals": (lambda x: (x > 0).float().argmax(2) + 0.5, (3, 5)),
    "length": (lambda x: x.norm(dim=1), (3, 5)),
    "gather": (lambda x: x.gather(2, x.argmax(2)[..., None].clamp(max=3) + 1), (3, 5)),
    "joined": (lambda x: torch.cat([x, x[:, :1], 2 * x], 1), (3, 5)),
    "joined along the last axis": (lambda x: torch.cat([x, x[..., :2]], -1), (3, 5)),
    "stacked": (lambda x: torch.stack([x, -x], 2), (3, 5)),
    "moved": (lambda x: x.permute(0, 3, 1, 2)[:, 1:4:2].transpose(2, 3) * 1, (3, 4, 5)),
    "turned round": (lambda x: x.flip(1) + x.flip((1, 2)), (3, 5)),
    "taken by a table": (lambda x: x[:, [2, 0, 2]][:, :, torch.tensor([4, 4, 1])], (3, 5)),
    "reshaped": (lambda x: x.unsqueeze(2).flatten(1).unflatten(1, (5, 3)).squeeze(0)[None], (3, 5)),
    "continued at the border": (lambda x: F.pad(x, (1, 2, 0, 1), mode="replicate"), (2, 3, 4)),
    "grid, zeros around": (lambda x: F.grid_sample(x, 2 * grid(x), align_corners=False), (2, 3, 5)),
    "grid, border around": (
        lambda x: F.grid_sample(x, 2 * grid(x), padding_mode="border", align_corners=False),
        (2, 3, 5),
    ),
    "grid, corners": (lambda x: F.grid_sample(x, grid(x), align_corners=True), (2, 3, 5)),
    "grid, one place": (lambda x: F.grid_sample(x[..., :1, :1], grid(x), align_corners=False), (2, 3, 5)),
}


def grid(x: Tensor) -> Tensor:
    """Places (1, 4, 2, 2) that depend on x (1, 2, 3, 5)."""
    return x.flatten(1)[:, :16].reshape(1, 4, 2, 2).tanh()


@pytest.fixture(scope="module")
def modules():
    return trained_like(nn.ModuleDict({_key(name): module for name, (module, _) in MODULES.items()}), seed=0)


def _key(name: str) -> str:
    return name.replace(" ", "_")


@pytest.fixture(scope="module")
def whole(modules):
    """All cases as outputs of one network, to be traced once: its export, inputs, and torch's results."""

    def outputs(network, x):
        found = {name: network[_key(name)](part(x, *shape)) for name, (_, shape) in MODULES.items()}
        return found | {name: function(part(x, *shape)) for name, (function, shape) in FUNCTIONS.items()}

    inputs = torch.randn(ROWS, LENGTH)
    exported = export_network(modules, inputs, outputs=outputs, half=False)
    with torch.no_grad():
        rows = [outputs(modules, row[None]) for row in inputs]
    return exported, inputs, {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module", params=ENGINES)
def seen(request, whole):
    exported, inputs, _ = whole
    [outputs] = engine(request.param, request)(RUN, [[exported, batches(exported, [inputs])]])
    return results(outputs)


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_the_page_computes_what_torch_computes(whole, seen, name):
    torch.testing.assert_close(seen[name], whole[2][name].float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (
            nn.GELU(),
            (4,),
            r"^0 \(GELU\) uses gelu, which a page cannot run; write it with what a page can: abs, .*, where$",
        ),
        (nn.LayerNorm(4), (4,), "LayerNorm.* uses layer_norm"),
        (nn.GroupNorm(2, 4), (4, 3, 3), "GroupNorm.* uses group_norm"),
        (nn.InstanceNorm2d(4), (4, 3, 3), "InstanceNorm2d.* uses instance_norm"),
        (nn.PReLU(), (4,), "PReLU.* uses prelu"),
        (nn.Softplus(), (4,), "Softplus.* uses softplus"),
        (nn.LeakyReLU(), (4,), "LeakyReLU.* uses leaky_relu"),
        (nn.Conv1d(4, 2, 3), (4, 5), "Conv1d.* uses conv1d"),
        (nn.Conv3d(4, 2, 1), (4, 2, 2, 2), "Conv3d.* uses conv3d"),
        (nn.Upsample(scale_factor=2), (4, 3, 3), "Upsample.* uses upsample_nearest2d"),
        (nn.GRU(4, 3, batch_first=True), (2, 4), "GRU.* uses gru"),
        (nn.LSTM(4, 3, batch_first=True, bidirectional=True), (2, 4), "LSTM.* uses lstm other than in one direction"),
        (nn.MultiheadAttention(4, 2, batch_first=True), (3, 4), "MultiheadAttention.* uses "),
        (DeformConv2d(4, 2, 3), (4, 5, 5), "DeformConv2d.* uses deform_conv2d"),
        (nn.MaxPool2d(2, dilation=2), (4, 5, 5), "MaxPool2d.* uses max_pool2d with a dilation"),
        (nn.AvgPool2d(2, ceil_mode=True), (4, 5, 5), "AvgPool2d.* uses avg_pool2d with ceil_mode"),
        (nn.ZeroPad2d(1), (4, 5, 5), "ZeroPad2d.* uses pad with a constant"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_what_a_page_cannot_run_is_named(layer, shape, words):
    class Network(nn.Sequential):
        def forward(self, x):
            match layer:
                case nn.MultiheadAttention():
                    return self[0](x, x, x)[0]
                case nn.LSTM() | nn.GRU():
                    return self[0](x)[0]
                case DeformConv2d():
                    return self[0](x, torch.zeros(1, 18, 3, 3) + x[:, :1, :3, :3])
            return self[0](x)

    with pytest.raises(UserError, match=words):
        export_network(Network(layer), torch.zeros(1, *shape))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda network, x: {"noise": x + torch.rand(4)}, "^the network uses rand,"),
        (lambda network, x: {"moved": x[:, x.argmax(1)]}, "uses index at places that are computed"),
        (lambda network, x: {"whole": x.long()}, "uses _to_copy from torch.float32 to torch.int64"),
        (lambda network, x: {"sum": torch.add(x, x, alpha=2)}, "uses add with alpha"),
    ],
)
def test_a_use_that_a_page_cannot_follow_is_named(function, words):
    with pytest.raises(UserError, match=words):
        export_network(nn.Identity(), torch.zeros(1, 4), outputs=function)
