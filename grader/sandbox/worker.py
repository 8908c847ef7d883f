"""The judge's handle on the untrusted side: starts the zygote and its twin, requests runs, enforces deadlines.

It doesn't import numpy: the zygote takes longest to start, so it starts before the judge loads anything.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import re
import select
import shutil
import socket
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from grader.assignment import Assignment, Limits
from grader.described import Described
from grader.errors import AssignmentError, InternalError, UsageError
from grader.folders import DATA
from grader.levels import Level
from grader.questions import Questions, seed_of
from grader.sandbox import launch
from grader.sandbox.identity import identity
from grader.sandbox.libc import PR_SET_DUMPABLE, prctl
from grader.sandbox.paths import needed_paths, readable_paths
from grader.sandbox.probe import broken_layers, lay_out
from grader.sandbox.processes import become_subreaper, children, kill_children
from grader.sandbox.protocol import (
    MESSAGE_BYTES,
    Command,
    Conversion,
    Message,
    Problem,
    Ready,
    Settings,
    decode,
    encode,
)
from grader.sandbox.scratch import Scratch, settle_times
from grader.sandbox.slow import slow_imports
from grader.sandbox.stage import Stage

if TYPE_CHECKING:
    from grader.recording import Recording
    from grader.sandbox.wire import Prepared

COLLECT_SECONDS = 120.0
"""How long loading the libraries and the tests may take; torch on half a core needs a dozen seconds."""
_PROGRAMS = ("/bin", "/sbin", "/etc/alternatives", "/etc/passwd", "/etc/group", "/dev/shm", "/dev/urandom")
"""What programs read in addition to libraries; /dev/shm is for semaphores between processes."""
_WARM_UP = """import numpy as np

def test_warm_up(submission, rng, check):
    with check.seeded(0):
        x = rng.normal(size=(64, 64)) @ np.ones((64, 64)) * np.random.binomial(1, 0.5, (64, 64))
    check("x", x)
    check("number", 1.0)

def test_convert(submission, check):
    from pathlib import Path
    from grader.testing.cells.child import convert_all
    convert_all(Path(__file__).with_name("notebooks.json"), submission, check)
"""
_CONVERT = "test_warm_up.py::test_convert"
_CELLS = ("grader.testing.cells.child", "grader.testing.cells.load")
"""What converts notebooks and runs what was made of them; most hand-ins need neither."""
_CONVERT_LIMITS = Limits(test_seconds=20, memory_mb=1024)
"""For all notebooks of a hand-in; a real one takes a tenth of a second."""


class Worker:
    """The processes that run one assignment's tests; a context manager that leaves no process and no file behind.

    A zygote holds the visible tests. Its twin holds the hidden tests, if there are any: see `child.zygote`.
    Use one Worker at a time in a process: a Worker kills every child process that was started after it.
    """

    def __init__(
        self,
        assignment: Assignment,
        questions: Questions,
        zygote: launch.Zygote | None = None,
        level: Level = "full",
        *,
        beside: str = "",
        readable: Sequence[Path] = (),
        lasting: bool = False,
    ) -> None:
        """Start to load the tests and return at once.

        Args:
            assignment: whose tests to load.
            questions: the tests' texts, and their seed.
            zygote: a zygote that was started before; None starts a new one.
            level: the strongest isolation to use; layers that this machine doesn't support are omitted.
            beside: the name of a second folder that student code may read, beside the submission's.
            readable: other folders that it may read.
            lasting: whether each test of a child finds what the tests before it left behind.
        """
        if sys.platform != "linux":
            raise UsageError("grading needs Linux; elsewhere use `grader check`, or grade in the Docker image")
        _demand_library(assignment)
        self.assignment = assignment
        self.tests: tuple[Described, ...] = ()
        """The collected tests, visible ones first; only a record run uses their fields other than the id."""
        self.layers: tuple[str, ...] = ()
        """The layers of isolation that hold; known when the worker is ready."""
        self.processes: frozenset[int] = frozenset()
        """The ids of the zygote and its twin, when the worker is ready."""
        self.probe: Mapping[str, bool] = {}
        """For each action of the self-probe, whether it succeeded inside the jail."""
        self.waited = 0.0
        """The seconds in which children were ready to run and had no processor, since this worker's start."""
        self.level = level
        self.lasting = lasting
        self._identity = identity() if level == "full" else None
        self.user = self._identity.user if self._identity is not None else None
        self._seed = questions.seed
        self._readable = readable_paths()
        if assignment.limits.programs:
            interpreters = {Path(sys.executable).parent, Path(sys.executable).resolve().parent}
            self._readable = (*self._readable, *_PROGRAMS, *map(str, sorted(interpreters)))
        self._opened: tuple[str, ...] = ()
        """The readable folders without links, when the worker is ready: Landlock opened them once too."""
        self._held = Stage()
        self._stage = self._held.path
        self.submission = self._folder("submission")
        """The folder for the clean submission; the worker can read it."""
        self.beside = self._folder(beside) if beside else self.submission
        """The second folder that student code may read; the submission's own if there is none."""
        if beside:
            self._readable = (*self._readable, str(self.beside), *map(str, readable))
        self._scratch = Scratch(self._folder("work"), self.user)
        self._zygote: launch.Zygote | None = None
        self._controls: dict[str, socket.socket] = {}
        """The judge's socket to each process that holds tests, by the name of the tests' folder."""
        self._holder: dict[str, str] = {}
        """Test id to the name of the test's folder."""
        self._watched: dict[str, bool] = {}
        """By the same names, whether the judge renews and watches the work folders, and not the kernel."""
        self._ready = False
        self._settled = False
        self._loaded: tuple[str, ...] | None = None
        """Modules that the zygote loads for the hand-in, once for all its children; None if it wasn't looked at."""
        self._has_cells = False
        self._prepared: Prepared | None = None
        """What the hand-in's first child of several tests found out."""
        self._codes = -1
        """A file in memory with the compiled files of `_prepared`; -1 if there is none."""
        try:
            self._folders = {"visible": self._copy_tests("visible", questions.visible, questions.withheld)}
            if questions.hidden:
                self._folders["hidden"] = self._copy_tests("hidden", questions.hidden)
            self._scratch.renew()
            with contextlib.suppress(OSError):
                prctl(PR_SET_DUMPABLE, 0)
            become_subreaper()
            self._start(zygote)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def needed(self) -> list[Path]:
        """The paths that student code and the worker's processes read."""
        return [*needed_paths(), self._stage]

    def may_read(self, project: Path) -> bool:
        """Whether Landlock lets student code read a project's answers, for example if an image has it below /usr."""
        # for each grading anew, because a link may have changed; without pathlib, which would take longer than judging
        real = os.path.realpath(project)
        answers = (real, os.path.join(real, "testcases"), os.path.join(real, "reference"))
        return any(os.path.join(place, "").startswith(self._opened) for place in answers)

    def empty_submission(self) -> None:
        """Empty the submission's folder for another submission."""
        self._settled = False
        self._loaded = None
        self._has_cells = False
        self._forget_prepared()
        for folder in {self.submission, self.beside}:
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def _folder(self, name: str) -> Path:
        folder = self._stage / name
        folder.mkdir()
        folder.chmod(0o755)  # independent of the umask, because the worker may be another user
        return folder

    def _copy_tests(self, name: str, texts: Mapping[str, str], withheld: Collection[str] = ()) -> Path:
        """Copy tests and the course's own modules for the worker, without fixtures and variants."""
        folder = self._folder(name)
        for file, text in {**texts, "test_warm_up.py": _WARM_UP}.items():
            (folder / file).write_text(text, "utf-8")
        if self.assignment.helpers.is_dir():
            shutil.copytree(self.assignment.helpers, folder / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
        if self.assignment.data.is_dir():
            shutil.copytree(self.assignment.data, folder / DATA)
        for file in withheld:
            (folder / file).unlink(missing_ok=True)
        for entry in folder.rglob("*"):
            entry.chmod(0o755 if entry.is_dir() else 0o644)
        lay_out(self._stage, folder)
        return folder

    def _start(self, zygote: launch.Zygote | None = None) -> None:
        self._known = children() - ({zygote.pid} if zygote is not None else set())
        self._zygote = zygote or launch.start()
        self._ready = False
        # the twin is forked before the zygote loads its own tests
        for name in reversed(self._folders):
            if name == "visible":
                self._controls[name] = self._zygote.control
                self._send("visible", self._settings(name))
            else:
                self._controls[name], theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    self._send_to(self._zygote.control, self._settings(name), (theirs.fileno(),))

    def _settings(self, name: str) -> Settings:
        folder = self._folders[name]
        helpers = folder / "helpers" if self.beside == self.submission else self.beside
        files = [f"test_{part.name}.py" for part in self.assignment.parts]
        return Settings(
            library=self.assignment.library,
            tests=str(folder),
            files=tuple(file for file in files if (folder / file).is_file()),
            path=self.assignment.submission.path,
            forbid=self.assignment.submission.forbid,
            helpers=str(helpers) if helpers.is_dir() else "",
            submission=str(self.submission),
            work=str(self._scratch.path),
            stage=str(self._stage),
            judge=os.getpid(),
            level=self.level,
            user=self.user,
            readable=self._readable,
            programs=self.assignment.limits.programs,
        )

    def _send(self, name: str, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        self._send_to(self._controls[name], message, descriptors)

    @staticmethod
    def _send_to(control: socket.socket, message: Message, descriptors: tuple[int, ...]) -> None:
        try:
            socket.send_fds(control, [encode(message)], descriptors)
        except OSError as error:
            raise InternalError(f"the worker is gone ({error.strerror})") from None

    def _receive(self, name: str, seconds: float) -> Message | None:
        """The next message from one process; None if it has ended or sends nothing for `seconds`."""
        control = self._controls[name]
        if not select.select([control], [], [], max(seconds, 0.0))[0]:
            return None
        try:
            return decode(control.recv(MESSAGE_BYTES))
        except OSError:
            return None

    def wait_ready(self) -> None:
        """Wait until the tests are collected; raises AssignmentError if they can't be imported.

        A worker that doesn't get ready is stopped, and the next call starts another one: what one process has said
        before its twin died, it doesn't say again.
        """
        if self._ready:
            return
        self._restart_if_dead()
        try:
            self._collect()
        except BaseException:
            self._stop()
            raise

    def _collect(self) -> None:
        deadline = time.monotonic() + COLLECT_SECONDS
        tests: list[Described] = []
        self._holder.clear()
        for name in sorted(self._controls, reverse=True):  # visible ones first
            found, ready = self._wait_for(name, deadline)
            self.layers, self.probe = ready.layers, ready.probe
            self._watched[name] = not ready.own_disk
            # the twin collects all tests; those that the zygote of the visible tests has too stay with that zygote
            for test in found:
                if self._holder.setdefault(test.id, name) == name:
                    tests.append(test)
            broken = broken_layers(ready.probe, ready.layers, programs=self.assignment.limits.programs)
            if broken:
                raise InternalError(f"the isolation doesn't hold: {'; '.join(broken)}; the worker's log:\n{self.log()}")
        assert self._zygote is not None
        self.processes = frozenset({self._zygote.pid} | children(self._zygote.pid))
        self.tests = tuple(tests)
        self._opened = tuple({os.path.join(os.path.realpath(entry), "") for entry in self._readable})
        self._show_hidden(False)
        self._ready = True

    def _wait_for(self, name: str, deadline: float) -> tuple[list[Described], Ready]:
        tests: list[Described] = []
        while True:
            message = self._receive(name, deadline - time.monotonic())
            if isinstance(message, Described):
                tests.append(message)
            elif isinstance(message, Ready):
                return tests, message
            elif isinstance(message, Problem):
                # name the original test files instead of our copies, and keep only the report's lines about them
                folder = str(self.assignment.folder)
                lines = message.text.replace(str(self._folders[name]), folder).splitlines()
                told = [line for line in lines if folder in line or re.match(r"\A(?:E |[\w-]+\.py:\d+: )", line)]
                story = "\n".join(told or lines)
                raise AssignmentError(self.assignment.folder, None, f"the tests can't be collected:\n{story}")
            else:
                raise InternalError(f"the worker didn't start; its log:\n{self.log()}")

    def demand(self, visible: Collection[str], hidden: Collection[str]) -> None:
        """Wait until the worker is ready; raises AssignmentError unless it collected exactly these tests."""
        self.wait_ready()
        held = {test for test, name in self._holder.items() if name == "visible"}
        odd = sorted(held ^ set(visible)) if "hidden" in self._folders else []
        odd = odd or sorted(self._holder.keys() ^ {*visible, *hidden})
        if odd:
            raise AssignmentError(
                self.assignment.folder,
                None,
                f"{odd[0]} is recorded and isn't collected any more, or the other way round; "
                f"run: grader record {self.assignment.name}",
            )

    def _show_hidden(self, shown: bool) -> None:
        """Allow or forbid student code to read the texts of hidden tests; not needed with Landlock."""
        if "hidden" in self._folders and "landlock" not in self.layers:
            closed = 0o700 if self.user is not None else 0o000
            self._folders["hidden"].chmod(0o755 if shown else closed)

    def log(self) -> str:
        """Return the end of the zygote's own output, for messages about our own faults."""
        return self._zygote.log() if self._zygote is not None else ""

    def run(
        self, test: str, *, given: bool = False, seconds: float | None = None, until: float = math.inf
    ) -> Recording:
        """Run one test in its own child and return its recording; no action of the child makes this raise.

        Args:
            test: the test's id.
            given: in a record run, True: checks also send their parameters and the values that they were given.
            seconds: the test's time; the assignment's applies if it is shorter. If others keep the child from the
                processors, it gets more.
            until: an end of all patience, by time.monotonic().
        """
        return self.run_together((test,), given=given, seconds=seconds, until=until)[0]

    def run_together(
        self,
        tests: Sequence[str],
        *,
        given: bool = False,
        seconds: float | None = None,
        until: float = math.inf,
    ) -> list[Recording]:
        """Run tests of one process in turn, in one child; return the recordings of those that it began, at least one.

        The child ends early if it dies, or if a test leaves something behind that can't be put back. The arguments are
        those of `run`; `seconds` is for each test.
        """
        limits = self.assignment.limits
        return self._run_twice(tests, given, min(seconds or math.inf, limits.test_seconds), limits, until)

    def convert(self, request: Conversion) -> Recording:
        """Convert a hand-in's notebooks in a child of their own, which runs no student code."""
        file = self._folders["visible"] / "notebooks.json"
        file.write_text(request.to_json(), "utf-8")
        file.chmod(0o644)
        self._loaded = None
        self._has_cells = True
        try:
            return self._run_twice((_CONVERT,), False, _CONVERT_LIMITS.test_seconds, _CONVERT_LIMITS)[0]
        finally:
            file.unlink()  # it names one student's files
            self._settled = False
            self._loaded = None  # the modules that were written may import more

    def _run_twice(
        self, tests: Sequence[str], given: bool, seconds: float, limits: Limits, until: float = math.inf
    ) -> list[Recording]:
        for attempt in (1, 2):
            self._restart_if_dead()
            self.wait_ready()
            started, recordings = self._run(tests, given, seconds, limits, until)
            if started:
                return recordings
            # no student code ran: retry once with a new zygote, then report our own fault
            self._loaded = ()
            log = self.log() + recordings[0].output
            self._stop()
            if attempt == 2:
                raise InternalError(
                    f"no child could be started for {tests[0]}: {recordings[0].message}; the worker's log:\n{log}"
                )
        raise AssertionError("unreachable")

    def hides(self, test: str) -> bool:
        """Whether a test is in the process of the hidden tests; only tests of one process can run in one child."""
        return self._holder.get(test) == "hidden"

    def _restart_if_dead(self) -> None:
        if self._zygote is None or not self._zygote.alive():
            self._stop()
            self._show_hidden(True)  # the twin loads the hidden tests again
            self._scratch.renew()  # the zygote starts in it, and a child may have moved it away
            self._start()

    def _run(
        self, tests: Sequence[str], given: bool, seconds: float, limits: Limits, until: float
    ) -> tuple[bool, list[Recording]]:
        # these import numpy, so they are imported after the zygote has started
        from grader.recording import Recording
        from grader.sandbox.run import Run

        name = self._holder.get(tests[0], "visible")
        if self._watched[name]:
            self._scratch.renew()
        else:
            self._scratch.check_room()
        if not self._settled:
            # the second folder holds links to files that aren't ours
            settle_times(self.submission)
            for folder in self._folders.values():
                settle_times(folder)
            self._settled = True
        if self._loaded is None:
            found = slow_imports(self.submission, self.assignment.submission.forbid)
            self._loaded = (*_CELLS, *found) if self._has_cells else found
        self._show_hidden(name == "hidden")
        channel, channel_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        output, output_end = os.pipe()
        command = Command(
            tuple(tests),
            tuple(seed_of(self._seed, test) for test in tests),
            given,
            limits.memory_mb,
            math.ceil(seconds * len(tests)) + 1,
            limits.value_mb * 2**20,
            self.lasting,
            self._loaded,
            prepares=self._prepared is None and len(tests) > 1 and not self.lasting,
            shares=self._prepared is not None and self._prepared.shares,
        )
        codes = (self._codes,) if self._codes >= 0 else ()
        try:
            self._send(name, command, (channel_end.fileno(), output_end, *codes))
        except InternalError as error:  # the zygote died after `alive` was checked
            channel.close()
            os.close(output)
            return False, [Recording("internal", str(error))]
        finally:
            channel_end.close()
            os.close(output_end)
        with channel, os.fdopen(output, "rb", buffering=0) as pipe:
            run = Run(
                channel,
                pipe,
                self._controls[name],
                limits,
                seconds,
                tests=len(tests),
                prepares=command.prepares,
                until=until,
                given=given,
                excess=self._scratch.excess if self._watched[name] else lambda: "",
            )
            recordings = run.finish()
            self.waited += run.waited
            if run.prepared is not None:
                self._keep(run.prepared)
        if run.zygote_lost:
            self._stop()
        return run.layers is not None, recordings

    def _keep(self, prepared: Prepared) -> None:
        self._prepared = prepared
        if prepared.codes:
            self._codes = os.memfd_create("codes")
            with open(self._codes, "wb", closefd=False) as file:
                file.write(prepared.codes)

    def _forget_prepared(self) -> None:
        self._prepared = None
        if self._codes >= 0:
            os.close(self._codes)
            self._codes = -1

    def _stop(self) -> None:
        """End the zygote and all its descendants."""
        if self._zygote is not None:
            self._zygote.end()
            self._zygote = None
            for control in self._controls.values():
                control.close()
            self._controls.clear()
            kill_children(self._known)

    def close(self) -> None:
        """End every process and remove every file of this worker."""
        self._stop()
        self._forget_prepared()
        self._scratch.close()
        self._held.remove()
        if self._identity is not None:
            self._identity.release()


def _demand_library(assignment: Assignment) -> None:
    if assignment.library == "torch" and importlib.util.find_spec("torch") is None:
        raise InternalError(
            f"{assignment.name} needs torch, which isn't installed for {sys.executable}; "
            f"install it: {sys.executable} -m pip install torch"
        )
