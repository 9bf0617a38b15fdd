"""An exercise of your own: the right function, inputs, mistakes, hints."""

from fer_tutorial.course import exercise


def confusion_matrices(draw):
    """Classes of unequal sizes, two of them and more."""
    for classes in (2, 3, 5):
        counts = draw.integers(classes, classes, low=1, high=40)
        yield (counts.double(),)  # a tuple, since there may be more inputs


def accuracy(matrix):
    return matrix.trace() / matrix.sum()


def mean_precision(matrix):
    return (matrix.diagonal() / matrix.sum(0)).mean()


@exercise(
    "own.balanced_accuracy",
    draw=confusion_matrices,
    mistakes={
        "this is the accuracy": accuracy,
        "a row, not a column, is a true class": mean_precision,
    },
    hints=(
        "A row belongs to one true class. What share of it is right?",
        "The diagonal over the row sums: one recall a class. Then the mean.",
        "return (matrix.diagonal() / matrix.sum(1)).mean()",
    ),
)
def _(matrix):
    return (matrix.diagonal() / matrix.sum(1)).mean()
