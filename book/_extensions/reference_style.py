"""The bibliography in the style of the citations: [Wang et al., 2020] stands under W, in a list without labels."""

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as Plain


class LastNameFirst(Plain):
    default_name_style = "lastfirst"


def visit_citation(self, node: nodes.citation) -> None:
    if not isinstance(node.previous_sibling(), nodes.citation):
        self.body.append('<ul class="references">\n')
    self.body.append(self.starttag(node, "li", ""))
    node.children = [child for child in node.children if not isinstance(child, nodes.label)]


def depart_citation(self, node: nodes.citation) -> None:
    self.body.append("</li>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        self.body.append("</ul>\n")


def setup(app):
    register_plugin("pybtex.style.formatting", "last_name_first", LastNameFirst)
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
