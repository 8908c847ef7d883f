"""Which mistakes a class makes: the known ones by name, and equal wrong values that have no name yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.classroom.marks import Marks, report_of, title_of
from grader.gradebook import Entry
from grader.report import TestResult

SHARED = 3
"""The least number of hand-ins whose equal wrong values are a candidate for a new variant."""


@dataclass(frozen=True)
class Mistake:
    """A known mistake and who made it."""

    variant: str
    hint: str
    """The hint that most of its tests show; empty if none may be shown."""
    entries: tuple[Entry, ...]
    parts: tuple[str, ...]
    """Titles of the parts that lose points by it."""
    tests: tuple[str, ...]
    """Titles of the tests that lose points by it."""


@dataclass(frozen=True)
class Cluster:
    """Hand-ins that go wrong in the same way, for which no variant has a name."""

    entries: tuple[Entry, ...]
    parts: tuple[str, ...]
    """Names of the parts, as `loses` of a variant has them."""
    tests: tuple[TestResult, ...]
    """The tests in which exactly these hand-ins are alike; results of the first hand-in."""


def mistakes(marks: Marks) -> tuple[Mistake, ...]:
    """Return the known mistakes of a class, the most common one first."""
    makers: dict[str, dict[str, Entry]] = {}
    hints: dict[str, Counter[str]] = {}
    parts: dict[str, dict[str, None]] = {}
    tests: dict[str, dict[str, str]] = {}
    for entry in marks.entries:
        titles = {part.name: part.title for part in report_of(entry).parts}
        for test in report_of(entry).tests:
            if test.variant is None or test.status == "passed":
                continue
            makers.setdefault(test.variant, {})[entry.key] = entry
            hints.setdefault(test.variant, Counter())[test.hint] += 1
            parts.setdefault(test.variant, {})[titles.get(test.part, test.part)] = None
            tests.setdefault(test.variant, {})[test.id] = title_of(test)
    found = [
        Mistake(name, _first(hints[name]), tuple(who.values()), tuple(parts[name]), tuple(tests[name].values()))
        for name, who in makers.items()
    ]
    return tuple(sorted(found, key=lambda item: (-len(item.entries), item.variant)))


def _first(hints: Mapping[str, int]) -> str:
    return min((hint for hint in hints if hint), key=lambda hint: (-hints[hint], hint), default="")


def clusters(marks: Marks, least: int = SHARED) -> tuple[Cluster, ...]:
    """Return groups of at least `least` hand-ins with equal unnamed mistakes, the greatest group first.

    A mistake shows in several tests, so tests in which the same hand-ins are alike belong to one cluster.
    """
    alike: dict[tuple[str, str], list[tuple[Entry, TestResult]]] = {}
    for entry in marks.entries:
        for test in report_of(entry).tests:
            if test.fingerprint:
                alike.setdefault((test.id, test.fingerprint), []).append((entry, test))
    groups: dict[tuple[str, ...], list[list[tuple[Entry, TestResult]]]] = {}
    for pairs in alike.values():
        if len(pairs) >= least:
            groups.setdefault(tuple(entry.key for entry, _ in pairs), []).append(pairs)
    found = [
        Cluster(
            tuple(entry for entry, _ in group[0]),
            tuple(_once(pairs[0][1].part for pairs in group)),
            tuple(pairs[0][1] for pairs in group),
        )
        for group in groups.values()
    ]
    return tuple(sorted(found, key=lambda item: (-len(item.entries), -len(item.tests), item.tests[0].id)))


def _once(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)
