"""A training loop: every number that it returns is compared, so that no claim of the hand-in counts."""

import numpy as np
import pytest

from grader.testing import number, visibility, weight


@weight(2)
@number("2.1")
def test_batches(submission, rng, check):
    """batches"""
    x, y, order = rng.normal(size=(9, 3)), rng.normal(size=9), rng.permutation(9)
    made = submission.training.batches(x, y, 4, order)
    # the last batch has a single row: a loop that ends one too early loses it. All batches are in one array, so that
    # a wrong number of them is still a value, which a known mistake can be recognised by
    check("sizes", np.array([len(labels) for _, labels in made]))
    check("x of all batches", np.concatenate([rows for rows, _ in made]))
    check("y of all batches", np.concatenate([labels for _, labels in made]))


@weight(3)
@number("2.2")
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_train(submission, rng, check, decay):
    """Six epochs of train"""
    w, x, y = rng.normal(size=3), rng.normal(size=(20, 3)), rng.normal(size=20)
    before = w.copy()
    fitted, losses = submission.training.train(w, x, y, 0.1, 6, decay)
    check("weights", fitted)
    check("losses", losses)
    check.unchanged("w", w, original=before)


@weight(2)
@number("2.3")
@visibility("hidden")
def test_stops_at(submission, rng, check):
    """stops_at"""
    curves = [np.round(rng.uniform(size=12) + np.linspace(1, 0, 12), 1) for _ in range(40)]
    for patience in (1, 2, 3):
        epochs = [submission.training.stops_at(curve, patience) for curve in curves]
        check(f"epochs with patience {patience}", np.array(epochs))
