"""Networks that run in the reader's browser: what ``static/network.js`` needs of one, graph and weights, as JSON.

A page that is opened from disk has no kernel, and no connection: its figures can only show what was computed before.
With this, they compute: an attention map for a picture that nobody thought of, what is left of a prediction when a part
is hidden.

The graph comes from ``torch.export``, tested with torch 2.15.  Other releases may name operations otherwise; what is
not known is refused by its name.
"""

from __future__ import annotations

import base64
import copy
import inspect
import json
import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export.graph_signature import InputKind
from torch.utils import _pytree as pytree

from fer_tutorial.errors import UserError
from fer_tutorial.papers.center_loss import CenterLoss
from fer_tutorial.papers.dacl import DACL
from fer_tutorial.papers.g2rl import G2RL, HeatmapEstimator
from fer_tutorial.papers.mgln import MGLN, fuse
from fer_tutorial.papers.scn import SCN
from fer_tutorial.papers.softmax import Softmax
from fer_tutorial.papers.tcl import TCL
from fer_tutorial.viz.network_graph import Constant, Graph, Value
from fer_tutorial.viz.network_operations import layers_of, translate

HIGHEST_HALF = 65504  # of half precision

# Named results of a network: a function of the network and its inputs, whose names are those of the parameters.
Outputs = Callable[..., Mapping[str, Tensor]]


def export_network(network: nn.Module, *example: Tensor, outputs: Outputs | None = None, half: bool = True) -> dict:
    """A network as data for ``new Network(data)`` in ``static/network.js``.

    The graph is traced by ``torch.export``, in evaluation mode, for one face at a time.  Results that share a part of
    the network share it in the page as well, and the page computes only those it asks for.

    Args:
        network: any module that is made of what a page can run.
        example: its inputs, a batch of one or more; only shapes count.
        outputs: what can be asked of it: a function of the network and its inputs that returns a dict of tensors.  By
            default what :func:`outputs_of` returns for a network of this class.
        half: store weights in half precision, two bytes each; otherwise four.

    Returns:
        ``inputs`` (name → shape), ``outputs`` and ``layers`` (name → the step that computes it), ``steps``, and the
        constants: ``weights`` (name → shape, kind and place), ``learned`` in that ``precision`` and ``exact``, base64.

    Raises:
        UserError: a layer or function that a page cannot run, by name; a network that cannot be traced; a weight that
            is too large for half precision.

    >>> graph = export_network(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.zeros(1, 2))
    >>> graph["inputs"], [step["operation"] for step in graph["steps"]]
    ({'x': [1, 2]}, ['linear', 'relu'])
    """
    chosen = outputs or outputs_of.dispatch(type(network))
    inputs = list(inspect.signature(chosen).parameters)[1:]
    if len(inputs) != len(example):
        raise UserError(f"{len(example)} inputs were given; expected {len(inputs)}: {', '.join(inputs)}")
    wrapped = _WithOutputs(copy.deepcopy(network).cpu().float(), chosen).eval()
    program = _trace(wrapped, tuple(each[:1].detach().cpu().float().contiguous() for each in example))

    graph, shapes, results, layers = _translated(program, inputs)
    graph.fold()
    graph.prune(result.name for result in results.values())
    exported = {
        "inputs": shapes,
        "outputs": {name: result.name for name, result in results.items()},
        "layers": {path: name for path, name in layers.items() if name in graph.steps},
        "steps": [
            {"operation": step.operation, "from": list(step.sources), "name": name, "shape": list(step.result.shape)}
            | step.settings
            for name, step in graph.steps.items()
        ],
        **_encoded(graph.constants),
    }
    return in_half_precision(exported) if half else exported


def network_file(name: str, exported: Mapping[str, Any]) -> str:
    """The content of the file ``name`` that ``Network.load`` reads: for a network too large for the page itself.

    >>> network_file("tiny.js", {"steps": []})
    '(globalThis.ferNetworkFiles ??= {})["tiny.js"]={"steps":[]};'
    """
    content = json.dumps(exported, separators=(",", ":"))
    return f"(globalThis.ferNetworkFiles ??= {{}})[{json.dumps(name)}]={content};"


class _WithOutputs(nn.Module):
    def __init__(self, network: nn.Module, outputs: Outputs) -> None:
        super().__init__()
        self.network, self.outputs = network, outputs

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        return dict(self.outputs(self.network, *inputs))


def _trace(network: _WithOutputs, example: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of LSTMs, which put their weights together anew
            return torch.export.export(network, example, strict=False).run_decompositions({})
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{type(network.network).__name__} cannot be traced ({reason}); give inputs of the right shape, and decide "
            "nothing by the values of tensors"
        ) from error


def _translated(
    program: torch.export.ExportedProgram, inputs: Sequence[str]
) -> tuple[Graph, dict[str, list[int]], dict[str, Value | Constant], dict[str, str]]:
    """The program's graph, the shapes of its inputs, its results, and the step behind each of its layers."""
    graph = Graph()
    known: dict[torch.fx.Node, Any] = {}
    shapes: dict[str, list[int]] = {}
    layers: dict[str, str] = {}
    origin = {spec.arg.name: (spec.kind, spec.target) for spec in program.graph_signature.input_specs}
    constants = {**program.state_dict, **program.constants}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            kind, target = origin[node.name]
            if kind == InputKind.USER_INPUT:
                name = inputs[len(shapes)]
                shapes[name] = list(node.meta["val"].shape)
                known[node] = Value(name, tuple(shapes[name]))
            else:
                learned = kind in (InputKind.PARAMETER, InputKind.BUFFER)
                known[node] = Constant(target.removeprefix("network."), constants[target].detach(), learned)
        elif node.op == "call_function":
            args, kwargs = torch.fx.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
            known[node] = args[0][args[1]] if node.target is operator.getitem else translate(graph, node, args, kwargs)
            if isinstance(known[node], Value):
                layers.update({path: known[node].name for path, _ in layers_of(node)})
        elif node.op == "output":
            results = pytree.tree_unflatten([known[each] for each in node.args[0]], program.call_spec.out_spec)
    for result in results.values():
        if isinstance(result, Constant):  # the same whatever comes in
            graph.constants[result.name] = result
    return graph, shapes, results, layers


def _encoded(constants: Mapping[str, Constant]) -> dict[str, Any]:
    """What was learned, and what is exact whatever was learned (grids, places), one after the other."""
    weights: dict[str, Any] = {}
    numbers: dict[str, list[np.ndarray]] = {"learned": [], "exact": []}
    for name, constant in constants.items():
        kind = "learned" if constant.learned else "exact"
        start = sum(map(len, numbers[kind]))
        weights[name] = {"shape": list(constant.shape), "kind": kind, "start": start}
        numbers[kind].append(constant.tensor.float().numpy().ravel())
    texts = {kind: _base64(np.concatenate([*parts, []]), "<f4") for kind, parts in numbers.items()}
    return {"weights": weights, "precision": "single", **texts}


def in_half_precision(exported: Mapping[str, Any]) -> dict[str, Any]:
    """An exported network whose learned weights take two bytes each, instead of four; the others stay exact.

    Raises:
        UserError: a weight that is too large for half precision.
    """
    learned = np.frombuffer(base64.b64decode(exported["learned"]), "<f4")
    for name, weight in exported["weights"].items():
        numbers = learned[weight["start"] :][: math.prod(weight["shape"])]
        if weight["kind"] == "learned" and np.abs(numbers).max(initial=0) > HIGHEST_HALF:
            highest = np.abs(numbers).max()
            raise UserError(f"{name} reaches {highest:g}, more than half precision holds; pass half=False")
    return {**exported, "precision": "half", "learned": _base64(learned, "<f2")}


def _base64(numbers: np.ndarray, dtype: str) -> str:
    return base64.b64encode(numbers.astype(dtype).tobytes()).decode()


# --- what can be asked of each method ---------------------------------------------------------------------------------


@singledispatch
def outputs_of(network: nn.Module, x: Tensor) -> Mapping[str, Tensor]:
    """What can be asked of a network, by its class.

    ========================== =========================================================================================
    class                      results
    ========================== =========================================================================================
    any other                  ``output``
    Softmax, CenterLoss        ``logits``, ``embedding``, ``feature_map``, ``class_activation``, ``grad_cam``
    DACL                       the same, ``attention`` (a weight a dimension) and ``weighted_activation``: the class
                               activation in which a dimension counts as much as its attention, over the mean of all
    SCN                        the same and ``importance`` (a number)
    TCL                        the same, ``pixel_attention`` (a weight a place) and ``element_attention`` (a dimension)
    MGLN                       of ``frames`` (three, the last is the apex) and ``landmarks``: ``logits`` (fused),
                               ``global_scores``, ``local_scores``, ``present`` (the parts), ``feature_map``,
                               ``class_activation`` (of the global scores), ``eyes``, ``nose``, ``mouth`` (the crops of
                               all frames) and ``offsets_1`` … ``offsets_3``
    G2RL, HeatmapEstimator     ``intensities``, ``points`` (in pixels of the image) and ``heatmaps``
    ========================== =========================================================================================

    ``class_activation`` (1, K, h, w) says how much each place of the feature map speaks for each class; its mean over
    the places is the logit, exactly.  ``grad_cam`` is the map of Selvaraju et al. at the feature map, not scaled: for
    average pooling and linear layers the gradient of a logit is the classifier's weight over h·w, and the mean gradient
    is so for pixel-wise attention, too; no backward pass is needed.
    """
    return {"output": network(x)}


def _maps(method: Any, images: Tensor) -> dict[str, Tensor]:
    """Logits, embedding and maps of a network that averages its feature map and classifies by linear layers."""
    embedding = getattr(method, "embedding", nn.Identity())
    feature_map = method.backbone(images)

    def at_every_place(values: Tensor) -> Tensor:  # (1, C, h, w) -> (1, K, h, w)
        return method.classifier(embedding(values.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)

    activation = at_every_place(feature_map)
    of_the_map = activation - at_every_place(torch.zeros_like(feature_map))  # without the biases
    return {
        "logits": method(images),
        "embedding": method.embed(images),
        "feature_map": feature_map,
        "class_activation": activation,
        "grad_cam": (of_the_map / feature_map[0, 0].numel()).relu(),
    }


@outputs_of.register
def _(method: Softmax | CenterLoss, images: Tensor) -> Mapping[str, Tensor]:
    return _maps(method, images)


@outputs_of.register
def _(method: DACL, images: Tensor) -> Mapping[str, Tensor]:
    results, attention = _maps(method, images), method.attention(images)
    relative = attention / attention.mean(1, keepdim=True)  # (1, C); what fades in training is the mean
    weighted = (results["feature_map"] * relative[..., None, None]).permute(0, 2, 3, 1)  # (1, h, w, C)
    activation = method.classifier(weighted).permute(0, 3, 1, 2)  # (1, K, h, w)
    return {**results, "attention": attention, "weighted_activation": activation}


@outputs_of.register
def _(method: SCN, images: Tensor) -> Mapping[str, Tensor]:
    return {**_maps(method, images), "importance": method.importance(images)}


@outputs_of.register
def _(method: TCL, images: Tensor) -> Mapping[str, Tensor]:
    results = _maps(method, images)
    _, elements, pixels = method.attention(results["feature_map"])
    # A place weighs as much as its attention, instead of 1/(h·w).
    activation = results["class_activation"] * (pixels[:, None] * pixels[0].numel())
    further = {"class_activation": activation, "pixel_attention": pixels, "element_attention": elements}
    return {**results, **further}


@outputs_of.register
def _(method: MGLN, frames: Tensor, landmarks: Tensor) -> Mapping[str, Tensor]:
    blocks: Any = method.gfm.blocks
    batch = {"images": frames, "landmarks": landmarks, "lengths": torch.tensor([frames.shape[1]])}
    faces, crops, present = method.look(batch)
    feature_map = features = method.backbone(faces)
    offsets = {}
    for number, block in enumerate(blocks, start=1):
        if method.config.offset != "deform_conv":
            offsets[f"offsets_{number}"] = block[0].offsets(features)
        features = block(features)
    # As in method.predict(batch), which would see, and trace, everything a second time.
    global_scores, local_scores = method.gfm.head(features), method.local_scores(crops, present)
    weight = torch.where(present.any(1), method.config.fusion_weight, 1.0)[:, None]
    return {
        "logits": fuse(global_scores, local_scores, weight),
        "global_scores": global_scores,
        "local_scores": local_scores,
        "present": present,
        "feature_map": feature_map,
        "class_activation": method.gfm.head[:-2](features),  # all but the average over the map
        **crops,
        **offsets,
    }


@outputs_of.register
def _(method: G2RL, images: Tensor) -> Mapping[str, Tensor]:
    return outputs_of(method.estimator, images)


@outputs_of.register
def _(method: HeatmapEstimator, images: Tensor) -> Mapping[str, Tensor]:
    heatmaps = method.heatmaps(images)
    points, intensities = method.read(heatmaps)
    return {"intensities": intensities, "points": points, "heatmaps": heatmaps}
