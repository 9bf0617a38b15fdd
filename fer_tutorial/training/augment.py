"""Augmentation of a whole batch on its device, every sample by a draw of its own.

Random numbers are drawn once a step for the whole batch, as one table of uniform draws, and each process uses the rows
of its samples.  So a run depends on its seed alone: not on the device, nor on the number of processes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fer_tutorial.config import AugmentConfig
from fer_tutorial.vocabulary import MIRRORED_LANDMARKS

# One column of the table of draws for each decision about a sample.
DRAWS = (
    *("flip", "rotate", "scale", "translate_x", "translate_y", "brightness", "contrast"),
    *("erase", "erase_area", "erase_aspect", "erase_x", "erase_y", "noise"),
)


def step_seed(*numbers: int) -> int:
    """One seed from several numbers, such as (run's seed, epoch, step), far apart for neighboring ones."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


def draw(count: int, seed: int) -> Tensor:
    """The table of uniform draws for ``count`` samples: (count, len(DRAWS)) in [0, 1)."""
    return torch.rand(count, len(DRAWS), generator=torch.Generator().manual_seed(seed))


class Step(NamedTuple):
    """One training step, and this process's part in it: all that its random draws depend on.

    Attributes:
        seed: the run's.
        epoch: counted from 0.
        number: of the step within its epoch, counted from 0.
        rows: which rows of the step's batch this process takes.
        size: samples of the step's batch, over all processes.
    """

    seed: int
    epoch: int
    number: int
    rows: slice
    size: int

    def draws(self) -> Tensor:
        """This process's rows of the table of uniform draws: (m, len(DRAWS)) in [0, 1), on the CPU."""
        return draw(self.size, step_seed(self.seed, self.epoch, self.number, 0))[self.rows]

    def label_draws(self) -> Tensor:
        """This process's rows of the step's uniform draws for labels: (m,) in [0, 1), on the CPU."""
        generator = torch.Generator().manual_seed(step_seed(self.seed, self.epoch, self.number, 2))
        return torch.rand(self.size, generator=generator)[self.rows]

    def noise(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """This process's rows of the step's Gaussian noise: (m, *shape), on the generator's device."""
        generator.manual_seed(step_seed(self.seed, self.epoch, self.number, 1))
        return torch.randn(self.size, *shape, generator=generator, device=generator.device)[self.rows]


class Augment:
    """Vary images, and move their landmarks with them.

    Args:
        config: what is varied and how much.
        device: where the images are.
    """

    def __init__(self, config: AugmentConfig, device: torch.device | str = "cpu") -> None:
        self.config = config
        self.mirrored = torch.tensor(MIRRORED_LANDMARKS, device=device)
        self.generator = torch.Generator(device)

    def __call__(
        self, images: Tensor, landmarks: Tensor | None, draws: Tensor, step: Step
    ) -> tuple[Tensor, Tensor | None]:
        """Vary one batch.

        Args:
            images: float (m, 3, H, W) or (m, T, 3, H, W), pixels in [0, 1].
            landmarks: (m, 68, 2) or (m, T, 68, 2) in pixels, or None.
            draws: (m, len(DRAWS)), what ``step.draws()`` returned, on the images' device.
            step: which step this is the batch of.

        Returns:
            Images and landmarks, of the same shapes.
        """
        config = self.config
        u = dict(zip(DRAWS, draws.unbind(1), strict=True))
        frames = images.shape[1] if images.ndim == 5 else 1
        shape = images.shape
        images = images.flatten(0, 1) if images.ndim == 5 else images  # (m, T, 3, H, W) -> (m·T, 3, H, W)

        if config.flip:
            flip = u["flip"] < config.flip
            images = torch.where(_per_frame(flip, frames)[:, None, None, None], images.flip(-1), images)
            if landmarks is not None:
                mirrored = mirror_landmarks(landmarks, shape[-1], self.mirrored)
                landmarks = torch.where(flip.view(-1, *[1] * (landmarks.ndim - 1)), mirrored, landmarks)
        if config.rotate or config.scale or config.translate:
            matrix, shift = similarity(
                angle=math.radians(config.rotate) * _signed(u["rotate"]),
                scale=1 + config.scale * _signed(u["scale"]),
                shift_x=config.translate * shape[-1] * _signed(u["translate_x"]),
                shift_y=config.translate * shape[-2] * _signed(u["translate_y"]),
            )
            images = warp(images, _per_frame(matrix, frames), _per_frame(shift, frames))
            if landmarks is not None:
                landmarks = move_landmarks(landmarks, matrix, shift, (shape[-2], shape[-1]))
        if config.brightness or config.contrast:
            mean = _sample_mean(images, frames)
            gain = 1 + config.contrast * _signed(u["contrast"])
            offset = mean * (1 - gain) + config.brightness * _signed(u["brightness"])
            images = images * _per_pixel(gain, frames) + _per_pixel(offset, frames)
        if config.erase:
            hidden = rectangles(u, config, shape[-2], shape[-1])
            images = torch.where(_per_frame(hidden, frames)[:, None], 0.5, images)
        if config.noise:
            noise = step.noise(shape[-3:], self.generator)
            strength = config.noise * (u["noise"] < config.noise_probability)
            images = images + _per_pixel(strength, frames) * _per_frame(noise, frames)
        return images.clamp(0, 1).reshape(shape), landmarks


def mirror_landmarks(landmarks: Tensor, width: int, mirrored: Tensor) -> Tensor:
    """The landmarks of the mirrored image: x becomes width − 1 − x, and left takes right's numbers.

    Args:
        landmarks: (..., 68, 2) in pixels, pixel centers at integers.
        mirrored: ``MIRRORED_LANDMARKS`` as a tensor.
    """
    taken = landmarks.index_select(-2, mirrored)
    return torch.stack((width - 1 - taken[..., 0], taken[..., 1]), dim=-1)


def similarity(angle: Tensor, scale: Tensor, shift_x: Tensor, shift_y: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation and scale as matrices (m, 2, 2), shifts (m, 2): a point p goes to c + matrix (p − c) + shift.

    c is the image's center; ``angle`` in radians turns x towards y, which is clockwise on the screen.
    """
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack((torch.stack((cosine, -sine), -1), torch.stack((sine, cosine), -1)), -2)
    return matrix, torch.stack((shift_x, shift_y), -1)


def warp(images: Tensor, matrix: Tensor, shift: Tensor) -> Tensor:
    """Images (m, 3, H, W) whose every point p has gone to c + matrix (p − c) + shift; bilinear, borders repeated."""
    height, width = images.shape[-2:]
    # A pixel p has normalized coordinates g with p − c = half · g, so the inverse map is
    # g_in = half⁻¹ matrix⁻¹ (half · g_out − shift).
    half = torch.stack((matrix.new_full((), width / 2), matrix.new_full((), height / 2)))
    inverse = torch.stack(
        (
            torch.stack((matrix[:, 1, 1], -matrix[:, 0, 1]), -1),
            torch.stack((-matrix[:, 1, 0], matrix[:, 0, 0]), -1),
        ),
        -2,
    ) / (matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]).view(-1, 1, 1)
    linear = inverse * half / half[:, None]
    constant = -(inverse @ shift[:, :, None]) / half[:, None]
    grid = functional.affine_grid(torch.cat((linear, constant), -1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def move_landmarks(landmarks: Tensor, matrix: Tensor, shift: Tensor, size: tuple[int, int]) -> Tensor:
    """Where :func:`warp` puts landmarks (m, ..., 68, 2) of images of ``size`` (height, width)."""
    center = torch.stack(
        (landmarks.new_full((), (size[1] - 1) / 2), landmarks.new_full((), (size[0] - 1) / 2))
    )  # filled on the device: copying numbers there would make the step wait
    extra = [1] * (landmarks.ndim - 3)
    turned = (landmarks - center) @ matrix.mT.view(-1, *extra, 2, 2)
    return center + turned + shift.view(-1, *extra, 1, 2)


def rectangles(u: dict[str, Tensor], config: AugmentConfig, height: int, width: int) -> Tensor:
    """Masks (m, H, W) of the rectangles to paint over; sides differ by a factor of at most 3.3."""
    device = u["erase"].device
    smallest, largest = config.erase_area
    area = (smallest + (largest - smallest) * u["erase_area"]) * height * width
    aspect = torch.exp(math.log(3.3) * _signed(u["erase_aspect"]))
    tall = (area * aspect).sqrt().clamp(1, height)
    wide = (area / aspect).sqrt().clamp(1, width)
    top, left = (height - tall) * u["erase_y"], (width - wide) * u["erase_x"]
    y, x = torch.arange(height, device=device), torch.arange(width, device=device)
    rows = (y >= top[:, None]) & (y < (top + tall)[:, None])  # (m, H)
    columns = (x >= left[:, None]) & (x < (left + wide)[:, None])  # (m, W)
    return rows[:, :, None] & columns[:, None, :] & (u["erase"] < config.erase)[:, None, None]


def _signed(uniform: Tensor) -> Tensor:
    """[0, 1) → [−1, 1)."""
    return 2 * uniform - 1


def _per_frame(value: Tensor, frames: int) -> Tensor:
    """One row a sample → one row a frame, the same for all frames of a sequence."""
    return value if frames == 1 else value.repeat_interleave(frames, dim=0)


def _per_pixel(value: Tensor, frames: int) -> Tensor:
    """(m,) → (m·T, 1, 1, 1)."""
    return _per_frame(value, frames)[:, None, None, None]


def _sample_mean(images: Tensor, frames: int) -> Tensor:
    """Mean pixel of every sample: (m·T, 3, H, W) -> (m,)."""
    return images.mean((1, 2, 3)).view(-1, frames).mean(1)
