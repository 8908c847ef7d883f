"""Helpers that several test files share: the homework, submissions laid over its reference, processes."""

import os
import shutil
import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest
from handins import guarded
from hostile_summary import pytest_terminal_summary  # noqa: F401  # a hook of pytest's: prints one line at the end
from hypothesis import settings
from strict_json import strict_loads, validate

from grader.assignment import Assignment
from grader.export.gradescope import to_gradescope
from grader.fixtures import Fixtures, load_current
from grader.intake import take
from grader.intake.limits import Budget, Caps
from grader.report import Report
from grader.settings import load_assignment

ROOT = Path(__file__).resolve().parent.parent
BONUS = "cmu11785_hw1_bonus"

# the same examples in every run, and nothing of Hypothesis in the project's folder
settings.register_profile("project", database=None, derandomize=True, deadline=None)
settings.load_profile("project")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".pytest_cache" / "hypothesis"))

# two test processes share the machine: a library's threads would wait for each other longer than they compute
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# started before any worker: a worker that lives through several tests would take it for something a hand-in left behind
resource_tracker.ensure_running()

Overlay = Callable[[Mapping[str, str]], Path]
"""Makes a submission: the reference, with the given files (relative path to text) written over it."""


@pytest.fixture(scope="session")
def bonus() -> Assignment:
    """The homework that most tests grade."""
    return load_assignment(ROOT, BONUS)


@pytest.fixture(scope="session")
def answers(bonus: Assignment) -> Fixtures:
    """What the judge compares with; no submission may see any of it."""
    return load_current(bonus)


@pytest.fixture
def overlay(bonus: Assignment, tmp_path: Path) -> Overlay:
    """Make submissions below the test's own folder."""

    def make(files: Mapping[str, str]) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="submission-", dir=tmp_path))
        shutil.copytree(
            bonus.reference, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
        )
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return folder

    return make


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which this process makes its temporary files, so that a test sees what is left."""
    tmp_path_factory.getbasetemp()  # or pytest's own folder would be made in here
    folder = Path(tempfile.mkdtemp(prefix="scratch-"))
    folder.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    # Python's own rmtree gives up on folders that are nested too deep, and a test makes such
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def nothing_left(scratch: Path) -> Iterator[None]:
    """Fail the test when a process that it started is alive afterwards, or a temporary file is still there."""
    before = descendants()
    yield
    left = {pid: _command(pid) for pid in descendants() - before}
    assert not left, f"processes are still alive: {left}"
    assert not list(scratch.iterdir()), "temporary files are left"


def descendants() -> set[int]:
    """Return the ids of all processes below this one; zombies count."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    except OSError:
        return "?"


def alive(pid: int) -> bool:
    """Whether a process exists and isn't a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    """Demand that no more than `limit` bytes are taken inside the block at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def check_complete(report: Report, answers: Fixtures) -> dict[str, Any]:
    """Demand every test with its own maximum, in order, in a report that Gradescope takes; return what it takes."""
    assert [(test.id, test.max_score) for test in report.tests] == [(test.id, test.points) for test in answers.tests]
    assert report.max_score == sum(test.points for test in answers.tests)
    for test in report.tests:
        assert 0 <= test.score <= test.max_score
        assert test.max_score == 0 or (test.status == "passed") == (test.score == test.max_score), test
    results: dict[str, Any] = strict_loads(to_gradescope(report))
    validate("gradescope-results", results)
    assert len(results["tests"]) == len(answers.tests)
    return results


@pytest.fixture
def small_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of intake with small numbers, so that a bomb can be small too."""
    small = Caps(
        archive_bytes=4 * 2**20, moved_bytes=8 * 2**20, total_bytes=2**20, file_bytes=2**18, members=500, entries=1000
    )
    monkeypatch.setattr(take, "Budget", lambda: Budget(small))


@pytest.fixture
def into(tmp_path: Path) -> Iterator[Path]:
    """The target, watched."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "sentinel.py").write_text("secret = 1\n", "utf-8")
    with guarded(tmp_path) as folder:
        yield folder


@pytest.fixture
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where hand-ins are made: away from the watched folder."""
    return tmp_path_factory.mktemp("made")
