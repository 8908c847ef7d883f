"""Runs a small class through the command line, while its processes are killed or its files change.

The class has right and wrong hand-ins, one that isn't an archive, one that hangs, one that takes all memory, one that
ends its process, and two of one student; the roster has a student who handed in nothing.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path

from small_assignment import LINE, NAME, VARIANTS, VARIANTS_FILE, Project

from grader.authoring.record import record, write

SECONDS = 180
_BACKWARD = "return self.slope * np.asarray(delta)"
_FORWARD = "return scaled + self.offset"
WRONG = {
    "offset": (_FORWARD, "return scaled"),
    "sign": (_BACKWARD, "return -self.slope * np.asarray(delta)"),
    "hang": (_BACKWARD, "while True: pass"),
    "memory": (_BACKWARD, "return [bytes(2**30) for _ in range(64)]"),
    "exit": (_BACKWARD, "import os; os._exit(0)"),
    "killed": (_BACKWARD, "import os; os.kill(os.getpid(), 9)"),
    "interrupt": (_BACKWARD, "import os; os.kill(os.getpid(), 2)"),
    "broken": ('"""A line."""', "def ("),
}


class SmallClass:
    """A project, and a folder of hand-ins."""

    def __init__(self, place: Path) -> None:
        """Record the small assignment below `place`."""
        self.project = Project(place / "course")
        self.project.write(VARIANTS_FILE, VARIANTS)
        assignment = self.project.load()
        write(assignment, record(assignment))
        self.source = place / "hand-ins"
        self.right = self.project.file(LINE).read_text("utf-8")

    def copy(self, place: Path) -> "SmallClass":
        """Return another one below `place`, with the same fixtures."""
        other = copy(self)
        shutil.copytree(self.source.parent, place)
        other.project, other.source = copy(self.project), place / self.source.name
        other.project.root = place / self.project.root.name
        return other

    def fill(self, number: int) -> None:
        """Write so many hand-ins, right and wrong in turn, beside those that are there."""
        texts = [self.right, self.text("offset"), self.right, self.text("sign"), self.text("broken")]
        for index in range(number):
            if not (self.source / f"student{index:02}").exists():
                self.add(f"student{index:02}", texts[index % len(texts)])

    def fill_odd(self) -> None:
        """Write those that hang, take all memory, end or kill themselves, or can't be read, two of one student."""
        for kind in ("hang", "memory", "exit", "killed", "interrupt"):
            self.add(kind, self.text(kind))
        (self.source / "letter.zip").write_bytes(b"Dear professor, my laptop was stolen")
        self.add("twice", self.right)
        shutil.make_archive(str(self.source / "twice"), "zip", self.source / "twice")

    def text(self, kind: str) -> str:
        old, new = WRONG[kind]
        assert self.right.count(old) == 1
        return self.right.replace(old, new)

    def add(self, student: str, text: str) -> Path:
        file = self.source / student / "line.py"
        file.parent.mkdir(parents=True)
        file.write_text(text, "utf-8")
        return file

    def start(self, run: Path, *options: object, jobs: int = 1) -> subprocess.Popen[str]:
        """Start a call; its own processes are in a session of their own."""
        command = [sys.executable, "-P", "-m", "grader", "class", NAME, self.source, "-o", run, "--jobs", jobs]
        return subprocess.Popen(
            [*map(str, command), "--project", str(self.project.root), "--test-seconds", "2", *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def grade(self, run: Path, *options: object, jobs: int = 1, code: int = 0) -> str:
        """Make a whole call; return what it said."""
        return finish(self.start(run, *options, jobs=jobs), code)


def finish(process: subprocess.Popen[str], code: int | None = 0) -> str:
    """Wait until a call ends; return what it said."""
    out, err = process.communicate(timeout=SECONDS)
    assert code is None or process.returncode == code, f"code {process.returncode}\n{out}{err}"
    return out + err


def reports(run: Path) -> list[Path]:
    return sorted((run / "reports").glob("[!.]*.json"))


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for a condition, or until a process has ended."""
    end = time.monotonic() + SECONDS
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def table(run: Path, name: str = "gradebook.csv") -> bytes:
    return (run / name).read_bytes()


def leftovers(run: Path) -> list[Path]:
    """What a call that ended well doesn't leave behind."""
    return [*run.glob("**/.grader-*"), *run.glob(".stage/*")]


def children(pid: int) -> list[int]:
    """The processes that a process started; those of all its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text("ascii").split()]
    return found


def judges(pid: int) -> list[int]:
    """The judges of a call: its children that have children, because multiprocessing has helpers too."""
    return [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def zygotes(pid: int) -> list[int]:
    return [child for judge in judges(pid) for child in children(judge)]


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[tuple[Path, subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]]:
    """A Dask cluster on this machine's loopback: its scheduler file, the scheduler, and workers below nannies."""
    file = folder / "scheduler.json"
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(file)], **quiet)  # type: ignore[call-overload]
    started: list[subprocess.Popen[bytes]] = []
    try:
        wait_until(file.exists)
        for _ in range(workers):
            started.append(dask_worker(folder, environment))
        yield file, scheduler, started
    finally:
        for process in (*started, scheduler):
            process.terminate()
        for process in (*started, scheduler):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def dask_worker(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """One more worker of a cluster."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(folder / "scheduler.json")]
    options = ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--death-timeout", "15"]
    return subprocess.Popen(
        [*command, *options, "--local-directory", str(folder)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
