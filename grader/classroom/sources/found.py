"""The nouns that a reader of one layout returns, and what all readers need for names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from grader.classroom.sources.tree import Node, Tree
from grader.gradebook import Student
from grader.intake.archives import SUFFIXES
from grader.intake.members import composed
from grader.intake.notes import listed
from grader.text import clean_text

KEY_CHARS = 200
EMAIL = re.compile(r"[^@\s/\\,;<>\"]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
"""An e-mail address; a domain has no underscore, so it ends where a platform goes on with one."""
_ASIDE = (
    *(".csv", ".tsv", ".json", ".jsonl", ".yml", ".yaml", ".toml", ".md", ".txt", ".log", ".xls", ".xlsx", ".ods"),
    *(".html", ".htm", ".sh"),
)
_SINGLE = (".py", ".ipynb")
"""Suffixes of a hand-in that is one source file."""


@dataclass(frozen=True)
class Piece:
    """One part of a hand-in."""

    path: PurePosixPath
    """A file or folder of the source."""
    name: str = ""
    """The file's name in the hand-in, where the source's differs from the student's; empty if it doesn't."""


@dataclass(frozen=True)
class Found:
    """One version of a hand-in, as a source has it."""

    name: str
    """The entry's name in the source, for sentences."""
    students: tuple[Student, ...]
    """At least one; of an unknown student, just a key."""
    pieces: tuple[Piece, ...] = ()
    """Together the hand-in; empty if there is a fault."""
    submitted: datetime | None = None
    late: bool | None = None
    number: int | None = None
    """The version's number, if the source counts versions; a greater one is newer."""
    version: str = ""
    """Which version it is, in the source's words; empty if the source has no versions."""
    others: tuple[str, ...] = ()
    """Versions that the source mentions but doesn't contain."""
    notes: tuple[str, ...] = ()
    problem: str = ""
    """Why a person must look at it, although it can be graded."""
    fault: str = ""
    """Why it can't be graded: a whole sentence with the entry's name; empty if it can."""


@dataclass(frozen=True)
class Reading:
    """The content of a source."""

    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """One layout of a class's hand-ins."""

    name: str
    recognise: Callable[[Tree, PurePosixPath], str]
    """Given a source and a folder in it, return a sentence that says why it has this layout; empty if it hasn't."""
    read: Callable[[Tree, PurePosixPath], Reading]
    """Given the same, return what is in it."""


def printable(name: str, limit: int = KEY_CHARS) -> str:
    r"""Return a name from a source as text that any file can hold: bytes that aren't Unicode become `\xff`.

    Different names stay different, unless they differ beyond `limit` or in characters that nobody sees.
    """
    text = composed(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return " ".join(clean_text(text, limit).split()) or ascii(name)[:limit]


def stem_of(name: str) -> str:
    """A file's name without the suffix of an archive or a source file."""
    lower = name.lower()
    suffix = max((suffix for suffix in (*SUFFIXES, *_SINGLE) if lower.endswith(suffix)), key=len, default="")
    return name[: len(name) - len(suffix)] or name


def is_archive_name(name: str) -> bool:
    """Whether a file is named as an archive."""
    return name.lower().endswith(SUFFIXES)


def is_aside(node: Node) -> bool:
    """Whether it is a file that an instructor keeps beside hand-ins, such as a roster."""
    return not node.is_folder and not node.trouble and PurePosixPath(node.name.lower()).suffix in _ASIDE


def student(key: str, name: str = "", email: str = "", id: str = "") -> Student:
    """Return a student with printable fields; a key that is an e-mail address is one."""
    key = printable(key)
    email = email or (key if EMAIL.fullmatch(key) else "")
    return Student(key, *(printable(field) if field else "" for field in (name, email, id)))


def faulty(nodes: Iterable[Node]) -> list[Found]:
    """The entries that are links or devices."""
    return [
        Found(printable(node.name), (student(stem_of(node.name)),), fault=f"{printable(node.name)} {node.trouble}")
        for node in nodes
        if node.trouble
    ]


def unexplained(nodes: Iterable[Node], form: str, key: Callable[[str], str] = stem_of) -> Reading:
    """Return what to say of the entries that a layout has no place for.

    A folder, an archive or a source file may be a hand-in, so a person must look at it; other names are in a note.

    Args:
        nodes: the entries.
        form: what they are not, such as "named as Canvas names hand-ins".
        key: the student that an entry's name belongs to.
    """
    found, rest = [], []
    for node in nodes:
        name = printable(node.name)
        if node.trouble:
            continue  # see `faulty`
        if node.name.startswith(".") or not (node.is_folder or node.name.lower().endswith((*SUFFIXES, *_SINGLE))):
            rest.append(node.name)
        else:
            sentence = f"{name} isn't {form}; if it is a hand-in, make it so, or grade it in a run of its own"
            found.append(Found(name, (student(key(node.name)),), fault=sentence))
    return Reading(tuple(found), (f"These aren't {form}, and weren't graded: {listed(rest)}.",) if rest else ())


def most(matching: int, all: int) -> bool:
    """Whether enough entries have a layout's names; a few may be an instructor's own files."""
    return matching > 0 and 4 * matching >= 3 * all
