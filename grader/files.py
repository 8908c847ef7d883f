"""Writes a file at once, so that whoever reads it sees the old text or the new."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from grader.errors import UsageError


def write_atomically(file: Path, text: str) -> None:
    """Replace a file's contents at once: a reader sees the old text or the new, never a part.

    Raises:
        UsageError: the file can't be written; nothing is left beside it.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
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
