"""Make the notebooks in notebooks/, which JupyterLab, Colab and GitHub show as they are meant, from those in book/.

The sources are MyST, which only Jupyter Book reads: elsewhere formulas, references and tables are raw text, and hints
and solutions lie open.  Nothing is executed; the outputs are those of the sources.

    python tools/plain.py write    write every notebook anew
    python tools/plain.py stale    say which are not what their sources give; exit status 1 if any
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, it would not find its neighbors
from tools import notebooks
from tools.plain_cells import plain_cells
from tools.plain_citations import Citations
from tools.plain_index import Index, PlainError, build
from tools.plain_text import PlainText

FOLDER = "notebooks"
REMEDY = "run: python tools/plain.py write"


def plain_notebook(source: NotebookNode, index: Index, name: str, works: Path) -> NotebookNode:
    """The plain notebook of one page of the book."""
    citations = Citations(works)
    cells = plain_cells(source.cells, PlainText(index, name, citations))
    cells[0].source = headed(cells[0].source, index, name)
    if references := citations.listed():
        cells.append(nbformat.v4.new_markdown_cell(references))
    notebooks.identify(cells)
    metadata = {key: source.metadata[key] for key in ("kernelspec", "language_info")}
    return nbformat.v4.new_notebook(cells=cells, metadata={"made_from": f"book/{name}.ipynb", **metadata})


def headed(text: str, index: Index, name: str) -> str:
    """The first text of a notebook: the chapter's number in its title, and below it where else to have the chapter."""
    page, config = index.pages[name], index.config
    title = f"# {page.title}"
    if title not in text.split("\n"):
        raise PlainError(f"book/{name}.ipynb does not begin with its title")
    repository, colab = config["repository"], config["launch_buttons"]["colab_url"]
    path = repository["url"].removeprefix("https://github.com/")
    links = [f"[Open in Colab]({colab}/github/{path}/blob/{repository['branch']}/{FOLDER}/{name}.ipynb)"]
    if address := config.get("html", {}).get("baseurl"):
        links.append(f"[this chapter as a page of the book]({address.rstrip('/')}/{name}.html)")
    else:  # the book has no address of its own: it is built and opened from disk
        links.append(f"this chapter as a page of the book: `make book`, then open `_build/html/{name}.html`")
    numbered = f"# {page.number}. {page.title}" if page.number else title
    return text.replace(title, f"{numbered}\n\n{' · '.join(links)}", 1)


def made(repository: Path) -> dict[Path, str]:
    """Every plain notebook as it should be."""
    index = build(repository)
    found = {}
    for page in index.pages.values():
        if page.notebook:
            source = notebooks.read(repository / "book" / f"{page.name}.ipynb")
            notebook = plain_notebook(source, index, page.name, repository / "book" / "references.bib")
            found[repository / FOLDER / f"{page.name}.ipynb"] = notebooks.text(notebook)
    return found


def write(repository: Path) -> None:
    wanted = made(repository)
    (repository / FOLDER).mkdir(exist_ok=True)
    for path in set((repository / FOLDER).glob("*.ipynb")) - set(wanted):
        path.unlink()
    for path, content in wanted.items():
        if len(content.encode()) > notebooks.SIZE_LIMIT:
            raise PlainError(
                f"{FOLDER}/{path.name} would have {len(content.encode()):,} bytes, more than {notebooks.SIZE_LIMIT:,}; "
                "draw fewer or smaller images in its source"
            )
        path.write_text(content, encoding="utf-8")


def stale(repository: Path) -> list[str]:
    """What is wrong with the plain notebooks, a sentence each."""
    wanted = made(repository)
    found = [
        f"{FOLDER}/{path.name} is not what book/{path.name} gives ({REMEDY})"
        for path, content in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    left = sorted(set((repository / FOLDER).glob("*.ipynb")) - set(wanted))
    return found + [f"{FOLDER}/{path.name} has no source in the book ({REMEDY})" for path in left]


def main(arguments: list[str] | None = None, repository: Path = notebooks.REPOSITORY) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("write", "stale"))
    options = parser.parse_args(arguments)
    try:
        if options.command == "write":
            write(repository)
            return 0
        found = stale(repository)
    except (PlainError, notebooks.NotebookError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
