"""The one error that is the user's."""

import pytest

from fer_tutorial.errors import UserError, refusals_of_a_paper


def test_who_expects_a_value_error_gets_one():
    with pytest.raises(ValueError, match="7 classes"):
        raise UserError("labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file")


def test_what_a_paper_refuses_is_the_users_error_and_no_other_error_is():
    with pytest.raises(UserError, match="the batch is empty") as caught, refusals_of_a_paper():
        raise ValueError("the batch is empty")
    assert isinstance(caught.value.__cause__, ValueError)
    original = UserError("said already")
    with pytest.raises(UserError) as caught, refusals_of_a_paper():
        raise original
    assert caught.value is original
    with pytest.raises(KeyError), refusals_of_a_paper():
        raise KeyError("a bug")
