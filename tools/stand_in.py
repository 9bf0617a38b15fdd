"""A stand-in for a GPU: every tensor stays on the CPU, and those that a GPU would hold are marked.

It makes a notebook choose its GPU branch on a machine that has none.  A cell that forgets ``.to(device)`` or ``.cpu()``
then fails as it would on a GPU: two tensors of different devices in one operation, or numpy on a tensor of the GPU,
raise what torch raises there.  What it cannot show: the package's own code for GPUs (training itself runs unmarked),
other rounding, memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map_only

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")
SET_DATA: Any = Tensor.data.__set__  # type: ignore[attr-defined]
IS_CUDA: Any = Tensor.is_cuda.__get__  # type: ignore[attr-defined]
# Operations that may have tensors of two devices; the last is how a module asks whether it may move its parameters.
CROSSING: set[Any] = {Tensor.copy_, Tensor.__setitem__, SET_DATA, torch._has_compatible_shallow_copy_type}


def on_gpu(tensor: Tensor) -> bool:
    return getattr(tensor, "_on_gpu", False)


def mark(tensor: Tensor, gpu: bool) -> Tensor:
    tensor._on_gpu = gpu  # type: ignore[attr-defined]
    return tensor


class StandIn(TorchFunctionMode):
    """While it is active, marked tensors behave as tensors of a GPU do."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        first = args[0] if args and isinstance(args[0], Tensor) else None
        if first is not None and func == Tensor.device.__get__:
            return GPU if on_gpu(first) else func(*args)
        if first is not None and func == IS_CUDA:
            return on_gpu(first)
        if func in (Tensor.to, Tensor.cuda, Tensor.cpu) and first is not None:
            return _moved(func, first, args[1:], kwargs)
        if func in (Tensor.numpy, Tensor.__array__) and first is not None and on_gpu(first):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
        wanted = kwargs.get("device")
        if wanted is not None:
            kwargs["device"] = _real(wanted)
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        gpu = any(map(on_gpu, tensors))
        allowed = func in CROSSING or (func == Tensor.__getitem__ and first is not None and on_gpu(first))
        mixed = gpu and any(not on_gpu(tensor) and tensor.dim() for tensor in tensors)  # one number goes with anything
        if mixed and not allowed:
            raise RuntimeError(f"Expected all tensors to be on the same device, in {_name(func)}: cuda:0 and cpu")
        result = func(*args, **kwargs)
        if func == SET_DATA:
            mark(args[0], on_gpu(args[1]))
        target = gpu if wanted is None else _is_gpu(wanted)
        if first is not None and func in CROSSING:
            target = on_gpu(first)
        return tree_map_only(Tensor, lambda t: mark(t, target), result) if target else result


def _is_gpu(device: Any) -> bool:
    return isinstance(device, (str, torch.device)) and torch.device(device).type == "cuda"


def _real(value: Any) -> Any:
    """The device on which the tensor really lies; anything else as it is."""
    return CPU if _is_gpu(value) else value


def _name(func: Callable) -> str:
    return getattr(func, "__name__", str(func))


def _moved(func: Callable, tensor: Tensor, args: tuple, kwargs: dict[str, Any]) -> Tensor:
    """A copy on the device asked for, in the dtype asked for."""
    if func != Tensor.to:
        return mark(tensor.clone(), func == Tensor.cuda)
    target = on_gpu(tensor)
    for value in (*args, kwargs.get("device")):
        if isinstance(value, (str, torch.device)):
            target = _is_gpu(value)
        elif isinstance(value, Tensor):
            target = on_gpu(value)
    result = func(tensor, *map(_real, args), **{name: _real(value) for name, value in kwargs.items()})
    return result if target == on_gpu(result) else mark(result.clone() if result is tensor else result, target)


def start() -> None:
    """Make this process believe that it has a GPU, until it ends."""
    import fer_tutorial.training as training
    from fer_tutorial.training import loader

    train: Any = training.train

    def train_unmarked(method: Any, *data: Any, config: Any = None, on_step: Any = None, **options: Any) -> Any:
        """Train on the CPU; afterwards the method lies where ``config`` says, as do the tensors a hook is shown."""
        data, config = ((*data[:2], *data[3:]), data[2]) if len(data) > 2 else (data, config)
        config = config or training.TrainConfig()
        target = CPU if config.device == "cpu" else GPU

        def shown(*tensors: Any) -> None:
            on_step(*tree_map_only(Tensor, lambda t: t.to(target), tensors))

        run = train(method.to(CPU), *data, config=replace(config, device="cpu"), on_step=on_step and shown, **options)
        method.to(target)
        return run

    class Batches(loader.FaceBatches):  # the real ones copy on a stream of the GPU
        def __init__(self, data: Any, device: torch.device, cache_gb: float = 4.0) -> None:
            super().__init__(data, CPU, cache_gb)
            self.target = device

        def __call__(self, selections: Any) -> Iterator[dict[str, Tensor]]:
            for batch in super().__call__(selections):
                yield {name: tensor.to(self.target) for name, tensor in batch.items()}

    torch.nn.RNNBase.flatten_parameters = lambda self: None  # type: ignore[method-assign]  # calls the GPU's library
    # A notebook's cells are told of a GPU; torch itself is not, it would look for the driver.
    torch.cuda.is_available = lambda: sys._getframe(1).f_globals["__name__"] == "__main__"
    training.train = train_unmarked
    loader.FaceBatches = Batches  # type: ignore[misc]
    StandIn().__enter__()
