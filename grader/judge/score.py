"""Makes a result from a recording: the best credit among reference and accepted variants, for a test as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from grader.fixtures import Alternative, TestSpec
from grader.judge.compare import NOT_REACHED, check_form
from grader.judge.fingerprint import fingerprint
from grader.judge.kinds import KINDS, Sighting
from grader.judge.mistakes import Resemblance
from grader.judge.settle import Judged, settle
from grader.recording import Observation, Recording, Value
from grader.report import CheckResult, Status, TestResult

_LOST = frozenset({"timeout", "crashed", "refused", "internal", "skipped"})
"""Endings after which no check of the test earns points."""
_STATUS: Mapping[str, Status] = {
    "failed": "failed",
    "missing": "missing",
    "error": "error",
    "refused": "refused",
    "skipped": "failed",
    "timeout": "timeout",
    "crashed": "crashed",
    "internal": "internal",
}


@dataclass(frozen=True)
class _Verdict:
    """The checks of one test, judged against one consistent set of expected values."""

    expected: Sequence[Observation]
    checks: tuple[CheckResult, ...]
    share: Fraction
    """The part of the test's points that the checks earn, before credit."""
    credit: Fraction = Fraction(1)
    variant: str | None = None
    reason: str = ""

    @property
    def worth(self) -> Fraction:
        return self.share * self.credit


def judge_test(
    spec: TestSpec,
    alternatives: Sequence[Alternative],
    recording: Recording,
    *,
    command: str = "",
    show_expected: bool = False,
) -> TestResult:
    """Judge a submission's recording of one test, without regard to other tests.

    Args:
        spec: the test, from the fixtures.
        alternatives: variants that differ from the reference in this test.
        recording: of the submission's run.
        command: the command with which a student runs this test; empty for tests that students don't have.
        show_expected: whether messages may contain expected numbers; True only for the public recording.
    """
    return settle([judge_one(spec, alternatives, recording, command=command, show_expected=show_expected)])[0]


def judge_one(
    spec: TestSpec,
    alternatives: Sequence[Alternative],
    recording: Recording,
    *,
    command: str = "",
    show_expected: bool = False,
) -> Judged:
    """Judge one test, for `settle`; the arguments are those of `judge_test`."""
    best = _best(spec, alternatives, recording, show_expected)
    counted = Fraction(0) if recording.ending in _LOST else best.worth
    if recording.ending != "ok" and not has_shares(spec):
        counted = Fraction(0)
    elif recording.ending != "ok" and best.share == 1:
        # the code after the last check is a part of the test too; it counts as one more check
        counted *= Fraction(len(best.checks), len(best.checks) + 1)
    score = spec.points * counted
    whole = counted >= 1
    unset = spec.partial and not spec.expected and recording.ending == "ok"
    reported = spec.as_set and spec.partial and recording.ending not in _LOST and recording.claimed_score is not None
    if unset or reported:
        # a partial-credit test that never calls set_score earns 0
        score = _claimed(recording.claimed_score or 0.0, spec)
        whole = score >= spec.points and (spec.points > 0 or recording.claimed_score is not None)
    status = _status(recording, score, whole=whole)
    passed = status == "passed"
    mistakes = [item for item in alternatives if item.credit == 0]
    hint = best.reason or ("" if passed else _first_hint(best.checks))
    result = TestResult(
        id=spec.id,
        part=spec.part,
        title=spec.title,
        number=spec.number,
        status=status,
        score=score,
        max_score=spec.points,
        visibility=spec.visibility,
        message="" if passed else _message(spec, recording, best),
        hint="" if spec.hide_errors is not None else hint,
        variant=None if spec.hide_errors is not None else best.variant,
        fingerprint="" if passed or best.variant is not None else _fingerprint(spec, recording, best),
        checks=best.checks,
        command=command,
        output=recording.output,
        tags=spec.tags,
        leaderboard=recording.leaderboard if spec.leaderboard is not None else None,
        seconds=recording.seconds,
        memory_mb=recording.memory_mb,
    )
    return replace(_suspected(spec, mistakes, recording, result, best), builds_on=spec.builds_on)


def _suspected(
    spec: TestSpec, mistakes: Sequence[Alternative], recording: Recording, result: TestResult, best: _Verdict
) -> Judged:
    """What the recording says for and against each known mistake."""
    passed = result.status == "passed"
    if passed and best.variant is None:
        return Judged(result, excluded=frozenset(item.variant for item in mistakes))
    if spec.hide_errors is not None and not passed:
        return Judged(result)
    resemblance = Resemblance(recording.observations, spec.expected)
    suspects = tuple(item for item in mistakes if resemblance.to(item.observations))
    if passed:
        # an accepted alternative may have the very values of a mistake
        seen = {item.variant for item in suspects}
        return Judged(result, excluded=frozenset(item.variant for item in mistakes).difference(seen))
    ran = recording.ending == "ok"
    unlike = (item.variant for item in mistakes if ran and resemblance.refutes(item.observations))
    return Judged(result, suspects, unlike=frozenset(unlike))


def judge_all(
    recordings: Sequence[tuple[TestSpec, Recording]],
    alternatives: Mapping[str, Sequence[Alternative]],
    command: Callable[[TestSpec], str],
    *,
    show_expected: bool = False,
) -> list[TestResult]:
    """Judge all tests of one hand-in."""
    return settle(
        [
            judge_one(
                spec,
                alternatives.get(spec.id, ()),
                recording,
                command=command(spec),
                show_expected=show_expected,
            )
            for spec, recording in recordings
        ]
    )


def _fingerprint(spec: TestSpec, recording: Recording, best: _Verdict) -> str:
    """The digest of the difference to the values that the student sees as expected."""
    return fingerprint(replace(spec, expected=tuple(best.expected)), recording, best.checks)


def replayed(public: TestSpec, graded: TestSpec, alternatives: Sequence[Alternative] = ()) -> Fraction:
    """Return the points that the public recording's values would earn in the graded test.

    A submission can answer with those, because students have them. Numbers that the course published don't count here.
    """
    known = {item.name for item in public.expected if "published" in item.values}
    observations = tuple(item for item in public.expected if item.name not in known)
    if known and not has_shares(graded):
        return Fraction(0)
    return judge_test(graded, alternatives, Recording("ok", observations=observations)).score


def judge_checks(
    expected: Sequence[Observation], observations: Sequence[Observation], *, show_expected: bool
) -> tuple[CheckResult, ...]:
    """Judge every expected check against the observation of the same name, in the order of `expected`."""
    actual: dict[str, Mapping[str, Value]] = {item.name: item.values for item in observations}
    results = []
    for item in expected:
        if item.name not in actual:
            results.append(CheckResult(item.name, False, NOT_REACHED))
            continue
        verdict = KINDS[item.kind].judge(Sighting(item, actual[item.name], show_expected))
        results.append(CheckResult(item.name, verdict.passed, verdict.message, verdict.hint, verdict.blocked))
    return tuple(results)


def fits(expected: Sequence[Observation], observations: Sequence[Observation]) -> bool:
    """Whether every expected check passes; stops at the first failure and makes no explanation."""
    actual = {item.name: item.values for item in observations}
    return all(
        KINDS[item.kind].judge(Sighting(item, actual.get(item.name, {}), False, explain=False)).passed
        for item in expected
    )


def _nearness(expected: Sequence[Observation], observations: Sequence[Observation]) -> tuple[int, int]:
    """The number of checks that pass next to a set of values, and of those whose value has the right form."""
    actual = {item.name: item.values for item in observations}
    right = sum(
        KINDS[item.kind].judge(Sighting(item, actual.get(item.name, {}), False, explain=False)).passed
        for item in expected
    )
    formed = sum(
        check_form(actual.get(item.name, {}).get("actual"), item.values["actual"]) is None for item in expected
    )
    return right, formed


def has_shares(spec: TestSpec) -> bool:
    """Whether single checks of the test earn points: some have their own, or the test gives partial credit."""
    return spec.partial or any("points" in item.params for item in spec.expected)


def shares(spec: TestSpec) -> dict[str, Fraction]:
    """Return each check's share of the test's points; the shares add up to 1. The test must have points."""
    own = {item.name: Fraction(str(item.params["points"])) for item in spec.expected if "points" in item.params}
    others = [item.name for item in spec.expected if item.name not in own]
    rest = max(spec.points - sum(own.values(), Fraction(0)), Fraction(0))
    points = own | {name: rest / len(others) for name in others}
    return {name: value / spec.points for name, value in points.items()}


def _best(spec: TestSpec, alternatives: Sequence[Alternative], recording: Recording, show_expected: bool) -> _Verdict:
    """The verdict of the most favourable consistent set.

    Of sets that give the same points it is the nearest, by the checks that pass next to it; then the reference's.
    """
    best = _verdict(spec, spec.expected, recording, show_expected=show_expected)
    for item in alternatives:
        if item.credit <= best.worth or not (has_shares(spec) or fits(item.observations, recording.observations)):
            continue
        other = replace(
            _verdict(spec, item.observations, recording, show_expected=show_expected),
            credit=item.credit,
            variant=item.variant,
            reason=item.hint if item.credit < 1 else "",
        )
        if other.worth > best.worth:
            best = other
    if best.worth:
        return best
    nearest = _nearness(spec.expected, recording.observations)
    for item in alternatives:
        near = _nearness(item.observations, recording.observations) if item.credit == 1 else (0, 0)
        if near > nearest:
            nearest = near
            best = _verdict(spec, item.observations, recording, show_expected=show_expected)
    return best


def _verdict(spec: TestSpec, expected: Sequence[Observation], recording: Recording, *, show_expected: bool) -> _Verdict:
    checks = judge_checks(expected, recording.observations, show_expected=show_expected)
    if has_shares(spec) and spec.points:
        parts = shares(spec)
        share = sum((parts[check.name] for check in checks if check.passed), Fraction(0))
    else:
        share = Fraction(all(check.passed for check in checks))
    return _Verdict(expected, checks, share)


def _claimed(score: float, spec: TestSpec) -> Fraction:
    """The points that a test's own set_score claims: from 0 up to its points, unless it may set any number."""
    if not math.isfinite(score):
        return Fraction(0)
    return Fraction(score) if spec.as_set else min(max(Fraction(score), Fraction(0)), spec.points)


def _status(recording: Recording, score: Fraction, *, whole: bool) -> Status:
    if recording.ending != "ok":
        return _STATUS[recording.ending]
    if whole:
        return "passed"
    return "partial" if score > 0 else "failed"


def _first_hint(checks: Sequence[CheckResult]) -> str:
    """The hint of the check that the message is about, or of another check with that check's name."""
    failed = [check for check in checks if not check.passed]
    for check in failed:
        if check.hint:
            return check.hint if check is failed[0] else f"{check.name}: {check.hint}"
    return ""


def _message(spec: TestSpec, recording: Recording, best: _Verdict) -> str:
    """The message for the student: how the test ended, or the first wrong check."""
    if spec.hide_errors is not None:
        return spec.hide_errors
    failed = [check for check in best.checks if not check.passed]
    lines = []
    if recording.ending != "ok":
        lines.append(recording.message)
    reached = [check for check in failed if recording.ending == "ok" or check.message != NOT_REACHED]
    if reached and recording.ending not in _LOST:
        first = reached[0]
        lines.append(f"{first.name}: {first.message}")
        if len(reached) > 1:
            names = ", ".join(check.name for check in reached[1:6])
            lines.append(f"also wrong: {names}{' ...' if len(reached) > 6 else ''}")
    elif recording.ending == "ok" and best.reason:
        lines.append(f"this way of doing it counts for {float(best.credit):.3g} of the points")
    return "\n".join(lines)
