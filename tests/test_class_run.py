"""A whole class through the command line: graded, resumed, compared with an earlier run, and closed to others."""

import csv
import fcntl
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.long

NAME = "cmu11785_hw1_bonus"
REFERENCE = ROOT / "reference" / NAME
DROPOUT = "mytorch/dropout.py"


def grade(source: Path, run: Path, *options: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "grader", "class", NAME, source, "-o", run, "--jobs", "2"]
    done = subprocess.run(
        [*map(str, command), *map(str, options)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def scores(run: Path) -> dict[str, str]:
    with (run / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return {row["key"]: row["score"] for row in csv.DictReader(file)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two right hand-ins, one without its dropout, and one that isn't an archive."""
    source = tmp_path / "hand-ins"
    for name in ("ada", "ben", "cleo"):
        shutil.copytree(REFERENCE, source / name)
    (source / "cleo" / DROPOUT).unlink()
    (source / "dan.zip").write_bytes(b"not a zip")
    return source


def test_a_class_is_graded_kept_and_compared(source: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = grade(source, run)
    assert "4 graded" in done.stdout
    assert f"a person must look at 1 of them; {run / 'problems.csv'} says why" in done.stdout
    assert "autolab.csv" not in done.stderr  # nobody has an address
    assert scores(run) == {"ada": "15", "ben": "15", "cleo": "5", "dan": "0"}
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    kept = {file.name: file.stat().st_mtime_ns for file in (run / "reports").iterdir()}
    assert len(kept) == 4
    book = (run / "gradebook.csv").read_bytes()

    # a second call grades nothing again
    done = grade(source, run, "--against", run)
    assert f"0 of 4 hand-ins lose points against {run}, 0 gain, 4 have no change" in done.stderr
    assert {file.name: file.stat().st_mtime_ns for file in (run / "reports").iterdir()} == kept
    assert (run / "gradebook.csv").read_bytes() == book

    # a changed hand-in is graded again, alone; whoever loses points makes the exit code 1
    (source / "ben" / DROPOUT).unlink()
    again = tmp_path / "again"
    shutil.copytree(run, again)
    done = grade(source, again, "--against", run, code=1)
    assert f"1 of 4 hand-ins lose points against {run}, 0 gain, 3 have no change: see report.html" in done.stderr
    assert scores(again)["ben"] == "5"
    assert len(list((again / "reports").iterdir())) == 5
    page = (again / "report.html").read_text("utf-8")
    assert "ben" in page
    assert "For staff only" in page


def test_shards_are_put_together(source: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for number in (1, 2):
        grade(source, run, "--shard", f"{number}/2")
    kept = {file.name: file.stat().st_mtime_ns for file in (run / "reports").iterdir()}
    grade(source, run)
    assert {file.name: file.stat().st_mtime_ns for file in (run / "reports").iterdir()} == kept
    assert scores(run) == {"ada": "15", "ben": "15", "cleo": "5", "dan": "0"}


def test_two_calls_dont_share_a_run(source: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "reports").mkdir()
    lock = os.open(run / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "in use by" in grade(source, run, code=2).stderr
    finally:
        os.close(lock)


def test_a_folder_of_something_else_isnt_a_run(source: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine", "utf-8")
    assert "has other files" in grade(source, tmp_path / "run", code=2).stderr


def test_a_call_names_one_thing_to_grade_with(source: Path, tmp_path: Path) -> None:
    grade(source, tmp_path / "run", "--suite", source, code=2)
    grade(tmp_path / "nowhere", tmp_path / "run", code=2)
