"""The works that a notebook cites: "Wang et al., 2020" in the text, and the list at its end."""

from __future__ import annotations

import re
from pathlib import Path

from pybtex.backends.markdown import Backend
from pybtex.database import parse_file
from pybtex.style.formatting.plain import Style

from tools.plain_index import PlainError


class Citations:
    """The works of ``references.bib``, and which of them were cited so far."""

    def __init__(self, path: Path) -> None:
        self.works = parse_file(str(path))
        self.cited: list[str] = []

    def authors_and_year(self, key: str) -> tuple[str, str]:
        """As the book's pages write them."""
        if key not in self.works.entries:
            raise PlainError(f"{key!r} is cited, but book/references.bib has no such work")
        if key not in self.cited:
            self.cited.append(key)
        work = self.works.entries[key]
        people = work.persons.get("author") or work.persons["editor"]
        names = [" ".join(map(str, person.rich_prelast_names + person.rich_last_names)) for person in people]
        shown = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return shown, work.fields["year"]

    def listed(self) -> str:
        """The works cited, each behind the anchor that citations lead to; "" if there are none."""
        if not self.cited:
            return ""
        works = Style().format_bibliography(self.works, self.cited)
        # The backend breaks lines and escapes every full stop and hyphen, which nobody could read in an editor.
        entries = {work.key: re.sub(r"\\([-.():])", r"\1", work.text.render(Backend())) for work in works}
        lines = [f'* <a id="{key}"></a>{" ".join(text.split())}' for key, text in entries.items()]
        return "\n".join(["## References", "", *lines])
