"""Opens a hand-in, which is a folder or a file, without following links.

If the machine can't read the hand-in (permissions, a file that vanished, a disk, too many open files), the code here
raises InternalError, and the hand-in isn't judged. Each part of a path below the source is opened relative to its
parent folder's descriptor, without following a link. So a folder that is replaced by a link during reading isn't
followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from grader.errors import InternalError, SubmissionError, UsageError
from grader.intake.archives import list_archive
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member, capped, composed, fits, is_junk, is_junk_folder, path_of
from grader.intake.notes import Troubles, shown

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_STEPS = {
    errno.EACCES: "give the grader's user the right to read it",
    errno.EPERM: "give the grader's user the right to read it",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "the machine has too many open files: end something else",
    **dict.fromkeys(
        (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE),
        "it changed while it was read: grade it again when nothing writes to it",
    ),
}


@contextmanager
def opened(source: Path, budget: Budget, troubles: Troubles, ignored: Collection[str] = ()) -> Iterator[list[Member]]:
    """The regular files of a hand-in; they can be read inside the block.

    Args:
        source: a folder, an archive or a single file.
        budget: the budget of this intake.
        troubles: collects the members that can't be files.
        ignored: names at the top of a folder that don't belong to the hand-in.

    Raises:
        UsageError: `source` doesn't exist, or is a link, a device, a pipe or a socket.
        SubmissionError: its contents are damaged or too large.
        InternalError: the machine can't read it.
    """
    descriptor, is_folder = _open_source(source)
    try:
        if is_folder:
            walk = _walk(descriptor, descriptor, (), budget, troubles, frozenset(ignored))
            yield capped(walk, "the hand-in", budget)
        else:
            data = _read_source(descriptor, source, budget)
            yield list_archive(data, os.fsdecode(source.name), budget, troubles)
    finally:
        os.close(descriptor)


def _open_source(source: Path) -> tuple[int, bool]:
    name = shown(source.name or source)
    try:
        mode = os.stat(source, follow_symlinks=False).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UsageError(f"there is no file or folder {name}; is that its name?") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(f"there is no file or folder {name}; is that its name?") from None
        raise _fault(name, error) from None
    if stat.S_ISLNK(mode):
        raise UsageError(f"{name} is a link, which may lead anywhere; name the file or folder itself")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise UsageError(f"{name} is neither a file nor a folder; name one of them")
    try:
        descriptor = os.open(source, _FLAGS)
    except OSError as error:
        raise _fault(name, error) from None
    if stat.S_IFMT(os.fstat(descriptor).st_mode) != stat.S_IFMT(mode):
        os.close(descriptor)
        raise _fault(name, OSError(errno.ESTALE, "it was replaced"))
    return descriptor, stat.S_ISDIR(mode)


def _read_source(descriptor: int, source: Path, budget: Budget) -> bytes:
    limit = budget.caps.archive_bytes
    try:
        size = os.fstat(descriptor).st_size
        if size <= limit:
            with os.fdopen(os.dup(descriptor), "rb") as file:
                # read into memory, so that an archive's headers can't request more data than there is
                return file.read(size)
    except OSError as error:
        raise _fault(shown(source.name), error) from None
    raise SubmissionError(f"{shown(source.name)} is larger than {limit // MIB} MiB; hand in the source files only")


def _walk(
    root: int, folder: int, above: tuple[str, ...], budget: Budget, troubles: Troubles, ignored: Collection[str]
) -> Iterator[Member]:
    """The regular files in the open folder `folder`, whose path below `root` has the parts `above`."""
    place = shown("/".join(above) or "the hand-in's folder")
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                budget.entry()
                names.append(entry.name)
    except OSError as error:
        raise _fault(place, error) from None
    for name in sorted(names):
        parts = (*above, name)
        path = PurePosixPath(composed("/".join(parts)))
        if name in ignored:
            continue
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            raise _fault(shown(path), error) from None
        if stat.S_ISDIR(info.st_mode):
            if not is_junk_folder(name) and fits(path / "x", troubles):
                below = _open(folder, name, path, stat.S_IFDIR)
                try:
                    yield from _walk(root, below, parts, budget, troubles, ())
                finally:
                    os.close(below)
        elif stat.S_ISLNK(info.st_mode):
            if not is_junk(path):
                troubles.add("link", path)
        elif not stat.S_ISREG(info.st_mode):
            troubles.add("device", path)
        else:
            # an archive with backslashes may have been unpacked into files that have them in their names
            found = path_of("/".join(parts), troubles)
            if found is not None:
                read = partial(_read, root, parts, path, info.st_size, budget)
                yield Member(found[0], info.st_size, read, found[1])


def _open(folder: int, name: str, path: PurePosixPath, kind: int) -> int:
    """Open one entry of a folder; it must be of this kind and not a link."""
    try:
        descriptor = os.open(name, _FLAGS | (os.O_DIRECTORY if kind == stat.S_IFDIR else 0), dir_fd=folder)
    except OSError as error:
        raise _fault(shown(path), error) from None
    if stat.S_IFMT(os.fstat(descriptor).st_mode) != kind:
        os.close(descriptor)
        raise _fault(shown(path), OSError(errno.ESTALE, "it was replaced"))
    return descriptor


def _read(root: int, parts: tuple[str, ...], path: PurePosixPath, size: int, budget: Budget) -> bytes:
    """Read one file; every part of its path is opened relative to its parent's descriptor."""
    budget.move(size)
    descriptor = root
    for number, part in enumerate(parts, 1):
        try:
            below = _open(descriptor, part, path, stat.S_IFREG if number == len(parts) else stat.S_IFDIR)
        finally:
            if descriptor != root:
                os.close(descriptor)
        descriptor = below
    try:
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(size + 1)
    except OSError as error:
        raise _fault(shown(path), error) from None
    if len(data) != size:
        raise _fault(shown(path), OSError(errno.ESTALE, "it has another size than a moment ago"))
    return data


def _fault(place: str, error: OSError) -> InternalError:
    step = _STEPS.get(error.errno or 0, "look after the disk and the machine, and grade it again")
    return InternalError(f"{place} can't be read ({error.strerror or error}); {step}")
