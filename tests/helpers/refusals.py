"""What every refusal of a user's input must be: a UserError of one sentence that names what is wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fer_tutorial.errors import UserError

# What only a programmer could read.
FOREIGN = re.compile(r"Traceback|Error:|\bat 0x[0-9a-f]+|<class |\bNoneType\b|has no attribute|unexpected keyword")
SECOND_SENTENCE = re.compile(r"[.!] +[A-Z]")


@contextmanager
def refused(*parts: str) -> Iterator[None]:
    """The block raises a UserError of one sentence that contains every one of ``parts``."""
    with pytest.raises(UserError) as caught:
        yield
    sentence = str(caught.value)
    assert "\n" not in sentence, sentence
    assert not sentence.endswith("."), sentence
    assert not SECOND_SENTENCE.search(sentence), sentence
    assert not FOREIGN.search(sentence), sentence
    for part in parts:
        assert part in sentence, f"{part!r} is not in {sentence!r}"
