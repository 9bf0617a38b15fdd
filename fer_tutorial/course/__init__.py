"""Exercises that answer back: :func:`check` an answer, ask for a :func:`hint`, :func:`solution` or :func:`score`.

Everything happens on the reader's machine; nothing is sent anywhere.  What ``check`` prints depends on the answer
alone, so a notebook that contains it can be re-executed and compared.
"""

from fer_tutorial.course.asking import exercise, judged_exercise, like_reference, number_exercise
from fer_tutorial.course.checking import Verdict, check, hint, score, solution
from fer_tutorial.course.comparing import expect_close
from fer_tutorial.course.drawing import Draw
from fer_tutorial.course.registry import Wrong

__all__ = [
    "Draw",
    "Verdict",
    "Wrong",
    "check",
    "exercise",
    "expect_close",
    "hint",
    "judged_exercise",
    "like_reference",
    "number_exercise",
    "score",
    "solution",
]
