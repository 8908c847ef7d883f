"""Lists the files of a folder, and replaces a file atomically: a reader sees the old contents or the new."""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from grader.errors import AssignmentError, InternalError, UsageError

_LEFT: Final = {"__pycache__", ".pytest_cache"}
MACHINE: Final = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EBADF),
}
"""Errors that the machine causes, EBADF by a closed /dev/stdout; all others come from the path that the caller gave."""


def unix(data: bytes) -> bytes:
    """Return a file's contents without what Windows and git do to the ends of its lines."""
    return data.replace(b"\r\n", b"\n")


def own_files(root: Path) -> dict[str, Path]:
    """Return the files of a folder by their relative paths, in order, without files that running its code makes.

    Dangling links are skipped, because editors keep such links beside an open file.

    Raises:
        AssignmentError: a link, a device, a pipe or a socket is in it, or a folder in it can't be read. A link may
            point to a private file, and the listed files go into handouts and bundles.
    """

    def fail(error: OSError) -> NoReturn:
        raise AssignmentError(error.filename, None, f"can't be read: {error.strerror}; give yourself the right to")

    _demand_own(root)
    found: dict[str, Path] = {}
    for folder, below, names in os.walk(root, onerror=fail):
        below[:] = [name for name in below if name not in _LEFT]
        for name in (*below, *names):
            path = Path(folder, name)
            if _demand_own(path) and name in names:
                found[path.relative_to(root).as_posix()] = path
    return dict(sorted(found.items(), key=lambda item: Path(item[0]).parts))


def _demand_own(path: Path) -> bool:
    """Whether the path is a file or folder; raises AssignmentError for links, devices, pipes and sockets."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return True
    if stat.S_ISLNK(mode):
        if not path.exists():
            return False
        raise AssignmentError(path, None, "is a link, which could bring in any file; put a copy in its place")
    raise AssignmentError(path, None, "is a device, a pipe or a socket, not a file; remove it")


def is_replaced(file: Path) -> bool:
    """Whether `write_atomically` can replace this path: a regular file or no file, directly or through links."""
    return _descriptor(file) is None and (file.is_file() or not file.exists())


def write_atomically(file: Path, contents: str | bytes, *, mode: int | None = None) -> None:
    """Write a file: a reader sees the old contents or the new, never a part.

    If the path is a link, the link stays and its target is replaced. A device, a pipe, a socket or an open file
    descriptor (`/dev/stdout`) can't be replaced, so the contents are written to it.

    Args:
        file: where to write.
        contents: a text becomes UTF-8.
        mode: the permissions; by default those of the old file, or 0666 without the umask's bits. The owner of an
            old file is kept if we may change owners.

    Raises:
        UsageError: the file can't be written at this path; no temporary file is left.
        InternalError: the machine has no room for it.
    """
    data = contents.encode("utf-8") if isinstance(contents, str) else contents
    try:
        if is_replaced(file):
            _replace(Path(os.path.realpath(file)), data, mode)
        else:
            _write_to(file, data)
    except OSError as error:
        place = f"can't write {file}: {error.strerror or error}"
        if error.errno in MACHINE:
            raise InternalError(f"{place}; make room for it, or name a file elsewhere") from None
        raise UsageError(f"{place}; name a file in a folder that exists and that you may write to") from None


def _replace(file: Path, data: bytes, mode: int | None) -> None:
    try:
        old = file.stat()
    except FileNotFoundError:
        old = None
    temporary = file.with_name(f".grader-{secrets.token_hex(8)}")
    # Windows has no O_CLOEXEC, and changes line ends without O_BINARY
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if old is not None and hasattr(os, "fchown"):
                with suppress(PermissionError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(temporary, file)
    except BaseException:  # also the alarm of a deadline
        with suppress(OSError):
            temporary.unlink()
        raise


def _write_to(file: Path, data: bytes) -> None:
    """Write to a path that can't be replaced, at its current position: earlier output stays."""
    ours = _descriptor(file)
    if ours is not None:
        sys.stdout.flush()  # keeps the order of the output
        descriptor = os.dup(ours)
    elif stat.S_ISSOCK(file.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(file))
            connection.sendall(data)
        return
    else:
        descriptor = os.open(file, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _descriptor(file: Path) -> int | None:
    """Return our descriptor that a path such as /dev/stdout names; None for other paths."""
    path = os.fspath(file)
    for _ in range(40):  # as many links as the kernel follows
        # resolve only the folder, not the last part: a descriptor's target may have no name
        path = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
        match = re.fullmatch(rf"/proc/{os.getpid()}(?:/task/\d+)?/fd/(\d+)", path)
        if match:
            return int(match[1])
        if not os.path.islink(path):
            return None
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return None
