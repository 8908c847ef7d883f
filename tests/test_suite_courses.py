"""Guards suites in the shapes that courses publish: each has at least the rows and points that JSONTestRunner gives it.

`tests/suites/NAME/suite` is a course's suite; `right` and `wrong` beside it are hand-ins.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from grader.report import Report
from grader.suite.run import grade_suite

SUITES = Path(__file__).with_name("suites")
NAMES = (
    *("signals", "package", "made", "programs", "flat"),
    *("dicts", "loading", "styled", "relative", "penalties", "flags", "mocked", "switched"),
    "managers",
)
_RUN = """
import sys, unittest
from pathlib import Path
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner
start, out = sys.argv[1:]
del sys.argv[1:]
with open(out, "w") as stream:
    top = "." if Path(start, "__init__.py").is_file() else None
    JSONTestRunner(stream=stream).run(unittest.defaultTestLoader.discover(start, top_level_dir=top))
"""


def json_test_runner(name: str, handin: str, folder: Path) -> dict[str, Any]:
    """Run a suite as a `run_autograder` does: the hand-in is copied over the suite, then its tests are discovered."""
    for source in ("suite", handin):
        shutil.copytree(SUITES / name / source, folder / "source", dirs_exist_ok=True)
    for script in (folder / "source").glob("*.sh"):
        script.chmod(0o755)
    starts = {file.parent for file in (folder / "source").rglob("test_*.py")}
    start = min(starts).relative_to(folder / "source")
    words = [sys.executable, "-c", _RUN, str(start), str(folder / "results.json")]
    with (folder / "said").open("w+", encoding="utf-8") as said:
        runner = subprocess.Popen(words, cwd=folder / "source", stdout=said, stderr=said, start_new_session=True)
        try:
            assert runner.wait(120) == 0, (folder / "said").read_text("utf-8")
        finally:
            with suppress(ProcessLookupError):  # what a wrong hand-in started may still run
                os.killpg(runner.pid, signal.SIGKILL)
    found: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return found


def rows(report: Report) -> Counter[tuple[str, float, float]]:
    return Counter((test.title, float(test.score), float(test.max_score)) for test in report.tests)


@pytest.mark.parametrize("handin", ["right", "wrong"])
@pytest.mark.parametrize("name", NAMES)
def test_a_suite_has_the_rows_and_points_of_its_own_runner(name: str, handin: str, tmp_path: Path) -> None:
    theirs = json_test_runner(name, handin, tmp_path)
    report = grade_suite(SUITES / name / "suite", SUITES / name / handin)
    expected = Counter((row["name"], float(row["score"]), float(row["max_score"])) for row in theirs["tests"])
    ours = rows(report)
    # JSONTestRunner forgets a test with a failing subtest, and gives the tests of leaderboards no row
    extra = ours - expected
    assert not expected - ours, (expected - ours, extra)
    assert all(title == "power of many" or not points for title, _, points in extra), extra
    assert float(report.score) == pytest.approx(theirs["score"])
    told = {row["name"]: row["value"] for row in theirs["leaderboard"]}
    assert {row.name: row.value for row in report.leaderboard} == told
    assert (report.score >= report.max_score) == (handin == "right")


def test_a_reference_that_lies_there_is_not_graded() -> None:
    report = grade_suite(SUITES / "package" / "suite", SUITES / "package" / "wrong")
    assert [float(test.score) for test in report.tests] == [1, 0]
    assert any("net/linear.py" in note for note in report.staff_notes)


def test_tests_that_leave_each_other_values_run_together_and_say_so() -> None:
    report = grade_suite(SUITES / "flags" / "suite", SUITES / "flags" / "right")
    assert any("tests leave each other 'SEEN'" in note for note in report.staff_notes)
    assert [test.number for test in report.tests] == ["1.1", "1.2", "2.1"]
    others = grade_suite(SUITES / "mocked" / "suite", SUITES / "mocked" / "right")
    assert not any("leave each other" in note for note in others.staff_notes)


def test_switched_off_tests_are_named_to_the_staff() -> None:
    report = grade_suite(SUITES / "switched" / "suite", SUITES / "switched" / "right")
    said = [note.partition(": ")[2].partition(" is ")[0] for note in report.staff_notes if "own skip" in note]
    assert sorted(said) == ["test_cube", "test_old", "test_part"]
