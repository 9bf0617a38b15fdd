"""Facial expression recognition, equation by equation: five papers as a library.

* ``fer_tutorial.papers``: one file a paper; its equations as functions, then the network, then the training step.
* ``fer_tutorial.faces``: synthetic faces whose expression, action units and landmarks are known exactly.
* ``fer_tutorial.datasets``: one reader a data set, all returning :class:`fer_tutorial.datasets.FaceData`.
* ``fer_tutorial.training``: the engine behind ``fer-tutorial train``.
* ``fer_tutorial.viz``: plots, attention maps and interactive figures.
* ``fer_tutorial.course``: exercises that check themselves.
"""

__version__ = "0.1.0"
