"""One grading with a suite, in one screen.

    suite --scan--> tests and points;  suite + submission --worker--> outcomes --judge--> report

The points come from the suite's text. Each test runs beside the student's code in its own jailed child, so a hand-in
can't use one test to change another. But each outcome is only a claim of the process in which the test ran.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import Assignment, Handout, Limits, Part
from grader.errors import AssignmentError, GraderError, UsageError
from grader.fixtures import Fixtures
from grader.grade import grade_in
from grader.intake.notes import shown
from grader.levels import Level
from grader.questions import Questions
from grader.report import Report
from grader.sandbox.launch import Zygote
from grader.sandbox.stage import Stage
from grader.sandbox.worker import Worker
from grader.schedule import Progress
from grader.suite.listed import completed, own_errors
from grader.suite.needs import KNOWN, Need, demand, needs_of, reached
from grader.suite.plugins import plugins_of
from grader.suite.scan import PART, Case, Scan, in_word, scan
from grader.suite.shared import first_left
from grader.suite.starts import starts_of
from grader.suite.traits import (
    ANY_FILES,
    hand_in_uses_torch,
    importable_name,
    imported,
    needs_no_hand_in,
    starts_programs,
    uses_torch,
)
from grader.suite.tree import copy_suite, lay
from grader.testing.refused import SENTENCE
from grader.testing.suite_plan import PYTEST_ENDED, TREE, Plan, folder_with

_CONFIGURATION = ("conftest.py", "tests/conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")
"""Files that change how tests run; no hand-in replaces them."""
_WRAPPER = '''"""Runs the suite's tests, one by one."""

import pytest

from grader.testing.suite import run_case
from grader.testing.suite_plan import Plan

PLAN = {plan!r}
PLAN.load_plugins()


@pytest.mark.parametrize("identity", {identities!r}, ids={words!r})
def test_case(submission, identity):
    run_case(identity, submission, PLAN, test_case)


# a message about an error shows the first line of a test file: the suite's own, not one of this file
test_case.__code__ = test_case.__code__.replace(co_filename="<suite>")
'''


@dataclass(frozen=True)
class Suite:
    """A suite with its worker, which grades one submission after another."""

    original: Path
    folder: Path
    """Our copy of the suite."""
    scan: Scan
    needs: tuple[Need, ...]
    worker: Worker
    fixtures: Fixtures
    notes: tuple[str, ...]
    errors_of: Callable[[Sequence[str]], Mapping[str, str]]
    """Says why files of tests can't be loaded without a hand-in."""

    def grade(
        self,
        source: Path,
        *,
        before: Callable[[Report], None] | None = None,
        progress: Progress | None = None,
        minimum: Level = "none",
        ignored: Collection[str] = (),
    ) -> Report:
        """Grade one submission; arguments and errors are those of `grade_in`.

        Raises AssignmentError, too, if a file of tests can't be loaded, whatever is handed in.
        """
        notes: list[str] = []
        report = grade_in(
            self.worker,
            self.fixtures,
            source,
            before=before,
            progress=progress,
            minimum=minimum,
            ignored=ignored,
            taken=lambda files: notes.extend(self._arrange(files)),
        )
        self._demand_loaded(report)
        if any(SENTENCE in test.message for test in report.tests):
            notes.append("The jail refused to start a program; where students need it, grade with --programs.")
        return replace(report, staff_notes=(*self.notes, *notes))

    def _demand_loaded(self, report: Report) -> None:
        """Refuse a report in which all tests of a file fail because the file can't be loaded without a hand-in either.

        Only a file whose text shows that it asks nothing of a hand-in until a test runs is judged so, and one that
        pytest didn't come to by the suite's settings.
        """
        endings: dict[str, set[str]] = {}
        unused = set()
        named = {in_word(name): name for name in self.scan.files}
        for test in report.tests:
            word = test.id.partition("[")[2].partition("::")[0]
            file = named.get(word, word)
            endings.setdefault(file, set()).add(test.status)
            if PYTEST_ENDED in test.message:
                unused.add(file)
        failing = [file for file, found in endings.items() if found <= {"error", "failed"}]
        suspects = [file for file in failing if file in unused or needs_no_hand_in(self.folder, file)]
        for file, why in self.errors_of(suspects).items() if suspects else ():
            fact = f"can't be loaded, with or without a hand-in, so nothing is graded; mend it: {why}"
            raise AssignmentError(self.original / file, None, fact)

    def _arrange(self, files: Sequence[str]) -> list[str]:
        """Lay the hand-in over the suite; return sentences for the staff.

        Raises AssignmentError if the suite needs a package that isn't there.
        """
        handin, said = self.worker.submission, []
        wanted = {need.name for need in self.needs}
        inside = {name.partition("/")[0] for name in files}
        if len(inside) == 1 and not (self.folder / min(inside)).exists() and not wanted & inside:
            # all of it is in one folder, in which the modules are that the suite asks for
            folder = handin / min(inside)
            if folder.is_dir() and wanted & {entry.name.removesuffix(".py") for entry in folder.iterdir()}:
                handin, said = folder, [f"The hand-in was found inside the folder {shown(folder.name)}/."]
        for name in wanted:
            renamed = handin / f"{name}.py.txt"
            if renamed.is_file() and not (handin / f"{name}.py").exists():
                renamed.rename(handin / f"{name}.py")
                said.append(f"{name}.py was handed in as {renamed.name}.")
        there = {entry.name.removesuffix(".py") for entry in handin.iterdir()}
        try:
            demand(self.needs, self.folder, there)
        except AssignmentError as error:
            raise _about_original(error, self.folder, self.original) from None
        if self.worker.assignment.limits.programs:
            _make_executable(handin)
        protected = {*self.scan.files, *(name for name in _CONFIGURATION if (self.folder / name).is_file())}
        laid = lay(self.folder, handin, self.worker.beside, protected)
        found = {name: folder_with(self.worker.beside, name) for name in sorted(wanted - KNOWN)}
        said += [
            f"The module {name} was found in {shown(folder.as_posix())}/." for name, folder in found.items() if folder
        ]
        return [*said, *laid.notes()]


def grade_suite(
    suite: Path,
    source: Path,
    *,
    limits: Limits | None = None,
    before: Callable[[Report], None] | None = None,
    progress: Progress | None = None,
    zygote: Zygote | None = None,
    level: Level = "full",
    minimum: Level = "none",
    ignored: Collection[str] = (),
    together: bool = False,
) -> Report:
    """Grade one submission with the tests in `suite`: a folder of tests, or the folder that contains it and its data.

    The other arguments and the errors are those of `grade`, and those of `opened_suite`.
    """
    torch = hand_in_uses_torch(source, ignored)
    with opened_suite(suite, limits or Limits(), torch=torch, zygote=zygote, level=level, together=together) as opened:
        return opened.grade(source, before=before, progress=progress, minimum=minimum, ignored=ignored)


@contextmanager
def opened_suite(
    suite: Path,
    limits: Limits,
    *,
    torch: bool = False,
    zygote: Zygote | None = None,
    level: Level = "full",
    together: bool = False,
) -> Iterator[Suite]:
    """Open a suite for gradings: a folder of tests, or the folder that contains it and its data.

    Args:
        suite: the folder.
        limits: of each test and of all.
        torch: whether to load torch before the tests, also if the suite doesn't import it.
        zygote: a zygote that was started before, to save its start-up time.
        level: the strongest isolation to use.
        together: run all tests in one process, in the suite's order, without putting anything back between them.

    Raises:
        UsageError: there is no such folder, or no test in it.
        AssignmentError: it isn't known which tests there are, or what a decorator says.
    """
    suite = suite.resolve()
    if not suite.is_dir():
        raise UsageError(f"there is no folder {suite}; name the one with the suite's tests")
    with Stage() as temporary:
        home = temporary / suite.name
        folder = home / suite.name
        linked = copy_suite(suite, folder)
        try:
            found = scan(folder)
            needs = needs_of(folder, found.files, found.constants)
            files = reached(folder, found.files, found.constants)
            if not limits.programs and starts_programs(files):
                limits = replace(limits, programs=True)
            left = first_left({name: found.constants.tree(folder / name) for name in found.files})
            together = together or left is not None
            plan = Plan(
                importable_name(suite),
                starts_of(folder, found),
                found.pytest,
                plugins_of(folder, found.pytest),
                tuple(need.name for need in needs if need.name not in KNOWN),
                together,
            )
            torch = torch or uses_torch(folder)
            assignment = _assignment(home, suite.name, found.cases, limits, torch=torch)
            if found.doubts:
                demand([need for need in needs if need.name in KNOWN], folder, ())
            listed = completed(found, assignment, folder, plan, level, linked)
        except (AssignmentError, UsageError) as error:
            raise _about_original(error, folder, suite) from None
        cases, notes = weighed(listed.cases)
        if limits.programs:
            notes.append("The suite starts programs, so the jail lets student code start some, too.")
        if left is not None:
            notes.append(
                f"{left.file}:{left.line}: tests leave each other '{left.name}', so all run one after another in one "
                "process, as with --together."
            )
        if not cases:
            raise UsageError(f"{suite} has no tests, also when it is loaded; name the suite's own folder")
        assignment = _assignment(home, suite.name, cases, limits, torch=torch)
        spec = replace(assignment.submission, modules=imported(folder))
        assignment = replace(assignment, submission=spec)
        fixtures = Fixtures(tuple(case.spec for case in cases), ())
        wrapper = _WRAPPER.format(
            plan=plan, identities=[case.identity for case in cases], words=[case.word for case in cases]
        )
        questions = Questions("0", {f"test_{PART}.py": wrapper})
        with Worker(assignment, questions, zygote, level, beside=TREE, readable=linked, lasting=together) as worker:
            errors = cache(lambda files: own_errors(files, assignment, folder, plan, level, linked))
            sentences = (unsealed(cases), *notes, *listed.notes)
            yield Suite(
                suite, folder, found, tuple(needs), worker, fixtures, sentences, lambda files: errors(tuple(files))
            )


def _make_executable(handin: Path) -> None:
    """Give the hand-in's programs the right to be executed, which archives and uploads often lose."""
    for path in handin.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                if file.read(4).startswith((b"#!", b"\x7fELF")):
                    path.chmod(0o755)


def _about_original(error: GraderError, folder: Path, suite: Path) -> GraderError:
    """The same error about the instructor's folder instead of our copy."""
    if isinstance(error, AssignmentError):
        place = suite / error.file.relative_to(folder) if error.file.is_relative_to(folder) else error.file
        return AssignmentError(place, error.line, error.message)
    return UsageError(str(error).replace(str(folder), str(suite)))


def weighed(cases: Sequence[Case]) -> tuple[list[Case], list[str]]:
    """Give all tests of a suite without any weights one point each; return them with a note for the staff.

    A note also names the marks of the suite's own from which points were taken.
    """
    if any(case.weighed or case.spec.partial or case.spec.leaderboard for case in cases):
        marks = ", ".join(dict.fromkeys(f"@{case.mark}" for case in cases if case.mark))
        without = sum(not case.weighed for case in cases)
        rest = f"; tests without a number ({without}) have no points" if without else ""
        return list(cases), [f"The points are the numbers that the suite's own {marks} states{rest}."] if marks else []
    one = [replace(case, spec=replace(case.spec, points=Fraction(not case.off))) for case in cases]
    count = sum(not case.off for case in cases)
    return one, [f"The suite has no weights of gradescope_utils, so each of its {count} tests counts 1 point."]


def unsealed(cases: Sequence[Case]) -> str:
    """Return a note that all points of the suite depend on claims of the process that ran the student's code."""
    points = sum((case.spec.points for case in cases), Fraction(0))
    return (
        f"Not sealed: all {len(cases)} tests, worth {float(points):g} points, are asserted beside the student's code, "
        "and a hand-in that wants to can forge them. Tests that name values with `check` are compared elsewhere."
    )


def _assignment(home: Path, name: str, cases: Sequence[Case], limits: Limits, *, torch: bool) -> Assignment:
    points = sum((case.spec.points for case in cases), Fraction(0))
    return Assignment(
        name=name,
        title=name,
        seed=0,
        library="torch" if torch and find_spec("torch") is not None else "numpy",
        folder=home,
        submission=ANY_FILES,
        limits=limits,
        parts=(Part(PART, name, points),),
        handout=Handout(runner=""),
    )
