"""Options out of their range are answered in a sentence."""

import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.faces import sample_faces


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "at least one face"),
        ({"size": 8}, "16 to 1024"),
        ({"num_classes": 9}, "2 to 8"),
        ({"nuisance": 2.0}, "expected 0"),
        ({"intensity": (3, 6)}, "0 <= low <= high <= 5"),
        ({"framing": (2.0, 1.0)}, "framing"),
        ({"subjects": (5, 5)}, "subjects"),
        ({"label_noise": 1.5}, "label_noise"),
        ({"annotators": -1}, "annotators"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(options, message):
    with pytest.raises(UserError, match=message):
        sample_faces(**{"n": 2, "size": 16, **options})
