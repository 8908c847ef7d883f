"""The judge of one attack: grades it like any hand-in and compares the result with its verdict."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
from hostile_samples import BONUS, CANARY, Outcome, Planted, Verdict, with_users
from strict_json import strict_loads, validate

from grader.assignment import Assignment
from grader.errors import InternalError
from grader.export import exporter
from grader.fixtures import Fixtures, load_current
from grader.grade import grade, grade_in
from grader.levels import Level
from grader.options import FORMATS
from grader.report import Report, TestResult
from grader.sandbox.worker import Worker
from grader.settings import load_assignment

LIMITS = {"test_seconds": 2.0, "total_seconds": 300.0, "memory_mb": 256}
JUDGE_MB = 400
"""What the judge may use at most: the values of one test (64 MiB), a few copies, and itself."""
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal or a browser could take for a command, or for a change of direction."""


def load(planted: Planted) -> Assignment:
    """The homework that is attacked."""
    return load_assignment(planted.project, BONUS).with_limits(**LIMITS)


def judge(
    name: str,
    verdict: Verdict,
    source: Path,
    planted: Planted,
    level: Level,
    worker: Worker | None = None,
    fixtures: Fixtures | None = None,
) -> Outcome:
    """Grade one hand-in, in `worker` or in one of its own, and hold what comes out against its verdict."""
    outcome = Outcome(name)
    assignment = load(planted)
    try:
        report = (
            grade(assignment, source, level=level)
            if worker is None or fixtures is None
            else grade_in(worker, fixtures, source)
        )
    except InternalError as error:
        outcome.refused = str(error)
        return outcome
    outcome.layers = with_users(re.findall(r"\w+", report.isolation.partition("(")[2]))
    outcome.stopped = verdict.stopped(outcome.layers) or not report.isolation
    texts = {}
    for kind in FORMATS:
        try:
            texts[kind] = exporter(kind)(report)
        except Exception as error:
            outcome.invalid.append(f"{kind}: {type(error).__name__}: {error}")
    outcome.invalid += _invalid(texts, assignment, report)
    outcome.leaks = sorted({found for text in texts.values() for found in CANARY.findall(text)} & set(planted.canaries))
    said = "\n".join(f"{test.output}\n{test.message}" for test in report.tests)
    outcome.through = sorted(set(re.findall(r"^GOT .*", said, re.MULTILINE)))[:8]
    if verdict.proof and verdict.proof not in said and any(test.status != "refused" for test in report.tests):
        outcome.verdict.append(f"no output or message has {verdict.proof!r}: was the attack made?")
    _points(verdict, report, outcome)
    with open("/proc/self/status", encoding="ascii") as file:
        outcome.judge_mb = int(re.findall(r"VmHWM:\s+(\d+)", file.read())[0]) / 1024
    if outcome.judge_mb > JUDGE_MB:
        outcome.through.append(f"the judge grew to {outcome.judge_mb:.0f} MB")
    return outcome


def _points(verdict: Verdict, report: Report, outcome: Outcome) -> None:
    def named(patterns: Sequence[str], test: TestResult) -> bool:
        return any(fnmatch.fnmatchcase(test.id, pattern) for pattern in patterns)

    for test in report.tests:
        if not test.max_score or (test.part in verdict.lost and named(verdict.earns, test)):
            continue
        if test.part in verdict.lost and (not verdict.hit or named(verdict.hit, test)):
            outcome.gained += float(test.score)
        elif test.score < test.max_score:
            outcome.innocent.append(f"{test.id} is {test.status}: {test.message[:300]}")
    lost = {part.name for part in report.parts if part.score < part.max_score}
    if lost != set(verdict.lost):
        outcome.verdict.append(f"parts {sorted(lost)} lost points, not {sorted(verdict.lost)}")


def _invalid(texts: Mapping[str, str], assignment: Assignment, report: Report) -> list[str]:
    """What is wrong with the reports: every test with its maximum, strict JSON, the platforms' schemas."""
    found = []
    if [(test.id, test.max_score) for test in report.tests] != _expected(assignment):
        found.append("the tests or their maxima aren't those of the fixtures")
    found += [f"{test.id}: {test.score}" for test in report.tests if not 0 <= test.score <= test.max_score]
    parts = {
        "gradescope-results": texts.get("gradescope", ""),
        "autolab-presentation": texts.get("autolab", "").rstrip("\n").rpartition("\n")[0].rpartition("\n")[2],
        "autolab-scores": texts.get("autolab", "").rstrip("\n").rpartition("\n")[2],
    }
    for schema, text in parts.items():
        try:
            validate(schema, strict_loads(text))
        except (ValueError, jsonschema.ValidationError) as error:
            found.append(f"{schema}: {str(error)[:300]}")
    readers: dict[str, Callable[[str], object]] = {
        "json": strict_loads,
        "prairielearn": strict_loads,
        "markus": lambda text: [strict_loads(line) for line in text.splitlines()],
        "junit": ElementTree.fromstring,
    }
    for kind, read in readers.items():
        try:
            read(texts.get(kind, ""))
        except (ValueError, ElementTree.ParseError) as error:
            found.append(f"{kind}: {error}")
    for kind, text in texts.items():
        odd = sorted(set(UNSHOWABLE.findall(text.replace("\r\n", "\n") if kind == "csv" else text)))
        if odd:
            found.append(f"{kind} holds control characters {odd[:5]}")
    return found


@functools.cache
def _expected(assignment: Assignment) -> list[tuple[str, Fraction]]:
    return [(test.id, test.points) for test in load_current(assignment).tests]
