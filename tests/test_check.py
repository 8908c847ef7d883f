"""What `check` does beside recording values."""

import subprocess
import sys
from pathlib import Path

from grader.recording import Observation
from grader.testing.check import Check


class Kept:
    """Keeps observations."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def add(self, observation: Observation) -> None:
        """Keep one observation."""
        self.observations.append(observation)


def test_the_yardstick_is_measured_in_turn_with_the_call() -> None:
    """A load on the machine that comes or goes meanwhile slows both."""
    order: list[str] = []
    kept = Kept()
    Check(kept, given=True).at_most_times("speed", lambda: order.append("call"), lambda: order.append("yardstick"), 3.0)
    assert order == ["call", "yardstick"] * 5
    (observation,) = kept.observations
    assert observation.params["times"] == 3.0


ODD_TESTS = """
import pytest

MARKS = []


@pytest.fixture
def rng():
    return "a file's own"


@pytest.fixture
def made(request):
    return request.param * 10


def test_plain(submission, check):
    check("x", 1.0)


@pytest.mark.parametrize("case", [1, 2])
def test_cases(check, case):
    check("x", case)


def test_scored(check, set_score):
    check("x", set_score is None)


def test_own_rng(check, rng):
    check("x", rng)


@pytest.mark.parametrize("made", [1], indirect=True)
def test_indirect(check, made):
    check("x", made)


def test_folder(check, tmp_path):
    check("x", tmp_path.is_dir())


@pytest.mark.skip(reason="not today")
def test_skipped(check):
    check("x", 1.0)


async def test_waits(check):
    check("x", 1.0)


class TestGroup:
    def setup_method(self):
        self.size = 3

    def test_inside(self, check):
        check("x", self.size)
"""
RUNS = """
import sys
from pathlib import Path
import pytest
from grader.testing.plugin import TestingPlugin, pytest_arguments
from grader.testing.submission import Submission

folder = Path(sys.argv[1])


class Loop:
    def pytest_runtestloop(self, session):
        for item in session.items:
            seen = []
            self.add = lambda observation: seen.append(observation.values["actual"].describe())
            submission = Submission(folder, ["."], [])
            claim = plugin.run(item, submission, folder, self, given=False, seed=1).claim
            print(item.name, "called" if item in plugin._called else "run", claim, *seen, sep="|")
        return True


plugin = TestingPlugin("numpy")
pytest.main(pytest_arguments(folder, ["test_odd.py"]), plugins=[plugin, Loop()])
"""


def test_tests_that_need_more_than_a_call_are_run_by_pytest(tmp_path: Path) -> None:
    """A file's own fixture of a given name, indirect cases, marks, coroutines, classes: each as in plain pytest."""
    (tmp_path / "test_odd.py").write_text(ODD_TESTS, "utf-8")

    def lines() -> dict[str, list[str]]:
        command = [sys.executable, "-c", RUNS, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=True)
        return {name: rest for name, *rest in (line.split("|") for line in done.stdout.splitlines() if "|" in line)}

    found = lines()
    number = "a int64 number"
    assert found == {
        "test_plain": ["called", "ok", "a float64 number"],
        "test_cases[1]": ["called", "ok", number],
        "test_cases[2]": ["called", "ok", number],
        "test_scored": ["called", "ok", "a bool number"],
        "test_own_rng": ["run", "ok", '''the text "a file's own"'''],
        "test_indirect[1]": ["run", "ok", number],
        "test_folder": ["run", "ok", "a bool number"],
        "test_skipped": ["run", "skipped"],
        "test_waits": ["run", "failed"],
        "test_inside": ["run", "ok", number],
    }
    (tmp_path / "conftest.py").write_text("def pytest_runtest_setup(item):\n    raise ValueError('no')\n", "utf-8")
    assert {(how, claim) for how, claim, *_ in lines().values()} == {("run", "error"), ("run", "skipped")}
