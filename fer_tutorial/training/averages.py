"""Running sums on the device, so that a training step never waits to report a number."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.methods import StepOutputs
from fer_tutorial.training.distributed import gather


class Averages:
    """Means of what the steps of an epoch report, read once.

    >>> averages = Averages()
    >>> for loss in (1.0, 2.0):
    ...     outputs = {"loss": torch.tensor(loss), "logits": torch.eye(2), "log": {"gap": torch.tensor(0.25)}}
    ...     averages.add(outputs, labels=torch.tensor([0, 0]))
    >>> averages.read()
    {'loss': 1.5, 'gap': 0.25, 'train_accuracy': 0.5}
    """

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}

    def add(self, outputs: StepOutputs, labels: Tensor | None) -> None:
        """Count one step: its loss, what it logs, and the accuracy of its logits if there are labels."""
        values = {"loss": outputs["loss"].detach(), **outputs.get("log", {})}
        if labels is not None:
            values["train_accuracy"] = (outputs["logits"].detach().argmax(1) == labels).float().mean()
        for name, value in values.items():
            # The second number counts the steps.
            pair = torch.stack((value.double(), torch.ones_like(value, dtype=torch.double)))
            self.sums[name] = self.sums[name] + pair if name in self.sums else pair

    def read(self) -> dict[str, float]:
        """The means so far, over all processes.  This waits for the device."""
        if not self.sums:
            return {}
        totals = gather(torch.stack(list(self.sums.values()))[None]).sum(0)  # (W, quantities, 2) -> (quantities, 2)
        return dict(zip(self.sums, (totals[:, 0] / totals[:, 1]).tolist(), strict=True))
