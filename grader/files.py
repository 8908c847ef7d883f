"""Lists the files of a folder, and writes one at once, so that whoever reads it sees the old text or the new."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from grader.errors import UsageError

_LEFT: Final = {"__pycache__", ".pytest_cache"}


def own_files(root: Path) -> dict[str, Path]:
    """Return the files of a folder by their relative paths, in order, without what running it leaves there."""
    return {
        file.relative_to(root).as_posix(): file
        for file in sorted(root.rglob("*"))
        if file.is_file() and not _LEFT & set(file.relative_to(root).parts)
    }


def write_atomically(file: Path, contents: str | bytes) -> None:
    """Replace a file's contents at once: a reader sees the old ones or the new, never a part.

    Raises:
        UsageError: the file can't be written; nothing is left beside it.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(contents.encode() if isinstance(contents, str) else contents)
            os.chmod(temporary, 0o644)
            os.replace(temporary, file)
        except BaseException:  # a deadline's alarm may ring in here, too
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError(
            f"can't write {file}: {error.strerror}; name a file in a folder that exists and that you may write to"
        ) from None
