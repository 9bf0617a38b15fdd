"""Everything a run needs to continue, in one safetensors file that is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fer_tutorial.errors import UserError
from fer_tutorial.records.files import write_atomically


def save_checkpoint(path: Path, tensors: dict[str, dict[str, Tensor]], facts: dict[str, Any]) -> None:
    """Write groups of tensors, and ``facts`` as JSON in the file's header.

    Args:
        tensors: group → name → tensor; stored under ``group/name``.
        facts: whatever JSON can hold.
    """
    flat = {
        f"{group}/{name}": tensor.detach().cpu().contiguous().clone()
        for group, members in tensors.items()
        for name, tensor in members.items()
    }
    write_atomically(path, save(flat, metadata={"facts": json.dumps(facts)}))


def load_checkpoint(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """What :func:`save_checkpoint` wrote: groups of tensors, and the facts.

    Raises:
        UserError: no such file, or not a checkpoint of this package.
    """
    if not path.is_file():
        raise UserError(f"there is no checkpoint {path}; give the folder of a run that has written one")
    groups: dict[str, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
            for key in file.keys():  # noqa: SIM118 - the file is no dictionary
                group, name = key.split("/", 1)
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is not a checkpoint of fer-tutorial ({error}); expected one of its own files"
        ) from error
    return groups, facts


def load_weights(method: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Put a checkpoint's weights into ``method``.

    Raises:
        UserError: the checkpoint is of another network, or of another number of classes.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in method.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if wanted != found:
        name = next(name for name in {**wanted, **found} if wanted.get(name) != found.get(name))
        raise UserError(
            f"{path} does not fit this network: {name} has shape {found.get(name, 'none')} there and "
            f"{wanted.get(name, 'none')} here; build the network with the classes, backbone, image size and "
            "configuration of that run"
        )
    method.load_state_dict(weights)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state as named tensors: ``parameter number/what``."""
    state = optimizer.state_dict()["state"]
    return {
        f"{number}/{name}": value
        for number, values in state.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def load_optimizer_tensors(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restore what :func:`optimizer_tensors` returned; the learning rates follow from the step."""
    state = optimizer.state_dict()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    values: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split("/")
        parameter = parameters[int(number)]
        if value.shape == parameter.shape:
            # In the memory layout of the parameter, as the optimizer would have made it.
            value = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
        values.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": values, "param_groups": state["param_groups"]})


def random_states() -> dict[str, Tensor]:
    """The states of torch's global generators, uint8."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(states: dict[str, Tensor]) -> None:
    """Undo what has been drawn since :func:`random_states`."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
