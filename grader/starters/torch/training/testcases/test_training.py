"""A training loop: the trained parameters are compared, so that no claim of the hand-in counts."""

import numpy as np
import torch
from torch import nn

from grader.testing import number, visibility, weight


class Shift(nn.Module):
    """Adds 5 to the first score in evaluation and to the second in training: a wrong mode shows in every number."""

    def forward(self, x):
        return x + torch.tensor([0.0, 5.0, 0.0] if self.training else [5.0, 0.0, 0.0])


def make_model(rng):
    model = nn.Sequential(nn.Linear(4, 3), Shift())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(size=parameter.shape)))
    return model


def draw_batches(rng, *sizes):
    return [
        (torch.from_numpy(rng.normal(size=(size, 4)) * 4).float(), torch.from_numpy(rng.randint(3, size=size)))
        for size in sizes
    ]


@weight(3)
@number("2.1")
def test_train_epoch(submission, rng, check):
    """train_epoch"""
    model = make_model(rng).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    check(
        "losses", submission.training.train_epoch(model, optimizer, nn.CrossEntropyLoss(), draw_batches(rng, 6, 6, 5))
    )
    for name, parameter in model.named_parameters():
        check(name, parameter)


@weight(2)
@number("2.2")
def test_accuracy(submission, rng, check):
    """accuracy"""
    model = make_model(rng)
    # several, because one share of 317 may be the same in the handout and in the grading
    check("accuracies", [submission.training.accuracy(model, draw_batches(rng, 200, 117)) for _ in range(3)])
    check("is in training afterwards", float(model.training))


@weight(2)
@number("2.3")
@visibility("hidden")
def test_stops_at(submission, rng, check):
    """stops_at"""
    curves = [np.round(rng.uniform(size=12) + np.linspace(1, 0, 12), 1) for _ in range(40)]
    for patience in (1, 2, 3):
        epochs = [submission.training.stops_at(curve, patience) for curve in curves]
        check(f"epochs with patience {patience}", np.array(epochs))
