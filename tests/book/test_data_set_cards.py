"""The cards of the data sets, which are the package's, stand on their page in closed boxes."""

from data_set_cards import card_text, escaped

from fer_tutorial.datasets import CARDS


def test_a_card_shows_what_is_known():
    text = card_text(CARDS["ckplus"], {"lucey2010ck"})
    assert text.startswith("````{dropdown} Extended Cohn-Kanade database (CK+), and CK\n:name: card-ckplus")
    assert "name\n: `ckplus`" in text
    assert "citation\n: {cite}`lucey2010ck`" in text
    assert "unknown" not in text.lower()
    assert "S005\\_001\\_00000011.png" in text
    assert "(no reader yet)" in card_text(CARDS["webemotion"], set())
    assert "citation" not in card_text(CARDS["expw"], set())


def test_signs_stay_signs():
    assert escaped("use --holdout 0.1.") == "use `--holdout 0.1`."
    assert escaped("or split='all', cameras=000,045. x = y") == "or `split='all'`, `cameras=000,045`. x = y"
    assert escaped("a_b*c<d>$e$ [f] `g`") == r"a\_b\*c\<d\>\$e\$ \[f\] \`g\`"


def test_the_page_has_every_card(visit):
    page = visit("datasets.html")
    assert page.locator("details.sd-dropdown").count() == len(CARDS)
    affectnet = page.locator("details.sd-dropdown", has_text="Manually_Annotated_file_lists/training.csv")
    assert affectnet.count() == 1
    assert not affectnet.locator("dl").is_visible()
    affectnet.locator("summary").click()
    assert affectnet.locator("dl").is_visible()
