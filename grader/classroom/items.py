"""Item analysis: how hard each test is, and whether it tells the strong hand-ins from the weak ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from grader.classroom.marks import Floats, Marks, report_of, title_of
from grader.report import STATUSES, Status, Visibility

FEW = 30
"""With fewer hand-ins, a correlation is mostly noise: its standard error is above 0.18."""
LOW = 0.2
"""A test with a lower correlation hardly tells strong hand-ins from weak ones: Ebel, Essentials of Educational
Measurement (1972), calls items below 0.2 poor."""
_NORMAL_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
_NORMAL_90 = 1.6448536269514722


@dataclass(frozen=True)
class Correlation:
    """A correlation with its 95 % interval."""

    r: float
    low: float
    high: float
    n: int
    """The number of pairs."""


@dataclass(frozen=True)
class Item:
    """What a class shows about one test."""

    id: str
    title: str
    """Number and title."""
    part: str
    visibility: Visibility
    max_score: Fraction
    judged: int
    """The number of hand-ins in which it was judged."""
    share: float | None
    """The mean share of its points, 0 to 1; None if it was judged nowhere."""
    correlation: Correlation | None
    """With the score in all other tests; None if either is equal for all."""
    fifths: tuple[float, ...]
    """The mean share in each fifth of the class, the weakest first; empty for fewer than five hand-ins."""
    endings: tuple[tuple[Status, int], ...]
    """The statuses that occur, with their numbers."""
    median_seconds: float
    slowest_seconds: float
    flags: tuple[str, ...] = ()
    """Sentences about what looks wrong with the test."""


def items(marks: Marks) -> tuple[Item, ...]:
    """Return one item a test, in the order of the tests."""
    counts: list[Counter[Status]] = [Counter() for _ in marks.tests]
    seconds: list[list[float]] = [[] for _ in marks.tests]
    column = {test.id: index for index, test in enumerate(marks.tests)}
    for entry in marks.entries:
        for test in report_of(entry).tests:
            counts[column[test.id]][test.status] += 1
            seconds[column[test.id]].append(test.seconds)
    twins, totals = _twins(marks), marks.totals
    found = []
    for index, test in enumerate(marks.tests):
        own = marks.share[:, index]
        judged = ~np.isnan(own)
        own, rest = own[judged], (totals - np.nan_to_num(marks.share[:, index]) * marks.points[index])[judged]
        share = float(own.mean()) if own.size else None
        correlation, groups = correlate(own, rest), fifths(own, rest)
        found.append(
            Item(
                id=test.id,
                title=title_of(test),
                part=test.part,
                visibility=test.visibility,
                max_score=test.max_score,
                judged=int(own.size),
                share=share,
                correlation=correlation,
                fifths=groups,
                endings=tuple((status, counts[index][status]) for status in STATUSES if counts[index][status]),
                median_seconds=float(np.median(seconds[index])),
                slowest_seconds=max(seconds[index]),
                flags=(*_flags(own, correlation, groups), *_twin_flag(twins.get(test.id, ()))),
            )
        )
    return tuple(found)


def correlate(own: Floats, rest: Floats) -> Correlation | None:
    """Return Pearson's correlation of a test with the rest score, and its 95 % interval.

    For a test that is right or wrong this is the point-biserial correlation (Lord and Novick, Statistical Theories of
    Mental Test Scores, 1968, section 15.5). The rest score omits the test itself, which would correlate with itself
    (Henrysson, Psychometrika 28, 1963). The interval is Fisher's: tanh(artanh(r) ± 1.96 / sqrt(n - 3)) (Fisher,
    Metron 1, 1921); below four pairs it is -1 to 1.

    Args:
        own: each hand-in's share of the test's points.
        rest: each hand-in's points in all other tests.
    """
    n = int(own.size)
    if n < 2 or _equal(own) or _equal(rest):
        return None
    a, b = own - own.mean(), rest - rest.mean()
    r = float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))
    if n < 4:
        return Correlation(r, -1.0, 1.0, n)
    if abs(r) > 1 - 1e-12:
        return Correlation(r, r, r, n)
    half = _NORMAL_95 / np.sqrt(n - 3)
    return Correlation(r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half)), n)


def fifths(own: Floats, rest: Floats) -> tuple[float, ...]:
    """Return a test's mean share in each fifth of the class by rest score, the weakest first.

    The fifths' sizes differ by one at most. Hand-ins of equal rest score count with their mean, so that the result
    doesn't depend on their order. Empty for fewer than five hand-ins.
    """
    if own.size < 5:
        return ()
    _, place, size = np.unique(np.round(rest, 9), return_inverse=True, return_counts=True)
    level = np.bincount(place, weights=own) / size
    groups = np.array_split(np.repeat(level, size), 5)
    return tuple(float(np.clip(group.mean(), 0.0, 1.0)) for group in groups)


def _equal(values: Floats) -> bool:
    """Whether all are equal but for rounding."""
    return bool(np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())))


def _flags(own: Floats, correlation: Correlation | None, groups: tuple[float, ...]) -> list[str]:
    n, flags = int(own.size), []
    if n < 2:
        return []
    if own.min() == 1:
        flags.append("Nobody loses points here: the test tells nobody apart.")
    if own.max() == 0:
        flags.append("Nobody earns points here: is the test right, and was this taught?")
    if correlation is None:
        return flags
    r = f"r is {correlation.r:.2f}"
    if correlation.r < 0:
        flags.append(f"Good students fail it: {r}, so look for a fault in the test.{_doubt(correlation, 0.0)}")
    elif correlation.r < LOW and 0.05 < own.mean() < 0.95:
        flags.append(f"It hardly tells strong from weak: {r}.{_doubt(correlation, LOW)}")
    if correlation.r >= 0 and groups and _top_fails(groups, n):
        flags.append(f"Good students fail it: the best fifth earns {groups[4]:.0%}, the middle one {groups[2]:.0%}.")
    return flags


def _doubt(correlation: Correlation, bound: float) -> str:
    """A sentence that says how far a low correlation may be chance; empty if its interval is below the bound."""
    if correlation.n < FEW:
        return f" With {correlation.n} hand-ins this may be chance."
    return f" This may be chance: the interval goes up to {correlation.high:.2f}." if correlation.high > bound else ""


def _top_fails(groups: tuple[float, ...], n: int) -> bool:
    """Whether the best fifth earns less than the middle one by more than chance explains.

    A one-sided test of two shares at 5 %: the gap is above 1.64 sqrt(2 p (1 - p) / m), with m hand-ins in each fifth
    and p their common share.
    """
    p = (groups[2] + groups[4]) / 2
    return groups[2] - groups[4] > _NORMAL_90 * float(np.sqrt(2 * p * (1 - p) / (n / 5)))


def _twins(marks: Marks) -> dict[str, tuple[str, ...]]:
    """For each test, the titles of the others that end like it for every hand-in; without tests that all pass."""
    alike: dict[bytes, list[int]] = {}
    for index in range(len(marks.tests)):
        own = marks.share[:, index]
        if own.size > 1 and not np.isnan(own).any() and not _equal(own):
            alike.setdefault(own.tobytes(), []).append(index)
    return {
        marks.tests[index].id: tuple(title_of(marks.tests[other]) for other in group if other != index)
        for group in alike.values()
        if len(group) > 1
        for index in group
    }


def _twin_flag(others: tuple[str, ...]) -> list[str]:
    if not others:
        return []
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    names = ", ".join(f"“{name}”" for name in others[:3])
    return [f"Twins: it ends alike for everybody as {names}{more}."]
