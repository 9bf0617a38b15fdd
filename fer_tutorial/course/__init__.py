"""Exercises that answer back: :func:`check` an answer, ask for a :func:`hint`, :func:`solution` or :func:`score`.

Everything happens on the reader's machine; nothing is sent anywhere.  What ``check`` prints depends on the answer
alone, so a notebook that contains it can be re-executed and compared.
"""

from fer_tutorial.course.checking import check, hint, score, solution
from fer_tutorial.course.registry import Wrong, exercise, expect_close

__all__ = ["Wrong", "check", "exercise", "expect_close", "hint", "score", "solution"]
