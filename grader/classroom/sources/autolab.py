"""Autolab's download of all or of the final submissions: flat, `<e-mail>_<version>_<file>`.

Autolab divides `<version>_<file>` at underscores, and puts the e-mail before the last two parts. So a file's name with
an underscore moves the e-mail inwards: version 3 of hw1_handin.tar is stored as `3_<e-mail>_hw1_handin.tar`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.classroom.sources.found import (
    EMAIL,
    Found,
    Piece,
    Reading,
    Source,
    faulty,
    most,
    printable,
    stem_of,
    student,
    unexplained,
)
from grader.classroom.sources.tree import Tree

_FIRST = re.compile(rf"(?P<email>{EMAIL.pattern})_(?P<version>\d+)_(?P<file>[^_]+)")
_INSIDE = re.compile(rf"(?P<version>\d+)_(?P<email>{EMAIL.pattern})_(?P<file>[^_]+_[^_]+)")
_LIKELY = 3
"""The least number of students whose names tell which words at the front belong to the file."""


@dataclass(frozen=True)
class _Name:
    """The parts of an entry's name."""

    email: str
    version: int
    file: str


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    names = [node.name for node in tree.children(root) if not node.trouble]
    if most(sum(name is not None for name in _names(names)), len(names)):
        return "its files are named with an e-mail address and a version, as Autolab's download names them"
    return ""


def is_export(name: str) -> bool:
    """Whether Autolab names a student's file so."""
    return _FIRST.fullmatch(name) is not None or _INSIDE.fullmatch(name) is not None


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each file is one version of a hand-in."""
    nodes = tree.children(root)
    files = [node for node in nodes if not node.is_folder and not node.trouble]
    found, rest = [], [node for node in nodes if node.is_folder]
    for node, name in zip(files, _names([node.name for node in files]), strict=True):
        if name is None:
            rest.append(node)
        else:
            found.append(
                Found(
                    printable(node.name),
                    (student(name.email, email=name.email),),
                    (Piece(node.path, name.file),),
                    number=name.version,
                    version=f"version {name.version}",
                )
            )
    other = unexplained(rest, "a file with an e-mail address and a version in its name", _key)
    return Reading((*faulty(nodes), *found, *other.found), other.notes)


def _key(name: str) -> str:
    """The address in the name of a file that was unpacked into a folder."""
    match = EMAIL.search(re.sub(r"\A\d+_", "", name))
    return match[0] if match is not None else stem_of(name)


def _names(names: Sequence[str]) -> list[_Name | None]:
    """The parts of each name. All entries have the same file's name, so one decision holds for all of them."""
    first, inside = ([form.fullmatch(name) for name in names] for form in (_FIRST, _INSIDE))
    # if each begins with a number, that is the version, because hardly an address begins with one
    moved = all(inside) or sum(map(bool, inside)) > sum(map(bool, first))
    matches = inside if moved else first
    shared = _shared([match["email"] for match in matches if match]) if moved else ""
    return [
        _Name(match["email"][len(shared) :], int(match["version"]), shared + match["file"]) if match else None
        for match in matches
    ]


def _shared(emails: Sequence[str]) -> str:
    """The words before all addresses, which belong to the file's name, as `my_` of `my_hw1_handin.tar`."""
    different = set(emails)
    if len(different) < _LIKELY:
        return ""
    parts = [email.partition("@")[0].split("_")[:-1] for email in different]
    count = 0
    while all(len(words) > count and words[count] == parts[0][count] for words in parts):
        count += 1
    return "".join(f"{word}_" for word in parts[0][:count])


SOURCE = Source("autolab", recognise, read)
