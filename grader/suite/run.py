"""One grading with a suite, in one screen.

    suite --scan--> tests and points;  suite + submission --worker--> outcomes --judge--> report

The points come from the suite's text. Each test runs beside the student's code in its own jailed child, so a hand-in
can't use one test to change another. But each outcome is only a claim of the process in which the test ran.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import HELPERS, Assignment, Handout, Limits, Part, SubmissionSpec
from grader.errors import SubmissionError, UsageError
from grader.fixtures import Fixtures
from grader.grade import grade_in
from grader.intake.take import read_hand_in
from grader.levels import Level
from grader.questions import Questions
from grader.report import Report
from grader.sandbox.launch import Zygote
from grader.sandbox.stage import Stage
from grader.sandbox.worker import Worker
from grader.schedule import Progress
from grader.suite.scan import PART, Case, scan

DEPTH = 8
"""The most folders above a file of a hand-in."""
_ANY = SubmissionSpec(tuple("/".join("*" * depth) for depth in range(1, DEPTH + 1)), path=())
"""A hand-in of any files."""
_TORCH = re.compile(rb"^\s*(?:import|from)\s+torch\b", re.MULTILINE)
_TORCH_CELL = re.compile(rb"""(?:"|\\n)\s*(?:import|from)\s+torch\b""")
"""In a notebook's JSON, a line of a cell begins after a quotation mark or an escaped line end."""
_WRAPPER = '''"""Runs the suite's tests, one by one."""

from pathlib import Path

import pytest

from grader.testing.suite import run_case


@pytest.mark.parametrize("identity", {identities!r})
def test_case(submission, identity):
    run_case(identity, submission, Path(__file__).with_name({helpers!r}), test_case)
'''


@dataclass(frozen=True)
class Suite:
    """A suite with its worker, which grades one submission after another."""

    worker: Worker
    fixtures: Fixtures
    note: str

    def grade(
        self,
        source: Path,
        *,
        before: Callable[[Report], None] | None = None,
        progress: Progress | None = None,
        minimum: Level = "none",
        ignored: Collection[str] = (),
    ) -> Report:
        """Grade one submission; arguments and errors are those of `grade_in`."""
        report = grade_in(
            self.worker, self.fixtures, source, before=before, progress=progress, minimum=minimum, ignored=ignored
        )
        return replace(report, staff_notes=(self.note,))


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
) -> Report:
    """Grade one submission with the tests in `suite`: a folder of tests, or the folder that contains it and its data.

    The other arguments and the errors are those of `grade`, and those of `opened_suite`.
    """
    torch = hand_in_uses_torch(source, ignored)
    with opened_suite(suite, limits or Limits(), torch=torch, zygote=zygote, level=level) as opened:
        return opened.grade(source, before=before, progress=progress, minimum=minimum, ignored=ignored)


@contextmanager
def opened_suite(
    suite: Path, limits: Limits, *, torch: bool = False, zygote: Zygote | None = None, level: Level = "full"
) -> Iterator[Suite]:
    """Open a suite for gradings: a folder of tests, or the folder that contains it and its data.

    Args:
        suite: the folder.
        limits: of each test and of all.
        torch: whether to load torch before the tests, also if the suite doesn't import it.
        zygote: a zygote that was started before, to save its start-up time.
        level: the strongest isolation to use.

    Raises UsageError if there is no such folder, or no test in it.
    """
    suite = suite.resolve()
    if not suite.is_dir():
        raise UsageError(f"there is no folder {suite}; name the one with the suite's tests")
    with Stage() as temporary:
        home = temporary / suite.name
        place = _place(suite)
        unread = shutil.ignore_patterns("__pycache__", ".git", ".pytest_cache", ".venv")
        shutil.copytree(suite, home / HELPERS / place, ignore=unread)
        cases = scan(suite, place)
        torch = torch or any(_TORCH.search(file.read_bytes()) for file in home.rglob("*.py") if file.is_file())
        assignment = _assignment(home, suite.name, cases, limits, torch=torch)
        spec = replace(assignment.submission, modules=imported(home / HELPERS))
        assignment = replace(assignment, submission=spec)
        fixtures = Fixtures(tuple(case.spec for case in cases), ())
        wrapper = _WRAPPER.format(identities=[case.identity for case in cases], helpers=HELPERS)
        with Worker(assignment, Questions("0", {f"test_{PART}.py": wrapper}), zygote, level) as worker:
            yield Suite(worker, fixtures, unsealed(cases))


def imported(suite: Path) -> tuple[str, ...]:
    """Return the modules that a suite imports and that neither it nor this machine has: those of the hand-in."""
    files = sorted(suite.rglob("*.py"))
    own = {part for file in files for part in file.relative_to(suite).with_suffix("").parts}
    found: dict[str, None] = {}
    for file in files:
        try:
            nodes = list(ast.walk(ast.parse(file.read_bytes())))
        except (SyntaxError, ValueError):
            continue
        for node in nodes:
            if isinstance(node, ast.Import):
                found.update(dict.fromkeys(alias.name.partition(".")[0] for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module.partition(".")[0]] = None
    return tuple(name for name in found if name not in own and find_spec(name) is None)


def unsealed(cases: list[Case]) -> str:
    """Return a note that all points of the suite depend on claims of the process that ran the student's code."""
    points = sum((case.spec.points for case in cases), Fraction(0))
    return (
        f"Not sealed: all {len(cases)} tests, worth {float(points):g} points, are asserted beside the student's code, "
        "and a hand-in that wants to can forge them. Tests that name values with `check` are compared elsewhere."
    )


def _place(suite: Path) -> str:
    """The path of the tests in the run folder: a bare folder of tests keeps its name, so that it can be imported."""
    bare = any(file.name.startswith("test") for file in suite.glob("*.py"))
    return suite.name if bare and suite.name.isidentifier() else "."


def _assignment(home: Path, name: str, cases: list[Case], limits: Limits, *, torch: bool) -> Assignment:
    points = sum((case.spec.points for case in cases), Fraction(0))
    return Assignment(
        name=name,
        title=name,
        seed=0,
        library="torch" if torch and find_spec("torch") is not None else "numpy",
        folder=home,
        submission=_ANY,
        limits=limits,
        parts=(Part(PART, name, points),),
        handout=Handout(runner=""),
    )


def hand_in_uses_torch(source: Path, ignored: Collection[str]) -> bool:
    """Whether a file of a hand-in imports torch; False if the hand-in can't be read."""
    try:
        files = read_hand_in(source, _ANY, ignored=ignored)
        return any(
            (name.endswith(".py") and _TORCH.search(data)) or (name.endswith(".ipynb") and _TORCH_CELL.search(data))
            for name, data in files
        )
    except SubmissionError:
        return False  # intake tells the student the same
