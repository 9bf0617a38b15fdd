"""The MGLN exercises: right answers pass, the usual wrong ones are told what is wrong."""

import re

import pytest
import torch

from fer_tutorial.course.checking import CORRECT, UNANSWERED, WRONG, verdict_on
from fer_tutorial.course.registry import exercise_names, find
from fer_tutorial.papers.mgln import channelwise_resample, frame_positions

RIGHT = {
    "mgln.frames": frame_positions,
    "mgln.crop": lambda pixels, height, width: pixels.reshape(height, width, 3).permute(2, 0, 1),
    "mgln.offset_layer": channelwise_resample,
    "mgln.folds": lambda subjects, k: torch.unique(subjects, return_inverse=True)[1] % k,
}


def test_every_exercise_has_an_answer_here():
    assert exercise_names("mgln") == list(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_correct(name):
    assert verdict_on(find(name), lambda *arguments: RIGHT[name](*arguments)).status == CORRECT


@pytest.mark.parametrize("name", RIGHT)
def test_the_stub_is_not_answered(name):
    assert verdict_on(find(name), lambda *arguments: ...).status == UNANSWERED


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("mgln.frames", lambda lengths: frame_positions(lengths + 1), "valid frames"),
        # The official code's reshape: width first.
        ("mgln.crop", lambda pixels, h, w: pixels.reshape(w, h, 3).permute(2, 1, 0), "2 high and 3 wide"),
        ("mgln.offset_layer", lambda x, offsets: channelwise_resample(x, offsets.flip(2)), "half a pixel"),
        ("mgln.offset_layer", lambda x, offsets: channelwise_resample(x, offsets, "zeros"), "half a pixel"),
        ("mgln.folds", lambda subjects, k: torch.arange(len(subjects)) % k, "in more than one fold"),
        ("mgln.folds", lambda subjects, k: torch.zeros_like(subjects), "all in use"),
    ],
)
def test_usual_mistakes(name, answer, reason):
    verdict = verdict_on(find(name), answer)
    assert verdict.status == WRONG
    assert re.search(reason, verdict.reason)
