"""The heads of data frames: breakable at underscores, and none that is empty."""

import data_frames
import pytest


@pytest.mark.parametrize(
    ("html", "repaired"),
    [
        ("<th>label_accuracy</th>", "<th>label_<wbr>accuracy</th>"),
        ("<th>accuracy</th>", "<th>accuracy</th>"),
        ("<th></th>", "<td></td>"),
        ('<th rowspan="2"></th>', '<td rowspan="2"></td>'),
        ("<td>a_b</td>", "<td>a_b</td>"),
        ("<thead><tr></tr></thead>", "<thead><tr></tr></thead>"),
    ],
)
def test_heads(html, repaired):
    assert data_frames.HEAD.sub(data_frames.breakable, html) == repaired
