"""Makes the report of a submission from its results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.assignment import Assignment
from grader.errors import InternalError
from grader.fixtures import Fixtures, TestSpec
from grader.judge.score import judge_test
from grader.recording import Ending, Recording
from grader.report import LeaderboardRow, Report, TestResult, part_scores
from grader.text import clean_text

NOTE_CHARS = 1000


def command_for(assignment: Assignment, spec: TestSpec) -> str:
    """Return the command with which a student runs one test in the handout; empty if no handout has the test."""
    if spec.visibility != "visible" or not assignment.handout.runner:
        return ""
    return f"pytest {shlex.quote(str(PurePosixPath(assignment.handout.runner).parent / assignment.name / spec.id))}"


def failed_report(
    assignment: Assignment,
    fixtures: Fixtures,
    ending: Ending,
    message: str,
    *,
    notes: Sequence[str] = (),
    submission: str = "",
    taken: bool = True,
) -> Report:
    """Return a complete report in which every test ended the same way; `taken` False if nothing could be graded."""
    recording = Recording(ending, clean_text(message, NOTE_CHARS))
    results = [judge_test(spec, (), recording) for spec in fixtures.tests]
    return replace(make_report(assignment, fixtures, results, notes=notes, submission=submission), taken=taken)


def make_report(
    assignment: Assignment,
    fixtures: Fixtures,
    results: Sequence[TestResult],
    *,
    notes: Sequence[str] = (),
    isolation: str = "",
    seconds: float = 0.0,
    submission: str = "",
) -> Report:
    """Make a report from results; notes are cleaned here, because they contain names from the hand-in."""
    if [result.id for result in results] != [spec.id for spec in fixtures.tests]:
        raise InternalError("the results aren't those of the assignment's tests")
    rows = [
        LeaderboardRow(spec.leaderboard[0], result.leaderboard, "asc" if spec.leaderboard[1] == "asc" else "desc")
        for spec, result in zip(fixtures.tests, results, strict=True)
        if spec.leaderboard is not None and result.leaderboard is not None
    ]
    return Report(
        assignment=assignment.name,
        title=assignment.title,
        parts=part_scores([(part.name, part.title) for part in assignment.parts], results),
        tests=tuple(results),
        notes=tuple(clean_text(note, NOTE_CHARS) for note in notes),
        leaderboard=tuple(rows),
        columns=fixtures.columns,
        submission=clean_text(submission, NOTE_CHARS),
        isolation=isolation,
        seconds=seconds,
    )
