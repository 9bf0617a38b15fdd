"""Interactive figures: what is baked in, what a wrong figure says, and that the static form never changes by itself.

That the static form runs in a browser is tested with the built pages, in ``tests/book``.
"""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.viz import InteractiveFigure, image_url
from fer_tutorial.viz.interactive import AROUND_A_FIGURE, STATIC

MODULE = "// a figure\nexport default {\n  render({ model, el }) { el.textContent = model.get('data').word; },\n};\n"


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "word.js"
    path.write_text(MODULE)
    return path


def figure(module, **changes):
    settings = {"data": {"word": "hello"}, "caption": "A caption.", "alt": "A description."}
    return InteractiveFigure(module, **{**settings, **changes})


def state(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="[^"]+">(.*?)</script>', page, re.DOTALL)[1])


def test_the_static_form_carries_module_data_and_words(module):
    page = figure(module).html()
    assert state(page)["data"] == {"word": "hello"}
    assert "model.get('data').word" in state(page)["module"]
    assert state(page)["module"].index("const ui = ") < state(page)["module"].index("const figure = ")
    assert "<p>A caption.</p><p>A description.</p>" in page


def test_the_same_figure_gives_the_same_bytes_and_another_gives_another_id(module):
    def name(page):
        return re.search(r'id="(fer-[^"]+)"', page)[1]

    assert figure(module).html() == figure(module).html()
    assert name(figure(module).html()) != name(figure(module, data={"word": "other"}).html())


def test_no_text_can_end_the_script_element(module):
    page = figure(module, data={"word": "</script><script>alert(1)</script>"}, caption="<b>bold</b>").html()
    assert page.count("</script>") == 2  # the state's own and the loader's own
    assert state(page)["data"]["word"] == "</script><script>alert(1)</script>"
    assert "<p>&lt;b&gt;bold&lt;/b&gt;</p>" in page


def test_notebooks_get_the_live_view_and_the_static_form(module):
    data, metadata = figure(module)._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == "InteractiveFigure('word')"
    assert metadata == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.1), 0.1),
        (1 / 3, 0.333333),
        (torch.tensor([1.5, 2.0]), [1.5, 2]),
        (np.arange(3), [0, 1, 2]),
        ((True, None, "x"), [True, None, "x"]),
        ({1: [0.25]}, {"1": [0.25]}),
    ],
)
def test_data_become_plain_and_short(module, value, expected):
    assert figure(module, data={"value": value}).data == {"value": expected}


@pytest.mark.parametrize("value", [float("nan"), [1.0, float("inf")], object(), {"deep": [{1, 2}]}])
def test_what_json_cannot_hold_is_named(module, value):
    with pytest.raises(UserError, match=r"^data\['value'\]"):
        figure(module, data={"value": value})


def test_an_unknown_module_lists_the_known_ones():
    with pytest.raises(UserError, match=r"no figure module nothing\.js; expected one of"):
        figure("nothing")


@pytest.mark.parametrize("source", ["function render() {}\n", MODULE + MODULE])
def test_a_module_needs_one_default_export(tmp_path, source):
    (tmp_path / "bad.js").write_text(source)
    with pytest.raises(UserError, match="exactly one line that starts with 'export default'"):
        figure(tmp_path / "bad.js")


@pytest.mark.parametrize("missing", ["caption", "alt"])
def test_words_are_not_optional(module, missing):
    with pytest.raises(UserError, match="empty caption or description"):
        figure(module, **{missing: " "})


def test_a_kernel_answers_requests(module):
    live = figure(module, respond=lambda request: {"word": request["word"].upper()})
    assert live.live is True
    assert state(live.html())["live"] is False
    live.request = {"word": "again"}
    assert live.data == {"word": "AGAIN"}


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.stem)
def test_modules_need_no_network_and_no_other_file(path):
    code = re.sub(r"//.*|\bhttp://www\.w3\.org/\S+", "", path.read_text())
    assert not re.search(r"https?://|^\s*import\s[^(]|\bfetch\(", code, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.stem)
def test_elements_are_made_in_one_place(path):
    assert ("createElement" in path.read_text()) == (path.stem == "ui")


@pytest.mark.parametrize("name", AROUND_A_FIGURE)
def test_what_is_around_a_figure_is_not_listed_as_one(name):
    with pytest.raises(UserError, match="expected one of") as caught:
        figure("nothing")
    assert f" {name}," not in str(caught.value)
    assert f" {name}" != str(caught.value)[-len(name) - 1 :]


def test_image_url_is_gray_where_the_image_is():
    gray, color = np.full((2, 2), 7, np.uint8), np.zeros((2, 2, 3), np.uint8)
    color[..., 0] = 255
    assert image_url(gray).startswith("data:image/png;base64,")
    assert image_url(gray) == image_url(np.repeat(gray[..., None], 3, axis=2))
    assert image_url(color) != image_url(gray)


def test_importing_the_figures_imports_nothing_heavy():
    code = "import sys, fer_tutorial.viz; print({'anywidget', 'matplotlib', 'pytorch_grad_cam'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
