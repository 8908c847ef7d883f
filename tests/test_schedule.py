"""Guards the schedule: many tests in one child give the points that each test gives alone, in its own row.

Every hand-in here is graded twice through real processes: together, and each test alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from kept_state import COMMON, IN_A_TEST, PLACES
from small_assignment import BACKWARD, FORWARD, SETTINGS, TOML, Project

from grader.authoring.record import record, write
from grader.fixtures import Fixtures, load_current
from grader.grade import grade_in
from grader.intake.take import ingest
from grader.questions import read_questions
from grader.report import Report
from grader.sandbox.worker import Worker

TESTS = 5
TEST_FORWARD = '''\
"""The line itself."""

import pytest

from grader.testing import alone, number, weight


@weight(5)
@number("1.1")
@pytest.mark.parametrize("slope", [1.0, 2.0, 3.0, 4.0, 5.0])
def test_values(submission, rng, check, slope):
    """Line.forward gives y"""
    line = submission.line.Line(slope, 0.25)
    check("y", line.forward(rng.normal(size=(3, 4))))


@alone
@weight(1)
@number("1.2")
def test_alone(submission, rng, check):
    """Line.forward in a process of its own"""
    check("y", submission.line.Line(6.0, 0.25).forward(rng.normal(size=(3, 4))))
'''
LINE = """

class Line:
    def __init__(self, slope, offset=0.0):
        self.slope, self.offset = slope, offset

    def forward(self, x):
        {body}
        return self.slope * x + self.offset
"""


@dataclass(frozen=True)
class Course:
    """A worker for a small assignment, and where hand-ins are made."""

    worker: Worker
    fixtures: Fixtures
    folder: Path

    def grade(self, body: str, *, before: str = "", together: bool = True, seconds: float = 0) -> Report:
        """Grade a line whose `forward` runs `body` first."""
        (self.folder / "line.py").write_text(COMMON + before + LINE.format(body=body), "utf-8")
        whole = self.worker.assignment
        if seconds:
            self.worker.assignment = whole.with_limits(total_seconds=seconds)
        try:
            return grade_in(self.worker, self.fixtures, self.folder, together=together)
        finally:
            self.worker.assignment = whole

    def both(self, body: str, *, before: str = "") -> Report:
        """Grade it both ways, demand the same points, and return the report of the shared child."""
        shared, apart = (self.grade(body, before=before, together=together) for together in (True, False))
        assert [(test.id, test.score) for test in shared.tests] == [(test.id, test.score) for test in apart.tests]
        return shared


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    folder = tmp_path_factory.mktemp("course")
    project = Project(folder / "project")
    project.file(BACKWARD).unlink()
    settings = TOML.partition("[parts.backward]")[0].replace("points = 3", "points = 6")
    project.write(SETTINGS, settings.replace("test_seconds = 20", "test_seconds = 2"))
    project.write(FORWARD, TEST_FORWARD)
    write(project.load(), record(project.load()))
    (folder / "handin").mkdir()
    assignment = project.load()
    with Worker(assignment, read_questions(assignment)) as worker:
        yield Course(worker, load_current(assignment), folder / "handin")


def shared(report: Report) -> Sequence[str]:
    return [test.status for test in report.tests][:TESTS]


@pytest.mark.parametrize("name", PLACES)
def test_a_counter_earns_nothing(course: Course, name: str) -> None:
    report = course.both("number = count(); print('counted', number); x = x * (number > 2)", before=PLACES[name])
    assert not [test for test in report.tests if test.score]
    assert all("counted" in test.output for test in report.tests)


@pytest.mark.parametrize("name", sorted(PLACES)[::8])
def test_a_neighbour_costs_nothing(course: Course, name: str) -> None:
    assert course.grade("if count() > 1: return 0 * x", before=PLACES[name]).score == TESTS + 1


@pytest.mark.parametrize("name", [name for name in PLACES if name not in IN_A_TEST])
def test_each_place_remembers(name: str, tmp_path: Path, fork: Callable[[Callable[[], int]], int]) -> None:
    def times() -> int:
        os.environ["HOME"] = str(tmp_path)
        os.chdir(tmp_path)
        spaces: list[dict[str, Any]] = [{"__name__": f"line{number}"} for number in range(4)]
        counted = 0
        for space in spaces:
            exec(COMMON + PLACES[name], space)
            counted = space["count"]()
        return counted

    assert fork(times) >= 3


@pytest.fixture
def fork() -> Callable[[Callable[[], int]], int]:
    """Call a function in a child; return its small result."""

    def run(function: Callable[[], int]) -> int:
        pid = os.fork()
        if pid == 0:
            result = 255
            try:
                result = min(function(), 99)
            finally:
                os._exit(result)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert status != 255
        return status

    return run


def test_right_code_shares_one_child_and_each_output_is_in_its_row(course: Course) -> None:
    report = course.both("print('slope', self.slope, os.getpid()); print(('%d.' % self.slope) * 9000, end='')")
    assert report.score == TESTS + 1
    pids = []
    for number, test in enumerate(report.tests, 1):
        word, slope, pid = test.output.split("\n")[0].split()[-3:]
        assert (word, float(slope)) == ("slope", number)
        assert f"{number % TESTS + 1}." not in test.output.replace(test.output.split("\n")[0], "")
        pids.append(pid)
    assert len(set(pids[:TESTS])) == 1
    assert pids[TESTS] not in pids[:TESTS]


def test_output_of_a_dying_module_stays_in_the_row_of_its_test(course: Course) -> None:
    before = (
        "class Last:\n    def __init__(self, n): self.n = n\n    def __del__(self): os.write(1, b'last %d' % self.n)\n"
    )
    report = course.both("global kept; kept = Last(self.slope); kept.me = kept", before=before)
    for number, test in enumerate(report.tests[:TESTS], 1):
        assert f"last {number}" in test.output or "last" not in test.output
        assert not [other for other in range(1, TESTS + 1) if other != number and f"last {other}" in test.output]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("while self.slope == 3: pass", "timeout"),
        ("if self.slope == 3: os._exit(0)", "crashed"),
        ("if self.slope == 3: os.kill(os.getpid(), 11)", "crashed"),
        ("if self.slope == 3: raise SystemExit", "error"),
        ("if self.slope == 3: os.close(3)", "crashed"),
        ("if self.slope == 3: os.closerange(0, 3)", "passed"),
        ("if self.slope == 3: os.dup2(1, 3)", "crashed"),
    ],
)
def test_only_the_third_test_is_lost(course: Course, body: str, status: str) -> None:
    assert shared(course.both(body)) == ["passed", "passed", status, "passed", "passed"]


def test_a_time_for_all_tests_together(course: Course) -> None:
    report = course.grade("while True: pass", seconds=3)
    assert {test.status for test in report.tests} == {"timeout"}
    assert sum("not run" in test.message for test in report.tests) >= TESTS - 2
    assert course.grade("").score == TESTS + 1


FRAMES = """
import json, struct
def frame(**fields):
    raw = json.dumps(fields).encode()
    os.write(3, struct.pack("<I", len(raw)) + raw)
END = dict(frame="end", claim="ok", message="", score=None, leaderboard=None)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "attack",
    [
        "frame(**END)",
        "frame(**END, more=True)",
        "frame(**END, more=True); os.read(3, 1)",
        "[(frame(**END, more=True), os.read(3, 1)) for _ in range(9)]",
        "frame(**END, more=True); frame(**END, more=True); frame(**END)",
        "frame(**END, more=True); os.read(3, 1); frame(frame='ready', layers=[])",
        "frame(**END, more=True); os._exit(0)",
        "frame(**END, more='yes')",
        "os.set_blocking(3, False)",
    ],
)
def test_forged_ends_of_tests_earn_nothing(course: Course, attack: str) -> None:
    assert course.both(f"{attack}; return 0 * x", before=FRAMES).score == 0


def test_a_test_that_leaves_a_thread_ends_the_sharing(course: Course) -> None:
    body = "import threading; print(os.getpid()); threading.Thread(target=threading.Event().wait, daemon=True).start()"
    report = course.both(body)
    assert report.score == TESTS + 1
    assert len({test.output.strip() for test in report.tests}) == TESTS + 1


def test_children_run_the_tests_in_order(course: Course) -> None:
    course.worker.empty_submission()
    (course.folder / "line.py").write_text(COMMON + LINE.format(body="print(self.slope)"), "utf-8")
    assignment = course.worker.assignment
    ingest(course.folder, assignment.submission, ("line.py",), course.worker.submission, assignment.reference)
    ids = [spec.id for spec in reversed(course.fixtures.tests)]
    recordings = course.worker.run_together(ids)
    assert [float(item.output.strip()) for item in recordings] == [6, 5, 4, 3, 2, 1]


def test_alone_is_recorded(course: Course) -> None:
    assert [spec.alone for spec in course.fixtures.tests] == [False] * TESTS + [True]
    assert replace(course.fixtures.tests[-1], alone=False) != course.fixtures.tests[-1]
