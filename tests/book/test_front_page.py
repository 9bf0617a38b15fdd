"""The front page shows at once what the book is: a figure to operate, and a card for each chapter."""

from playwright.sync_api import expect

from tools import notebooks

SOURCES = {path.stem: [cell.source for cell in notebooks.read(path).cells] for path in notebooks.find()}


def test_there_is_a_card_for_every_chapter_and_it_leads_there(visit):
    page = visit("index.html")
    cards = page.locator(".sd-card")
    assert cards.count() == len(SOURCES)
    leads = {link.get_attribute("href") for link in cards.locator("a.sd-stretched-link").all()}
    assert leads == {f"{name}.html" for name in SOURCES}
    assert cards.locator("img.fer-thumbnail").count() == len(SOURCES)
    assert visit.problems == []


def test_a_card_counts_what_is_in_its_chapter(visit):
    page = visit("index.html")
    card = page.locator(".sd-card", has_text="SCN")
    exercises = sum("{exercise-help}" in source for source in SOURCES["scn"])
    figures = sum("InteractiveFigure(" in source for source in SOURCES["scn"])
    assert f"{exercises} exercises · {figures} figures to operate" in card.locator(".sd-card-footer").inner_text()
    alone = page.locator(".sd-card", has_text="What the methods are worth").locator(".sd-card-footer")
    assert alone.inner_text().endswith("1 exercise")


def test_its_figure_can_be_operated(visit):
    page = visit("index.html")
    status = page.locator(".fer-figure").get_by_role("status")
    expect(status).to_contain_text("After epoch 14")
    page.get_by_role("slider", name="epoch").press("Home")
    expect(status).not_to_contain_text("After epoch 14")
    assert visit.problems == []
