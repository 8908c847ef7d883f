"""A folder of git clones, one a student, as GitHub Classroom's tools make it: `<assignment>-<login>`."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath

from grader.classroom.sources.commits import commit_times
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
from grader.classroom.sources.tree import Tree

_LIKELY = 3
"""The least number of clones whose names tell the assignment's part of them."""


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    folders = [node for node in tree.children(root) if node.is_folder]
    cloned = [node for node in folders if (place := tree.on_disk(node.path)) and os.path.lexists(place / ".git")]
    return "its folders are git clones" if most(len(cloned), len(folders)) else ""


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each folder is one hand-in; its name without the assignment's is the student's login."""
    nodes = tree.children(root)
    folders = [node for node in nodes if node.is_folder and not node.trouble]
    prefix = _prefix([node.name for node in folders], root.name or tree.name)
    times = commit_times(tree, [node.path for node in folders])
    found = [
        Found(
            printable(node.name),
            (student(_login(node.name, prefix)),),
            (Piece(node.path),),
            submitted=times.get(node.path),
        )
        for node in folders
    ]
    rest = unexplained(
        (node for node in nodes if not node.is_folder), "in a clone", lambda name: _login(stem_of(name), prefix)
    )
    notes = [*rest.notes]
    if times:
        notes.append("The time of a hand-in is that of its last commit, which the student's own computer wrote.")
    return Reading((*faulty(nodes), *found, *rest.found), tuple(notes))


def _prefix(names: list[str], source: str) -> str:
    """The assignment's part of the clones' names: from the source's name, or what they have in common."""
    said = re.sub(r"[-_]submissions?(-\d\d.*)?$", "", source) + "-"
    if names and all(name.startswith(said) for name in names):
        return said
    if len(names) < _LIKELY:
        return ""
    first, last = min(names), max(names)  # what these two have in common, all have
    count = next((i for i, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[: first.rfind("-", 0, count) + 1]


def _login(name: str, prefix: str) -> str:
    return name[len(prefix) :] or name


SOURCE = Source("clones", recognise, read)
