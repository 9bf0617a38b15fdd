"""The one exception that means "the input is wrong", as opposed to "the program is wrong"."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that says what was wrong, what was expected and how to mend it.  The command line prints
    it and exits with status 2; in a notebook it is an ordinary ``ValueError``.

    >>> raise UserError("labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file")
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file
    """


@contextmanager
def refusals_of_a_paper() -> Iterator[None]:
    """A ValueError that a paper's code raises inside becomes a :class:`UserError` with the same sentence.

    The papers can be lifted out of this package and so know nothing of UserError; what they refuse is the input.

    >>> with refusals_of_a_paper():
    ...     raise ValueError("the batch is empty; expected at least one sample")
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: the batch is empty; expected at least one sample
    """
    try:
        yield
    except UserError:
        raise
    except ValueError as error:
        raise UserError(str(error)) from error
