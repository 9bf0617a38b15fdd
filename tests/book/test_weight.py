"""A page and everything it loads weigh little: it opens at once on a slow line, and from disk."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

LIMIT = 1_500_000


def test_no_page_weighs_more_than_the_limit(visit, names):
    heavy = []
    for name in names:
        page = visit(name)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        files = {Path(unquote(urlsplit(url).path)) for url in visit.loaded if url.startswith("file:")}
        sizes = sorted(((path.stat().st_size, path.name) for path in files), reverse=True)
        total = sum(size for size, _ in sizes)
        if total > LIMIT:
            heavy.append(f"{name}: {total} bytes, most of them in {sizes[:5]}")
        assert len(sizes) > 5  # the page, its styles and scripts were seen
        page.close()
    assert heavy == []


@pytest.mark.parametrize("unwanted", ["MathJax", "fontawesome", "searchindex"])
def test_a_chapter_does_not_load(visit, unwanted):
    visit("dacl.html")
    assert [url for url in visit.loaded if unwanted.lower() in url.lower()] == []
