"""The directive ``{exercise-help} dacl.attention``: hints and solution of an exercise, in one closed box of tabs.

Their texts stand once, in :mod:`fer_tutorial.course`.
"""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fer_tutorial.course.registry import find, solution_of

BOX = """\
`````{tab-set}
:class: fer-exercise-help
````{tab-item} Your turn
Fill in the cell above and run it, on [Colab](COLAB) or {doc}`in a Jupyter of your own <how_to_use>`.
````
TABS
`````
"""
TAB = """\
````{{tab-item}} {title}
{text}
````"""


class ExerciseHelp(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        tabs = [TAB.format(title=f"Hint {level}", text=hint) for level, hint in enumerate(find(name).hints, start=1)]
        tabs.append(TAB.format(title="Solution", text=f"```python\n{solution_of(name)}\n```"))
        text = BOX.replace("TABS", "\n".join(tabs)).replace("COLAB", self._colab())
        box = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source=name), self.content_offset, box)
        return box.children

    def _colab(self) -> str:
        """Where the notebook of this page opens."""
        options = self.config.html_theme_options
        launch, repository = (
            options["launch_buttons"]["colab_url"],
            options["repository_url"].partition("github.com/")[2],
        )
        branch, folder = options["repository_branch"], options["path_to_docs"]
        return f"{launch}/github/{repository}/blob/{branch}/{folder}/{self.env.docname}.ipynb"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("exercise-help", ExerciseHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
