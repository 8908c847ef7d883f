"""One file of a hand-in, and the rules for names of files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.errors import SubmissionError
from grader.intake.limits import Budget
from grader.intake.notes import Troubles, shown

PART_BYTES = 255
"""The greatest length of a file's or folder's name on a disk."""
PATH_BYTES = 1000
DEPTH = 30
_LEAD = re.compile(r"(?:\.?/|[A-Za-z]:(?=/))*")
"""The start of a name that leads out: slashes and drives, with any `./` between them."""
_APPENDED = re.compile(r"\.(py|ipynb)\.txt$|\.ipynb\.json$", re.IGNORECASE)
_JUNK_FOLDERS = frozenset(
    (
        *("__MACOSX", "__pycache__", ".git", ".svn", ".hg", ".ipynb_checkpoints", ".idea", ".vscode", ".vs"),
        *(".venv", "venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", "node_modules", ".Trashes", ".fseventsd"),
        *(".Spotlight-V100", "$RECYCLE.BIN", "System Volume Information"),
    )
)
_JUNK_FILES = frozenset((".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", ".localized", ".directory"))


@dataclass(frozen=True)
class Member:
    """One regular file of a hand-in, not read yet."""

    path: PurePosixPath
    """Relative to the archive or folder, in Unicode's composed form."""
    size: int
    """In bytes, according to the archive or the folder."""
    read: Callable[[], bytes]
    """Returns exactly `size` bytes; raises SubmissionError if the archive doesn't hold them."""
    led_out: bool = False
    """Whether the member's name led out of the archive, and `path` is the rest of it."""


def capped(members: Iterable[Member], name: str, budget: Budget) -> list[Member]:
    """Return all members of an archive or folder; raises SubmissionError as soon as there are too many."""
    found: list[Member] = []
    for member in members:
        if len(found) == budget.caps.members:
            fact = f"{shown(name)} has more than {budget.caps.members} files"
            raise SubmissionError(f"{fact}; hand in the source files only")
        found.append(member)
    return found


def is_junk_folder(name: str) -> bool:
    """Whether an operating system, an editor or Python made this folder, rather than a student."""
    return name in _JUNK_FOLDERS


def is_junk(path: PurePosixPath) -> bool:
    """Whether an operating system, an editor or Python made this file, rather than a student."""
    name = path.name
    return (
        name.startswith("._")
        or name.lower() in _JUNK_FILES
        or path.suffix in (".pyc", ".pyo")
        or not _JUNK_FOLDERS.isdisjoint(path.parts)
    )


def unappended(path: PurePosixPath) -> PurePosixPath:
    """A path without what mailers and browsers append to the name of a file of text: `hw.ipynb.json`, `hw.py.txt`."""
    return path.with_name(path.stem) if _APPENDED.search(path.name) else path


def composed(name: str) -> str:
    """A name in Unicode's composed form, because macOS stores é as e and an accent."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def path_of(name: str, troubles: Troubles) -> tuple[PurePosixPath, bool] | None:
    """Return the path below the root of an archive or folder, and whether the name led out of it.

    A backslash separates like a slash. From a name that leads out, the part that does is removed, as tar does: all up
    to the last `..`, and then slashes and drives. A colon is an ordinary character, except in a drive's root such as
    `C:/`.

    Returns None for junk, and for a name that no file can have, which is added to `troubles`.
    """
    # checked before splitting, because a name of a thousand folders is cheap to make and expensive to process
    if len(name) > PATH_BYTES or name.count("/") + name.count("\\") > 2 * DEPTH:
        troubles.add("long", name[:PATH_BYTES])
        return None
    whole = composed(name.replace("\\", "/"))
    last = f"/{whole}/".rfind("/../")
    rest = whole if last < 0 else whole[last + 3 :]
    lead = _LEAD.match(rest)
    path = PurePosixPath(rest[lead.end() :] if lead else rest)
    if "\0" in name or not path.parts:
        troubles.add("unnamed", name or "(an empty name)")
        return None
    if is_junk(path) or not fits(path, troubles):
        return None
    led_out = path != PurePosixPath(whole)
    if led_out:
        troubles.add("outside", name)
    return path, led_out


def fits(path: PurePosixPath, troubles: Troubles) -> bool:
    """Whether a disk can hold a file of this path."""
    parts = path.parts
    lengths = [len(part.encode("utf-8", "surrogatepass")) for part in parts] if len(parts) <= DEPTH else [PATH_BYTES]
    if max(lengths) > PART_BYTES or sum(lengths) + len(lengths) > PATH_BYTES:
        troubles.add("long", path)
        return False
    return True
