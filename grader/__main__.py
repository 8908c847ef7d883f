"""The entry point of the command `grader` and of `python -m grader`.

Python puts the current folder first on the path for `-m`, and a hand-in's json.py may be in it. So it is taken off
before anything else is imported, unless the package itself comes from there, as in a bundle.
"""

import os
import sys

# no import of __future__ either, which is a module like any other
if __name__ == "__main__":
    _home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path and os.path.abspath(sys.path[0]) == os.getcwd() != _home:
        del sys.path[0]

import io
import signal
from types import FrameType
from typing import Any, NoReturn

from grader.errors import OutputError, Terminated


def run() -> None:
    """Run one command and leave at once: tearing down the libraries would take longer than writing a report."""
    _open_streams()
    zygote = None
    if sys.platform == "linux" and sys.argv[1:2] in (["grade"], ["platform"]) and not {"-h", "--help"} & set(sys.argv):
        from grader.sandbox import launch  # before anything else is loaded: see there

        zygote = launch.start()
    if sys.argv[1:2] != ["check"]:  # which runs a student's code in this process and leaves nothing behind
        _heed_signals()
    try:
        from grader.cli import main

        code = main(zygote=zygote)
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"grader: the package {error.name} isn't installed for {sys.executable}; set the grader up again, as its "
            "README says\n"
        )
        code = 3  # the machine's fault; grader.cli, which names the codes, may be what can't be imported
    except Terminated as end:
        code = 128 + end.number
    except KeyboardInterrupt:
        code = 130
    if code > 128 and sys.platform == "linux":
        _clear_up()
    os._exit(code)


def _open_streams() -> None:
    """Put something in the place of streams that the caller closed, or the next file that is opened takes it.

    What is written to such a standard output fails, as a report that nobody gets should; messages are lost.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free, which is this one
    encoding, errors = (sys.stdout.encoding, sys.stdout.errors) if sys.stdout is not None else ("utf-8", "strict")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Output()), encoding, errors, line_buffering=os.isatty(1))
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # the same


class _Output(io.RawIOBase):
    """Standard output, whose errors are told from those of all other files."""

    def fileno(self) -> int:
        return 1

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(1)

    def write(self, data: Any) -> int:
        try:
            return os.write(1, data)
        except OSError as error:
            raise OutputError(error) from None


def _heed_signals() -> None:
    """Make SIGTERM and SIGHUP end the grader as an interrupt does, unless the caller ignores them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # not every system has both
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """End the children first: a pool would wait for its tasks, and a worker for its test."""
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # nothing disturbs what clears up
    if sys.platform == "linux":
        from grader.sandbox.processes import become_subreaper, children

        become_subreaper()
        for pid in children() - _tracker():
            os.kill(pid, signal.SIGKILL)
    raise Terminated(number)


def _clear_up() -> None:
    """End every process below this one and remove every stage, wherever the interruption came."""
    from grader.sandbox.processes import become_subreaper, kill_children
    from grader.sandbox.stage import sweep

    become_subreaper()
    kill_children(_tracker())
    os.closerange(3, 2**16)  # gives back the locks on our own stages
    sweep()


def _tracker() -> set[int]:
    """The process of multiprocessing's that removes semaphores when this one has ended; it ends by itself."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    pid = getattr(getattr(module, "_resource_tracker", None), "_pid", None)
    return set() if pid is None else {pid}


if __name__ == "__main__":
    run()
