import re

import pytest
from playwright.sync_api import expect

from fer_tutorial.cli import main as cli
from tests.book.conftest import open_page


def test_a_page_of_ones_own_run_works_from_disk(trained, tmp_path, browser, capsys):
    page = tmp_path / "explore.html"
    cli.main(["explore", str(trained.folder), "--n", "4", "--device", "cpu", "--out", str(page)])
    assert re.fullmatch(rf"{page}: \d+\.\d MB, open it in a browser\n", capsys.readouterr().out)
    problems: list[str] = []
    opened = open_page(browser, page.as_uri(), problems, viewport={"width": 390, "height": 844})
    assert opened.title() == "run, questioned"
    status = opened.get_by_role("status")
    expect(status).to_contain_text("Face 1, ")
    assert opened.get_by_role("combobox", name="face").locator("option").count() == 4
    opened.get_by_label("gray patch").press("End")
    expect(status).to_contain_text("Changed: a patch of 8 pixels around column 9, row 9")
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    assert problems == []
    opened.context.close()


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--n", "0"], "0 faces were asked for; expected 1 or more"),
    (["--split", "tset"], "'tset'"),
    (["--data", "cats"], "there is no data set 'cats'"),
])  # fmt: skip
def test_wrong_input(arguments, sentence, trained, refused):
    assert sentence in refused("explore", trained.folder, *arguments)
