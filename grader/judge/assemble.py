"""Makes the report of a submission from its results."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.assignment import Assignment, Part, SubmissionSpec
from grader.errors import InternalError
from grader.fixtures import Fixtures, TestSpec
from grader.judge.score import judge_test
from grader.recording import ABSENT, LACKING, NEAREST, Ending, Recording
from grader.report import LeaderboardRow, PartScore, Report, TestResult, part_scores, points_text
from grader.text import clean_text

NOTE_CHARS = 1000
NAME_CHARS = 120
_IMPORTED = re.compile(re.escape(ABSENT).replace(r"\{name\}", r"(?P<name>[\w.]+)") + "[^\n]*")

_LACKING = re.compile(
    r"\A"
    + re.escape(LACKING).replace(r"\{file\}", r"(?P<file>[^\n']+?)").replace(r"\{name\}", r"(?P<name>[^\n']+)")
    + "(?:"
    + re.escape(NEAREST).replace(r"\{name\}", r"(?P<near>[^\n']+)")
    + ")?"
)
_FEW, _SHARE, _SHOWN = 3, 0.15, 4
"""From how many tests, and from which share of all tests, absent names are told at the top; and how many names."""


def command_for(assignment: Assignment, spec: TestSpec) -> str:
    """Return the command with which a student runs one test in the handout; empty if no handout has the test."""
    if spec.visibility != "visible" or not assignment.handout.runner:
        return ""
    if spec.number:
        return f"python {shlex.quote(assignment.handout.runner)} {shlex.quote(spec.number)}"
    return f"pytest {shlex.quote(str(PurePosixPath(assignment.handout.runner).parent / assignment.name / spec.id))}"


def name_missing_files(
    results: Sequence[TestResult], missing: Sequence[str], spec: SubmissionSpec, left_out: Sequence[str] = ()
) -> list[TestResult]:
    """Return results in which the import of a file of the student that isn't there is called that.

    Args:
        results: of one hand-in.
        missing: the files of the assignment that weren't handed in.
        spec: which files are handed in, and in which folders modules are looked for.
        left_out: files that were handed in, and that the assignment doesn't ask for.
    """
    modules = {module: name for name in missing for module in _modules(PurePosixPath(name), spec.path)}

    def said(found: re.Match[str]) -> str:
        name = found["name"]
        file, unasked = modules.get(name), _file_of(name, left_out)
        if file is not None:
            return (
                f"the submission imports '{name}', which is {file} of this assignment, and that file wasn't handed in"
            )
        if unasked:
            unasked = clean_text(unasked, NAME_CHARS)
            return f"the submission imports '{name}', and {unasked} was left out: only {', '.join(spec.files)} counts"
        return found[0]

    if not modules and not left_out:
        return [*results]
    return [replace(result, message=_IMPORTED.sub(said, result.message)) for result in results]


def _file_of(module: str, files: Sequence[str]) -> str:
    """The first of some files that an import of this module may mean, or that is in a package of this name; else ''."""
    wanted = tuple(module.split("."))
    for name in files:
        file = PurePosixPath(name)
        if file.suffix == ".py" and any(
            place.parts[-len(wanted) :] == wanted for place in (file.with_suffix(""), *file.parents)
        ):
            return name
    return ""


def notes_on_names(results: Sequence[TestResult]) -> list[str]:
    """Return a sentence for the top of the report if many tests need names that the hand-in doesn't have.

    So it is with the homework of another year, or with a class that was renamed: the rows alone don't tell.
    """
    lacking = [found for result in results if (found := _LACKING.match(result.message))]
    if len(lacking) < _FEW or len(lacking) < _SHARE * len(results):
        return []
    names = list(dict.fromkeys(_lack(found) for found in lacking))
    shown = "; ".join(names[:_SHOWN]) + ("; ..." if len(names) > _SHOWN else "")
    return [
        f"{len(lacking)} of {len(results)} tests need names that the hand-in doesn't have: {shown}. If these files are "
        "of another year's homework, begin with this year's handout and keep its names."
    ]


def _lack(found: re.Match[str]) -> str:
    near = f" (it has '{found['near']}')" if found["near"] else ""
    return f"{found['file']} has no '{found['name']}'{near}"


def _modules(file: PurePosixPath, path: Sequence[str]) -> Iterator[str]:
    """The names by which a file can be imported: from the folders of the path, and from the top."""
    if file.suffix == ".py":
        for folder in dict.fromkeys((".", *path)):
            if file.is_relative_to(folder):
                yield ".".join(file.relative_to(folder).with_suffix("").parts)


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


def by_a_person(parts: Iterable[Part | PartScore]) -> list[str]:
    """Return the sentence about points that a person gives; none if there are none."""
    titles = [f"{part.title} ({points_text(part.manual)} points)" for part in parts if part.manual]
    return [f"Not in this score, because a person grades it: {', '.join(titles)}."] if titles else []


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
    """Make a report from results; notes are cleaned here, because they contain names from the hand-in.

    A last note tells what a person grades, because no other row of a platform would.
    """
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
        parts=part_scores(
            [(part.name, part.title) for part in assignment.parts],
            results,
            [part.name for part in assignment.parts if part.extra],
            {part.name: part.manual for part in assignment.parts},
        ),
        tests=tuple(results),
        notes=tuple(clean_text(note, NOTE_CHARS) for note in (*notes, *by_a_person(assignment.parts))),
        leaderboard=tuple(rows),
        columns=fixtures.columns,
        submission=clean_text(submission, NOTE_CHARS),
        isolation=isolation,
        seconds=seconds,
    )
