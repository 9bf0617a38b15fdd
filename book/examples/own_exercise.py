"""An exercise of your own: what is asked, how an answer is checked, and three hints."""

from fer_tutorial.course import exercise, expect_close


@exercise(
    "own.balanced_accuracy",
    hints=(
        "A row of the matrix belongs to one true class. What share of the row is right?",
        "The diagonal over the row sums gives one recall a class; then take their mean.",
        "return (matrix.diagonal() / matrix.sum(1)).mean()",
    ),
)
def _(answer):
    by_hand = [[8, 2], [1, 1]]  # recalls 0.8 and 0.5
    expect_close(answer(as_tensor(by_hand)), 0.65, "8 of 10 and 1 of 2 right")
    lopsided = [[90, 0, 0], [5, 5, 0], [0, 9, 1]]  # accuracy would give 0.87
    expect_close(answer(as_tensor(lopsided)), (1 + 0.5 + 0.1) / 3, "three classes of 90, 10 and 10 faces")


def as_tensor(rows):
    import torch

    return torch.tensor(rows, dtype=torch.float64)
