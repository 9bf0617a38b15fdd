"""Ask for faces: a labeled batch, sequences from neutral to the apex, or one face with chosen action units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces.degradation import DEGRADATION, DEGRADATION_INDEX, degrade
from fer_tutorial.faces.expressions import AU_INDEX, AU_NAMES, MAX_INTENSITY, sample_action_units, sample_votes
from fer_tutorial.faces.geometry import POSE, POSE_INDEX, Camera, face_shape, landmarks_in_pixels
from fer_tutorial.faces.identity import sample_identity
from fer_tutorial.faces.random_numbers import keys, normal, uniform
from fer_tutorial.faces.rendering import LIGHT, LIGHT_INDEX, SCENE, SCENE_INDEX, render_pixels
from fer_tutorial.vocabulary import EXPRESSIONS

CPU_CHUNK = 16  # faces drawn at once: small enough for the processor's caches
GPU_CHUNK = 1024
SUBJECTS_PER_SEED = 10_000_000
FRAMING = (1.75, 2.05)  # width of the picture in face units (about 10 cm): brows to chin with some hair


@dataclass(frozen=True)
class FaceParameters:
    """Everything a picture is made from; n faces.

    ============ =================== ==========================================================================
    field        shape               columns
    ============ =================== ==========================================================================
    traits       (n, len(TRAITS))    who: ``fer_tutorial.faces.TRAITS``
    action_units (n, A)              intensities 0-5 of the stronger side, in the order of ``ACTION_UNITS``
    asymmetry    (n, A)              -1 only the picture's left .. 0 both .. 1 only the picture's right
    pose         (n, len(POSE))      ``fer_tutorial.faces.POSE``
    light        (n, len(LIGHT))     ``fer_tutorial.faces.LIGHT``
    scene        (n, len(SCENE))     background, clothes, occluders: ``fer_tutorial.faces.SCENE``
    degradation  (n, 7)              ``fer_tutorial.faces.DEGRADATION``
    noise_key    (n,) int64          which sensor noise
    ============ =================== ==========================================================================
    """

    traits: Tensor
    action_units: Tensor
    asymmetry: Tensor
    pose: Tensor
    light: Tensor
    scene: Tensor
    degradation: Tensor
    noise_key: Tensor

    def __len__(self) -> int:
        return len(self.traits)

    def map(self, change: Callable[[Tensor], Tensor]) -> FaceParameters:
        """The same change to every field."""
        return FaceParameters(**{f.name: change(getattr(self, f.name)) for f in fields(self)})

    def __getitem__(self, which: slice | Tensor) -> FaceParameters:
        return self.map(lambda value: value[which])

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> FaceParameters:
        """On another device and, for all but the noise keys, in another dtype."""
        return self.map(lambda v: v.to(device) if v.dtype == torch.int64 else v.to(device, dtype or v.dtype))


def render(parameters: FaceParameters, size: int = 64) -> tuple[Tensor, Tensor]:
    """Draw faces: differentiable in traits, action units, asymmetry, pose, light, scene and degradation.

    Args:
        parameters: n faces, all on one device.
        size: width and height of the pictures in pixels.

    Returns:
        ``(images, landmarks)``: (n, 3, size, size) in [0, 1] and (n, 68, 2) in pixels (x right, y down, pixel centers
        at integers), both in the dtype of the parameters.  All n faces are drawn at once; ``sample_faces`` splits.

    >>> face = face_parameters(action_units={12: 4}, identity_seed=3)
    >>> face.action_units.requires_grad_().shape
    torch.Size([1, 18])
    >>> images, landmarks = render(face, size=32)
    >>> (gradient,) = torch.autograd.grad(landmarks[0, 48, 1], face.action_units)   # corner of the mouth, Y
    >>> bool(gradient[0, AU_INDEX[12]] < 0)                                          # moves up with AU 12
    True
    """
    shape, camera, landmarks = _geometry(parameters, size)
    dtype = parameters.traits.dtype
    camera = replace(camera, **{f.name: getattr(camera, f.name).to(dtype) for f in fields(camera) if f.name != "size"})
    shape = {name: value.to(dtype) for name, value in shape.items()}
    p = parameters
    images = render_pixels(shape, p.traits, p.pose, p.light, p.scene, camera)
    return degrade(images, p.degradation, p.noise_key), landmarks


def _geometry(parameters: FaceParameters, size: int) -> tuple[dict[str, Tensor], Camera, Tensor]:
    """Shape and camera in double precision, and the landmarks (n, 68, 2) in pixels and the dtype of the parameters."""
    # In double precision, these few numbers agree to the last bit of a float however they are batched.
    exact = parameters.to(parameters.traits.device, torch.float64)
    shape = face_shape(exact.traits, exact.action_units, exact.asymmetry)
    camera = Camera.from_pose(exact.pose, size)
    return shape, camera, landmarks_in_pixels(shape, camera).to(parameters.traits.dtype)


def _render_in_chunks(parameters: FaceParameters, size: int, device: torch.device, draw: bool) -> tuple[Tensor, Tensor]:
    """Pictures (n, 3, size, size) and landmarks (n, 68, 2); without ``draw``, black pictures that take no memory."""
    chunk = CPU_CHUNK if device.type == "cpu" else max(1, GPU_CHUNK * 64 * 64 // (size * size))
    if device.type == "cpu":
        chunk = max(1, min(chunk, CPU_CHUNK * 64 * 64 // (size * size)))
    shape = (len(parameters), 3, size, size)
    images = torch.empty(shape, device=device) if draw else torch.zeros((), device=device).expand(shape)
    landmarks = torch.empty(len(parameters), 68, 2, device=device)
    with torch.no_grad():
        for start in range(0, len(parameters), chunk):
            part = parameters[slice(start, start + chunk)].to(device, torch.float32)
            if draw:
                images[start : start + chunk], landmarks[start : start + chunk] = render(part, size)
            else:
                landmarks[start : start + chunk] = _geometry(part, size)[2]
    return images, landmarks


@dataclass(frozen=True)
class FaceBatch:
    """n labeled synthetic faces (or sequences of T frames) and all that is known about them.

    ============= ================== ===================================================================================
    field         shape              meaning
    ============= ================== ===================================================================================
    images        (n, 3, S, S)       float32 in [0, 1]; sequences (n, T, 3, S, S)
    labels        (n,)               int64 positions in ``class_names``, with label noise where asked for
    clean_labels  (n,)               the expression that is really shown
    votes         (n, K) or None     how many of the simulated annotators chose each class
    action_units  (n, A)             float32 0-5, in the order of ``ACTION_UNITS``; sequences (n, T, A)
    landmarks     (n, 68, 2)         float32 pixels; sequences (n, T, 68, 2)
    subjects      (n,)               who: the same number is the same person
    identities    dict of (n,)       attributes by name: sex, age_group, skin_tone, hair_style, glasses, beard
    pose          (n, 3)             yaw, pitch, roll in degrees
    level         (n,)               intensity 0-5 drawn for the whole expression
    index         (n,)               the samples' numbers, ``first`` .. ``first + n - 1``
    lengths       (n,) or None       valid frames of each sequence
    parameters    FaceParameters     what ``render`` needs to draw the pictures again (sequences: at the apex)
    ============= ================== ===================================================================================
    """

    images: Tensor
    labels: Tensor
    clean_labels: Tensor
    votes: Tensor | None
    action_units: Tensor
    landmarks: Tensor
    subjects: Tensor
    identities: dict[str, Tensor]
    pose: Tensor
    level: Tensor
    index: Tensor
    parameters: FaceParameters
    class_names: tuple[str, ...]
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def to_face_data(self, name: str = "synthetic", split: str = "train") -> FaceData:
        """The form the rest of the package works on: NumPy arrays, pictures as uint8 with channels last."""
        pixels = (
            (self.images * 255).round().to(torch.uint8).movedim(-3, -1).contiguous()
        )  # (..., 3, S, S) -> (..., S, S, 3)

        def array(value: Tensor | None) -> np.ndarray | None:
            return None if value is None else value.cpu().numpy()

        return FaceData(
            name=name,
            split=split,
            images=pixels.cpu().numpy(),
            labels=self.labels.cpu().numpy(),
            class_names=self.class_names,
            index=self.index.cpu().numpy(),
            votes=array(self.votes),
            landmarks=array(self.landmarks),
            action_units=array(self.action_units if self.action_units.ndim == 2 else self.action_units[:, -1]),
            action_unit_names=AU_NAMES,
            subjects=self.subjects.cpu().numpy(),
            clean_labels=self.clean_labels.cpu().numpy(),
            lengths=array(self.lengths),
        )


def _check(
    n: int,
    size: int,
    num_classes: int,
    nuisance: float,
    framing: tuple[float, float],
    intensity: tuple[float, float],
    subjects: tuple[int, int] | None,
    label_noise: float,
    annotators: int,
) -> None:
    if n < 1:
        raise UserError(f"n is {n}; ask for at least one face")
    if not 16 <= size <= 1024:
        raise UserError(f"size is {size}; expected 16 to 1024 pixels")
    if not 2 <= num_classes <= len(EXPRESSIONS):
        raise UserError(
            f"num_classes is {num_classes}; expected 2 to {len(EXPRESSIONS)}: 7 for the basic ones, 8 with contempt"
        )
    if not 0 <= nuisance <= 1:
        raise UserError(f"nuisance is {nuisance}; expected 0 (clean, frontal) to 1 (as hard as it gets)")
    if not 0.5 <= framing[0] <= framing[1] <= 6:
        raise UserError(f"framing is {framing}; expected (low, high) with 0.5 <= low <= high <= 6")
    low, high = intensity
    if not 0 <= low <= high <= MAX_INTENSITY:
        raise UserError(f"intensity is {intensity}; expected (low, high) with 0 <= low <= high <= 5")
    if subjects is not None and not 0 <= subjects[0] < subjects[1]:
        raise UserError(f"subjects is {subjects}; expected (first, end) with 0 <= first < end, such as (0, 500)")
    if not 0 <= label_noise <= 1:
        raise UserError(f"label_noise is {label_noise}; expected a share from 0 to 1")
    if annotators < 0:
        raise UserError(f"annotators is {annotators}; expected 0 (no votes) or a number of people such as 10")


def _class_weights(imbalance: Sequence[float] | Mapping[str, float] | None, names: tuple[str, ...]) -> Tensor:
    if imbalance is None:
        return torch.ones(len(names), dtype=torch.float64)
    if isinstance(imbalance, Mapping):
        unknown = set(imbalance) - set(names)
        if unknown:
            raise UserError(f"imbalance names {sorted(unknown)}; expected classes among {list(names)}")
        imbalance = [imbalance.get(name, 0.0) for name in names]
    weights = torch.as_tensor(list(imbalance), dtype=torch.float64)
    if weights.shape != (len(names),) or not bool((weights >= 0).all()) or not float(weights.sum()) > 0:
        raise UserError(
            f"imbalance is {list(weights.tolist())}; expected {len(names)} weights (none negative, "
            f"not all zero), one for each of {list(names)}"
        )
    return weights


def _labels(samples: Tensor, seed: int, weights: Tensor) -> Tensor:
    """Classes by a golden-ratio sequence: any run of samples has nearly exactly the wanted shares."""
    golden = 0.6180339887498949
    start = uniform(seed, "labels", torch.zeros(1, dtype=torch.int64), 1)[0]
    u = (start + samples.double() * golden) % 1.0
    edges = (weights / weights.sum()).cumsum(0)
    return (u[:, None] >= edges).sum(1).clamp(max=len(weights) - 1)


def _pose(samples: Tensor, seed: int, nuisance: float, framing: tuple[float, float] = FRAMING) -> Tensor:
    z = normal(seed, "pose", samples, 8)
    u = uniform(seed, "framing", samples, 2)
    strong = torch.where(u[:, :1] < 0.5, 1.0, 0.45)  # half of the faces look almost straight at the camera
    columns = {
        "yaw": 17 * nuisance * z[:, 0:1] * strong,
        "pitch": 9 * nuisance * z[:, 1:2] * strong,
        "roll": 7 * nuisance * z[:, 2:3],
        "span": framing[0] + (framing[1] - framing[0]) * u[:, 1:2],
        "shift_x": 0.035 * nuisance * z[:, 3:4],
        "shift_y": 0.035 * nuisance * z[:, 4:5],
        "gaze_x": 0.20 * nuisance * z[:, 5:6],
        "gaze_y": 0.12 * nuisance * z[:, 6:7],
    }
    return torch.cat([columns[name] for name in POSE], 1)


def _light(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    z = normal(seed, "light", samples, 3)
    u = uniform(seed, "light strength", samples, 4)
    harsh = nuisance * u[:, 0:1]
    columns = {
        "azimuth": 20 + nuisance * 55 * z[:, 0:1] - 20 * nuisance,
        "elevation": 38 + nuisance * 22 * z[:, 1:2],
        "key": 0.80 + 0.45 * harsh + 0.2 * nuisance * (u[:, 1:2] - 0.5),
        "ambient": 0.45 - 0.24 * harsh + 0.15 * nuisance * (u[:, 2:3] - 0.5),
        "warmth": 0.15 + 0.5 * nuisance * z[:, 2:3],
        "gloss": 0.25 + 0.35 * nuisance * u[:, 3:4],
    }
    return torch.cat([columns[name] for name in LIGHT], 1)


def _scene(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    u = uniform(seed, "scene", samples, 24)
    z = normal(seed, "occluders", samples, 6)
    gray = 0.15 + 0.75 * u[:, 0:1]
    tint = 0.35 * (u[:, 1:4] - 0.5)
    share = 0.16 * nuisance
    bar = (u[:, 10:11] < 0.5 * share).double()
    hand = (u[:, 11:12] < 0.5 * share).double()
    background, cloth = (gray + tint).clamp(0.02, 0.98), u[:, 7:10] * 0.8 + 0.05
    from_below = -torch.pi / 2
    columns = {
        "back_red": background[:, 0:1],
        "back_green": background[:, 1:2],
        "back_blue": background[:, 2:3],
        "clutter": 0.12 + nuisance * 0.9 * u[:, 12:13],
        "clutter_a": 6.28 * u[:, 4:5],
        "clutter_b": 6.28 * u[:, 5:6],
        "clutter_c": 6.28 * u[:, 6:7],
        "cloth_red": cloth[:, 0:1],
        "cloth_green": cloth[:, 1:2],
        "cloth_blue": cloth[:, 2:3],
        "bar": bar * (0.75 + 0.25 * u[:, 13:14]),
        "bar_x": 0.45 * z[:, 0:1],
        "bar_y": 0.55 + 0.35 * z[:, 1:2],
        "bar_angle": 6.28 * u[:, 14:15],
        "bar_width": 0.05 + 0.16 * u[:, 15:16],
        "hand": hand,
        "hand_x": 0.40 * z[:, 2:3],
        "hand_y": 0.72 + 0.15 * z[:, 3:4],
        "hand_angle": -from_below + 0.5 * z[:, 4:5],
    }
    return torch.cat([columns[name] for name in SCENE], 1)


def _degradation(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    u = uniform(seed, "degradation", samples, 12)
    columns = {
        "exposure": 1 + 0.5 * nuisance * (u[:, 0:1] - 0.5),
        "contrast": 1 + nuisance * (0.7 * u[:, 1:2] - 0.15),
        "blur": 0.018 * nuisance * (u[:, 2:3] - 0.4).clamp(min=0),
        "noise": 0.07 * nuisance * (u[:, 3:4] - 0.7).clamp(min=0),
        "gray": (u[:, 4:5] < 0.3 * nuisance).double(),
        "jpeg": (u[:, 5:6] < 0.5 * nuisance).double() * (0.2 + 0.6 * u[:, 6:7]),
        "vignette": 0.5 * nuisance * (u[:, 7:8] - 0.5).clamp(min=0),
    }
    return torch.cat([columns[name] for name in DEGRADATION], 1)


def _subjects(samples: Tensor, seed: int, subjects: tuple[int, int] | None) -> Tensor:
    if subjects is None:
        return samples + seed * SUBJECTS_PER_SEED
    low, high = subjects
    return low + (uniform(seed, "subjects", samples, 1)[:, 0] * (high - low)).long()


def sample_faces(
    n: int,
    seed: int = 0,
    size: int = 64,
    num_classes: int = 7,
    *,
    imbalance: Sequence[float] | Mapping[str, float] | None = None,
    label_noise: float = 0.0,
    annotators: int = 0,
    intensity: tuple[float, float] = (1.0, 5.0),
    mixed: float = 0.15,
    nuisance: float = 0.5,
    framing: tuple[float, float] = FRAMING,
    subjects: tuple[int, int] | None = None,
    device: torch.device | str = "cpu",
    first: int = 0,
    draw: bool = True,
) -> FaceBatch:
    """Make n labeled faces.  Sample i of a seed is the same face whatever ``n``, ``first`` and the device.

    Args:
        n: how many.
        seed: decides everything that is drawn at random.
        size: width and height in pixels.
        num_classes: 7 for the basic expressions (neutral among them), 8 with contempt; the first K of ``EXPRESSIONS``.
        imbalance: how often each class comes, as K weights or ``{"disgust": 0.1, ...}`` (classes not named: never);
            ``None`` for all alike.
        label_noise: share of the samples whose label is replaced by another class; ``clean_labels`` keeps the truth.
        annotators: how many simulated people vote on each face, 0 for none.  FERPlus had 10.
        intensity: least and greatest intensity (0-5) of an expression's strongest action unit; near 1 hardly shows.
        mixed: share of faces that show traces of a second expression.
        nuisance: 0 frontal, evenly lit and sharp, .. 1 turned, harshly lit, cluttered, occluded, blurred, noisy.
        framing: least and greatest width of the picture, in units of about 10 cm; below 1.7 the face fills it as in
            FER2013, above 2.3 hair and neck are in view.
        subjects: ``(first, end)``, the numbers of the people to draw from: ``(0, 500)`` for training and ``(500, 600)``
            for testing are disjoint.  ``None``: every sample is a person of its own, and seeds do not share people.
        device: where to draw; the labels and parameters are always decided on the CPU.
        first: number of the first sample, to make a large set piece by piece.
        draw: ``False`` leaves the pictures black, which takes no memory and a tenth of the time: for everything else.

    Raises:
        UserError: an option out of its range.

    >>> faces = sample_faces(14, seed=0, size=32)
    >>> faces.images.shape, faces.landmarks.shape, faces.class_names[int(faces.labels[0])] in EXPRESSIONS
    (torch.Size([14, 3, 32, 32]), torch.Size([14, 68, 2]), True)
    >>> again = sample_faces(2, seed=0, size=32, first=12)
    >>> bool((again.images == faces.images[12:]).all())
    True
    """
    _check(n, size, num_classes, nuisance, framing, intensity, subjects, label_noise, annotators)
    names = EXPRESSIONS[:num_classes]
    samples = torch.arange(first, first + n, dtype=torch.int64)
    clean = _labels(samples, seed, _class_weights(imbalance, names))
    people = _subjects(samples, seed, subjects)
    traits, attributes = sample_identity(people)
    units, asymmetry, level = sample_action_units(clean, samples, seed, intensity, mixed)
    parameters = FaceParameters(
        traits,
        units,
        asymmetry,
        _pose(samples, seed, nuisance, framing),
        _light(samples, seed, nuisance),
        _scene(samples, seed, nuisance),
        _degradation(samples, seed, nuisance),
        keys(seed, "sensor noise", samples),
    )
    images, landmarks = _render_in_chunks(parameters, size, torch.device(device), draw)

    noise = uniform(seed, "label noise", samples, 2)
    other = (clean + 1 + (noise[:, 1] * (num_classes - 1)).long()) % num_classes
    labels = torch.where(noise[:, 0] < label_noise, other, clean)
    votes = sample_votes(clean, level, samples, seed, annotators, num_classes) if annotators else None

    def here(value: Tensor) -> Tensor:
        return value.to(images.device, torch.float32 if value.is_floating_point() else None)

    return FaceBatch(
        images=images,
        labels=here(labels),
        clean_labels=here(clean),
        votes=None if votes is None else here(votes),
        action_units=here(units),
        landmarks=landmarks,
        subjects=here(people),
        identities={name: here(value) for name, value in attributes.items()},
        pose=here(parameters.pose[:, : POSE_INDEX["roll"] + 1]),
        level=here(level),
        index=here(samples),
        parameters=parameters.to(images.device, torch.float32),
        class_names=names,
    )


# When an action unit sets out and how long it takes, as shares of the time from onset to apex: brows and lids are
# fast, cheeks and mouth follow, the jaw is slowest.  Our choice; published onset times scatter widely.
_ONSET = {1: 0.05, 2: 0.05, 4: 0.08, 5: 0.05, 6: 0.18, 7: 0.12, 9: 0.15, 10: 0.18, 12: 0.12, 14: 0.15, 15: 0.20,
          17: 0.22, 20: 0.15, 23: 0.20, 24: 0.20, 25: 0.22, 26: 0.25, 43: 0.10}  # fmt: skip
_DURATION = 0.62


def sample_sequences(
    n: int,
    frames: int = 12,
    seed: int = 0,
    size: int = 64,
    num_classes: int = 7,
    *,
    min_frames: int | None = None,
    intensity: tuple[float, float] = (2.5, 5.0),
    mixed: float = 0.0,
    nuisance: float = 0.2,
    framing: tuple[float, float] = FRAMING,
    subjects: tuple[int, int] | None = None,
    device: torch.device | str = "cpu",
    first: int = 0,
    draw: bool = True,
) -> FaceBatch:
    """Make n sequences from a neutral face to the apex of an expression, as CK+ and Oulu-CASIA have them.

    Frame 0 is neutral, frame ``lengths - 1`` the apex; frames beyond repeat the apex.  Each action unit rises along a
    smooth step with its own onset (brows first, jaw last) and a little scatter; the head drifts slightly.

    Args:
        frames: T, frames stored for each sequence, at least 2.
        min_frames: shortest length; lengths are then drawn between it and ``frames``.  ``None``: all have ``frames``.

    Other arguments as in ``sample_faces``; sequences of the class neutral show only stray movements.

    Returns:
        FaceBatch with images (n, T, 3, S, S), landmarks (n, T, 68, 2), action_units (n, T, A), lengths (n,).

    Raises:
        UserError: an option out of its range.

    >>> sequences = sample_sequences(2, frames=4, size=16)
    >>> sequences.images.shape, sequences.action_units[:, 0].max().item(), sequences.lengths.tolist()
    (torch.Size([2, 4, 3, 16, 16]), 0.0, [4, 4])
    """
    _check(n, size, num_classes, nuisance, framing, intensity, subjects, 0.0, 0)
    shortest = frames if min_frames is None else min_frames
    if not 2 <= shortest <= frames:
        raise UserError(f"frames is {frames} and min_frames {min_frames}; expected 2 <= min_frames <= frames")
    names = EXPRESSIONS[:num_classes]
    samples = torch.arange(first, first + n, dtype=torch.int64)
    labels = _labels(samples, seed, torch.ones(num_classes, dtype=torch.float64))
    people = _subjects(samples, seed, subjects)
    traits, attributes = sample_identity(people)
    units, asymmetry, level = sample_action_units(labels, samples, seed, intensity, mixed)
    u = uniform(seed, "sequence timing", samples, 2 + len(AU_NAMES))
    lengths = shortest + (u[:, 0] * (frames - shortest + 1)).long()
    time = (torch.arange(frames, dtype=torch.float64)[None] / (lengths[:, None] - 1)).clamp(max=1)  # (n, T)
    onset = torch.tensor([_ONSET[unit] for unit in AU_NAMES], dtype=torch.float64) + 0.12 * (u[:, 2:] - 0.3)
    progress = ((time[:, :, None] - onset[:, None].clamp(min=0)) / _DURATION).clamp(0, 1)  # (n, T, A)
    progress = progress**3 * (10 - 15 * progress + 6 * progress**2)  # slow start, slow arrival
    moving = units[:, None] * progress  # (n, T, A)

    pose = _pose(samples, seed, nuisance, framing)[:, None].repeat(1, frames, 1)  # (n, T, len(POSE))
    drift = 3.0 * normal(seed, "head drift", samples, 3)
    pose[:, :, :3] += drift[:, None] * (time[:, :, None] - 0.5)
    still = FaceParameters(
        traits,
        units,
        asymmetry,
        pose[:, -1],
        _light(samples, seed, nuisance),
        _scene(samples, seed, nuisance),
        _degradation(samples, seed, nuisance),
        keys(seed, "sensor noise", samples),
    )

    def every_frame(value: Tensor) -> Tensor:
        return value[:, None].expand(n, frames, *value.shape[1:]).flatten(0, 1)  # (n, ...) -> (n*T, ...)

    repeated = still.map(every_frame)
    frame_number = torch.arange(frames, dtype=torch.int64).repeat(n)
    repeated = replace(
        repeated,
        action_units=moving.flatten(0, 1),
        pose=pose.flatten(0, 1),
        noise_key=repeated.noise_key ^ (frame_number * 0x9E3779B9),
    )
    images, landmarks = _render_in_chunks(repeated, size, torch.device(device), draw)

    def here(value: Tensor) -> Tensor:
        return value.to(images.device, torch.float32 if value.is_floating_point() else None)

    return FaceBatch(
        images=images.view(n, frames, 3, size, size),
        labels=here(labels),
        clean_labels=here(labels),
        votes=None,
        action_units=here(moving),
        landmarks=landmarks.view(n, frames, 68, 2),
        subjects=here(people),
        identities={name: here(value) for name, value in attributes.items()},
        pose=here(pose[:, -1, :3]),
        level=here(level),
        index=here(samples),
        parameters=still.to(images.device, torch.float32),
        class_names=names,
        lengths=here(lengths),
    )


def face_parameters(
    action_units: Mapping[int, float] | None = None,
    identity_seed: int = 0,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    span: float = 2.3,
    asymmetry: Mapping[int, float] | None = None,
) -> FaceParameters:
    """One face with chosen action units, well lit and sharp; ``identity_seed`` is the subject's number.

    >>> face_parameters({1: 3, 4: 2}, identity_seed=7).action_units[0, :3].tolist()
    [3.0, 0.0, 2.0]
    """
    units, one_sided = torch.zeros(1, len(AU_NAMES)), torch.zeros(1, len(AU_NAMES))
    for target, given, low, high in ((units, action_units, 0.0, MAX_INTENSITY), (one_sided, asymmetry, -1.0, 1.0)):
        for unit, value in (given or {}).items():
            if unit not in AU_INDEX:
                raise UserError(f"action unit {unit} is not one of {list(AU_NAMES)}; choose among these")
            if not low <= value <= high:
                raise UserError(f"action unit {unit} is given {value}; expected {low:g} to {high:g}")
            target[0, AU_INDEX[unit]] = value
    subject = torch.tensor([identity_seed], dtype=torch.int64)
    pose = _pose(subject, 0, 0.0)
    for name, value in (("yaw", yaw), ("pitch", pitch), ("roll", roll), ("span", span)):
        pose[:, POSE_INDEX[name]] = value
    light, scene = _light(subject, 0, 0.0), _scene(subject, 0, 0.0)
    light[:, LIGHT_INDEX["azimuth"]] = 25.0
    scene[:, SCENE_INDEX["clutter"]] = 0.1
    degradation = _degradation(subject, 0, 0.0)
    degradation[:, DEGRADATION_INDEX["exposure"]] = 1.0
    traits, _ = sample_identity(subject)
    exact = FaceParameters(traits, units, one_sided, pose, light, scene, degradation, keys(0, "sensor noise", subject))
    return exact.to("cpu", torch.float32)


def face_with(
    action_units: Mapping[int, float] | None = None,
    identity_seed: int = 0,
    size: int = 128,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    span: float = 2.3,
    asymmetry: Mapping[int, float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw one person with chosen action units; the arguments are those of ``face_parameters``.

    Returns:
        ``(image, landmarks)``: (3, size, size) in [0, 1] and (68, 2) in pixels.

    >>> image, landmarks = face_with(action_units={12: 4, 6: 3}, identity_seed=3, size=64)
    >>> image.shape, landmarks.shape
    (torch.Size([3, 64, 64]), torch.Size([68, 2]))
    """
    face = face_parameters(action_units, identity_seed, yaw=yaw, pitch=pitch, roll=roll, span=span, asymmetry=asymmetry)
    with torch.no_grad():
        images, landmarks = render(face, size)
    return images[0], landmarks[0]
