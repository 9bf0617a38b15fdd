"""The networks that a page's figures ask for, in files beside the page, made from the weights in data/weights."""

import re
from pathlib import Path

from safetensors.torch import load_file
from torch import nn

import fer_tutorial
from fer_tutorial.methods import build_method, presets
from fer_tutorial.viz import asked_network, network_file

FOLDER = "_static/networks"
WEIGHTS = Path(fer_tutorial.__file__).resolve().parents[1] / "data" / "weights"
# Of all that data/weights has for images.
CLASSES, SIDE = 7, 48


def asked_for(folder: Path) -> set[str]:
    """The methods whose networks the pages name."""
    pages = (path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    return {name for page in pages for name in re.findall(rf"{FOLDER}/(\w+)\.js", page)}


def shipped(name: str) -> nn.Module:
    available = presets(name)
    config = available.get("small", next(iter(available.values())))
    method = build_method(name, num_classes=CLASSES, image_size=SIDE, config=config)
    method.load_state_dict(load_file(WEIGHTS / f"{name}.safetensors"))
    return method


def put(app, error) -> None:
    if error is not None or app.builder.name != "html":
        return
    for name in sorted(asked_for(Path(app.outdir))):
        path, weights = Path(app.outdir, FOLDER, f"{name}.js"), WEIGHTS / f"{name}.safetensors"
        if not path.exists() or path.stat().st_mtime < weights.stat().st_mtime:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(network_file(path.name, asked_network(shipped(name))), encoding="utf-8")


def setup(app):
    app.connect("build-finished", put, priority=950)  # after small_files, which reads all scripts
    return {"parallel_read_safe": True, "parallel_write_safe": True}
