"""Figures: pictures, plots, attention maps, source listings, interactive figures and networks that run in them.

Names are imported when first used, so that ``import fer_tutorial.viz`` costs nothing and needs neither matplotlib nor
anywidget nor grad-cam.

>>> from fer_tutorial.viz import OKABE_ITO
>>> OKABE_ITO[0]
'#0072B2'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fer_tutorial.viz.attention import grad_cam, overlay
    from fer_tutorial.viz.colors import INK, OKABE_ITO
    from fer_tutorial.viz.diagram import Box, Diagram
    from fer_tutorial.viz.interactive import InteractiveFigure, image_url
    from fer_tutorial.viz.network import export_network, network_file
    from fer_tutorial.viz.pictures import contact_sheet, show_faces
    from fer_tutorial.viz.plots import (
        plot_confusion,
        plot_curves,
        plot_differences,
        plot_embedding,
        plot_groups,
        plot_history,
        plot_table,
        plot_variants,
        style,
    )
    from fer_tutorial.viz.questioning import asked_network, question, telling_faces
    from fer_tutorial.viz.source import show_source

_HOME = {
    "Box": "diagram",
    "Diagram": "diagram",
    "INK": "colors",
    "InteractiveFigure": "interactive",
    "OKABE_ITO": "colors",
    "asked_network": "questioning",
    "contact_sheet": "pictures",
    "export_network": "network",
    "grad_cam": "attention",
    "image_url": "interactive",
    "network_file": "network",
    "overlay": "attention",
    "plot_confusion": "plots",
    "plot_curves": "plots",
    "plot_differences": "plots",
    "plot_groups": "plots",
    "plot_embedding": "plots",
    "plot_history": "plots",
    "plot_table": "plots",
    "plot_variants": "plots",
    "question": "questioning",
    "show_faces": "pictures",
    "show_source": "source",
    "style": "plots",
    "telling_faces": "questioning",
}

__all__ = [
    "INK",
    "OKABE_ITO",
    "Box",
    "Diagram",
    "InteractiveFigure",
    "asked_network",
    "contact_sheet",
    "export_network",
    "grad_cam",
    "image_url",
    "network_file",
    "overlay",
    "plot_confusion",
    "plot_curves",
    "plot_differences",
    "plot_embedding",
    "plot_groups",
    "plot_history",
    "plot_table",
    "plot_variants",
    "question",
    "show_faces",
    "show_source",
    "style",
    "telling_faces",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
