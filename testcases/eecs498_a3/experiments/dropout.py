"""Compares dropout 0 and 0.5 at two widths on made data: python3 dropout.py [--code DIR]

A FullyConnectedNet with one hidden layer of 256 or 512 units is trained on few examples, 40 % of them labelled by
chance, which it can only learn by heart. Takes some seconds; prints a table, and writes dropout.png where matplotlib is
installed.
"""

import sys

from common import code, made_data, options, report, train

WIDTHS = (256, 512)
PROBABILITIES = (0.0, 0.5)
"""Probabilities to drop a hidden unit."""
SECONDS = 13.0
"""For one network: the four together stay below a minute even where a layer is slow."""


def main() -> int:
    """Train the four networks and show how they did."""
    chosen = options("Compares a network with dropout and one without, at two widths, on made data.", "dropout")
    from eecs598 import Solver

    networks = code()
    data = made_data(train=400, val=1000, inputs=12, classes=4, noise=0.4, seed=2)

    def make(width, p):
        net = networks.FullyConnectedNet([width], input_dim=12, num_classes=4, dropout=p, weight_scale=0.05)
        return Solver(
            net,
            data,
            update_rule=networks.adam,
            optim_config={"learning_rate": 2e-3},
            num_epochs=100,
            batch_size=50,
            verbose=False,
        )

    runs = [
        train(f"dropout {p:g}, width {width}", lambda width=width, p=p: make(width, p), SECONDS)
        for p in PROBABILITIES
        for width in WIDTHS
    ]
    return report(runs, "Dropout against none, at two widths", chosen.output)


if __name__ == "__main__":
    sys.exit(main())
