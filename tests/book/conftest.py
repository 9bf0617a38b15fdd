"""The book, built once for all page tests, and a page of all figures; a browser without a network; a JupyterLab."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fer_tutorial.viz import InteractiveFigure
from tests.helpers.chapter_figures import chapter_figures

REPOSITORY = Path(__file__).resolve().parents[2]
LOCAL = ("file:", "data:", "blob:")


def figure_cell(figure: InteractiveFigure, source: str = "figure"):
    """A cell as it is stored in a notebook once it has shown the figure: with its static form."""
    output = new_output("execute_result", {"text/html": figure.html(), "text/plain": repr(figure)}, execution_count=1)
    return new_code_cell(source, execution_count=1, outputs=[output])


def build(project: Path) -> Path:
    """The folder of the pages built from the book in a folder, with the settings of this one."""
    shutil.copy(REPOSITORY / "_config.yml", project)
    command = [Path(sys.executable).parent / "jupyter-book", "build", "book", "--all", "--quiet"]
    built = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return project / "_build" / "html"


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """The folder of the built pages."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(REPOSITORY / "book", project / "book", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(REPOSITORY / "notebooks", project / "notebooks")
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
    cells = [
        new_markdown_cell("# A figure\n\n$$ \\boldsymbol{x} = \\frac{1}{2} $$ (eq-test)\n\nSee {eq}`eq-test`."),
        figure_cell(figure),
    ]
    nbformat.write(new_notebook(cells=cells), project / "book" / "figure_to_operate.ipynb")
    nbformat.write(new_notebook(cells=cells[1:]), project / "notebooks" / "figure_to_operate.ipynb")
    return build(project)


@pytest.fixture(scope="session")
def figures_page(tmp_path_factory) -> Path:
    """A page of a book that has no other: all figures of the chapters, each under its name."""
    project = tmp_path_factory.mktemp("figures")
    shutil.copytree(REPOSITORY / "book", project / "book", ignore=shutil.ignore_patterns("*.ipynb", "*.md"))
    (project / "book" / "_toc.yml").write_text("format: jb-book\nroot: figures\n")
    cells = [new_markdown_cell("# Figures")]
    for name, figure in chapter_figures().items():
        cells += [new_markdown_cell(f"## {name.replace('_', ' ')}"), figure_cell(figure)]
    for folder in ("book", "notebooks"):
        (project / folder).mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells), project / folder / "figures.ipynb")
    return build(project) / "figures.html"


@pytest.fixture(scope="session")
def names(pages) -> list[str]:
    """The pages of the book, those of the reference included."""
    found = (path.relative_to(pages) for path in pages.rglob("*.html"))
    return sorted(str(path) for path in found if path.parts[0] != "_static")


def open_page(
    browser,
    address: str,
    problems: list[str],
    allowed: tuple[str, ...] = LOCAL,
    loaded: set[str] | None = None,
    **settings,
):
    """A page in a context of its own; ``problems`` collects what must not happen, ``loaded`` what the page asks for."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    context.set_default_timeout(10_000)
    name = address.rpartition("/")[2]

    def only_what_is_allowed(route):
        if route.request.url.startswith(allowed):
            route.continue_()
        else:
            problems.append(f"asked the network for {route.request.url}")
            route.abort()

    context.route("**/*", only_what_is_allowed)
    page = context.new_page()
    if loaded is not None:
        page.on("request", lambda request: loaded.add(request.url.partition("?")[0].partition("#")[0]))
    page.on("pageerror", lambda error: problems.append(f"{name}: {error}"))
    page.on("requestfailed", lambda request: problems.append(f"{name}: failed to load {request.url[:200]}"))
    page.on(
        "console",
        lambda line: problems.append(f"{name}: {line.text}") if line.type in ("error", "warning") else None,
    )
    page.goto(address)
    page.wait_for_load_state("load")
    return page


@pytest.fixture
def visit(browser, pages):
    """``visit(name)`` opens a page from disk; ``visit.problems`` collects what must not happen on any page.

    ``visit.loaded`` holds the addresses that the page opened last has asked for.
    """

    def visit(name, color_scheme="light", query="", width=1300):
        visit.loaded = set()
        size = {"width": width, "height": 900}
        address = (pages / name).as_uri() + query
        page = open_page(
            browser, address, visit.problems, loaded=visit.loaded, color_scheme=color_scheme, viewport=size
        )
        opened.append(page)
        return page

    visit.problems, opened = [], []
    yield visit
    for page in opened:
        page.context.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path, str]]:
    """A JupyterLab that knows nothing of the user's settings: its address, the folder that it serves, its token."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    places = {"HOME": home, "IPYTHONDIR": home / "ipython", "PYTHONPATH": REPOSITORY}
    for what in ("CONFIG", "DATA", "RUNTIME"):
        places[f"JUPYTER_{what}_DIR"] = home / what.lower()
    for what in ("SETTINGS", "WORKSPACES"):
        places[f"JUPYTERLAB_{what}_DIR"] = home / what.lower()
    token = secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": 0,  # any that is free
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,  # in a container
        "IdentityProvider.token": token,
        # Nothing is asked of other hosts.
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "LabApp.expose_app_in_browser": True,  # so that a test can ask what the notebook holds
    }
    command = [Path(sys.executable).parent / "jupyter-lab", "--no-browser", *(f"--{k}={v}" for k, v in options.items())]
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield _address(server, home), folder, token
        finally:
            server.terminate()  # it ends its kernels
            server.wait()


def _address(server: subprocess.Popen, home: Path) -> str:
    """Where the server answers, as soon as it does."""
    while server.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            try:
                address = json.loads(path.read_text())["url"]
                urlopen(f"{address}api")
            except (ValueError, URLError):  # the file is being written, or the server does not listen yet
                continue
            return address
        time.sleep(0.2)
    raise AssertionError((home / "log").read_text())
