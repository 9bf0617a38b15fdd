"""What of torch a page can run: each operation of torch as steps of ``static/network.js``.

What depends on weights alone is computed here and now.  Whatever only moves numbers about is one step, ``take``, and so
is repeating numbers to fit others: element by element, all shapes agree.  What works along an axis does so along the
last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor, fx

from fer_tutorial.errors import UserError
from fer_tutorial.viz.network_graph import Constant, Graph, Known, Operand, Value

aten = torch.ops.aten

OPERATIONS: dict[Any, Callable[..., Any]] = {}


def operation(*targets: Any) -> Callable[[Callable], Callable]:
    def register(function: Callable) -> Callable:
        OPERATIONS.update(dict.fromkeys(targets, function))
        return function

    return register


def _of(*names: str) -> tuple[Any, ...]:
    """Operations of torch by their names, such as "add.Tensor"."""
    return tuple(getattr(getattr(aten, name), overload) for name, _, overload in (n.partition(".") for n in names))


# Made new, of the dtype and often the shape of what they are given: its numbers do not count.
LIKE = _of(
    *("zeros_like.default", "ones_like.default", "full_like.default"),
    *("new_zeros.default", "new_ones.default", "new_full.default"),
)


def translate(graph: Graph, node: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What ``node`` computes from ``args`` and ``kwargs``, in which its sources stand as values and constants."""
    graph.node = node
    tensors = [each for each in _flat((args, kwargs)) if isinstance(each, Known)]
    if node.target in LIKE:
        made_like = torch.empty(tensors[0].shape, dtype=node.args[0].meta["val"].dtype)
        return Constant(node.name, node.target(made_like, *args[1:], **kwargs), learned=False)
    constants = [each for each in tensors if isinstance(each, Constant)]
    drawn = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())  # from random numbers
    if constants == tensors and not drawn:
        learned = any(each.learned for each in constants)
        return _constants(node.name, node.target(*_bare(args), **_bare(kwargs)), learned)
    if node.target not in OPERATIONS:
        _refuse(graph)
    return OPERATIONS[node.target](graph, *args, **kwargs)


def _refuse(graph: Graph, how: str = "") -> NoReturn:
    """Say what of the network cannot run in a page; ``how`` tells which use of an operation that is known."""
    path, layer = (layers_of(graph.node) or [("", "")])[-1]
    known = sorted({_name(each) for each in OPERATIONS if not _name(each).startswith("_")})
    who = f"{path} ({layer})" if path else layer or "the network"
    raise UserError(
        f"{who} uses {_name(graph.node.target)}{how}, which a page cannot run; write it with what a page can: "
        f"{', '.join(known)}"
    )


def _name(target: Any) -> str:
    return str(getattr(target, "overloadpacket", target)).rpartition(".")[2]


def layers_of(node: fx.Node) -> list[tuple[str, str]]:
    """The modules that ``node`` is in, from the outside in: path and class."""
    stack = node.meta.get("nn_module_stack", {}).values()
    found = [(path.removeprefix("network").removeprefix("."), str(kind).rpartition(".")[2]) for path, kind in stack]
    return found[1:]  # the first is what export_network wraps around the network


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for item in value.values() for each in _flat(item)]
    if isinstance(value, list | tuple):
        return [each for item in value for each in _flat(item)]
    return [value]


def _bare(value: Any) -> Any:
    """The tensors themselves in the place of constants."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_bare(item) for item in value)
    return value.tensor if isinstance(value, Constant) else value


def _constants(name: str, value: Any, learned: bool) -> Any:
    if isinstance(value, list | tuple):
        return [_constants(f"{name}_{i}", item, learned) for i, item in enumerate(value)]
    return Constant(name, value, learned) if isinstance(value, Tensor) else value


# --- layers ---


@operation(aten.conv2d.default)
def _convolution(
    graph: Graph, x: Known, weight: Known, bias: Known | None = None, stride=(1,), padding=(0,), dilation=(1,), groups=1
):
    geometry: dict[str, Any] = {"stride": _pair(stride), "padding": _pair(padding), "dilation": _pair(dilation)}
    return graph.add("convolution", [x, weight, bias], **geometry, groups=groups)


@operation(aten.conv_transpose2d.input)
def _convolution_transpose(
    graph: Graph, x, weight, bias=None, stride=(1,), padding=(0,), output_padding=(0,), groups=1, dilation=(1,)
):
    # The result's shape says what output_padding is.
    geometry: dict[str, Any] = {"stride": _pair(stride), "padding": _pair(padding), "dilation": _pair(dilation)}
    return graph.add("convolution_transpose", [x, weight, bias], **geometry, groups=groups)


def _pair(sizes: Sequence[int]) -> list[int]:
    return [sizes[0], sizes[-1]]


@operation(aten.linear.default)
def _linear(graph: Graph, x, weight, bias=None):
    return graph.add("linear", [x, weight, bias])


@operation(aten._native_batch_norm_legit_no_training.default)
def _batch_norm(graph: Graph, x, weight, bias, mean, variance, momentum, eps):
    if not all(isinstance(each, Constant | None) for each in (weight, bias, mean, variance)):
        _refuse(graph, " with computed statistics")
    scale = (variance.tensor.double() + eps).rsqrt()
    if weight is not None:
        scale = scale * weight.tensor
    shift = -mean.tensor * scale + (0 if bias is None else bias.tensor)
    constants = [graph.constant("scale", scale.float(), True), graph.constant("shift", shift.float(), True)]
    return [graph.add("affine", [x, *constants], x.shape)]


@operation(aten.max_pool2d.default)
def _max_pool(graph: Graph, x, kernel, stride=(), padding=(0,), dilation=(1,), ceil_mode=False):
    if _pair(dilation) != [1, 1]:
        _refuse(graph, " with a dilation")
    geometry: dict[str, Any] = {"kernel": _pair(kernel), "stride": _pair(stride or kernel), "padding": _pair(padding)}
    return graph.add("max_pool", [x], **geometry)


@operation(aten.avg_pool2d.default)
def _average_pool(
    graph: Graph, x, kernel, stride=(), padding=(0,), ceil_mode=False, count_include_pad=True, divisor_override=None
):
    if ceil_mode or divisor_override:
        _refuse(graph, " with ceil_mode or a divisor")
    geometry: dict[str, Any] = {"kernel": _pair(kernel), "stride": _pair(stride or kernel), "padding": _pair(padding)}
    return graph.add("average_pool", [x], **geometry, count_padding=count_include_pad)


@operation(aten.adaptive_avg_pool2d.default)
def _adaptive_average_pool(graph: Graph, x, size):
    return graph.add("adaptive_average_pool", [x])


@operation(aten.grid_sampler.default)
def _grid_sample(graph: Graph, x, grid, interpolation, padding, align_corners):
    if interpolation != 0 or padding not in (0, 1):
        _refuse(graph, " other than bilinear with zeros or border around")
    return graph.add("grid_sample", [x, grid], border=padding == 1, align_corners=align_corners)


@operation(aten.lstm.input)
def _lstm(graph: Graph, x, start, weights, has_biases, layers, dropout, train, bidirectional, batch_first):
    zeros = all(isinstance(each, Constant) and not each.tensor.any() for each in start)
    if bidirectional or not (has_biases and batch_first and zeros) or len(weights) != 4 * layers:
        _refuse(graph, " other than in one direction, from zeros, with biases and the batch first")
    states = graph.add("lstm", [x, *weights], (*x.shape[:2], weights[1].shape[1]))
    return [states]  # the states after the last frame can be taken from these


# --- element by element: both have the result's shape, or one is a number ---

ONE = {
    **dict.fromkeys(_of("relu.default"), "relu"),
    **dict.fromkeys(_of("sigmoid.default"), "sigmoid"),
    **dict.fromkeys(_of("tanh.default"), "tanh"),
    **dict.fromkeys(_of("exp.default"), "exp"),
    **dict.fromkeys(_of("log.default"), "log"),
    **dict.fromkeys(_of("sqrt.default"), "sqrt"),
    **dict.fromkeys(_of("abs.default"), "abs"),
    **dict.fromkeys(_of("neg.default"), "negative"),
    **dict.fromkeys(_of("bitwise_not.default", "logical_not.default"), "not"),
}
TWO = {
    **dict.fromkeys(_of("add.Tensor", "add.Scalar"), "add"),
    **dict.fromkeys(_of("sub.Tensor", "sub.Scalar"), "subtract"),
    **dict.fromkeys(_of("mul.Tensor", "mul.Scalar"), "multiply"),
    **dict.fromkeys(_of("div.Tensor", "div.Scalar"), "divide"),
    **dict.fromkeys(_of("pow.Tensor_Scalar"), "power"),
    **dict.fromkeys(_of("maximum.default"), "maximum"),
    **dict.fromkeys(_of("minimum.default"), "minimum"),
    **dict.fromkeys(_of("atan2.default"), "atan2"),
    **dict.fromkeys(_of("remainder.Scalar", "remainder.Tensor"), "remainder"),
    **dict.fromkeys(_of("floor_divide.default"), "floor_divide"),
    **dict.fromkeys(_of("gt.Scalar", "gt.Tensor"), "greater"),
    **dict.fromkeys(_of("ge.Scalar", "ge.Tensor"), "greater_equal"),
    **dict.fromkeys(_of("lt.Scalar", "lt.Tensor"), "less"),
    **dict.fromkeys(_of("le.Scalar", "le.Tensor"), "less_equal"),
    **dict.fromkeys(_of("bitwise_and.Tensor", "__and__.Tensor", "logical_and.default"), "and"),
    **dict.fromkeys(_of("bitwise_or.Tensor", "__or__.Tensor", "logical_or.default"), "or"),
}


@operation(*ONE)
def _one(graph: Graph, x):
    return graph.add(ONE[graph.node.target], [x])


@operation(*TWO)
def _two(graph: Graph, x, y, alpha=1):
    if alpha != 1:
        _refuse(graph, " with alpha")
    return _elementwise(graph, TWO[graph.node.target], x, y)


@operation(aten.square.default)
def _square(graph: Graph, x):
    return graph.add("power", [x, 2])


@operation(aten.rsub.Scalar)
def _reversed_subtract(graph: Graph, x, number, alpha=1):
    return _elementwise(graph, "subtract", number, x) if alpha == 1 else _refuse(graph, " with alpha")


@operation(*_of("where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar"))
def _where(graph: Graph, condition, x, y):
    return _elementwise(graph, "where", condition, x, y)


@operation(*_of("clamp.default", "clamp_min.default", "hardtanh.default"))
def _clamp(graph: Graph, x, low=None, high=None):
    if graph.node.target == aten.hardtanh.default:
        low, high = (-1 if low is None else low), (1 if high is None else high)
    return graph.add("clamp", [x], low=low, high=high)


def _elementwise(graph: Graph, kind: str, *operands: Operand) -> Value:
    return graph.add(kind, [_spread(graph, operand) for operand in operands])


def _spread(graph: Graph, x: Operand) -> Operand:
    """``x`` repeated to the shape of the result, unless it has that shape; a number as such."""
    if not isinstance(x, Known) or x.shape == graph.shape:
        return x
    if isinstance(x, Constant) and x.tensor.numel() == 1 and not x.learned and math.isfinite(x.tensor.item()):
        return float(x.tensor)
    return _moved(graph, x, lambda numbers: numbers.expand(graph.shape))


# --- moving numbers about ---

MOVES = _of(
    *("view.default", "_unsafe_view.default", "reshape.default", "flatten.using_ints"),
    *("unsqueeze.default", "squeeze.default", "squeeze.dim", "squeeze.dims"),
    *("clone.default", "alias.default", "detach.default", "contiguous.default"),
    *("permute.default", "transpose.int", "t.default", "select.int", "slice.Tensor", "expand.default"),
    *("flip.default", "index.Tensor", "index_select.default"),
)


@operation(*MOVES)
def _move(graph: Graph, x, *args, **kwargs):
    if any(isinstance(each, Value) for each in _flat((args, kwargs))):
        _refuse(graph, " at places that are computed")
    return _moved(graph, x, lambda numbers: graph.node.target(numbers, *_bare(args), **_bare(kwargs)))


@operation(aten.pad.default)
def _pad(graph: Graph, x, sizes, mode="constant", value=None):
    if mode == "constant":
        _refuse(graph, " with a constant")
    return _moved(graph, x, lambda numbers: aten.pad(numbers, sizes, mode))


def _moved(graph: Graph, x: Known, move: Callable[[Tensor], Tensor]) -> Value:
    """What ``move`` does to the places of ``x``: nothing, even steps along every axis, or anything else, as a table."""
    count = math.prod(x.shape)
    places = move(torch.arange(count, dtype=torch.float64).view(x.shape))
    shape = tuple(places.shape)
    if torch.equal(places.flatten(), torch.arange(count, dtype=torch.float64)):
        return graph.add("reshape", [x], shape)
    first = places.flatten()[0]
    steps, even = [], first.expand(shape)
    for axis, size in enumerate(shape):
        step = (places.narrow(axis, 1, 1).flatten()[0] - first) if size > 1 else first * 0
        steps.append(int(step))
        even = even + step * torch.arange(size).view(-1, *[1] * (len(shape) - axis - 1))
    if torch.equal(places, even):
        return graph.add("take", [x], shape, "_moved", start=int(first), steps=steps)
    return graph.add("take", [x, graph.constant("places", places.float())], shape, "_moved")


@operation(aten._to_copy.default)
def _cast(graph: Graph, x, dtype=None, **settings):
    before = graph.node.args[0].meta["val"].dtype
    if dtype is not None and dtype != before and not dtype.is_floating_point:
        _refuse(graph, f" from {before} to {dtype}")
    return graph.add("reshape", [x])  # the page has numbers of one kind


@operation(aten._assert_tensor_metadata.default)
def _nothing(graph: Graph, *args, **kwargs):
    return None


@operation(*_of("cat.default", "stack.default"))
def _cat(graph: Graph, parts, dim=0):
    axis = dim % len(graph.shape)
    return graph.add("join", parts, outer=math.prod(graph.shape[:axis]))


# --- rows: the last axis is used up, and what is in front of it stays ---


@operation(aten.softmax.int)
def _softmax(graph: Graph, x, dim, dtype=None):
    return _along(graph, "softmax", x, dim)


@operation(aten.gather.default)
def _gather(graph: Graph, x, dim, index):
    if dim % len(x.shape) != len(x.shape) - 1 or x.shape[:-1] != index.shape[:-1]:
        _refuse(graph, " along another axis than the last")
    return graph.add("gather", [x, index])


def _along(graph: Graph, kind: str, x: Known, dim: int) -> Value:
    """A step whose result has the shape of ``x``, along one axis."""
    axis = dim % len(x.shape)
    if axis == len(x.shape) - 1:
        return graph.add(kind, [x])
    there = _moved(graph, x, lambda numbers: numbers.movedim(axis, -1))
    return _moved(graph, graph.add(kind, [there], there.shape, "_rows"), lambda numbers: numbers.movedim(-1, axis))


REDUCTIONS = {
    **dict.fromkeys(_of("mean.dim", "mean.default"), "mean"),
    **dict.fromkeys(_of("sum.dim_IntList", "sum.default"), "sum"),
    **dict.fromkeys(_of("amax.default"), "highest"),
    **dict.fromkeys(_of("any.dim", "any.dims"), "highest"),
    **dict.fromkeys(_of("amin.default"), "lowest"),
    **dict.fromkeys(_of("all.dim", "all.dims"), "lowest"),
    **dict.fromkeys(_of("argmax.default"), "place_of_highest"),
}


@operation(*REDUCTIONS)
def _reduced(graph: Graph, x, dim=None, keepdim=False, dtype=None):
    return _reduce(graph, REDUCTIONS[graph.node.target], x, dim)


@operation(aten.linalg_vector_norm.default)
def _norm(graph: Graph, x, order=2, dim=None, keepdim=False, dtype=None):
    return _reduce(graph, "length", x, dim) if order == 2 else _refuse(graph, f" of order {order}")


@operation(aten.max.dim)
def _max(graph: Graph, x, dim, keepdim=False):
    shape = graph.node.meta["val"][0].shape
    return [_reduce(graph, kind, x, dim, shape) for kind in ("highest", "place_of_highest")]


def _reduce(graph: Graph, kind: str, x: Known, dim: Any, shape: Sequence[int] | None = None) -> Value:
    axes = [dim] if isinstance(dim, int) else list(dim or range(len(x.shape)))
    axes = sorted(axis % len(x.shape) for axis in axes)
    last = list(range(len(x.shape) - len(axes), len(x.shape)))
    if axes != last:
        x = _moved(graph, x, lambda numbers: numbers.movedim(axes, last))
    length = math.prod(x.shape[len(x.shape) - len(axes) :])
    return graph.add(kind, [x], shape, f"_{kind}", length=length)
