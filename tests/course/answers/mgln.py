"""Answers to the MGLN exercises: the right ones, and the usual wrong ones with what they are told."""

import torch

from fer_tutorial.papers.mgln import channelwise_resample, frame_positions

RIGHT = {
    "mgln.frames": frame_positions,
    "mgln.crop": lambda pixels, height, width: pixels.reshape(height, width, 3).permute(2, 0, 1),
    "mgln.offset_layer": channelwise_resample,
    "mgln.folds": lambda subjects, k: torch.unique(subjects, return_inverse=True)[1] % k,
}

MISTAKES = [
    ("mgln.frames", lambda lengths: frame_positions(lengths + 1), "valid frames"),
    # The official code's reshape: width first.
    ("mgln.crop", lambda pixels, h, w: pixels.reshape(w, h, 3).permute(2, 1, 0), "2 high and 3 wide"),
    ("mgln.offset_layer", lambda x, offsets: channelwise_resample(x, offsets.flip(2)), "half a pixel"),
    ("mgln.offset_layer", lambda x, offsets: channelwise_resample(x, offsets, "zeros"), "half a pixel"),
    ("mgln.folds", lambda subjects, k: torch.arange(len(subjects)) % k, "in more than one fold"),
    ("mgln.folds", lambda subjects, k: torch.zeros_like(subjects), "all in use"),
]
