"""The networks of the figures lie beside the pages that name them, made from the weights that are committed."""

import json
from types import SimpleNamespace

import networks
import pytest

from studies.synthetic import SHIPPED, VARIANTS

METHODS = [VARIANTS[name].method for name in SHIPPED]


@pytest.fixture
def built(tmp_path):
    """A book of one page, as Sphinx hands it on once it is written."""
    page = '<script type="application/json">{"address":"_static/networks/softmax.js"}</script>'
    (tmp_path / "chapter.html").write_text(page)
    return SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))


def test_a_page_gets_the_networks_that_it_names_once(built):
    networks.put(built, None)
    (file,) = (built.outdir / networks.FOLDER).iterdir()
    assert file.name == "softmax.js"
    content = file.read_text()
    exported = json.loads(content.partition('["softmax.js"]=')[2].rstrip(";"))
    assert exported["inputs"] == {"pixels": [1, 3, networks.SIDE, networks.SIDE]}
    file.write_text("kept")
    networks.put(built, None)
    assert file.read_text() == "kept"  # it is newer than the weights


def test_a_build_that_failed_or_makes_no_pages_writes_none(built):
    networks.put(built, ValueError())
    built.builder.name = "linkcheck"
    networks.put(built, None)
    assert not (built.outdir / networks.FOLDER).exists()


@pytest.mark.parametrize("name", METHODS)
def test_the_weights_of_every_shipped_network_fit_its_method(name):
    if not (networks.WEIGHTS / f"{name}.safetensors").is_file():
        pytest.skip(f"{name} is not trained yet: python -m studies.synthetic shipped --seeds 1")
    method = networks.shipped(name)
    assert all(value.isfinite().all() for value in method.state_dict().values())
