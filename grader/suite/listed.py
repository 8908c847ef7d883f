"""Lists the tests of files whose text doesn't show all of them: the suite is loaded in the jail, without a hand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.assignment import Assignment
from grader.errors import AssignmentError
from grader.levels import Level
from grader.questions import Questions
from grader.sandbox.worker import Worker
from grader.suite.scan import PART, Case, Scan, case_of, off, visibility_of
from grader.suite.tree import lay
from grader.testing.suite_plan import TREE, Plan, is_points

_SECONDS = 60.0
_WRAPPER = '''"""Lists the suite's tests."""

from grader.testing.listing import list_cases
from grader.testing.suite_plan import Plan

PLAN = {plan!r}
PLAN.load_plugins()


def test_list(submission, check):
    list_cases({files!r}, submission, PLAN, check)
'''


@dataclass(frozen=True)
class Listed:
    """The tests of a suite, and what the staff should know about them."""

    cases: tuple[Case, ...]
    notes: tuple[str, ...]


def completed(
    scan: Scan, assignment: Assignment, folder: Path, plan: Plan, level: Level, readable: Sequence[Path] = ()
) -> Listed:
    """Return all tests: those of the text, and in files with doubts those that are there when the suite is loaded.

    Raises AssignmentError for a place where tests are made, in a file that can't be loaded without a hand-in.
    """
    doubtful = [name for name in scan.files if any(doubt.file == folder / name for doubt in scan.doubts)]
    if not doubtful:
        return Listed(scan.cases, scan.notes)
    found = _run(doubtful, assignment, folder, plan, level, readable)
    cases: list[Case] = []
    notes = dict.fromkeys(scan.notes)
    for name in scan.files:
        of_text = [case for case in scan.cases if case.identity.startswith(f"{name}::")]
        entry = found.get(name, {})
        if "tests" in entry:
            cases += _cases(folder / name, name, entry["tests"], of_text, notes)
            continue
        for doubt in scan.doubts:
            if doubt.file != folder / name:
                continue
            why = entry.get("error", "")
            if entry.get("ours"):
                raise AssignmentError(doubt.file, None, why.partition(": ")[2])
            if doubt.certain:
                raise AssignmentError(
                    doubt.file,
                    doubt.line,
                    f"{doubt.what}; and the file can't be loaded without a hand-in to see the tests: {why}",
                )
            notes[f"{name}:{doubt.line}: {doubt.what}; only the tests of its text are run: {why}."] = None
        cases += of_text
    return Listed(tuple(cases), tuple(notes))


def own_errors(
    files: Sequence[str], assignment: Assignment, folder: Path, plan: Plan, level: Level, readable: Sequence[Path]
) -> dict[str, str]:
    """Return why each of these files of tests can't be loaded without a hand-in; the others aren't in it."""
    found = _run(files, assignment, folder, plan, level, readable)
    return {name: str(found[name]["error"]) for name in files if "error" in found.get(name, {})}


def _run(
    files: Sequence[str], assignment: Assignment, folder: Path, plan: Plan, level: Level, readable: Sequence[Path]
) -> Mapping[str, Mapping[str, Any]]:
    wrapper = _WRAPPER.format(plan=plan, files=list(files))
    with Worker(
        assignment, Questions("0", {f"test_{PART}.py": wrapper}), level=level, beside=TREE, readable=readable
    ) as worker:
        lay(folder, None, worker.beside, ())
        recording = worker.run(f"test_{PART}.py::test_list", seconds=_SECONDS)
    for item in recording.observations:
        array = item.values["actual"].array
        if array is not None:
            return {entry["file"]: entry for entry in json.loads(array.tobytes())}
    why = f"{recording.ending}: {recording.message}"
    return {name: {"error": why} for name in files}


def _cases(
    file: Path, name: str, tests: Sequence[Mapping[str, Any]], of_text: Sequence[Case], notes: dict[str, None]
) -> Iterator[Case]:
    marked = {case.identity: case for case in of_text if case.mark}
    for test in tests:
        line = test.get("line")
        points, mark = test.get("weight"), str(test.get("mark") or "")
        identity = f"{name}::{test['name']}"
        text = marked.get(identity.partition("[")[0])
        if points is None and text is not None:  # a decorator of the suite's own, which leaves no trace
            points, mark = float(text.spec.points), text.mark
        if points is not None and not is_points(points):
            raise AssignmentError(file, line, f"@weight needs a number from 0 up, and is {points!r}")
        is_weighed = points is not None
        if test.get("off"):
            notes[off(name, line, test["name"].rpartition("::")[2], str(test["off"]))] = None
            points = 0
        column = test.get("leaderboard_column")
        order = "asc" if test.get("leaderboard_sort_order") == "asc" else "desc"
        yield case_of(
            identity,
            weighed=is_weighed,
            mark=mark,
            off=bool(test.get("off")),
            title=str(test["title"]),
            number=str(test.get("number") or ""),
            points=Fraction(str(points or 0)),
            visibility=visibility_of(test.get("visibility") or "visible", name, line, notes),
            tags=tuple(test.get("tags") or ()),
            hide_errors=test.get("hide_errors"),
            partial=bool(test.get("partial")),
            leaderboard=(str(column), order) if column else None,
            as_set=True,
        )
