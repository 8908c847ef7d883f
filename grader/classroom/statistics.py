"""The figures of a class: from a Gradebook to frozen values that a page or another program shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from grader.classroom.attention import Concern, concerns
from grader.classroom.items import Item, items
from grader.classroom.marks import Floats, Marks, marks, report_of
from grader.classroom.mistakes import Cluster, Mistake, clusters, mistakes
from grader.gradebook import Entry, Gradebook


@dataclass(frozen=True)
class Spread:
    """How values are distributed."""

    n: int
    mean: float
    sd: float
    """The sample's standard deviation, with n - 1; 0 for one value."""
    least: float
    low: float
    """The lower quartile, interpolated between values (Hyndman and Fan, The American Statistician 50, 1996, type 7)."""
    median: float
    high: float
    """The upper quartile."""
    greatest: float


@dataclass(frozen=True)
class PartShares:
    """The hand-ins' shares of one part's points."""

    name: str
    title: str
    max_score: Fraction
    shares: tuple[float, ...]
    """One a judged hand-in, 0 to 1."""
    spread: Spread


@dataclass(frozen=True)
class Statistics:
    """All figures of a class."""

    marks: Marks
    not_graded: int
    no_submission: int
    max_score: Fraction
    scores: tuple[float, ...]
    """The points of each judged hand-in that count, after a deduction for late work."""
    spread: Spread | None
    """Of `scores`; None if nothing was judged."""
    full: int
    """The number of hand-ins with all points, before any deduction."""
    none: int
    """The number of hand-ins without points."""
    alpha: float | None
    """Cronbach's alpha: how far the tests measure one thing; None if it isn't defined."""
    parts: tuple[PartShares, ...]
    items: tuple[Item, ...]
    mistakes: tuple[Mistake, ...]
    clusters: tuple[Cluster, ...]
    concerns: tuple[Concern, ...]
    seconds: Spread | None
    """Of the hand-ins' wall time."""
    slowest: tuple[Entry, ...]
    """At most ten judged hand-ins, the slowest first."""


def statistics(gradebook: Gradebook) -> Statistics:
    """Return the figures of a class; they leave out hand-ins that weren't judged, and students without one."""
    table = marks(gradebook)
    reports = [report_of(entry) for entry in table.entries]
    scores = tuple(float(report.counted) for report in reports)
    return Statistics(
        marks=table,
        not_graded=sum(entry.standing != "no submission" for entry in gradebook.entries) - len(reports),
        no_submission=sum(entry.standing == "no submission" for entry in gradebook.entries),
        max_score=max((report.max_score for report in reports), default=Fraction(0)),
        scores=scores,
        spread=spread(scores),
        full=sum(report.score >= report.max_score for report in reports),
        none=sum(report.score == 0 for report in reports),
        alpha=alpha(table.share * table.points),
        parts=_parts(table),
        items=items(table),
        mistakes=mistakes(table),
        clusters=clusters(table),
        concerns=concerns(gradebook),
        seconds=spread([report.seconds for report in reports]),
        slowest=tuple(sorted(table.entries, key=lambda entry: (-report_of(entry).seconds, entry.key))[:10]),
    )


def spread(values: Floats | list[float] | tuple[float, ...]) -> Spread | None:
    """Return how values are distributed; None if there are none."""
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        return None
    least, low, median, high, greatest = (float(value) for value in np.quantile(array, (0, 0.25, 0.5, 0.75, 1)))
    sd = float(array.std(ddof=1)) if array.size > 1 else 0.0
    return Spread(int(array.size), float(array.mean()), sd, least, low, median, high, greatest)


def alpha(points: Floats) -> float | None:
    """Return Cronbach's alpha, k / (k - 1) * (1 - sum of the tests' variances / variance of the total).

    The source is Cronbach, Psychometrika 16 (1951). Hand-ins with a test that wasn't judged don't count.

    Args:
        points: hand-ins x tests, with nan where a test wasn't judged.

    Returns:
        At most 1; None for fewer than two tests or hand-ins, or if all totals are equal.
    """
    whole = points[~np.isnan(points).any(axis=1)]
    if min(whole.shape) < 2:
        return None
    variance = float(whole.sum(axis=1).var(ddof=1))
    if variance < 1e-12:
        return None
    k = whole.shape[1]
    return float(k / (k - 1) * (1 - whole.var(axis=0, ddof=1).sum() / variance))


def _parts(table: Marks) -> tuple[PartShares, ...]:
    """The parts with points, in the order of the first report."""
    reports = [report_of(entry) for entry in table.entries]
    found = []
    for part in reports[0].parts if reports else ():
        same = [other for report in reports for other in report.parts if other.name == part.name and other.max_score]
        shares = tuple(float(other.score / other.max_score) for other in same)
        all_of_it = spread(shares)
        if all_of_it is not None:
            found.append(PartShares(part.name, part.title, part.max_score, shares, all_of_it))
    return tuple(found)
