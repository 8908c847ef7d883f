"""The last resort where Landlock doesn't guard files: a project can't be read while student code runs.

The fixtures are in the judge's memory by then, so everything in the project that the worker doesn't need is closed by
its mode (answers of other assignments, the history, builds): to its owner, where student code runs as the grader itself
(the filter of system calls keeps that code from opening it again), and to all others, where student code runs as
another user. Gradings that share one user wait for one another: nothing else keeps their files apart.
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from grader.errors import InternalError

MARK: Final = ".open-mode"
"""Ends the name of a mark, which begins with a dot and the name of what is closed."""
_PACKAGE = Path(__file__).resolve().parents[1]


@contextmanager
def concealed(project: Path, needed: Collection[Path], layers: Collection[str], *, demanded: bool) -> Iterator[None]:
    """Close a project for the time of the block, unless Landlock keeps student code from it anyway.

    Args:
        project: the folder that holds `testcases/` and `reference/`.
        needed: what the worker must read, and stays open where it is in the project.
        layers: the layers that hold.
        demanded: whether to refuse where nothing guards the files: for root, whom a mode doesn't bind.

    Raises:
        InternalError: where that is demanded and can't be had, or something can't be closed.
    """
    if "landlock" in layers:
        yield
        return
    other_user = "uid" in layers
    if not other_user and (os.geteuid() == 0 or "seccomp" not in layers):
        # a mode doesn't bind root, and without the filter an owner opens what is its own
        if demanded:
            raise InternalError(
                "nothing here keeps student code from reading the answers: the kernel has no Landlock, or they lie "
                "among the interpreter's libraries, and there is no user grader-worker, and no filter that binds a "
                "plain user; run setup.sh as root, which makes the user, or grade as a plain user"
            )
        yield
        return
    with ExitStack() as stack:
        if not other_user:
            stack.enter_context(_alone())
        folders: dict[Path, list[Path]] = {}
        for path in closable(project, needed):
            folders.setdefault(path.parent, []).append(path)
        for folder, inside in folders.items():
            stack.enter_context(_closed(folder, inside, 0o077 if other_user else 0o700))
        yield


def closable(project: Path, needed: Collection[Path]) -> list[Path]:
    """Return what of a project the worker doesn't need: as few paths as cover it.

    Raises InternalError where the project is the whole machine, of which nobody can say what may be closed.
    """
    project = project.resolve()
    if project == Path(project.anchor):
        raise InternalError("the project is the root of the file system; move it into a folder of its own")
    # what lies around the project, as /usr may, doesn't make the project needed
    kept = [path for path in (entry.resolve() for entry in needed) if not project.is_relative_to(path)]
    return [path for folder in _opened_folders(project, kept) for path in _inside(folder, kept)]


def _opened_folders(project: Path, kept: Collection[Path]) -> list[Path]:
    """The folders whose entries are closed one by one: the project, and those in it that hold something needed."""
    between = {folder for path in kept for folder in path.parents if folder.is_relative_to(project)}
    return sorted({project} | between)


def _inside(folder: Path, kept: Collection[Path]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            # a mark, or a link: what it leads to is of this project only where it is the answers' own folder
            if entry.name not in ("testcases", "reference") or not entry.exists():
                continue
            entry = entry.resolve()
        if not any(path.is_relative_to(entry) or entry.is_relative_to(path) for path in kept):
            yield entry


def reopen(project: Path, needed: Collection[Path]) -> None:
    """Open what gradings that were killed left closed in a project; waits for one that goes on there.

    Call it before anything of the project is read. `needed` is that of `concealed`.
    """
    project = project.resolve()
    kept = [path.resolve() for path in needed]
    folders = {*_opened_folders(project, kept), *(link.resolve().parent for link in _answers(project))}
    for folder in folders:
        if any(folder.glob(f".*{MARK}")):
            with ExitStack() as stack:
                if os.geteuid() != 0:
                    stack.enter_context(_alone())
                lock = stack.enter_context(_shared(folder))
                _open_if_alone(folder, lock)


def _answers(project: Path) -> list[Path]:
    return [project / "testcases", project / "reference"]


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other grading that shares its user with student code goes on."""
    lock = os.open(_PACKAGE, os.O_RDONLY | os.O_CLOEXEC)  # a place that student code can't put another file into
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "grader: waiting for another grading: without Landlock and a user of its own for student code, one "
                "goes on at a time",
                file=sys.stderr,
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            pass  # not every file system has locks
        yield
    finally:
        os.close(lock)


@contextmanager
def _closed(folder: Path, paths: Collection[Path], bits: int) -> Iterator[None]:
    """Take permissions of paths in a folder away; the last of several gradings that run at once gives them back."""
    with _shared(folder) as lock:
        modes = {path: _marked_mode(path) for path in paths}
        try:
            for path, mode in modes.items():
                _close(path, mode & ~bits)
            yield
        finally:
            if _open_if_alone(folder, lock):
                for path, mode in modes.items():
                    with suppress(OSError):
                        path.chmod(mode)  # where no mark could be made


def _close(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except FileNotFoundError:
        pass
    except OSError as error:
        if os.access(path, os.R_OK):  # what we can't read ourselves, code that runs as we do can't either
            raise InternalError(
                f"{path} can't be closed to student code ({error.strerror}), and nothing else keeps it from being "
                "read; grade as the project's owner, or where Landlock works"
            ) from None


@contextmanager
def _shared(folder: Path) -> Iterator[int]:
    """Hold a lock that several may hold, and none while another opens what is closed."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock
    finally:
        os.close(lock)


def _marked_mode(path: Path) -> int:
    """Return the permissions that a path has while no grading closes it; the first of them leaves a mark that says so.

    The mark is a symbolic link whose target is the mode: made at once and whole, and only where there is none.
    """
    mark = path.with_name(f".{path.name}{MARK}")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0  # another process removed it
    with suppress(OSError):
        os.symlink(f"{mode:o}", mark)
    return _mode_of(mark, mode)


def _mode_of(mark: Path, otherwise: int) -> int:
    try:
        return int(os.readlink(mark), 8) & 0o777
    except (OSError, ValueError):
        return otherwise


def _open_if_alone(folder: Path, lock: int) -> bool:
    """Give everything marked its permissions back, where no other grading holds the lock; return whether it was so."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # that one will
    except OSError:
        pass  # no locks here: nobody can be known
    for mark in folder.glob(f".*{MARK}"):
        path = mark.with_name(mark.name[1 : -len(MARK)])
        with suppress(OSError):
            path.chmod(_mode_of(mark, stat.S_IMODE(path.lstat().st_mode)))
            mark.unlink()
    return True
