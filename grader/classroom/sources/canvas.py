"""Canvas' download of all submissions: flat, `<name>[_LATE]_<user id>_<attachment id>_<file>`.

All files with one user id are one hand-in. A text or a link that was entered into a form has no attachment id. Where
students are anonymous, `[LATE_]anon_<id>` replaces name and user id.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath

from grader.classroom.sources.found import (
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
from grader.classroom.sources.tree import Node, Tree
from grader.intake.notes import listed

_NAMED = re.compile(
    r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<id>\d+)_(?:(?P<attachment>\d+)_(?P<file>[^/]+)|(?P<form>text|link)\.html)"
)
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<id>anon_[^_/]+)_(?:(?P<attachment>\d+)_(?P<file>[^/]+)|(?P<form>text|link)\.html)"
)
_AGAIN = re.compile(r"-\d{1,3}(?=(\.tar)?\.\w+$)")
"""The number that Canvas adds to a file's name when a student hands it in again."""


def _parsed(name: str) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) or _NAMED.fullmatch(name)


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    # a folder among them may be a file of the download that was unpacked in its place, so it counts by its name
    names = [node.name for node in tree.children(root) if not node.trouble]
    matches = [match for match in map(_parsed, names) if match is not None]
    attachments = [match["attachment"] for match in matches if match["attachment"]]
    # each attachment has a number of its own, unlike a number in an assignment's title
    if most(len(matches), len(names)) and len(set(attachments)) == len(attachments):
        return "its files are named with a user's and an attachment's number, as Canvas' download names them"
    return ""


def is_export(name: str) -> bool:
    """Whether Canvas names a student's file so."""
    match = _parsed(name)
    return match is not None and match["attachment"] is not None


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """All files of one user are one hand-in, under the names that the student gave them."""
    nodes = tree.children(root)
    groups: dict[str, list[tuple[re.Match[str], Node]]] = {}
    rest: list[Node] = []
    for node in nodes:
        match = None if node.trouble or node.is_folder else _parsed(node.name)
        if match is not None:
            groups.setdefault(match["id"], []).append((match, node))
        elif not node.trouble:
            rest.append(node)
    found = [_found(id, files) for id, files in groups.items()]
    other = unexplained(rest, "a file that is named as Canvas names hand-ins", _key)
    return Reading((*faulty(nodes), *found, *other.found), other.notes)


def _key(name: str) -> str:
    """The user id in the name of a file that was unpacked into a folder."""
    match = _parsed(name)
    return match["id"] if match is not None else stem_of(name)


def _found(id: str, files: list[tuple[re.Match[str], Node]]) -> Found:
    first = files[0][0]
    name = "" if id.startswith("anon_") else first["name"]
    title = printable(f"{name}_{id}" if name else id)
    user = "" if id.startswith("anon_") else id
    who = replace(student(id, name, id=user), canvas=user)
    late = any(match["late"] for match, _ in files)
    uploads = sorted((int(match["attachment"]), match["file"], node) for match, node in files if match["attachment"])
    if not uploads:
        form = "text" if first["form"] == "text" else "link"
        sentence = f"{title} handed in a {form} in Canvas' form instead of a file; a person must read it"
        return Found(title, (who,), late=late, fault=sentence)
    bare = [_AGAIN.sub("", file) for _, file, _ in uploads]
    count = Counter(bare)
    names = [short if count[short] == 1 else file for short, (_, file, _) in zip(bare, uploads, strict=True)]
    twice = sorted(file for file, number in Counter(names).items() if number > 1)
    notes = [f"Handed in more than once, and the last one was taken: {listed(twice)}."] if twice else []
    pieces = {file: Piece(node.path, file) for file, (_, _, node) in zip(names, uploads, strict=True)}
    return Found(title, (who,), tuple(pieces.values()), late=late, notes=tuple(notes))


SOURCE = Source("canvas", recognise, read)
