"""Readers of face data sets, all returning :class:`FaceData`.

``load_data("ferplus", root="...", split="train")`` reads any of them by name; ``pack`` writes one to disk as a
memory-mapped array; ``CARDS`` says what is known of each data set.
"""

from fer_tutorial.datasets.affectnet import affectnet_annotations
from fer_tutorial.datasets.arrays import data_from_arrays
from fer_tutorial.datasets.cards import CARDS, Card
from fer_tutorial.datasets.ckplus import ckplus_action_units
from fer_tutorial.datasets.emotionet import emotionet_action_units
from fer_tutorial.datasets.genki import genki_boxes, genki_pose
from fer_tutorial.datasets.load import load_data, open_source, splits_of
from fer_tutorial.datasets.london import london_landmarks
from fer_tutorial.datasets.obtain import download_data
from fer_tutorial.datasets.packed import open_packed, pack
from fer_tutorial.datasets.picture_list import picture_table
from fer_tutorial.datasets.rafdb import rafdb_annotations
from fer_tutorial.datasets.source import Source
from fer_tutorial.face_data import FaceData

__all__ = [
    "CARDS",
    "Card",
    "FaceData",
    "Source",
    "affectnet_annotations",
    "ckplus_action_units",
    "data_from_arrays",
    "download_data",
    "emotionet_action_units",
    "genki_boxes",
    "genki_pose",
    "load_data",
    "london_landmarks",
    "open_packed",
    "open_source",
    "pack",
    "picture_table",
    "rafdb_annotations",
    "splits_of",
]
