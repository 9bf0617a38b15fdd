"""The one error that is the user's."""

import pytest

from fer_tutorial.errors import UserError


def test_who_expects_a_value_error_gets_one():
    with pytest.raises(ValueError, match="7 classes"):
        raise UserError("labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file")
