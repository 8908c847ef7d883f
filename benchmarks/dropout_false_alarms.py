"""Measures how often `check.dropout` rejects a right dropout; the bound is never.

    python benchmarks/dropout_false_alarms.py                       2,000 seeds for each right way of drawing a mask
    python benchmarks/dropout_false_alarms.py --seeds 10000         100,000 gradings: the long run

Grades in this process, with the judge's own functions. Exit code 1 when a right dropout was rejected. The same masks
are judged again at a level of 1e-2, at which rejections can be counted: they must be 1 % at most. What wrong dropout
costs is computed, not drawn: the number of kept elements has a binomial law. docs/dropout.md derives the bound.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.fixtures import load_current
from grader.judge import dropout
from grader.judge.dropout import laws
from grader.judge.dropout.pairs import families
from grader.recording import MOST_OUTPUTS, Observation, Value
from grader.settings import load_assignment

PROJECT = Path(__file__).resolve().parent.parent
HOMEWORK = "cmu11785_hw1_bonus"
Array = NDArray[Any]
Draw = Callable[[np.random.RandomState, tuple[int, ...], float], Array]

SETTINGS: tuple[tuple[tuple[int, ...], float], ...] = (
    ((20, 64), 0.3),
    ((20, 64), 0.6),
    ((7, 11, 15), 0.8),
    ((25, 60), 0.4),
    ((6, 5, 7, 9), 0.5),
)
"""Shape and probability to keep; the seeds use them in turn."""
COUNTED = 1e-2
"""A level at which rejections of right dropout can be counted."""


def one_by_one(rng: np.random.RandomState, shape: tuple[int, ...], keep: float) -> Array:
    return np.array([rng.uniform() < keep for _ in range(math.prod(shape))]).reshape(shape)


def row_by_row(rng: np.random.RandomState, shape: tuple[int, ...], keep: float) -> Array:
    return np.stack([rng.binomial(1, keep, shape[1:]) for _ in range(shape[0])])


RIGHT: Mapping[str, Draw] = {
    "binomial(1, p)": lambda rng, shape, keep: rng.binomial(1, keep, shape),
    "1 - binomial(1, 1-p)": lambda rng, shape, keep: 1 - rng.binomial(1, 1 - keep, shape),
    "rand() < p": lambda rng, shape, keep: rng.rand(*shape) < keep,
    "rand() > 1-p": lambda rng, shape, keep: rng.rand(*shape) > 1 - keep,
    "uniform(0, 1) <= p": lambda rng, shape, keep: rng.uniform(0, 1, shape) <= keep,
    "choice([0, 1])": lambda rng, shape, keep: rng.choice([0.0, 1.0], shape, p=[1 - keep, keep]),
    "default_rng, random": lambda rng, shape, keep: np.random.default_rng(rng.randint(2**31)).random(shape) < keep,
    "default_rng, float32": lambda rng, shape, keep: (
        np.random.default_rng(rng.randint(2**31)).random(shape, dtype=np.float32) < keep
    ),
    "one number at a time": one_by_one,
    "one row at a time": row_by_row,
}


def value(array: Array) -> Value:
    return Value("array", array.dtype.name, np.ascontiguousarray(array))


def rejected(draw: Draw, seed: int) -> tuple[bool, bool, bool]:
    """Whether a right dropout is rejected for one seed: forward, backward, and forward at the counted level.

    Forward is judged with a second call and with another instance, backward with the mask of the first call.
    """
    shape, keep = SETTINGS[seed % len(SETTINGS)]
    rng = np.random.RandomState(seed)
    x, delta = rng.normal(size=shape), rng.normal(size=shape)
    reference = rng.binomial(1, keep, shape)
    mask, again, other = (draw(rng, shape, keep) != 0 for _ in range(3))
    params: dict[str, Any] = {"keep": keep}
    right = value(x * reference / keep)
    expected = Observation("y", "dropout", {"x": value(x), "actual": right, "again": right, "other": right}, params)
    observed = {"actual": value(x * mask / keep), "again": value(np.where(again, x / keep, 0.0))}
    observed["other"] = value(x * other / keep)
    level = laws.FALSE_ALARM
    laws.FALSE_ALARM = COUNTED
    try:
        counted = dropout.judge_forward(expected, observed)
    finally:
        laws.FALSE_ALARM = level
    # a mask that the judge's own level rejects is rejected at a less strict level too
    forward = counted if counted.passed else dropout.judge_forward(expected, observed)
    given = {"x": value(x), "delta": value(delta), "y": right, "actual": value(delta * reference)}
    observed = {"y": observed["actual"], "actual": value(delta * mask)}
    backward = dropout.judge_backward(Observation("dx", "dropout_backward", given, params), observed)
    return not forward.passed, not backward.passed, not counted.passed


def rejections(task: tuple[str, int, int]) -> tuple[str, int, int, int]:
    """Count, for a range of seeds: forward and backward at the judge's own level, forward at the counted one."""
    name, first, last = task
    rows = np.array([rejected(RIGHT[name], seed) for seed in range(first, last)])
    forward, backward, counted = (int(count) for count in rows.sum(axis=0))
    return name, forward, backward, counted


def false_alarms(seeds: int, jobs: int) -> list[list[str]]:
    """The table of right ways, with a progress bar on standard error."""
    step = max(min(seeds // 8, 500), 1)
    tasks = [(name, start, min(start + step, seeds)) for name in RIGHT for start in range(0, seeds, step)]
    totals = {name: np.zeros(3, dtype=int) for name in RIGHT}
    with ProcessPoolExecutor(jobs) as pool:
        for done, (name, *counts) in enumerate(pool.map(rejections, tasks), 1):
            totals[name] += counts
            progress(done, len(tasks), name)
    rows = [[name, f"{seeds:,}", *map(str, counts[:2]), f"{counts[2] / seeds:.2%}"] for name, counts in totals.items()]
    whole = sum(totals.values(), np.zeros(3, dtype=int))
    number = seeds * len(RIGHT)
    rows.append(["all", f"{number:,}", *map(str, whole[:2]), f"{whole[2] / number:.2%}"])
    return [["right way of drawing", "seeds", "forward rejected", "backward rejected", "forward, at 1e-2"], *rows]


def progress(done: int, total: int, what: str) -> None:
    """Show a progress bar, if standard error is a terminal."""
    if sys.stderr.isatty():
        filled = 40 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * filled:40}] {done}/{total} {what:22}", end=end, file=sys.stderr, flush=True)


# what is stated, exactly


def tails(n: int, p: float, alpha: float) -> float:
    """The probability that a count with the law Binomial(n, p) is rejected at level alpha; it is at most alpha."""
    low, high = laws.binomial_interval(n, p, alpha)
    mass = masses(n, p)
    return float(mass[:low].sum() + mass[high + 1 :].sum())


def masses(n: int, p: float) -> Array:
    """P(X = 0), ..., P(X = n) for X ~ Binomial(n, p), 0 < p < 1."""
    k = np.arange(n + 1)
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    return np.asarray(
        np.exp(factorial[n] - factorial[k] - factorial[n - k] + k * math.log(p) + (n - k) * math.log1p(-p))
    )


def attained() -> list[list[str]]:
    """The sum of the tails of the exact laws, at most a quarter of 1e-9, and the number of laws of structure."""
    rows = []
    for shape, keep in SETTINGS:
        n = math.prod(shape)
        row = [" x ".join(map(str, shape)), f"{keep:g}", f"{n}"]
        for outputs in (1, MOST_OUTPUTS):
            alpha, comparisons = laws.level(laws.count_laws(outputs)), outputs * (outputs - 1) // 2
            total = outputs * tails(n, keep, alpha) + comparisons * tails(n, laws.agreement(keep), alpha)
            row.append(f"{total:.1e}")
        known = np.ones(shape, dtype=bool)
        count = sum(family.pairs.size for family in families(known, known, np.random.RandomState(0).normal(size=shape)))
        rows.append([*row, f"{count:,}"])
    return [["shape", "keep", "elements", "tails, one output", f"{MOST_OUTPUTS} outputs", "laws of structure"], *rows]


# the exact probabilities that wrong dropout is rejected


def power(n: int, keep: float, drawn: float) -> float:
    """The probability that the fraction alone rejects a mask of n elements that keeps with probability `drawn`."""
    low, high = laws.binomial_interval(n, keep, laws.level(laws.count_laws(1)))
    mass = masses(n, drawn)
    return float(mass[:low].sum() + mass[high + 1 :].sum())


def normal(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def homework() -> Iterator[list[str]]:
    """The same for the checks of the homework: the probability that one check rejects a mistake."""
    assignment = load_assignment(PROJECT, HOMEWORK)
    yield ["test", "elements", "keep", "swapped", "randn() < p", "told apart"]
    for test in load_current(assignment).tests:
        for item in test.expected:
            x = item.values["x"].array if item.kind == "dropout" else None
            if x is not None:
                keep, n = float(item.params["keep"]), int((x != 0).sum())
                chances = [power(n, keep, 1 - keep), power(n, keep, normal(keep))]
                apart = "no" if dropout.indistinguishable(x, keep) else "yes"
                yield [test.id.split("::")[1], f"{n}", f"{keep:g}", *(f"{chance:.4f}" for chance in chances), apart]


def small_inputs() -> Iterator[list[str]]:
    """The input size from which the rules without their own law (nothing dropped, nothing kept, equal masks) hold."""
    yield ["keep", "elements from which on 1e-9 holds", "a right mask keeps all of 20 elements"]
    for keep in (0.3, 0.5, 0.6, 0.8, 0.9, 0.95):
        share = laws.level(laws.count_laws(MOST_OUTPUTS)) / 2
        certain = max(keep, 1 - keep, keep**2 + (1 - keep) ** 2)
        yield [f"{keep:g}", f"{math.ceil(math.log(share) / math.log(certain))}", f"{keep**20:.1e}"]


def show(title: str, lines: Sequence[Sequence[str]]) -> None:
    """Print a table in columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    print(f"\n{title}")
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main() -> int:
    """Measure, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2000, help="for each right way (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args()
    drawn = false_alarms(options.seeds, options.jobs)
    show("Right dropout", drawn)
    show("The exact laws, as they come out (at most 2.5e-10)", attained())
    show(f"Checks of {HOMEWORK}: how surely the kept fraction of one call gives a mistake away", list(homework()))
    show("Small inputs", list(small_inputs()))
    whole = drawn[-1]
    rejected = int(whole[2]) + int(whole[3])
    counted = float(whole[4].rstrip("%")) / 100
    # a random share varies: it exceeds this in at most one of a million runs
    _, most = laws.binomial_interval(options.seeds * len(RIGHT), COUNTED, 2e-6)
    if rejected or counted * options.seeds * len(RIGHT) > most:
        print(f"WRONG: {rejected} right ones rejected; at {COUNTED:g} a share of {counted:g}", file=sys.stderr)
        return 1
    print(f"\n{options.seeds * len(RIGHT):,} right dropouts graded, forward and backward; none was rejected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
