"""The line under a listing ("`name` in `file`, tested in `file`") leads to the reference, the source and the tests."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

WHENCE = re.compile(r"(fer_tutorial[\w.]+) in (fer_tutorial/[\w/]+\.py), tested in (tests/[\w/]+\.py)$")


class ListingLinks(SphinxTransform):
    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        repository = self.config.html_theme_options["repository_url"]
        branch = self.config.html_theme_options.get("repository_branch", "main")
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if not WHENCE.match(paragraph.astext()):
                continue
            paragraph["classes"].append("fer-whence")
            name, *files = list(paragraph.findall(nodes.literal))
            link = addnodes.pending_xref("", name.deepcopy(), refdomain="py", reftype="obj", reftarget=name.astext())
            name.parent.replace(name, link)
            for file in files:
                address = f"{repository}/blob/{branch}/{file.astext()}"
                file.parent.replace(file, nodes.reference("", "", file.deepcopy(), refuri=address))


def setup(app):
    app.add_transform(ListingLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
