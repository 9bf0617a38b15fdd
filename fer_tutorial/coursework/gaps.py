"""Student copies are made of the source: what stands between two marks is left out, and the stub put in its place.

def half(x):
    # BEGIN SOLUTION
    #| return NotImplemented  # the student finds this line; a gap without such lines gets one like it
    return x / 2
    # END SOLUTION
"""

from __future__ import annotations

import re

from fer_tutorial.errors import UserError

BEGIN, END, STUB = "# BEGIN SOLUTION", "# END SOLUTION", "#| "
USUAL_STUB = "return NotImplemented  # instead of this line, your code"
LEFT_OVER = re.compile(r"(BEGIN|END)\s*SOLUTION|^\s*#\|", re.MULTILINE)


def without_solution(source: str) -> str:
    """A cell as students get it.

    >>> print(without_solution("def f(x):\\n    # BEGIN SOLUTION\\n    return x\\n    # END SOLUTION"))
    def f(x):
        return NotImplemented  # instead of this line, your code
    """
    lines: list[str] = []
    gap: list[str] | None = None
    for line in source.split("\n"):
        mark = line.strip()
        if mark == BEGIN and gap is None:
            gap, indent = [], line[: len(line) - len(line.lstrip())]
        elif mark == END and gap is not None:
            lines += gap or [indent + USUAL_STUB]
            gap = None
        elif mark in (BEGIN, END):
            raise UserError(f"a cell has {mark!r} where none can stand; write BEGIN and END in pairs")
        elif gap is None:
            lines.append(line)
        elif mark.startswith(STUB.strip()):
            gap.append(line.replace(STUB, "", 1))
    if gap is not None:
        raise UserError(f"a cell has {BEGIN!r} without {END!r}; write them in pairs")
    return "\n".join(lines)


def with_solution(source: str) -> str:
    """A cell as it is solved, without the marks.

    >>> print(with_solution("def f(x):\\n    # BEGIN SOLUTION\\n    return x\\n    # END SOLUTION"))
    def f(x):
        return x
    """
    dropped = (BEGIN, END)
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in dropped and not line.strip().startswith("#|"))


def solution_lines(source: str) -> list[str]:
    """The lines that stand in gaps, without their indent: none of them may be in a student's copy."""
    kept = set(without_solution(source).split("\n"))
    return [line.strip() for line in with_solution(source).split("\n") if line not in kept and line.strip()]
