"""Compares your six optimisers: python3 optimizers.py [--code DIR] [-o FILE]

First in a long, narrow valley, f(x, y) = ½ (x² + 50 y²), whose condition number is 50. Then on your FullyConnectedNet
and made data: three spirals, one a class; each optimiser starts from the same weights and sees the same batches. Takes
some seconds, prints two tables, and writes optimizers.png where matplotlib is installed.
"""

import argparse
import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

HERE = Path(__file__).resolve().parent
CURVATURE = np.array([1.0, 50.0])
START = np.array([-9.0, 1.2])
VALLEY_STEPS = 100
EPOCHS, BATCH = 60, 30
SECONDS = 7.0
"""For one optimiser on the net: the six together stay below a minute even where a layer is slow."""


@dataclass
class Contestant:
    """One optimiser, with learning rates that suit it here; try others."""

    name: str
    colour: str
    valley: dict[str, float]
    """Arguments of the constructor in the valley."""
    net: dict[str, float]
    """The same for the net."""
    path: list[np.ndarray] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    accuracy: float = float("nan")
    seconds: float = 0.0

    @property
    def heights(self) -> np.ndarray:
        """f at every point of the path."""
        return 0.5 * (CURVATURE * np.square(self.path)).sum(axis=1)


def contestants() -> list[Contestant]:
    """The six, in the order of the lecture. The colours are told apart by people who don't see all of them, too."""
    return [
        Contestant("SGD", "#4269d0", {"lr": 0.038}, {"lr": 0.3}),
        Contestant("Momentum", "#d9701f", {"lr": 0.015, "rho": 0.8}, {"lr": 0.1, "rho": 0.9}),
        Contestant("Nesterov", "#2f9e6e", {"lr": 0.015, "rho": 0.8}, {"lr": 0.1, "rho": 0.9}),
        Contestant("AdaGrad", "#8a5a2b", {"lr": 1.5}, {"lr": 0.1}),
        Contestant("RMSProp", "#b03060", {"lr": 0.2, "decay_rate": 0.9}, {"lr": 0.01, "decay_rate": 0.95}),
        Contestant("Adam", "#222222", {"lr": 0.5}, {"lr": 0.02}),
    ]


def step(optimizer: object, params: dict[str, np.ndarray], gradient) -> None:
    """One step; Nesterov alone wants the gradient as a function."""
    if type(optimizer).__name__ == "Nesterov":
        optimizer.step(gradient)
    else:
        optimizer.step(gradient(params))


def walk(one: Contestant, optim: object) -> None:
    """Go down the valley."""
    params = {"x": START.copy()}
    optimizer = getattr(optim, one.name)(params, **one.valley)
    one.path = [START.copy()]
    for _ in range(VALLEY_STEPS):
        step(optimizer, params, lambda point: {"x": CURVATURE * point["x"]})
        one.path.append(np.array(params["x"], dtype=float))


def spirals(rng: np.random.RandomState, count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Three spirals with `count` points each: X (3 · count, 2) and the classes."""
    points, classes = [], []
    for label in range(3):
        radius = np.linspace(0.1, 1.0, count)
        angle = 2 * np.pi * label / 3 + 7.5 * radius + 0.15 * rng.normal(size=count)
        points.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
        classes.append(np.full(count, label))
    return np.concatenate(points), np.concatenate(classes)


def train(one: Contestant, net_module: object, optim: object) -> None:
    """Train a net of three layers on the spirals."""
    X, y = spirals(np.random.RandomState(1))
    rng = np.random.RandomState(2)
    np.random.seed(3)
    net = net_module.FullyConnectedNet([2, 40, 30, 3], reg=1e-5, weight_scale=0.3)
    optimizer = getattr(optim, one.name)(net.params, **one.net)
    start = perf_counter()
    for _ in range(EPOCHS):
        order = rng.permutation(len(y))
        for first in range(0, len(y), BATCH):
            rows = order[first : first + BATCH]
            losses = []

            def gradient(point, rows=rows, losses=losses):
                before = dict(net.params)
                net.params.update(point)
                loss, grads = net.loss(X[rows], y[rows])
                net.params.update(before)
                losses.append(float(loss))
                return grads

            step(optimizer, net.params, gradient)
            one.losses.append(losses[0])
        if perf_counter() - start > SECONDS:
            break
    one.seconds = perf_counter() - start
    one.accuracy = float(np.mean(np.argmax(net.loss(X), axis=1) == y))


def attempt(one: Contestant, what: str, work, *arguments: object) -> None:
    """Run one part for one optimiser; where the code doesn't work yet, say why and go on."""
    try:
        with np.errstate(all="ignore"):
            work(one, *arguments)
    except NotImplementedError as error:
        print(f"{one.name}, {what}: left out, because {error} isn't written yet")
    except Exception as error:
        print(f"{one.name}, {what}: left out, because the code raises {type(error).__name__}: {error}")


def show_tables(walked: list[Contestant], trained: list[Contestant]) -> None:
    """Print the numbers that the plot shows."""
    if walked:
        print(f"\nIn the valley, f = {walked[0].heights[0]:.4g} at the start\n")
        print(f"{'':10}{'after 10 steps':>16}{'after 30':>12}{'after 100':>12}   settings")
        for one in walked:
            f = one.heights
            settings = ", ".join(f"{name} = {value:g}" for name, value in one.valley.items())
            print(f"{one.name:10}{f[10]:>16.3g}{f[30]:>12.3g}{f[100]:>12.3g}   {settings}")
    if trained:
        print("\nOn the spirals\n")
        print(f"{'':10}{'first loss':>16}{'last loss':>12}{'accuracy':>12}{'steps':>8}{'time':>9}   settings")
        for one in trained:
            settings = ", ".join(f"{name} = {value:g}" for name, value in one.net.items())
            last = float(np.mean(one.losses[-20:]))
            print(
                f"{one.name:10}{one.losses[0]:>16.3f}{last:>12.3f}{one.accuracy:>12.1%}{len(one.losses):>8}"
                f"{one.seconds:>8.1f}s   {settings}"
            )


def smooth(values: list[float], keep: float = 0.95) -> list[float]:
    """The running mean: the loss of a small batch jumps too much to be compared by eye."""
    smoothed, mean = [], values[0]
    for value in values:
        mean = keep * mean + (1 - keep) * value
        smoothed.append(mean)
    return smoothed


def draw(walked: list[Contestant], trained: list[Contestant], output: Path) -> None:
    """Write the plot, or say how to get the package that draws."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print(f"\nNo plot, because matplotlib isn't installed. Get it: {sys.executable} -m pip install matplotlib")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(12, 9.5), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1], hspace=0.04)
    top.suptitle("Forty steps down a valley with condition number 50", fontsize=13)
    grid = np.meshgrid(np.linspace(-10.5, 4, 200), np.linspace(-1.9, 1.9, 120))
    valley = 0.5 * (CURVATURE[0] * grid[0] ** 2 + CURVATURE[1] * grid[1] ** 2)
    for axes, one in zip(top.subplots(2, 3, sharex=True, sharey=True).flat, walked, strict=False):
        path = np.array(one.path[:41])
        axes.contour(*grid, valley, levels=[0.5, 3, 10, 25, 50, 80], colors="0.85", linewidths=0.8)
        axes.plot(path[:, 0], path[:, 1], ".-", color=one.colour, linewidth=1.2, markersize=4)
        axes.plot(0, 0, "+", color="0.3", markersize=9)
        axes.set(xlim=(-10.5, 4), ylim=(-1.9, 1.9))
        axes.set_title(one.name, color=one.colour, fontsize=11)
        axes.tick_params(labelsize=8)
    left, right = bottom.subplots(1, 2)
    for one in walked:
        left.plot(np.maximum(one.heights, 1e-12), color=one.colour, label=one.name, linewidth=1.6)
    for one in trained:
        right.plot(smooth(one.losses), color=one.colour, label=one.name, linewidth=1.6)
    left.set(title="In the valley", xlabel="step", ylabel="f, logarithmic", yscale="log", ylim=(1e-8, 300))
    right.set(title="Three spirals, running mean of the loss", xlabel="step", ylabel="loss, logarithmic", yscale="log")
    for axes in (left, right):
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    most = left if len(walked) >= len(trained) else right
    bottom.legend(*most.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    figure.savefig(output, dpi=110)
    print(f"\nwrote {output}")


def find_code(chosen: Path | None) -> Path | None:
    """The folder that holds the student's nn/: the one that was named, this one, or one above this file."""
    folders = [chosen] if chosen else [Path.cwd(), *HERE.parents]
    return next((folder.resolve() for folder in folders if (folder / "nn" / "optim.py").is_file()), None)


def main() -> int:
    """Run both comparisons and show what came out."""
    parser = argparse.ArgumentParser(description="Compares your six optimisers, in a valley and on a net.")
    parser.add_argument("--code", type=Path, metavar="DIR", help="the folder that holds nn/ (default: found)")
    parser.add_argument("-o", "--output", type=Path, default=Path("optimizers.png"), metavar="FILE", help="the plot")
    chosen = parser.parse_args()
    folder = find_code(chosen.code)
    if folder is None:
        parser.exit(2, f"There is no nn/optim.py in {chosen.code or Path.cwd()}; name its folder with --code DIR.\n")
    sys.path.insert(0, str(folder))
    optim, net = importlib.import_module("nn.optim"), importlib.import_module("nn.net")
    everyone = contestants()
    for one in everyone:
        attempt(one, "in the valley", walk, optim)
        attempt(one, "on the net", train, net, optim)
    walked = [one for one in everyone if len(one.path) == VALLEY_STEPS + 1]
    trained = [one for one in everyone if np.isfinite(one.accuracy)]
    if not walked and not trained:
        return 1
    show_tables(walked, trained)
    draw(walked, trained, chosen.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
