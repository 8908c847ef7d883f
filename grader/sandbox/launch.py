"""Starts the zygote: an exec with a clean environment that inherits only one end of a socket and its log.

It imports very little, because the command line calls it before it reads its own arguments. So the untrusted side loads
its libraries on one core while the trusted side loads its own on another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys

# The garbage collector is off because it would scan all imported objects several times and find nothing. Bytecode is
# written for our own modules only, because every run imports them; it isn't written for tests and submissions.
_BOOT = (
    "import gc, sys; gc.disable(); sys.path[:] = sys.argv[2].split('\\n'); "
    "from grader.sandbox.child.zygote import main; sys.dont_write_bytecode = True; main(int(sys.argv[1]))"
)
# Settings of glibc, which others ignore: an array that is freed leaves its memory to the next one, and memory comes in
# large pages. Otherwise a child, which lives for a fraction of a second, spends much of it on getting pages.
_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**24),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Zygote:
    """A started process: its id, the judge's end of the socket, the descriptor of its log."""

    def __init__(self, pid: int, control: socket.socket, log: int) -> None:
        self.pid = pid
        self.control = control
        self._log = log
        self._ended = False

    def alive(self) -> bool:
        """Whether the process still runs; reaps it if it has ended."""
        if not self._ended:
            try:
                self._ended = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            except ChildProcessError:
                self._ended = True
        return not self._ended

    def log(self) -> str:
        """Return the end of the process's output, for messages about our own faults."""
        size = os.fstat(self._log).st_size
        return os.pread(self._log, 4000, max(size - 4000, 0)).decode("utf-8", "replace")

    def end(self) -> None:
        """Kill and reap the process; close its socket and its log."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self._ended = True
        self.control.close()
        os.close(self._log)


def start() -> Zygote:
    """Start a zygote; it loads numpy, pytest and our side of the border, and then waits for its settings."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = [entry for entry in sys.path if entry and os.path.isdir(entry)]
    path += [] if package in path else [package]
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        **dict.fromkeys(_THREADS, "1"),
        **_MEMORY,
    }
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.ExitStack() as started, theirs:
        started.callback(ours.close)  # unless all of it works
        log = os.memfd_create("grader-zygote-log")  # no file: nothing to find, and gone with the process
        started.callback(os.close, log)
        descriptor = theirs.fileno()
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-s", "-c", _BOOT, str(descriptor), "\n".join(path)],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
                # duplicating a descriptor onto itself clears its close-on-exec flag
                (os.POSIX_SPAWN_DUP2, descriptor, descriptor),
            ],
            setsid=True,
            # a class ignores interrupts, and nohup hang-ups; student code starts alike everywhere
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGHUP, signal.SIGTERM),
        )
        started.pop_all()
    return Zygote(pid, ours, log)
