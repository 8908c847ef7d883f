"""Compares your four update rules on one network and made data: python3 optimizers.py [--code DIR]

A FullyConnectedNet of five layers is trained by each of sgd, sgd_momentum, rmsprop and adam, from the same weights and
on the same batches. Takes some seconds; prints a table, and writes optimizers.png where matplotlib is installed.
"""

import sys

from common import code, made_data, options, report, train

RATES = {"sgd": 5e-2, "sgd_momentum": 5e-2, "rmsprop": 1e-3, "adam": 1e-3}
"""Learning rates that suit each rule here; try others."""
SECONDS = 13.0
"""For one rule: the four together stay below a minute even where a layer is slow."""


def main() -> int:
    """Train with each rule and show how they did."""
    chosen = options("Compares sgd, sgd_momentum, rmsprop and adam on made data.", "optimizers")
    from eecs598 import Solver

    networks = code()
    data = made_data(train=2000, val=1000, inputs=40, classes=8, noise=0.0, seed=1)

    def make(rule, rate):
        net = networks.FullyConnectedNet([100, 100, 100, 100], input_dim=40, num_classes=8, weight_scale=0.1)
        return Solver(
            net,
            data,
            update_rule=getattr(networks, rule),
            optim_config={"learning_rate": rate},
            num_epochs=15,
            batch_size=100,
            verbose=False,
        )

    runs = [
        train(f"{rule}, lr {rate:g}", lambda rule=rule, rate=rate: make(rule, rate), SECONDS)
        for rule, rate in RATES.items()
    ]
    return report(runs, "Update rules on a network of five layers", chosen.output)


if __name__ == "__main__":
    sys.exit(main())
