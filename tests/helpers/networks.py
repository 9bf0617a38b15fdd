"""Exported networks, run as a page runs them: by Chromium, or by node."""

import json
import shutil
import subprocess
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from fer_tutorial.viz.interactive import STATIC

ENGINES = ("chromium", "node")

# Every case is [network, [inputs, ...]]; gives back [[outputs, ...], ...], NaN as null.
RUN = """
(cases) => cases.map(([exported, batches]) => {
  const network = new Network(exported);
  return batches.map((inputs) => {
    const numbers = Object.entries(inputs).map(([name, values]) => [name, Float32Array.from(values, (v) => v ?? NaN)]);
    const results = Object.entries(network.run(Object.fromEntries(numbers)));
    return Object.fromEntries(results.map(([name, { data, shape }]) => [name, { data: Array.from(data), shape }]));
  });
})
"""


def engine(name: str, request: pytest.FixtureRequest):
    """A function of the text of a JavaScript function and its argument, with ``Network`` known to it."""
    source = (STATIC / "network.js").read_text()
    if name == "chromium":
        page = request.getfixturevalue("browser").new_page()
        request.addfinalizer(page.close)
        page.add_script_tag(content=source.replace("const Network =", "globalThis.Network =", 1))
        return page.evaluate
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: Chromium runs the same cases; install node to run them in both")

    def evaluate(function: str, argument: object) -> object:
        program = f"{source}\nconst given = require('fs').readFileSync(0, 'utf8');\n"
        program += f"process.stdout.write(JSON.stringify(({function})(JSON.parse(given))));"
        run = subprocess.run([node, "-e", program], input=json.dumps(argument), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return evaluate


def batches(exported: dict, inputs: Sequence[Tensor]) -> list[dict[str, list]]:
    """The rows of the inputs one by one, as JSON can hold them."""
    return [
        {name: _listed(row) for name, row in zip(exported["inputs"], rows, strict=True)}
        for rows in zip(*inputs, strict=True)
    ]


def _listed(row: Tensor) -> list:
    return [None if value != value else value for value in row.flatten().tolist()]


def results(outputs: Sequence[dict]) -> dict[str, Tensor]:
    """The rows put together again: name → (m, ...)."""
    return {
        name: torch.cat(
            [torch.tensor(np.array(row[name]["data"], np.float32)).view(row[name]["shape"]) for row in outputs]
        )
        for name in outputs[0]
    }


def trained_like(network: torch.nn.Module, seed: int) -> torch.nn.Module:
    """In evaluation mode, with nothing left at its start: no averages of 0 and 1, no weights of zeros or ones."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in (*network.named_parameters(), *network.named_buffers()):
            if name.endswith("running_var"):
                tensor.copy_(0.2 + 2 * torch.rand(tensor.shape, generator=generator))
            elif tensor.is_floating_point() and (tensor == tensor.flatten()[0]).all():
                tensor.add_(0.2 * torch.randn(tensor.shape, generator=generator))
    return network.eval()
