"""The last resort if Landlock doesn't guard files: makes a project unreadable while student code runs.

The fixtures are in the judge's memory by then. So file modes close everything in the project that the worker doesn't
need: answers of other assignments, the history, builds. If student code runs as another user, the modes exclude all
users but the owner. If it runs as the grader's user, they exclude the owner, and the system call filter keeps student
code from changing the modes back. Gradings that share one user run one at a time: nothing else separates their files.
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
"""The suffix of a mark's name; before it are a dot and the name of the closed path."""
_PACKAGE = Path(__file__).resolve().parents[1]


@contextmanager
def concealed(project: Path, needed: Collection[Path], layers: Collection[str], *, demanded: bool) -> Iterator[None]:
    """Close a project during the block, unless Landlock already guards it.

    Args:
        project: the folder that holds `testcases/` and `reference/`.
        needed: paths that the worker must read; those in the project stay open.
        layers: the active layers.
        demanded: whether to raise if nothing can guard the files, for example because modes don't bind root.

    Raises:
        InternalError: `demanded` is set and nothing can guard the files, or a path can't be closed.
    """
    if "landlock" in layers:
        yield
        return
    other_user = "uid" in layers
    if not other_user and (os.geteuid() == 0 or "seccomp" not in layers):
        # modes don't bind root, and without the filter an owner can change the modes back
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
    """Return the paths of a project that the worker doesn't need, as few as cover them all.

    Raises InternalError if the project is the root of the file system, because closing parts of that isn't safe.
    """
    project = project.resolve()
    if project == Path(project.anchor):
        raise InternalError("the project is the root of the file system; move it into a folder of its own")
    # a needed folder that contains the project, such as /usr, doesn't make the project needed
    kept = [path for path in (entry.resolve() for entry in needed) if not project.is_relative_to(path)]
    return [path for folder in _opened_folders(project, kept) for path in _inside(folder, kept)]


def _opened_folders(project: Path, kept: Collection[Path]) -> list[Path]:
    """The folders whose entries are closed one by one: the project, and its folders that hold a needed path."""
    between = {folder for path in kept for folder in path.parents if folder.is_relative_to(project)}
    return sorted({project} | between)


def _inside(folder: Path, kept: Collection[Path]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            # links are skipped, and so are marks; only the folders of answers may be links
            if entry.name not in ("testcases", "reference") or not entry.exists():
                continue
            entry = entry.resolve()
        if not any(path.is_relative_to(entry) or entry.is_relative_to(path) for path in kept):
            yield entry


def reopen(project: Path, needed: Collection[Path]) -> None:
    """Open the paths of a project that killed gradings left closed; unless root, it first waits for other gradings.

    Call it before reading any file of the project. `needed` is as for `concealed`.
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
    """Wait until no other grading runs that shares its user with student code."""
    lock = os.open(_PACKAGE, os.O_RDONLY | os.O_CLOEXEC)  # student code can't write here
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
    """Remove permissions of paths in a folder; the last of several concurrent gradings restores them."""
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
                        path.chmod(mode)  # for paths without a mark


def _close(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except FileNotFoundError:
        pass
    except OSError as error:
        if os.access(path, os.R_OK):  # if we can't read it, student code with our user can't either
            raise InternalError(
                f"{path} can't be closed to student code ({error.strerror}), and nothing else keeps it from being "
                "read; grade as the project's owner, or where Landlock works"
            ) from None


@contextmanager
def _shared(folder: Path) -> Iterator[int]:
    """Hold a shared lock on a folder; it excludes a grading that opens the closed paths."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock
    finally:
        os.close(lock)


def _marked_mode(path: Path) -> int:
    """Return the permissions that a path has while no grading closes it; the first grading stores them in a mark.

    The mark is a symbolic link whose target is the mode, because a link is created atomically and never overwritten.
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
    """If no other grading holds the lock, restore the permissions of all marked paths; return whether it did."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # the grading that holds the lock will do it
    except OSError:
        pass  # the file system has no locks, so other gradings can't be detected
    for mark in folder.glob(f".*{MARK}"):
        path = mark.with_name(mark.name[1 : -len(MARK)])
        with suppress(OSError):
            path.chmod(_mode_of(mark, stat.S_IMODE(path.lstat().st_mode)))
            mark.unlink()
    return True
