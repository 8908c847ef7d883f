"""Makes one hand-in's results of its judged tests: what they say together, and no test says alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.fixtures import Alternative
from grader.report import TestResult


@dataclass(frozen=True)
class Judged:
    """One test's result before it is known what the other tests say about its cause."""

    result: TestResult
    """Names no known mistake."""
    suspects: tuple[Alternative, ...] = ()
    """The known mistakes that the recording shows."""
    excluded: frozenset[str] = frozenset()
    """Known mistakes that the hand-in hasn't made, because it passed where they fail."""
    unlike: frozenset[str] = frozenset()
    """Known mistakes that fail here as well, with other values than the hand-in's."""
    builds_on: tuple[str, ...] = ()
    """Parts whose faults, paid for there, cost nothing in this test."""


def settle(judged: Sequence[Judged]) -> list[TestResult]:
    """Return the results of one hand-in's tests: a fault is paid for once, and a mistake is named that all agree on."""
    excluded = _excluded(judged)
    bases = [one.result for one in judged if not one.builds_on and one.result.max_score]
    faulty = {result.part for result in bases if result.score < result.max_score}
    right = {result.part for result in bases} - faulty
    shown = {(item.variant, one.result.part) for one in judged if one.result.max_score for item in one.suspects}
    explained = _explained(judged)
    results = []
    for one in judged:
        paid_in = tuple(part for part in one.builds_on if part in faulty) if one.result.part in right else ()
        if paid_in and one.result.status not in ("passed", "internal"):
            results.append(_paid(one.result, "it builds on", paid_in))
            continue
        suspects = [item for item in one.suspects if item.variant not in excluded]
        paid_in = _mistaken(suspects, shown) if one.result.max_score else ()
        if paid_in:
            results.append(_paid(one.result, "its values are those of a mistake in", paid_in))
            continue
        if one.result.score < one.result.max_score:
            faulty.add(one.result.part)  # the first test that shows a fault pays for it
        results.append(_named(one, _widest(suspects, explained)))
    return results


def _mistaken(suspects: Sequence[Alternative], shown: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """The other parts that show the same mistake and pay for it; none if one of the suspects is paid for here."""
    found = [tuple(part for part in item.paid_in if (item.variant, part) in shown) for item in suspects]
    return found[0] if found and all(found) and _agree(suspects) else ()


def _agree(suspects: Sequence[Alternative]) -> bool:
    return len({item.hint for item in suspects}) == 1


def _paid(result: TestResult, why: str, paid_in: tuple[str, ...]) -> TestResult:
    """The result of a failed test whose cause was paid for in other parts."""
    message = f"It failed and costs nothing: {why} {' and '.join(paid_in)}, where the fault is paid for."
    free = replace(result, status="passed", score=result.max_score, message=message, hint="", variant=None)
    return replace(free, fingerprint="", paid_in=paid_in)


def _excluded(judged: Sequence[Judged]) -> frozenset[str]:
    """The known mistakes that other tests speak against, so that their hints would send the student to a wrong place.

    A passed test refutes a mistake that fails there. A single value may look like a mistake's by chance, so a mistake
    must also show in most of the failed tests in which it would.
    """
    refuted = frozenset[str]().union(*(one.excluded for one in judged))
    like = Counter(name for one in judged for name in {item.variant for item in one.suspects})
    unlike = Counter(name for one in judged for name in one.unlike)
    return refuted | {name for name, count in unlike.items() if count >= like[name]}


def _explained(judged: Sequence[Judged]) -> dict[str, set[str]]:
    """The failed tests that each known mistake would explain, by its name."""
    tests: dict[str, set[str]] = {}
    for one in judged:
        for item in one.suspects:
            tests.setdefault(item.variant, set()).add(one.result.id)
    return tests


def _widest(suspects: Sequence[Alternative], explained: Mapping[str, set[str]]) -> list[Alternative]:
    """The suspects but those of which another one explains all tests, and more: one cause is likelier than two."""
    return [
        item for item in suspects if not any(explained[item.variant] < explained[other.variant] for other in suspects)
    ]


def _named(judged: Judged, suspects: Sequence[Alternative]) -> TestResult:
    """The result with the mistake that all suspects agree on; two causes that fit name none."""
    if not _agree(suspects):
        return judged.result
    mistake = suspects[0]
    return replace(judged.result, hint=mistake.hint, variant=mistake.variant, fingerprint="")
