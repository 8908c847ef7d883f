"""Nothing of a class is ever lost, and no fault of ours or of the machine is a student's score."""

import csv
import os
import random
import resource
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from class_runs import (
    SmallClass,
    dask,
    dask_worker,
    finish,
    judges,
    kill,
    leftovers,
    reports,
    table,
    wait_until,
    zygotes,
)

from grader.classroom.local import fitting_jobs
from grader.classroom.run import Progress, run_class
from grader.classroom.store import Store
from grader.classroom.stored import encode
from grader.errors import InternalError
from grader.gradebook import ClassList, HandIn, Student
from grader.report import Report
from grader.sandbox.pool import Pool

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("GRADER_CLASS_KILLS", "20"))
"""`make class-kills` kills more often, in a larger class."""
ALONE = {"student00": "4.5", "student01": "1.5", "student02": "4.5", "student03": "3", "student04": "0"}


def rows(run: Path, name: str = "gradebook.csv") -> dict[str, dict[str, str]]:
    with (run / name).open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def scores(run: Path) -> dict[str, str]:
    return {key: row["score"] for key, row in rows(run).items()}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallClass:
    """Five right and wrong hand-ins, and nothing odd."""
    made = SmallClass(tmp_path_factory.mktemp("small"))
    made.fill(5)
    return made


@pytest.fixture(scope="session")
def undisturbed(small: SmallClass, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    small.grade(run)
    assert scores(run) == ALONE
    return run


@pytest.fixture
def own(small: SmallClass, tmp_path: Path) -> SmallClass:
    """A class that a test may change."""
    return small.copy(tmp_path / "own")


@contextmanager
def closes_badly() -> Iterator[int]:
    yield 6
    raise OSError("a folder that can't be removed")


def times(held: int, number: int) -> int:
    return held * number


def test_a_process_that_cannot_close_ends_all_the_same() -> None:
    """It waited for a task that never came, and the class for it, with everything graded and nothing written."""
    done: list[int] = []

    def use() -> None:
        with Pool(1, closes_badly) as pool:
            done.append(pool.submit(times, 7).result())
        done.append(0)

    thread = threading.Thread(target=use, daemon=True)
    thread.start()
    thread.join(60)
    assert done == [42, 0]


def test_odd_hand_ins_cost_only_themselves(own: SmallClass, tmp_path: Path) -> None:
    """Memory, a hang, an exit, a damaged archive, two hand-ins of one student, and nobody's hand-in."""
    own.fill_odd()
    roster = tmp_path / "roster.csv"
    names = [entry.stem for entry in own.source.iterdir()]
    roster.write_text("\n".join(["key", *sorted({*names, "ghost"})]) + "\n", "utf-8")
    run = tmp_path / "run"
    said = own.grade(run, "--roster", roster, jobs=2)
    assert "2 at once" in said
    gradebook, problems = rows(run), rows(run, "problems.csv")
    odd = {
        **dict.fromkeys(("hang", "memory", "exit", "killed", "interrupt"), "3"),
        "letter": "0",
        "twice": "",
        "ghost": "",
    }
    assert scores(run) == ALONE | odd
    assert (gradebook["ghost"]["status"], gradebook["twice"]["status"]) == ("no submission", "not graded")
    assert set(problems) == {"letter", "twice", "student04", "killed"}
    assert "letter.zip" in problems["letter"]["problem"], problems["letter"]["problem"]
    assert "line.py, line 1" in problems["student04"]["problem"]
    assert "if the machine had too little of it, grade again" in problems["killed"]["problem"]
    # a class itself ignores interrupts, and yet its students' code starts as it does alone
    (interrupted,) = run.glob("reports/interrupt-*.json")
    assert "KeyboardInterrupt" in interrupted.read_text("utf-8")
    assert "several hand-ins" in problems["twice"]["problem"]
    # the run's folder is its owner's alone, and a second run of the same class is equal
    assert not [file for file in (run, *run.rglob("*")) if file.stat().st_mode & 0o077]
    again = tmp_path / "again"
    own.grade(again, "--roster", roster)
    assert scores(again) == scores(run)
    for name in ("gradebook.csv", "problems.csv", "plain.csv", "canvas.csv", "autolab.csv"):
        assert table(again, name) == table(run, name)


@pytest.mark.parametrize("victims", [judges, zygotes])
def test_a_killed_process_costs_nothing(small: SmallClass, undisturbed: Path, tmp_path: Path, victims: object) -> None:
    assert callable(victims)
    run = tmp_path / "run"
    process = small.start(run)
    wait_until(lambda: reports(run), process)
    found = victims(process.pid)
    assert found, "the call ended before anything could be killed"
    for pid in found:
        kill(pid)
    finish(process)
    assert table(run) == table(undisturbed)
    assert not leftovers(run)


def _has(run: Path, number: int) -> bool:
    return len(reports(run)) >= number


def test_killed_runs_are_resumed(small: SmallClass, tmp_path: Path) -> None:
    """Killed at random moments, and resumed until it is whole, a class has the gradebook of an undisturbed run."""
    small = small.copy(tmp_path / "small")
    small.fill(60 if KILLS > 20 else 20)
    undisturbed = tmp_path / "undisturbed"
    small.grade(undisturbed)
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown if the test fails
    chance = random.Random(seed)
    run, whole = tmp_path / "run", 0
    for number in range(KILLS):
        process = small.start(tmp_path / f"run{number}" if whole else run)
        run = tmp_path / f"run{number}" if whole else run
        wanted = len(reports(run)) + chance.choice((0, 1, 1, 2, 2, 3, 3, 5, 8, 1000))
        wait_until(partial(_has, run, wanted), process)
        time.sleep(chance.random() * chance.choice((0.01, 0.5)))
        kill(process.pid)
        assert "Traceback" not in finish(process, None)
        whole = (run / "gradebook.csv").exists()
        if whole:
            small.grade(run)
            assert table(run) == table(undisturbed)
    small.grade(run)
    assert table(run) == table(undisturbed)
    assert table(run, "class.json") == table(undisturbed, "class.json")
    assert not leftovers(run)


def test_a_full_disk_stops_the_run_and_keeps_what_is_there(
    small: SmallClass, undisturbed: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    process = small.start(run)
    wait_until(lambda: len(reports(run)) >= 2, process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))  # EFBIG, which the machine causes like ENOSPC
    said = finish(process, 3)
    assert "File too large" in said
    kept = {file: file.stat().st_mtime_ns for file in reports(run)}
    assert 2 <= len(kept) < 5
    assert not leftovers(run)
    small.grade(run)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert table(run) == table(undisturbed)


def test_a_disk_without_room_is_told_at_the_start(tmp_path: Path) -> None:
    with Store(tmp_path / "run") as store, pytest.raises(InternalError, match="MiB of free space"):
        store.demand_space(10**12)


def test_a_run_has_one_call_at_a_time(small: SmallClass, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = small.start(run)
    wait_until(lambda: reports(run), first)
    assert f"process {first.pid}" in small.grade(run, code=2)
    finish(first)
    assert table(run) == table(undisturbed)


def test_fixtures_that_change_stop_the_run(own: SmallClass, tmp_path: Path) -> None:
    run = tmp_path / "run"
    fixtures = next(own.project.root.glob("testcases/*/fixtures/graded.npz"))
    process = own.start(run)
    wait_until(lambda: reports(run), process)
    before = fixtures.read_bytes()
    fixtures.rename(fixtures.with_suffix(".old"))
    fixtures.write_bytes(before)
    assert "the fixtures changed while the class was graded" in finish(process, 2)
    assert 1 <= len(reports(run)) < 5
    own.grade(run)
    assert len(reports(run)) == 5, "the same fixtures are no others, so what was graded counts"
    assert scores(run) == ALONE


def test_a_hand_in_that_changes_isnt_graded(own: SmallClass, tmp_path: Path) -> None:
    run = tmp_path / "run"
    notes = own.source / "student01" / "notes.txt"
    process = own.start(run)

    def write() -> None:
        with notes.open("ab", buffering=0) as file:  # it only grows, so it is never as it was
            while process.poll() is None:
                file.write(b".")
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    finish(process, 3)
    writer.join()
    assert scores(run) == {**ALONE, "student01": ""}
    assert "it changed while it was graded" in rows(run, "problems.csv")["student01"]["problem"]
    own.grade(run)
    assert scores(run) == ALONE


class OneIsSlow:
    """An engine that has all reports but one at once."""

    state, isolation, width = "state", "none", 3

    def __init__(self, slow: str) -> None:
        self.slow, self.report, self.ended = slow, encode(Report("line", "Line", (), ())), Future[str]()

    def submit(self, path: Path) -> Future[str]:
        future = self.ended if path.name == self.slow else Future[str]()
        if path.name != self.slow:
            future.set_result(self.report)
        return future

    def abandon(self) -> None:
        pytest.fail("nobody interrupts")


def test_a_run_names_the_hand_in_that_it_waits_for(tmp_path: Path) -> None:
    """Otherwise an endless loop in one of them, which costs a time limit in each test, looks like a fault of ours."""
    for key in ("ann", "bob", "cleo", "dan"):
        (tmp_path / "hand-ins" / key).mkdir(parents=True)
    hand_ins = [HandIn(file.name, (Student(file.name),), file) for file in sorted((tmp_path / "hand-ins").iterdir())]
    engine, seen = OneIsSlow("bob"), list[str]()

    def show(progress: Progress) -> None:
        seen.append(progress.slowest)
        if progress.slowest:
            engine.ended.set_result(engine.report)

    with Store(tmp_path / "run", shared=False) as store:
        book, _ = run_class(
            ClassList("plain", "", tuple(hand_ins)), store, engine, assignment=None, title="", show=show
        )
    assert [entry.standing for entry in book.entries] == ["graded"] * 4
    assert set(seen) == {"", "bob"}


def test_an_interrupt_finishes_what_runs(small: SmallClass, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = small.start(run)
    wait_until(lambda: reports(run), process)
    process.send_signal(signal.SIGINT)
    assert "incomplete" in finish(process, 130)
    found = scores(run)
    assert set(found) == set(ALONE)
    assert "" in found.values()
    assert all(score in ("", ALONE[key]) for key, score in found.items())
    assert "stopped before it" in rows(run, "problems.csv")["student04"]["problem"]
    small.grade(run)
    assert table(run) == table(undisturbed)


def test_an_interrupt_of_the_terminal_leaves_no_traceback(small: SmallClass, tmp_path: Path) -> None:
    """It reaches the processes too, however early."""
    process = small.start(tmp_path / "run", jobs=2)
    wait_until(lambda: judges(process.pid), process)
    os.killpg(process.pid, signal.SIGINT)
    assert "Traceback" not in finish(process, 130)


def test_a_cluster_may_lose_workers_gain_them_and_end(small: SmallClass, undisturbed: Path, tmp_path: Path) -> None:
    run, cut = tmp_path / "run", tmp_path / "cut"
    with dask(tmp_path, 2) as (file, scheduler, workers):
        process = small.start(run, "--scheduler-file", file)
        wait_until(lambda: reports(run), process)
        workers[0].kill()
        workers.append(dask_worker(tmp_path, dict(os.environ)))
        finish(process)
        assert table(run) == table(undisturbed)

        process = small.start(cut, "--scheduler-file", file)
        wait_until(lambda: reports(cut), process)
        scheduler.kill()
        said = finish(process, 3)
        assert "what was graded is kept" in said or "all that was graded is kept" in said
    kept = {report: report.stat().st_mtime_ns for report in reports(cut)}
    assert kept
    small.grade(cut)
    assert {report: report.stat().st_mtime_ns for report in kept} == kept
    assert table(cut) == table(undisturbed)


def test_no_more_processes_than_fit_into_the_memory() -> None:
    assert fitting_jobs(10**6, 512) < 10**5
    assert fitting_jobs(4, 10**9) == 1
