import logging

import numpy as np
import pytest

from fer_tutorial.datasets.images import square_around
from fer_tutorial.datasets.stills import stills_source
from tests.helpers.refusals import refused


@pytest.fixture
def stills(save, tmp_path):
    """``stills(expressions, num_classes, **more)`` of pictures 40×20 with a white square 10 to 20, 5 to 15."""

    def of(expressions, num_classes=7, **more):
        picture = np.zeros((20, 40), np.uint8)
        picture[5:15, 10:20] = 255
        files = [save(tmp_path / f"{number}.png", picture) for number in range(len(expressions))]
        table = {"index": np.arange(len(files)) + 100}
        return stills_source("toy", "train", 10, 1, num_classes, files, expressions, table, {}, **more)

    return of


def test_contempt_is_left_out_and_said(stills, caplog):
    caplog.set_level(logging.INFO)
    source = stills(["fear", "contempt", "neutral"], left_out={"others": 3})
    assert source.table["labels"].tolist() == [6, 0]
    assert source.table["index"].tolist() == [100, 102]
    assert "1 pictures of contempt (8 classes, --classes 8, keep them) and 3 others" in caplog.text
    assert stills(["fear", "contempt"], 8).table["labels"].tolist() == [6, 7]
    with refused("nothing but contempt in split 'train'"):
        stills(["contempt"])


def test_boxes_keep_to_their_pictures_when_some_are_left_out(stills):
    boxes = [(0, 0, 10, 10), (0, 0, 10, 10), (10, 5, 20, 15)]
    images = stills(["fear", "contempt", "neutral"], boxes=boxes).load().images
    assert images[1].min() == 255
    assert images[0].max() == 0
    around = stills(["fear"], boxes=[(15, 5, 15, 15)], around_box=square_around).load().images
    assert around.min() == 255


def test_a_box_that_reaches_beyond_the_picture(stills):
    images = stills(["fear"], boxes=[(10, -5, 30, 15)]).load().images[0, ..., 0]  # ten pixels for twenty
    assert images[:2].max() == 0  # no picture there
    assert images[6:9, 1:4].min() == 255


@pytest.mark.parametrize("box", [(50, 0, 60, 10), (-20, 0, -10, 10), (0, 0, 9999, 9999)])
def test_a_box_that_cannot_be_meant(stills, box):
    with refused("0.png is 40×20 pixels, but the face is said to be"):
        stills(["fear"], boxes=[box]).load()
