"""The one exception that means "the input is wrong", as opposed to "the program is wrong"."""


class UserError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that says what was wrong, what was expected and how to mend it.  The command line prints
    it and exits with status 2; in a notebook it is an ordinary ``ValueError``.

    >>> raise UserError("labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file")
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: labels run to 9 but there are 7 classes; pass num_classes=10 or check the label file
    """
