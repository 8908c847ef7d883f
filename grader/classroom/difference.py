"""The changes between two runs of a class: by student, those who lose points first, and by test."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grader.classroom.marks import is_judged, names_of, title_of
from grader.gradebook import Entry, Gradebook, Student
from grader.report import Report, Status, TestResult


@dataclass(frozen=True)
class Flip:
    """A test that ends otherwise than before, for one student."""

    id: str
    title: str
    old: Status | None
    """None if there was no such test."""
    new: Status | None
    """None if there is no such test any more."""
    old_share: Fraction
    """The earned share of the test's points, 0 to 1."""
    new_share: Fraction


@dataclass(frozen=True)
class Change:
    """An entry whose score, standing or tests changed."""

    key: str
    students: tuple[Student, ...]
    old: Fraction | None
    """The points that counted; None if there was no score."""
    new: Fraction | None
    old_standing: str
    """As `Entry.standing`; "absent" if there was no such entry."""
    new_standing: str
    flips: tuple[Flip, ...]

    @property
    def name(self) -> str:
        """The students' names."""
        return names_of(self.students, self.key)

    @property
    def gain(self) -> Fraction:
        """The points gained; less than 0 if some are lost. No score counts as 0 here."""
        return (self.new or Fraction(0)) - (self.old or Fraction(0))

    @property
    def loses(self) -> bool:
        """Whether a student who had a score has a lower one now, or none."""
        return self.old is not None and (self.new is None or self.new < self.old)


@dataclass(frozen=True)
class TestChange:
    """How many hand-ins earn a greater or a smaller share of one test's points than before."""

    id: str
    title: str
    up: int
    down: int
    old_points: Fraction | None
    """The test's greatest points; None if there was no such test."""
    new_points: Fraction | None

    __test__ = False  # its name starts with Test, but it isn't a pytest class


@dataclass(frozen=True)
class Difference:
    """The changes between two runs of a class."""

    students: tuple[Change, ...]
    """Only those with a change. First those who lose points, the greatest loss first, then those who gain most."""
    tests: tuple[TestChange, ...]
    """Only those with a change; the one with the most losses first."""
    unchanged: int
    """The number of entries without a change."""

    @property
    def losers(self) -> tuple[Change, ...]:
        """Those who lose points, or their score."""
        return tuple(change for change in self.students if change.loses)


def difference(old: Gradebook, new: Gradebook) -> Difference:
    """Return what changed from one run to the next; entries belong together by key, tests by id.

    Times, messages and hints don't count. A test whose points changed flips only if the earned share changed.
    """
    before, after = ({entry.key: entry for entry in book.entries} for book in (old, new))
    changes = []
    keys = sorted(before.keys() | after.keys())
    for key in keys:
        change = _change(key, before.get(key), after.get(key))
        if change.old != change.new or change.old_standing != change.new_standing or change.flips:
            changes.append(change)
    ranked = sorted(changes, key=lambda change: (not change.loses, change.gain if change.loses else -change.gain))
    return Difference(tuple(ranked), _tests(old, new, changes), len(keys) - len(changes))


def _judged(entry: Entry | None) -> Report | None:
    return entry.report if entry is not None and is_judged(entry) else None


def _change(key: str, old: Entry | None, new: Entry | None) -> Change:
    before, after = _judged(old), _judged(new)
    entry = new or old
    assert entry is not None
    return Change(
        key,
        entry.students,
        None if before is None else before.counted,
        None if after is None else after.counted,
        "absent" if old is None else old.standing,
        "absent" if new is None else new.standing,
        () if before is None or after is None else tuple(_flips(before, after)),
    )


def _flips(old: Report, new: Report) -> list[Flip]:
    before, after = ({test.id: test for test in report.tests} for report in (old, new))
    flips = []
    for id in dict.fromkeys((*after, *before)):
        was, now = before.get(id), after.get(id)
        here = now or was
        assert here is not None
        flip = Flip(
            id,
            title_of(here),
            None if was is None else was.status,
            None if now is None else now.status,
            _share(was),
            _share(now),
        )
        if flip.old != flip.new or flip.old_share != flip.new_share:
            flips.append(flip)
    return flips


def _share(test: TestResult | None) -> Fraction:
    if test is None:
        return Fraction(0)
    return test.score / test.max_score if test.max_score else Fraction(test.status == "passed")


def _tests(old: Gradebook, new: Gradebook, changes: list[Change]) -> tuple[TestChange, ...]:
    before, after = (_described(book) for book in (old, new))
    up = dict.fromkeys((*after, *before), 0)
    down = dict(up)
    for change in changes:
        for flip in change.flips:
            up[flip.id] += flip.new_share > flip.old_share
            down[flip.id] += flip.new_share < flip.old_share
    found = []
    for id in up:
        was, now = before.get(id), after.get(id)
        here = now or was
        assert here is not None
        points = None if was is None else was.max_score, None if now is None else now.max_score
        if up[id] or down[id] or points[0] != points[1]:
            found.append(TestChange(id, title_of(here), up[id], down[id], *points))
    return tuple(sorted(found, key=lambda item: (-item.down, -item.up)))


def _described(book: Gradebook) -> dict[str, TestResult]:
    """Each test of a gradebook's reports, by id."""
    found: dict[str, TestResult] = {}
    for entry in book.entries:
        report = _judged(entry)
        for test in report.tests if report is not None else ():
            found.setdefault(test.id, test)
    return found
