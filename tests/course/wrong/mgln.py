"""Wrong answers to the MGLN exercises, and what some of them are told."""

import torch
import torch.nn.functional as F

from fer_tutorial.papers.mgln import channelwise_resample, frame_positions


def overwrites(lengths):
    lengths -= 1
    return torch.stack([torch.zeros_like(lengths), lengths // 2, lengths], dim=1)


def numbered(subjects):
    return torch.unique(subjects, return_inverse=True)[1]


def blocks(subjects, k):
    people = numbered(subjects)
    return people // -(-(int(people.max()) + 1) // k)


def alike(features, offsets):
    return channelwise_resample(features, offsets[:, :1].expand_as(offsets))


def corners(features, offsets):
    """Pixel 0 at -1 and the last at 1, read as if pixels had an extent."""
    m, c, h, w = features.shape
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    places = torch.stack([x, y], -1) + offsets.permute(0, 1, 3, 4, 2)
    grid = 2 * places / (torch.tensor([w, h]) - 1).clamp(min=1) - 1
    pictures = features.reshape(m * c, 1, h, w)
    moved = F.grid_sample(pictures, grid.reshape(m * c, h, w, 2), padding_mode="border", align_corners=False)
    return moved.view(m, c, h, w)


WRONG = {
    "mgln.frames": {
        "decimal": lambda n: torch.stack([0.0 * n, (n - 1) // 2, n - 1], dim=1),
        "overwrites the lengths": overwrites,
        "one behind the end": lambda n: frame_positions(n + 1),
        "middle of the length": lambda n: torch.stack([torch.zeros_like(n), n // 2, n - 1], dim=1),
        "last of the longest": lambda n: frame_positions(n.max().expand(len(n))),
        "(3, m)": lambda n: frame_positions(n).T,
        "from 1": lambda n: frame_positions(n) + 1,
        "last, middle, first": lambda n: frame_positions(n).flip(1),
        "rounded up": lambda n: torch.stack([torch.zeros_like(n), n - 1 - (n - 1) // 2, n - 1], dim=1),
    },
    "mgln.crop": {
        "the official code's": lambda p, h, w: p.reshape(w, h, 3).permute(2, 1, 0),
        "colors first": lambda p, h, w: p.reshape(3, h, w),
        "colors last": lambda p, h, w: p.reshape(h, w, 3),
        "turned": lambda p, h, w: p.reshape(h, w, 3).permute(2, 1, 0),
        "colors backward": lambda p, h, w: p.reshape(h, w, 3).permute(2, 0, 1).flip(0),
        "upside down": lambda p, h, w: p.reshape(h, w, 3).permute(2, 0, 1).flip(1),
        "with a batch": lambda p, h, w: p.reshape(1, h, w, 3).permute(0, 3, 1, 2),
        "whole numbers": lambda p, h, w: p.reshape(h, w, 3).permute(2, 0, 1).long(),
    },
    "mgln.offset_layer": {
        "row first": lambda f, o: channelwise_resample(f, o.flip(2)),
        "zeros outside": lambda f, o: channelwise_resample(f, o, "zeros"),
        "taken off": lambda f, o: channelwise_resample(f, -o),
        "all channels alike": alike,
        "whole pixels": lambda f, o: channelwise_resample(f, o.round()),
        "corners": corners,
        "unmoved": lambda f, o: f + 0 * o.sum(),
        "offsets detached": lambda f, o: channelwise_resample(f, o.detach()),
        "features detached": lambda f, o: channelwise_resample(f.detach(), o),
        "twice as far": lambda f, o: channelwise_resample(f, 2 * o),
    },
    "mgln.folds": {
        "blocks, rounded up": blocks,
        "decimal": lambda s, k: (numbered(s) % k).double(),
        "sequences": lambda s, k: torch.arange(len(s)) % k,
        "all in one": lambda s, k: torch.zeros_like(s),
        "their own number": lambda s, k: s % k,
        "a fold for each": lambda s, k: numbered(s),
        "from 1": lambda s, k: numbered(s) % k + 1,
        "people alone": lambda s, k: s.unique() % k,
        "two folds": lambda s, k: numbered(s) % 2,
    },
}

TOLD = {
    ("mgln.frames", "decimal"): "expected whole numbers, got numbers with a decimal point",
    ("mgln.frames", "overwrites the lengths"): "changes the lengths it is given",
    ("mgln.frames", "middle of the length"): r"for lengths = \[4\]: .*half the apex's position",
    ("mgln.crop", "the official code's"): "rows and columns are mixed up",
    ("mgln.crop", "colors first"): "colors and places are mixed up",
    ("mgln.offset_layer", "row first"): "column first",
    ("mgln.offset_layer", "zeros outside"): "its border is repeated",
    ("mgln.offset_layer", "offsets detached"): "no gradient reaches the offsets",
    ("mgln.folds", "sequences"): "person 5 is in more than one fold",
    ("mgln.folds", "all in one"): "all in use",
    ("mgln.folds", "blocks, rounded up"): "all in use|differ by one at most",
}
