"""The runner: a process that forks a judge, which grades attacks, and then examines the leftovers of each attack.

No code of an attack runs in the runner or in the judge. A judge grades many attacks with one worker, because starting a
worker costs more than the tests, or (`fresh`) a single attack, as in a real grading.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import hostile_judge
from hostile_archives import ARCHIVES
from hostile_samples import Outcome, Planted, Verdict, build, samples

from grader.errors import InternalError
from grader.fixtures import load_current
from grader.levels import Level
from grader.questions import read_questions
from grader.sandbox.processes import become_subreaper, children
from grader.sandbox.worker import Worker

PATIENCE = 120.0
"""How long one grading may take before it counts as hung; far above what the limits allow."""
SCRIPT = Path(__file__).with_name("hostile_run.py")
WATCHED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


def attacks() -> dict[str, Verdict]:
    """Every attack by name: the samples, and the archives."""
    return samples() | {f"archive:{name}": archive.verdict for name, archive in ARCHIVES.items()}


@dataclass
class _Judge:
    """A judge process, for one attack or for many."""

    pid: int
    level: Level
    scratch: Path
    orders: IO[str]
    answers: int


class Runner:
    """The loop of a runner process."""

    def __init__(self, planted: Planted, *, boxed: bool, fresh: bool) -> None:
        self.planted = planted
        self.boxed = boxed
        self.fresh = fresh
        """Whether each attack gets a judge of its own, as in earnest."""
        self.verdicts = attacks()
        self.base = Path(tempfile.mkdtemp(prefix="hostile-"))
        self.base.chmod(0o755)
        self.intact = _fingerprint(planted.project)
        self.known = {os.getpid(), 1, os.getppid()}
        self.files = _listed()
        self._judge: _Judge | None = None

    def attack(self, name: str, level: Level) -> Outcome:
        """Make one attack."""
        folder = Path(tempfile.mkdtemp(dir=self.base))
        folder.chmod(0o755)
        if name.startswith("archive:"):
            archive = ARCHIVES[name.partition(":")[2]]
            source = folder / f"handin{archive.suffix}"
            archive.make(source)
        else:
            source = build(name, self.verdicts[name], folder / "submission", self.planted.project)
        start = time.monotonic()
        outcome, spared = self._order(name, source, level)
        if self.fresh or outcome.problems():
            # whatever went wrong shall not be laid to the attacks that follow; and a worker that didn't get ready has
            # processes that its judge doesn't name, so they may only be counted as left when the judge is gone
            outcome.through += self.end()
        outcome.through += self._left(spared)
        outcome.seconds = time.monotonic() - start
        _remove(folder)
        return outcome

    def end(self) -> list[str]:
        """Let the judge go; return what it leaves."""
        judge, self._judge = self._judge, None
        if judge is None:
            return []
        judge.orders.close()
        deadline = time.monotonic() + 20
        while os.waitpid(judge.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(judge.pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.005)
        os.close(judge.answers)
        left = sorted(path.name for path in judge.scratch.iterdir())
        _remove(judge.scratch)
        return [f"left in the folder for temporary files: {left}"] if left else []

    def _order(self, name: str, source: Path, level: Level) -> tuple[Outcome, set[int]]:
        """Have the judge grade; return what came of it and the processes that may live on."""
        if self._judge is not None and self._judge.level != level:
            self.end()
        judge = self._judge = self._judge or self._start(level)
        verdict = self.verdicts[name]
        line, died = b"", ""
        try:
            judge.orders.write(json.dumps({"name": name, "source": str(source)}) + "\n")
            judge.orders.flush()
            deadline = time.monotonic() + PATIENCE
            while not line.endswith(b"\n"):
                if not select.select([judge.answers], [], [], max(deadline - time.monotonic(), 0))[0]:
                    died = "the judge hung"
                    break
                chunk = os.read(judge.answers, 2**16)
                if not chunk:
                    died = "the judge died"
                    break
                line += chunk
        except BrokenPipeError:
            died = "the judge died"
        if not died:
            answer = json.loads(line)
            outcome = Outcome(**answer["outcome"])
            if not outcome.layers:
                outcome.stopped = verdict.stopped_at(level)
            return outcome, {judge.pid, *answer["children"]}
        self._judge = None
        if died == "the judge hung":
            os.kill(judge.pid, signal.SIGKILL)
        os.close(judge.answers)
        _, status = os.waitpid(judge.pid, 0)
        _remove(judge.scratch)
        how = f" by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else ""
        return Outcome(name, stopped=verdict.stopped_at(level), through=[died + how]), set()

    def _start(self, level: Level) -> _Judge:
        scratch = Path(tempfile.mkdtemp(dir=self.base))
        scratch.chmod(0o755)
        orders, ours = os.pipe()
        answers, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.close(ours)
                os.close(answers)
                tempfile.tempdir = str(scratch)
                self._serve(os.fdopen(orders, encoding="utf-8"), os.fdopen(theirs, "w", encoding="utf-8"), level)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            os._exit(70)
        os.close(orders)
        os.close(theirs)
        return _Judge(pid, level, scratch, os.fdopen(ours, "w", encoding="utf-8"), answers)

    def _serve(self, orders: IO[str], answers: IO[str], level: Level) -> None:
        """The judge's loop, with one worker for all attacks: starting one costs more than the tests."""
        with contextlib.ExitStack() as stack:
            worker = fixtures = None
            if not self.fresh:
                assignment = hostile_judge.load(self.planted)
                worker = stack.enter_context(Worker(assignment, read_questions(assignment), level=level))
                fixtures = load_current(assignment)
            for line in orders:
                order = json.loads(line)
                name = order["name"]
                # the greatest size so far starts anew, where the kernel allows it
                with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
                    file.write("5")
                if worker is not None:
                    with contextlib.suppress(InternalError):
                        worker.wait_ready()  # where a hand-in is refused before: its own children come and go till then
                verdict, source = self.verdicts[name], Path(order["source"])
                try:
                    outcome = hostile_judge.judge(name, verdict, source, self.planted, level, worker, fixtures)
                except BaseException as error:
                    outcome = Outcome(name, through=[_shortly(error)])
                own = sorted(worker.processes if worker is not None else children())[:2]
                answers.write(json.dumps({"outcome": dataclasses.asdict(outcome), "children": own}) + "\n")
                answers.flush()

    def _left(self, spared: set[int]) -> list[str]:
        """What is left of processes and files; removes it."""
        found = []
        for pid, what in self._processes(spared).items():
            found.append(f"left alive: {what}")
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self._processes(spared) and time.monotonic() < deadline:
            time.sleep(0.005)
        for path in sorted(_listed() - self.files):
            found.append(f"left behind: {path}")
            _remove(path)
        if _fingerprint(self.planted.project) != self.intact:
            found.append("the project was changed")
            self.intact = _fingerprint(self.planted.project)
        return found

    def _processes(self, spared: set[int]) -> dict[int, str]:
        """Processes that nobody but an attack can have left; in a box, every other one."""
        found, parents = {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:80]
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            if fields[0] not in "ZX":
                found[int(entry.name)] = f"{command} ({fields[0]})"
            elif parents[int(entry.name)] == os.getpid() and int(entry.name) not in spared:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(int(entry.name), os.WNOHANG)
        if not self.boxed:
            below = {os.getpid()}
            while more := {pid for pid, parent in parents.items() if parent in below} - below:
                below |= more
            found = {pid: what for pid, what in found.items() if pid in below}
        return {pid: what for pid, what in found.items() if pid not in self.known | spared}


def _shortly(error: BaseException) -> str:
    """An exception of the judge's in a line: what, and where in the grader."""
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/grader/" in frame.filename
    ]
    return f"the judge raised {type(error).__name__}: {str(error)[:300]} (at {', '.join(places[-3:])})"


def _remove(path: Path) -> None:
    """Remove whatever it is, however deep."""
    subprocess.run(["rm", "-rf", "--", str(path)], check=False, stderr=subprocess.DEVNULL)


def _listed() -> set[Path]:
    """What lies in the folders that everybody may write to and bears the attacks' mark."""
    return {path for folder in WATCHED if folder.is_dir() for path in folder.glob("*left-by-hostile*")}


def _fingerprint(project: Path) -> dict[str, bytes]:
    return {str(file.relative_to(project)): file.read_bytes() for file in project.rglob("*") if file.is_file()}


def serve(*, boxed: bool, fresh: bool) -> None:
    """Read orders as lines of JSON, write outcomes as lines of JSON."""
    import grader.export.terminal  # noqa: F401  # loaded once here instead of in each judge

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    become_subreaper()
    order = json.loads(sys.stdin.readline())
    runner = Runner(Planted(Path(order["project"]), tuple(order["canaries"])), boxed=boxed, fresh=fresh)
    # not the file's own iterator, which reads ahead
    while line := sys.stdin.readline():
        order = json.loads(line)
        done = runner.attack(order["name"], order["level"]) if order["name"] else Outcome("", through=runner.end())
        answers.write(json.dumps(dataclasses.asdict(done)) + "\n")
        answers.flush()
    _remove(runner.base)


class Session:
    """The driver's handle on a runner; a new one is started where an attack killed the last."""

    def __init__(self, planted: Planted, command: Sequence[str]) -> None:
        self.planted = planted
        self.command = command
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def end(self) -> list[str]:
        """Let the judge go and return what it leaves."""
        if self._process is None:
            return []
        return self.attack("", Verdict("", ""), "none").through

    def close(self) -> None:
        """End the runner."""
        if self._process is not None:
            with self._process as process:
                _stream(process.stdin).close()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            self._process = None

    def attack(self, name: str, verdict: Verdict, level: Level) -> Outcome:
        """Have one attack made."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *self.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            )
            self._send({"project": str(self.planted.project), "canaries": self.planted.canaries})
        self._send({"name": name, "level": level})
        line = _stream(self._process.stdout).readline()
        if line:
            return Outcome(**json.loads(line))
        self.close()
        return Outcome(name, stopped=verdict.stopped_at(level), through=["the judge's parents died with it"])

    def _send(self, value: Mapping[str, Any]) -> None:
        assert self._process is not None
        stream = _stream(self._process.stdin)
        stream.write(json.dumps(value) + "\n")
        stream.flush()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
