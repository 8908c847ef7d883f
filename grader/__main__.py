"""The entry point of the command `grader` and of `python -m grader`.

For `-m`, Python puts the current folder first on the path, and that folder may hold a hand-in's json.py. So this module
removes it from the path before all other imports, unless the package itself is in that folder, as in a bundle. It can't
help against files that Python imports before it (grader.py, types.py, importlib.py): `grader` and `python -P -m grader`
don't put the folder on the path.
"""

import os
import sys

# __future__ isn't imported either, because it is a module like any other
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
    """Run one command and exit at once, because tearing down the libraries takes longer than writing a report."""
    _open_streams()
    zygote = None
    if sys.platform == "linux" and sys.argv[1:2] in (["grade"], ["platform"]) and not {"-h", "--help"} & set(sys.argv):
        from grader.sandbox import launch  # before any other import: see `launch`

        zygote = launch.start()
    if sys.argv[1:2] != ["check"]:  # `check` runs student code in this process, and has nothing to clean up
        _heed_signals()
    try:
        from grader.cli import main

        code = main(zygote=zygote)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        sys.stderr.write(f"grader: the package {package} isn't installed for {sys.executable}; {_install(package)}\n")
        code = 3  # the machine's fault; not by name, because grader.cli, which names the codes, may fail to import
    except Terminated as end:
        code = 128 + end.number
    except KeyboardInterrupt:
        code = 130
    if code > 128 and sys.platform == "linux":
        _clear_up()
    os._exit(code)


def _install(module: str) -> str:
    """What to do about a missing module: the call of pip that installs what the grader needs, with the right extra."""
    from importlib import metadata

    name = {"yaml": "pyyaml", "PIL": "pillow", "dask": "distributed"}.get(module, module).lower()
    try:
        needs = metadata.requires("dl-grader") or []
    except metadata.PackageNotFoundError:
        return "set the grader up again, as its README says"
    extras = [need.rpartition("extra == ")[2].strip("'\"") for need in needs if need.lower().startswith(name)]
    extra = next((f"[{extra}]" for extra in extras if extra in ("class", "notebook", "torch", "completion")), "")
    return f"install it: {sys.executable} -m pip install 'dl-grader{extra}'"


def _open_streams() -> None:
    """Reopen standard streams that the caller closed; otherwise the next opened file gets their descriptor.

    Writes to such a standard output fail, because nobody would get the report; messages to standard error are lost.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest free descriptor, which is this one
    encoding, errors = (sys.stdout.encoding, sys.stdout.errors) if sys.stdout is not None else ("utf-8", "strict")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Output()), encoding, errors, line_buffering=os.isatty(1))
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # the same


class _Output(io.RawIOBase):
    """Standard output; raises OutputError, so that its errors are distinct from those of other files."""

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
    """Make SIGTERM and SIGHUP end the grader like an interrupt, unless the caller ignores them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # some systems lack one of them
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """End the children first, because a pool waits for its tasks and a worker waits for its test."""
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # don't interrupt the cleanup
    if sys.platform == "linux":
        from grader.sandbox.processes import become_subreaper, children

        become_subreaper()
        for pid in children() - _tracker():
            os.kill(pid, signal.SIGKILL)
    raise Terminated(number)


def _clear_up() -> None:
    """End all descendants and remove all stages, whatever was interrupted."""
    from grader.sandbox.processes import become_subreaper, kill_children
    from grader.sandbox.stage import sweep

    become_subreaper()
    kill_children(_tracker())
    os.closerange(3, 2**16)  # releases the locks on our own stages
    sweep()


def _tracker() -> set[int]:
    """The multiprocessing process that removes semaphores after this process; it ends by itself."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    pid = getattr(getattr(module, "_resource_tracker", None), "_pid", None)
    return set() if pid is None else {pid}


if __name__ == "__main__":
    run()
