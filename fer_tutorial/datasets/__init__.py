"""Readers of face data sets, all returning :class:`FaceData`."""

from fer_tutorial.datasets.base import FaceData

__all__ = ["FaceData"]
