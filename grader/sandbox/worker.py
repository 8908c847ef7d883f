"""The judge's handle on the untrusted side: starts the zygote, asks for runs, keeps the deadlines, kills by itself.

Imports no numpy: the zygote takes longest to start, so it is started before the judge loads anything.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import math
import os
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from grader.assignment import Assignment
from grader.errors import AssignmentError, InternalError
from grader.sandbox.processes import PR_SET_DUMPABLE, become_subreaper, children, kill_children, prctl

if TYPE_CHECKING:
    from grader.recording import Recording

START_SECONDS = 120.0
"""How long loading the libraries and the tests may take; torch on half a core needs a dozen seconds."""
MESSAGE_BYTES = 2**20

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from grader.sandbox.zygote import main; main(int(sys.argv[2]))"
)


class Worker:
    """One zygote for one assignment's tests; a context manager that leaves no process and no file behind.

    Use one at a time in a process: every child process that this process doesn't know is taken for a left-over.
    """

    def __init__(self, assignment: Assignment) -> None:
        """Start loading; returns at once."""
        self.assignment = assignment
        self.tests: list[dict[str, Any]] = []
        """What the collected tests say about themselves; believed in a record run only."""
        self.layers: tuple[str, ...] = ()
        """The layers of isolation that the last run's child reached."""
        self._stage = Path(tempfile.mkdtemp(prefix="grader-"))
        self._stage.chmod(0o755)  # the default of 0700 would hide it from a worker under another uid
        self.submission = self._folder("submission")
        """Where the clean submission goes; the worker can read it."""
        self._work = self._folder("work")
        self._tests = self._folder("tests")
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._log: IO[bytes] | None = None
        self._ready = False
        try:
            self._copy_tests()
            with contextlib.suppress(OSError):
                prctl(PR_SET_DUMPABLE, 0)
            become_subreaper()
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _folder(self, name: str) -> Path:
        folder = self._stage / name
        folder.mkdir(mode=0o755)
        return folder

    def _copy_tests(self) -> None:
        """Give the worker the tests and nothing that lies beside them: no fixtures, no variants."""
        folder = self.assignment.folder
        self.assignment.test_files()  # each must exist
        for file in folder.glob("*.py"):
            shutil.copyfile(file, self._tests / file.name)
        if self.assignment.helpers.is_dir():
            shutil.copytree(
                self.assignment.helpers, self._tests / "helpers", ignore=shutil.ignore_patterns("__pycache__")
            )
        (self._tests / "pytest.ini").write_text("[pytest]\n", "ascii")

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the zygote
        self._known = children()
        path = [entry for entry in sys.path if entry and Path(entry).is_dir()]
        package = str(Path(__file__).resolve().parents[2])
        if package not in path:
            path.append(package)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-B", "-c", _BOOT, json.dumps(path), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                cwd=self._work,
                env=self._environment(),
                start_new_session=True,
            )
        self._control = ours
        self._ready = False
        helpers = self._tests / "helpers"
        self._send(
            {
                "seed": self.assignment.seed,
                "library": self.assignment.library,
                "tests": str(self._tests),
                "files": [f"test_{part.name}.py" for part in self.assignment.parts],
                "path": self.assignment.submission.path,
                "forbid": self.assignment.submission.forbid,
                "helpers": str(helpers) if helpers.is_dir() else "",
                "submission": str(self.submission),
                "work": str(self._work),
                "readable": readable_paths(),
            }
        )

    def _environment(self) -> dict[str, str]:
        """A clean environment: nothing of the caller's, one thread for every numerics library, a fixed hash seed."""
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "HOME": str(self._work),
            "TMPDIR": str(self._work),
        } | dict.fromkeys(threads, "1")

    def _send(self, message: Mapping[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        assert self._control is not None
        try:
            socket.send_fds(self._control, [json.dumps(message).encode("ascii")], descriptors)
        except OSError as error:
            raise InternalError(f"the worker is gone ({error.strerror})") from None

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        """The zygote's next message; None when it is gone or silent for so long."""
        assert self._control is not None
        if not select.select([self._control], [], [], max(seconds, 0.0))[0]:
            return None
        try:
            message = json.loads(self._control.recv(MESSAGE_BYTES) or b"null")
        except (OSError, ValueError):
            return None
        return message if isinstance(message, dict) else None

    def wait_ready(self) -> None:
        """Wait until the tests are collected; raises AssignmentError where they can't be imported."""
        if self._ready:
            return
        deadline = time.monotonic() + START_SECONDS
        tests: list[dict[str, Any]] = []
        while True:
            message = self._receive(deadline - time.monotonic())
            if message is None:
                raise InternalError(f"the worker didn't start; its log:\n{self.log()}")
            if "error" in message:
                raise AssignmentError(
                    self.assignment.folder, None, f"the tests can't be collected:\n{message['error']}"
                )
            if "ready" in message:
                break
            tests.append(message["test"])
        self.tests = tests
        self._ready = True

    def log(self) -> str:
        """Return the end of what the zygote itself printed, for messages about our own faults."""
        if self._log is None:
            return ""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(size - 4000, 0))
        return self._log.read().decode("utf-8", "replace")

    def run(self, test: str, *, given: bool = False, seconds: float | None = None) -> Recording:
        """Run one test in a child of its own and return what it left; never raises for what the child does.

        Args:
            test: the test's id.
            given: record run: checks also send their parameters and what they were given.
            seconds: the deadline, where it is shorter than the assignment's.
        """
        for attempt in (1, 2):
            self._restart_if_dead()
            self.wait_ready()
            recording = self._run(test, given, min(seconds or math.inf, self.assignment.limits.test_seconds))
            if self.layers:
                return recording
            # no student code ran: once more with a fresh zygote, then it is an error of ours
            log = self.log() + recording.output
            self._stop()
            if attempt == 2:
                raise InternalError(
                    f"no child could be started for {test}: {recording.message}; the worker's log:\n{log}"
                )
        raise AssertionError("unreachable")

    def _restart_if_dead(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._start()

    def _run(self, test: str, given: bool, seconds: float) -> Recording:
        from grader.sandbox.run import Run  # numpy comes with it: not before the zygote has started

        for entry in self._work.iterdir():
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        limits = self.assignment.limits
        channel, channel_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        output, output_end = os.pipe()
        try:
            self._send(
                {
                    "run": [test],
                    "given": given,
                    "memory_mb": limits.memory_mb,
                    "cpu_seconds": math.ceil(seconds) + 1,
                    "value_bytes": limits.value_mb * 2**20,
                },
                (channel_end.fileno(), output_end),
            )
        finally:
            channel_end.close()
            os.close(output_end)
        assert self._control is not None
        with channel, os.fdopen(output, "rb", buffering=0) as pipe:
            run = Run(channel, pipe, self._control, limits, seconds)
            recording = run.finish()
        if run.zygote_lost:
            self._stop()
        self.layers = run.layers
        return recording

    def _stop(self) -> None:
        """End the zygote and whatever came from it."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            if self._process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.05)  # it leaves by itself when its socket is closed
            self._process.kill()
            self._process.wait()
            kill_children(self._known)
        if self._log is not None:
            self._log.close()
        self._control = self._process = self._log = None

    def close(self) -> None:
        """End every process and remove every file that this worker made."""
        self._stop()
        shutil.rmtree(self._stage, ignore_errors=True)


def readable_paths() -> list[str]:
    """Return what a worker needs to read: the interpreter, its libraries and our own side of the border."""
    scheme = sysconfig.get_paths()
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    paths = {
        *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"),
        *("/proc/cpuinfo", "/sys/devices/system/cpu"),  # without these torch chooses other kernels, and other numbers
        *(scheme[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(str(prefix / name) for prefix in prefixes for name in ("lib", "lib64", "pyvenv.cfg")),
        str(Path(__file__).resolve().parents[1]),
    }
    # a dependency may be installed elsewhere, as a development install is
    for name in ("numpy", "pytest", "gradescope_utils"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            paths.add(str(Path(spec.origin).parent))
    return sorted(path for path in paths if os.path.exists(path))
