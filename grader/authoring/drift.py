"""Compares fixtures on disk with those of a fresh record run, with a tolerance: machines differ in the last digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from grader.fixtures import Alternative, Fixtures, TestSpec
from grader.judge.mistakes import resembles
from grader.judge.score import judge_checks


def differences(old: Fixtures, new: Fixtures) -> list[str]:
    """Return the differences between the recording on disk and a fresh one, as sentences; empty if there are none."""
    found = []
    before = {test.id: test for test in old.tests}
    after = {test.id: test for test in new.tests}
    found += [f"{test} is recorded but not in the test files any more" for test in before if test not in after]
    found += [f"{test} isn't recorded" for test in after if test not in before]
    for test in (test for test in before if test in after):
        if replace(before[test], expected=()) != replace(after[test], expected=()):
            found.append(f"{test}: its points, title, number or visibility changed")
        elif _checks(before[test]) != _checks(after[test]):
            found.append(f"{test}: its checks changed")
        else:
            found += [
                f"{test}: the reference's value of '{check.name}' changed: {check.message}"
                for check in judge_checks(before[test].expected, after[test].expected, show_expected=True)
                if not check.passed
            ]
    if old.hashes != new.hashes:
        found.append("a test file, a helper, variants.toml or assignment.toml changed since the fixtures were recorded")
    if old.required != new.required:
        found.append("the reference's list of files changed")
    for test in sorted({*old.alternatives, *new.alternatives}):
        found += _variant_drift(test, old.alternatives.get(test, ()), new.alternatives.get(test, ()))
    return found


def _checks(test: TestSpec) -> list[tuple[str, str, dict[str, Any]]]:
    return [(item.name, item.kind, dict(item.params)) for item in test.expected]


def _variant_drift(test: str, old: Sequence[Alternative], new: Sequence[Alternative]) -> list[str]:
    before, after = {item.variant: item for item in old}, {item.variant: item for item in new}
    found = [
        f"{test}: variant '{name}' differs from the reference now, and didn't" for name in after if name not in before
    ]
    found += [
        f"{test}: variant '{name}' doesn't differ from the reference any more" for name in before if name not in after
    ]
    for name in (name for name in before if name in after):
        one, other = before[name], after[name]
        if (one.credit, one.hint) != (other.credit, other.hint):
            found.append(f"{test}: credit or hint of variant '{name}' changed")
        elif not resembles(one.observations, other.observations):
            found.append(f"{test}: the values of variant '{name}' changed")
    return found
