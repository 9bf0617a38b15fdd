"""The book, built once for all page tests, with a figure to operate on a page more; a browser without a network."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fer_tutorial.viz import InteractiveFigure

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """The folder of the built pages."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy(REPOSITORY / "_config.yml", project)
    shutil.copytree(REPOSITORY / "book", project / "book", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    contents = project / "book" / "_toc.yml"
    toc = yaml.safe_load(contents.read_text())
    toc["parts"].append({"caption": "Tests", "chapters": [{"file": "figure_to_operate"}]})
    contents.write_text(yaml.safe_dump(toc))
    figure = InteractiveFigure(
        Path(__file__).parent / "slider.js",
        data={"words": ["neutral", "happiness", "</script>surprise"]},
        caption="Move the slider.",
        alt="A word that changes.",
    )
    data, _ = figure._repr_mimebundle_()
    cells = [
        new_markdown_cell("# A figure\n\n$$ \\boldsymbol{x} = \\frac{1}{2} $$ (eq-test)\n\nSee {eq}`eq-test`."),
        new_code_cell("figure", execution_count=1, outputs=[new_output("execute_result", data, execution_count=1)]),
    ]
    nbformat.write(new_notebook(cells=cells), project / "book" / "figure_to_operate.ipynb")
    command = [Path(sys.executable).parent / "jupyter-book", "build", "book", "--all", "--quiet"]
    built = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return project / "_build" / "html"


@pytest.fixture(scope="session")
def names(pages) -> list[str]:
    """The pages of the book."""
    return sorted(path.name for path in pages.glob("*.html") if path.name != "genindex.html")


@pytest.fixture(scope="session")
def browser():
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: install it (Debian and Ubuntu: apt install chromium) to test the built pages")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, pages):
    """``visit(name)`` opens a page from disk; ``visit.problems`` collects what must not happen on any page.

    ``visit.loaded`` holds the addresses that the page opened last has asked for.
    """
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    context.set_default_timeout(10_000)

    def only_from_disk(route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            visit.problems.append(f"asked the network for {route.request.url}")
            route.abort()

    context.route("**/*", only_from_disk)

    def visit(name, color_scheme="light", query="", width=1300):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        visit.loaded = set()
        page.on("request", lambda request: visit.loaded.add(request.url.partition("?")[0].partition("#")[0]))
        page.emulate_media(color_scheme=color_scheme)
        page.on("pageerror", lambda error: visit.problems.append(f"{name}: {error}"))
        page.on("requestfailed", lambda request: visit.problems.append(f"{name}: failed to load {request.url[:200]}"))
        page.on(
            "console",
            lambda line: visit.problems.append(f"{name}: {line.text}") if line.type in ("error", "warning") else None,
        )
        page.goto((pages / name).as_uri() + query)
        page.wait_for_load_state("load")
        return page

    visit.problems = []
    yield visit
    context.close()
