"""A class's results as one self-contained HTML page for staff."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from grader.classroom.charts import boxes, histogram
from grader.classroom.difference import Difference
from grader.classroom.heat import heat_map
from grader.classroom.items import FEW, Item
from grader.classroom.marks import is_judged, name_of, report_of
from grader.classroom.mistakes import Cluster
from grader.classroom.statistics import Statistics, statistics
from grader.gradebook import Entry, Gradebook
from grader.pages.render import duration, render

_MARK = "END"
"""Ends the here-document of a suggested command."""
_NEAR = 0.5
"""A passed test that takes more than this share of its limit is too near to it on a slower machine."""


@dataclass(frozen=True)
class _Row:
    """One line of the table of students; all but the first four fields mean nothing without a score."""

    entry: Entry
    name: str
    late: str
    """How long after the due date; empty if in time."""
    score: float | None
    """The points that count; None if there is no score."""
    late_seconds: float = 0.0
    raw: float | None = None
    """The points before a deduction for late work; None if none was made."""
    share: float = 0.0
    parts: tuple[float, ...] = ()
    passed: int = 0
    seconds: float = 0.0


def class_page(
    gradebook: Gradebook,
    *,
    against: Difference | None = None,
    links: Mapping[str, str] | None = None,
    test_seconds: float | None = None,
) -> str:
    """Return the page. Equal arguments give equal text.

    Args:
        gradebook: the class.
        against: what changed since an earlier run, if there is one.
        links: key of an entry to its page's path, relative to this page.
        test_seconds: the limit of one test, to tell which tests come near to it.
    """
    figures = statistics(gradebook)
    slow = _slowest_pass(figures)
    paths = links or {}
    return render(
        "class.html",
        book=gradebook,
        figures=figures,
        few=len(figures.scores) < FEW,
        groups=any(len(entry.students) > 1 for entry in gradebook.entries),
        histogram=histogram(figures.scores, float(figures.max_score)),
        boxes=boxes(figures.parts),
        clusters=[(cluster, commands(gradebook.assignment, cluster)) for cluster in figures.clusters],
        flagged=[item for item in figures.items if item.flags],
        spark=spark,
        heat=heat_map(figures.marks),
        slow=sorted(figures.items, key=lambda item: -item.median_seconds)[:10],
        near=[] if test_seconds is None else [item for item in figures.items if slow[item.id] > _NEAR * test_seconds],
        slowest_pass=slow,
        test_seconds=test_seconds,
        rows=[_row(entry, figures) for entry in gradebook.entries],
        parts=figures.parts,
        against=against,
        paths=paths,
        name_of=name_of,
        report_of=report_of,
    )


def commands(assignment: str, cluster: Cluster) -> str:
    """Return the shell commands that show a cluster's first hand-in again and start a variant for it."""
    shown = [
        f"grader grade {shlex.quote(assignment)} {shlex.quote(str(entry.hand_in.path))} --format terminal"
        for entry in cluster.entries[:1]
        if entry.hand_in is not None
    ]
    parts = ", ".join(f'"{part}"' for part in cluster.parts)
    variant = (
        f"cat >> {shlex.quote(f'testcases/{assignment}/variants.toml')} <<'{_MARK}'\n"
        "\n[[variant]]\n"
        'name = ""                # what the mistake is called\n'
        "credit = 0.0\n"
        f"loses = [{parts}]\n"
        'file = ""                # of the reference\n'
        'find = ""                # the right code, found exactly once\n'
        'replace = ""             # the mistake\n'
        'hint = ""\n'
        f"{_MARK}"
    )
    return "\n".join([*shown, variant])


def spark(item: Item) -> str:
    """Return the outline of five bars, one a fifth of the class, in a box of 30 x 10."""
    return "".join(f"M{6 * at} 10v{-10 * share:.2f}h5V10z" for at, share in enumerate(item.fifths))


def _slowest_pass(figures: Statistics) -> dict[str, float]:
    """For each test's id, the longest time in which a hand-in passed it; 0.0 if none did."""
    slowest = {item.id: 0.0 for item in figures.items}
    for entry in figures.marks.entries:
        for test in report_of(entry).tests:
            if test.status == "passed":
                slowest[test.id] = max(slowest[test.id], test.seconds)
    return slowest


def _row(entry: Entry, figures: Statistics) -> _Row:
    late = max((entry.hand_in.lateness if entry.hand_in is not None else None) or timedelta(0), timedelta(0))
    words = duration(late.total_seconds()) if late else ""
    if not is_judged(entry):
        return _Row(entry, name_of(entry), words, None)
    report = report_of(entry)
    scores = {part.name: float(part.score) for part in report.parts}
    return _Row(
        entry,
        name_of(entry),
        words,
        float(report.counted),
        late_seconds=late.total_seconds(),
        raw=float(report.score) if report.kept != 1 else None,
        share=float(report.counted / report.max_score) if report.max_score else 0.0,
        parts=tuple(scores.get(part.name, 0.0) for part in figures.parts),
        passed=sum(test.status == "passed" for test in report.tests),
        seconds=report.seconds,
    )
