"""Coursework for lecturers: assignments are released, collected, graded in a sandbox, and returned.

An assignment is a folder: ``assignment.ipynb``, its source with the solutions; ``key.py``, its tasks and what earns
marks; ``guide.md``, for those who mark by hand.  ``samples`` has one to start from.
"""
