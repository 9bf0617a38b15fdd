"""The face as pixels: every pixel asks where its ray meets the head and what is there.

Nothing is rasterised.  Each feature (an eye, a lip, a wrinkle) is a function of the position on the face, with edges
drawn by sigmoids about one pixel wide, so the picture is smooth in every parameter and gradients flow from pixels back
to traits, action units, pose and light.  ``fer_tutorial.faces.features`` finds where things are,
``fer_tutorial.faces.layers`` paints them, one over the other.
"""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from torch import Tensor

from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.degradation import degrade
from fer_tutorial.faces.face import find_face
from fer_tutorial.faces.landmarks import landmarks_in_pixels
from fer_tutorial.faces.layers import back_hair, background, bar, clothes, ears, glasses, hand, head, neck
from fer_tutorial.faces.parameters import FaceParameters
from fer_tutorial.faces.shape import Shape, face_shape

CPU_CHUNK = 16  # faces drawn at once: small enough for the processor's caches
GPU_CHUNK = 1024
OVER_THE_BACKGROUND = (
    back_hair.paint,
    neck.paint,
    clothes.paint,
    ears.paint,
    head.paint,
    ears.paint_near,
    glasses.paint,
    bar.paint,
    hand.paint,
)


def render_pixels(shape: Shape, parameters: FaceParameters, camera: Camera) -> Tensor:
    """Draw the faces.  Returns float (n, 3, size, size) in [0, 1], before any camera degradation."""
    canvas = Canvas.of(camera)
    face = find_face(canvas, shape, parameters)
    image = background.paint(canvas, face)
    for paint in OVER_THE_BACKGROUND:
        image = paint(canvas, face, image)
    return image.clamp(min=1e-5, max=1).sqrt().unflatten(2, (camera.size, camera.size))  # (n, 3, P) -> (n, 3, S, S)


def render(parameters: FaceParameters, size: int = 64) -> tuple[Tensor, Tensor]:
    """Draw faces: differentiable in traits, action units, asymmetry, pose, light, scene and degradation.

    Args:
        parameters: n faces, all on one device.
        size: width and height of the pictures in pixels.

    Returns:
        ``(images, landmarks)``: (n, 3, size, size) in [0, 1] and (n, 68, 2) in pixels (x right, y down, pixel centers
        at integers), both in the dtype of the parameters.  All n faces are drawn at once; ``sample_faces`` splits.

    >>> from fer_tutorial.faces import face_parameters
    >>> from fer_tutorial.vocabulary import ACTION_UNITS
    >>> face = face_parameters(action_units={12: 4}, identity_seed=3)
    >>> face.action_units.requires_grad_().shape
    torch.Size([1, 18])
    >>> images, landmarks = render(face, size=32)
    >>> (gradient,) = torch.autograd.grad(landmarks[0, 48, 1], face.action_units)  # corner of the mouth, Y
    >>> bool(gradient[0, list(ACTION_UNITS).index(12)] < 0)  # moves up with AU 12
    True
    """
    shape, camera, landmarks = geometry(parameters, size)
    dtype = parameters.traits.dtype
    camera = replace(camera, **{f.name: getattr(camera, f.name).to(dtype) for f in fields(camera) if f.name != "size"})
    shape = {name: value.to(dtype) for name, value in shape.items()}
    images = render_pixels(shape, parameters, camera)
    return degrade(images, parameters.degradation, parameters.noise_key), landmarks


def geometry(parameters: FaceParameters, size: int) -> tuple[dict[str, Tensor], Camera, Tensor]:
    """Shape and camera in double precision, and the landmarks (n, 68, 2) in pixels and the dtype of the parameters."""
    # In double precision, these few numbers agree to the last bit of a float however they are batched.
    exact = parameters.to(parameters.traits.device, torch.float64)
    shape = face_shape(exact.traits, exact.action_units, exact.asymmetry)
    camera = Camera.from_pose(exact.pose, size)
    return shape, camera, landmarks_in_pixels(shape, camera).to(parameters.traits.dtype)


def render_in_chunks(parameters: FaceParameters, size: int, device: torch.device, draw: bool) -> tuple[Tensor, Tensor]:
    """Pictures (n, 3, size, size) and landmarks (n, 68, 2); without ``draw``, black pictures that take no memory."""
    most = CPU_CHUNK if device.type == "cpu" else GPU_CHUNK
    chunk = max(1, most * 64 * 64 // (size * size))
    if device.type == "cpu":
        chunk = min(chunk, CPU_CHUNK)
    shape = (len(parameters), 3, size, size)
    images = torch.empty(shape, device=device) if draw else torch.zeros((), device=device).expand(shape)
    landmarks = torch.empty(len(parameters), 68, 2, device=device)
    with torch.no_grad():
        for start in range(0, len(parameters), chunk):
            part = parameters[slice(start, start + chunk)].to(device, torch.float32)
            if draw:
                images[start : start + chunk], landmarks[start : start + chunk] = render(part, size)
            else:
                landmarks[start : start + chunk] = geometry(part, size)[2]
    return images, landmarks
