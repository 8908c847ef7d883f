"""The loop while writing: what a look says, in the author's own terms, and that saves are noticed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_assignment import BACKWARD, FORWARD, LINE, NAME, SETTINGS, VARIANTS, VARIANTS_FILE, Project

from grader.authoring import template
from grader.authoring.look import look, stamps
from grader.authoring.record import record, write
from grader.cli import main

pytestmark = pytest.mark.long


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_look_says_what_a_record_run_would_change(project: Project) -> None:
    project.write(VARIANTS_FILE, VARIANTS)
    assert "isn't recorded yet" in look(project.load()).changed
    assignment = project.load()
    write(assignment, record(assignment))
    template.write(assignment)
    seen = look(assignment)
    assert (seen.tests, seen.worth, seen.earned, seen.changed) == (4, "4.5 points", (), ())
    # the values of one function change, and with them those of its tests alone
    project.edit(LINE, "return self.slope * np.asarray(delta)", "return 2 * self.slope * np.asarray(delta)")
    (sentence,) = look(assignment).changed
    assert sentence.startswith("test_backward.py::test_gradient: the reference's value of 'dx' changed")


def test_a_look_once_ends_with_the_authors_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["dev", NAME, "--once", "--project", str(project.root)]
    assert main(call) == 0
    assert "the reference passes 4 tests (4.5 points), its template earns nothing" in capsys.readouterr().out
    project.edit(FORWARD, "some_points(rng)", "some_points(rng) +")
    assert main(call) == 1
    assert f"test_forward.py:{project.line(FORWARD, 'some_points(rng) +')}" in capsys.readouterr().out.replace(
        '", line ', ":"
    )


def test_a_template_with_points_is_told(project: Project) -> None:
    project.edit(LINE, "        # BEGIN SOLUTION\n        scaled", "        scaled")
    project.edit(LINE, "return scaled + self.offset\n        # END SOLUTION", "return scaled + self.offset")
    assert [test.partition("[")[0] for test in look(project.load()).earned] == [
        *["test_forward.py::test_values"] * 2,
        "test_forward.py::test_one_number",
    ]


def test_a_saved_file_is_noticed_and_fixtures_are_not(project: Project) -> None:
    folders = [project.root / place / NAME for place in ("testcases", "reference")]
    before = stamps(folders)
    project.write(f"testcases/{NAME}/fixtures/graded.npz", "x")
    assert stamps(folders) == before
    project.write(f"reference/{NAME}/more.py", "x = 1\n")
    assert stamps(folders) != before


def test_the_loop_shows_each_save_and_ends_with_an_interrupt(project: Project) -> None:
    output = project.root / "shown.txt"
    with output.open("w") as stream:
        running = subprocess.Popen(
            [sys.executable, "-m", "grader", "dev", NAME, "--no-audit", "--project", str(project.root)],
            stdout=stream,
            stderr=stream,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        wait_for(output, "its template earns nothing")
        project.edit(SETTINGS, "points = 1.5", "points = 2.5")
        wait_for(output, f"assignment.toml:{project.line(SETTINGS, '[parts.backward]')}: the weights")
    finally:
        running.send_signal(2)
        assert running.wait(60) == 130


def test_the_audit_in_the_background_runs_only_what_a_save_changed(project: Project) -> None:
    project.write(VARIANTS_FILE, VARIANTS)
    assignment = project.load()
    write(assignment, record(assignment))
    template.write(assignment)
    fixtures = (assignment.fixtures / "graded.npz").read_bytes()
    output = project.root / "shown.txt"
    with output.open("w") as stream:
        running = subprocess.Popen(
            [sys.executable, "-m", "grader", "dev", NAME, "--project", str(project.root)],
            stdout=stream,
            stderr=stream,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    journal = project.root / "build" / "dev" / "build" / "audit" / f"{NAME}.jsonl"
    try:
        wait_for(output, "audit: mutants killed")
        before = journal.read_text("utf-8")
        assert {test for line in before.splitlines() for test in files_of(line)} == {
            "test_forward.py",
            "test_backward.py",
        }
        project.edit(BACKWARD, "Line(3.0)", "Line(5.0)")
        wait_for(output, "audit: mutants killed", times=2)
        after = journal.read_text("utf-8")
        assert after.startswith(before)
        new = after[len(before) :].splitlines()
        assert new
        assert {test for line in new for test in files_of(line)} == {"test_backward.py"}
    finally:
        running.send_signal(2)
        assert running.wait(60) == 130
    # the author's own fixtures change only by `grader record`
    assert (assignment.fixtures / "graded.npz").read_bytes() == fixtures
    assert "keep it with: grader record" in output.read_text("utf-8")


def files_of(line: str) -> set[str]:
    """The test files whose outcomes a line of the audit's journal has."""
    return {test.partition("::")[0] for test in json.loads(line)["outcomes"]}


def wait_for(file: Path, words: str, times: int = 1) -> None:
    end = time.monotonic() + 200
    while file.read_text("utf-8").count(words) < times:
        assert time.monotonic() < end, file.read_text("utf-8")
        time.sleep(0.05)
