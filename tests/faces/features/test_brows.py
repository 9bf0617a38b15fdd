"""Where the brows are, and how much they cover."""

from fer_tutorial.faces.features.brows import find_brows
from tests.helpers.layers import on_canvas, parameters


def found(units=None, **changes):
    canvas, face = on_canvas(parameters(units, **changes), 64)
    return find_brows(canvas, face), face


def test_a_brow_runs_from_its_inner_to_its_outer_end():
    brows, face = found()
    assert brows.along[(face.ax - face.side("brow_in_x")).abs() < 0.02].abs().max() < 0.1
    assert (brows.along[(face.ax - face.side("brow_out_x")).abs() < 0.02] - 1).abs().max() < 0.1


def test_hairs_lie_along_the_middle_line_alone():
    brows, _ = found()
    assert brows.cover.max() > 0.4
    assert brows.cover[(brows.below.abs() > 0.15) | (brows.along < -0.3) | (brows.along > 1.3)].max() < 1e-2


def test_density_is_opacity():
    thin, dense = (found(traits={"brow_density": density})[0].cover for density in (0.4, 0.8))
    assert abs(dense.max() / thin.max() - 2) < 1e-6
