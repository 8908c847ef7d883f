"""The expectations of an audited assignment, and a sentence for each that fails."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from grader.authoring.audited import Audit, Graded, Kind
from grader.authoring.template import has_placeholders
from grader.fixtures import Fixtures

_UNEARNED: Mapping[Kind, str] = {
    "stub": "a stub that returns",
    "borrowed": "a hand-in that takes all from the tests' own",
}
"""Kinds that must earn nothing; the text begins the message about a candidate that earns points."""


def failures(found: Audit) -> Iterator[str]:
    """The expectations that don't hold."""
    (reference,) = found.of("reference")
    for test in sorted(reference.lost):
        yield f"the reference loses points in {test}"
    (template,) = found.of("template")
    own = has_placeholders(found.assignment)
    for test, outcome in template.outcomes.items():
        earns = test in template.earned(found.fixtures)
        if outcome.status != "missing" and (earns or not own):
            yield f"the template should be 'missing' in {test}, and is '{outcome.status}'"
    if found.handout:
        yield f"the handout is refused: {found.handout}"
    for test, worth in found.replayed.items():
        yield f"the values in the handout earn {float(worth):g} points in {test}; draw its inputs from rng"
    for kind, what in _UNEARNED.items():
        for item in found.of(kind):
            for test, points in item.earned(found.fixtures).items():
                yield f"{what} {item.candidate.name} earns {points:g} points in {test}"
    for item in found.unfair_rewrites():
        yield (
            f"an honest rewrite of the reference, {item.candidate.name}, loses points in {_list(item.lost)}; "
            "let the tests demand no more than the handout, or declare a [[demand]]"
        )
    for test, names in found.unfair().items():
        yield f"{test} gives {_list(names)} points beside other tests that it doesn't give alone; mark it with @alone"
    for item in found.of("accepted"):
        for test in sorted(item.lost):
            yield f"the accepted variant '{item.candidate.name}' loses points in {test}"
    for item in found.of("partial"):
        yield from _uneven(item, found.fixtures)
    part_of = {test.id: test.part for test in found.fixtures.tests}
    mistakes = found.of("mistake")
    for item in mistakes:
        parts = {part_of[test] for test in item.lost}
        if parts != set(item.candidate.loses):
            yield (
                f"the known mistake '{item.candidate.name}' loses points in {_list(parts)}, "
                f"and should in {_list(item.candidate.loses)}"
            )
    named = sum(item.named for item in mistakes)
    least = found.assignment.named_percent
    if 100 * named < least * len(mistakes):
        yield f"{named} of {len(mistakes)} known mistakes are named to the student; {float(least):g}% should be"
        for item in mistakes:
            if not item.named:
                yield f"the known mistake '{item.candidate.name}' isn't named: {item.unnamed}"
    for survivor in found.survivors:
        if not survivor.reason:
            yield f"a mutant survives: {survivor.mutant.name}; {survivor.advice}"
    killed, total = found.killed
    least = found.assignment.killed_percent
    if 100 * killed < least * total:
        yield f"{killed} of {total} mutants are killed; {float(least):g}% should be"
    for test in found.dead_tests():
        yield f"nothing makes {test} fail: no mutant and no known mistake"


def _uneven(item: Graded, fixtures: Fixtures) -> Iterator[str]:
    """Yield a sentence for each test where a variant loses more than its credit allows, and one if it loses nothing.

    It may lose less: if a test's checks have their own points, the checks that pass count.
    """
    name, credit = item.candidate.name, item.candidate.credit
    if not item.lost:
        yield f"the variant '{name}' has credit {float(credit):g}, and loses points in no test"
    for test in fixtures.tests:
        lost = item.outcomes[test.id].lost
        if lost > test.points * (1 - credit) + 1e-9:
            yield f"the variant '{name}' has credit {float(credit):g}, and loses {lost:g} of the points of {test.id}"


def _list(parts: Collection[str]) -> str:
    return ", ".join(sorted(parts)) or "no part"


def most_earned(found: Audit, kind: Kind) -> str:
    """Return the most points that any candidate of a kind has, and the number of candidates."""
    items = [sum(item.earned(found.fixtures).values()) for item in found.of(kind)]
    return f"{max(items, default=0.0):g} (of {len(items)})"


def summary(found: Audit) -> list[str]:
    """Return the audit's result in a few lines."""
    mistakes, (killed, total) = found.of("mistake"), found.killed
    caught = sum(bool(item.lost) for item in mistakes)
    named = sum(item.named for item in mistakes)
    rewritten = found.of("rewrite")
    accepted, partial = found.of("accepted"), found.of("partial")
    return [
        f"{found.assignment.name}: {'proven' if not found.failures else 'NOT proven'} in {found.seconds:.0f} s, "
        f"{len(found.fixtures.tests)} tests, {found.assignment.worth}",
        f"accepted variants with full marks: {sum(not item.lost for item in accepted)} of {len(accepted)}"
        + (f"; variants with partial credit: {len(partial)}" if partial else ""),
        f"points for nothing: values of the handout {float(sum(found.replayed.values())):g}, "
        f"trivial stubs {most_earned(found, 'stub')}, the tests' own names {most_earned(found, 'borrowed')}",
        f"honest rewrites with full marks: {sum(not item.lost for item in rewritten)} of {len(rewritten)}"
        + (f"; ruled out by the handout: {len(found.demands)}" if found.demands else ""),
        f"tests that give points beside others and not alone: {len(found.unfair())}",
        f"hidden tests and solutions in the handout: {'it is refused' if found.handout else 'none'}",
        f"known mistakes caught: {caught} of {len(mistakes)}; named to the student: {named}",
        f"mutants killed: {killed} of {total}; "
        f"declared equivalent: {sum(bool(item.reason) for item in found.survivors)}; "
        f"open survivors: {sum(not item.reason for item in found.survivors)}",
    ]
