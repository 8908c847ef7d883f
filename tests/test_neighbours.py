"""Guards that gradings that run at the same time don't harm each other, from the command to the report.

`tests/isolation_run.py` runs these as root without the user grader-worker, as root with it, and as a plain user.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from bundles import RIGHT, hand_in
from conftest import ROOT
from small_assignment import Project

from grader.authoring import record

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="nothing is graded elsewhere")]

POINTS = 4.5
PATIENCE = 100.0
"""Seconds to wait for what takes two on a machine that does nothing else."""
TASKS = 100
"""The tasks that Autolab allows a user, in all containers together."""
SLOW = "import time\ntime.sleep(3)\n" + RIGHT["line.py"]
"""A right hand-in that is still graded when its neighbour attacks."""
THREADS = """
import threading, time
threading.stack_size(32768)
made = 0
try:
    while made < 90:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
time.sleep(15)
"""
NEIGHBOUR = """
import os, signal
stages, pids, own = {stages!r}, {pids!r}, os.getcwd()
for pid in pids:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
            print("DID signal", pid)
        except OSError:
            pass
    for name in ("mem", "environ", "maps", "root/etc/passwd", "cwd/."):
        try:
            os.close(os.open(f"/proc/{{pid}}/{{name}}", os.O_RDONLY))
            print("DID open", pid, name)
        except OSError:
            pass
for folder, folders, files in os.walk(stages, topdown=False):
    if folder.startswith(own) or own.startswith(folder):
        continue
    for name in files:
        path = os.path.join(folder, name)
        for act in (lambda: open(path).close(), lambda: os.unlink(path)):
            try:
                act()
                print("DID reach", path)
            except OSError:
                pass
    for act in (lambda: open(os.path.join(folder, "planted.py"), "w").close(), lambda: os.rmdir(folder)):
        try:
            act()
            print("DID change", folder)
        except OSError:
            pass
print("TRIED", len(pids))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"))
    assignment = made.load()
    record.write(assignment, record.record(assignment))
    return made


@contextmanager
def graded(
    project: Project, folder: Path, text: str, stages: Path, limit: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a grading of one file; it is ended with the block."""
    source = hand_in(folder, {"line.py": text})
    arguments = ["grade", "small", str(source), "--project", str(project.root), "--format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(stages)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    report: dict[str, Any] = json.loads(out)
    return report


def below(pid: int) -> list[int]:
    """The ids of a process's children and of theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text("ascii").split()):
            found += [child, *below(child)]
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.fixture
def stages(tmp_path: Path) -> Path:
    folder = tmp_path / "stages"
    folder.mkdir(mode=0o755)
    return folder


def test_a_neighbours_processes_and_files_are_out_of_reach(project: Project, tmp_path: Path, stages: Path) -> None:
    with graded(project, tmp_path / "right", SLOW, stages) as right:
        # the zygotes, and the child in which the hand-in sleeps
        wait_for(lambda: len(below(right.pid)) >= 3)
        pids = below(right.pid)
        attack = NEIGHBOUR.format(stages=str(stages), pids=pids) + RIGHT["line.py"]
        with graded(project, tmp_path / "attack", attack, stages) as attacker:
            told = json.dumps(report_of(attacker))
        report = report_of(right)
    assert report["score"] == POINTS, report
    assert f"TRIED {len(pids)}" in told
    assert "DID" not in told
    assert not list(stages.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="the kernel doesn't limit root's tasks; run as a plain user too")
def test_ninety_threads_leave_enough_for_three_right_hand_ins(project: Project, tmp_path: Path, stages: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NPROC, (TASKS, TASKS))

    before = tasks()
    assert before < TASKS // 2, "this user runs too much else"
    with ExitStack() as opened:
        attacker = opened.enter_context(graded(project, tmp_path / "attack", THREADS, stages, limit))
        wait_for(lambda: tasks() - before > (TASKS - before) // 3)
        rights = [
            opened.enter_context(graded(project, tmp_path / f"right{number}", RIGHT["line.py"], stages, limit))
            for number in range(3)
        ]
        scores: Sequence[float] = [report_of(right)["score"] for right in rights]
        assert attacker.poll() is None, "the threads ended before the others were graded"
    assert scores == [POINTS] * 3


def tasks() -> int:
    """The number of threads that this user runs."""
    count = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == os.getuid():
                    count += len(os.listdir(entry / "task"))
            except OSError:
                continue
    return count
