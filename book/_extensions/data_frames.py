"""Data frames fit their column: a long name in a head may break after an underscore, and an empty head is no head."""

import re

HEAD = re.compile(r"<th([^>]*)>([^<]*)</th>")


def breakable(head: re.Match) -> str:
    attributes, name = head.groups()
    if not name.strip():
        return f"<td{attributes}></td>"
    return f"<th{attributes}>{name.replace('_', '_<wbr>')}</th>"


def repair(app, pagename, templatename, context, doctree) -> None:
    if "body" in context:
        context["body"] = HEAD.sub(breakable, context["body"])


def setup(app):
    app.connect("html-page-context", repair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
