"""What the experiments share: the student's file, made data, one training run, a table and a plot."""

import argparse
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).resolve().parent
MODULE = "fully_connected_networks"
LINES = ("#4269d0", "#d9701f", "#2f9e6e", "#b03060")
"""One colour a run; told apart by people who don't see all colours too."""


@dataclass(frozen=True)
class Run:
    """What one training left."""

    name: str
    losses: list[float]
    """One number a step."""
    train: list[float]
    """Accuracy before the first step and after each epoch."""
    val: list[float]
    seconds: float


def options(summary: str, name: str) -> argparse.Namespace:
    """Read the command line, and make the student's file and the course's helpers importable."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--code", type=Path, metavar="DIR", help=f"the folder of {MODULE}.py (default: found)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(f"{name}.png"), metavar="FILE", help="the plot (default: %(default)s)"
    )
    chosen = parser.parse_args()
    folders = [chosen.code] if chosen.code else [Path.cwd(), *HERE.parents]
    folder = next((entry for entry in folders if (entry / f"{MODULE}.py").is_file()), None)
    if folder is None:
        parser.exit(2, f"There is no {MODULE}.py in {folders[0]}; name its folder with --code DIR.\n")
    sys.path[:0] = [str(folder.resolve()), str(HERE.parent / "helpers")]
    return chosen


def code():
    """Return the student's module."""
    import torch

    # matrices this small are multiplied fastest by one thread
    torch.set_num_threads(1)
    return importlib.import_module(MODULE)


def made_data(train: int, val: int, inputs: int, classes: int, noise: float, seed: int):
    """Return X_train, y_train, X_val, y_val: points in float32 whose class a small random network decides.

    noise: the share of training labels that are replaced by chance; the validation labels are right.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    X = normal(train + val, inputs)
    scores = torch.tanh(X @ normal(inputs, 3 * classes) * (2 / inputs**0.5)) @ normal(3 * classes, classes)
    y = (scores - scores.mean(0)).argmax(1)
    wrong = torch.rand(train, generator=generator) < noise
    y[:train][wrong] = torch.randint(classes, (int(wrong.sum()),), generator=generator)
    return {"X_train": X[:train], "y_train": y[:train], "X_val": X[train:], "y_val": y[train:]}


def train(name: str, make, seconds: float) -> Run | None:
    """Run one training, for at most `seconds`; None, and a line that says why, where the code doesn't work yet.

    make: returns the Solver, so that what fails in making it is told in the same way.
    """
    import torch

    torch.manual_seed(0)
    start = perf_counter()
    try:
        solver = make()
        solver.train(time_limit=seconds)
    except NotImplementedError as error:
        print(f"{name}: left out, because {error} isn't written yet")
        return None
    except Exception as error:
        print(f"{name}: left out, because the code raises {type(error).__name__}: {error}")
        return None
    took = perf_counter() - start
    print(f"{name}: {len(solver.loss_history)} steps in {took:.1f} s", flush=True)
    return Run(name, solver.loss_history, solver.train_acc_history, solver.val_acc_history, took)


def show_table(runs: list[Run]) -> None:
    """Print the numbers that the plot shows."""
    width = max(len(run.name) for run in runs)
    columns = f"{'first loss':>10}  {'last loss':>9}  {'train acc':>9}  {'best val acc':>12}  {'last val acc':>12}"
    print(f"\n{'':{width}}  {columns}")
    for run in runs:
        tail = run.losses[-max(len(run.losses) // 20, 1) :]
        print(
            f"{run.name:{width}}  {run.losses[0]:>10.3f}  {sum(tail) / len(tail):>9.3f}  {run.train[-1]:>9.1%}"
            f"  {max(run.val):>12.1%}  {run.val[-1]:>12.1%}"
        )


def smooth(values: list[float], keep: float = 0.9) -> list[float]:
    """Return the running mean: the loss of a small batch jumps too much to be compared by eye."""
    smoothed, mean = [], values[0]
    for value in values:
        mean = keep * mean + (1 - keep) * value
        smoothed.append(mean)
    return smoothed


def draw(runs: list[Run], title: str, output: Path) -> None:
    """Write the losses and the accuracies to a PNG, or say how to get the package that draws."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print(f"\nNo plot, because matplotlib isn't installed. Get it: {sys.executable} -m pip install matplotlib")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    for run, colour in zip(runs, LINES, strict=False):
        left.plot(range(1, len(run.losses) + 1), smooth(run.losses), color=colour, label=run.name)
        epochs = range(len(run.val))
        right.plot(epochs, [100 * value for value in run.train], color=colour, linestyle=":", linewidth=1.2)
        right.plot(epochs, [100 * value for value in run.val], color=colour, linewidth=2)
    left.set(title="Training loss, running mean", xlabel="step", ylabel="loss", ylim=(0, None))
    right.set(title="Accuracy", xlabel="epoch", ylabel="%")
    for style, label in (("-", "validation"), (":", "training")):
        right.plot([], [], color="0.3", linestyle=style, label=label)
    for axes in (left, right):
        axes.grid(color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(runs), frameon=False)
    figure.suptitle(title)
    figure.savefig(output, dpi=120)
    print(f"\nwrote {output}")


def report(runs: list[Run | None], title: str, output: Path) -> int:
    """Print and draw what worked; return the exit code."""
    done = [run for run in runs if run is not None]
    if not done:
        return 1
    show_table(done)
    draw(done, title, output)
    return 0
