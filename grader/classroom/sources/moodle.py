"""Moodle's "Download all submissions": `<full name>_<participant id>_assignsubmission_file`, as folders or flat.

A text written in Moodle's editor is beside it, with `onlinetext` instead of `file`. A team has its own name and
number instead; the default team has no number.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from grader.classroom.sources.found import Found, Piece, Reading, Source, faulty, most, printable, student, unexplained
from grader.classroom.sources.tree import Node, Tree

_ENTRY = re.compile(
    r"(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z0-9]+)(?:_(?P<file>.*))?", re.DOTALL
)


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    nodes = [node for node in tree.children(root) if not node.trouble]
    if most(sum(_ENTRY.fullmatch(node.name) is not None for node in nodes), len(nodes)):
        return "its entries have _assignsubmission_ in their names, as in Moodle's download"
    return ""


def is_export(name: str) -> bool:
    """Whether Moodle names a student's file so."""
    return _ENTRY.fullmatch(name) is not None


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """All entries of one participant or team are one hand-in."""
    nodes = tree.children(root)
    groups: dict[tuple[str, str], list[tuple[re.Match[str], Node]]] = {}
    rest: list[Node] = []
    for node in nodes:
        match = None if node.trouble else _ENTRY.fullmatch(node.name)
        if match is not None:
            groups.setdefault((match["name"], match["id"] or ""), []).append((match, node))
        elif not node.trouble:
            rest.append(node)
    found = [_found(*who, entries) for who, entries in groups.items()]
    other = unexplained(rest, "named as Moodle names hand-ins")
    return Reading((*faulty(nodes), *found, *other.found), other.notes)


def _found(name: str, id: str, entries: list[tuple[re.Match[str], Node]]) -> Found:
    full = " ".join(name.replace("_", " ").split())
    title = printable(f"{full}_{id}" if id else full)
    who = student(id or full, full, id=id)
    files = [Piece(node.path, match["file"] or "") for match, node in entries if match["plugin"] == "file"]
    if not files:
        sentence = f"{title} handed in a text in Moodle's editor instead of a file; a person must read it"
        return Found(title, (who,), fault=sentence)
    notes = ["There is a text in Moodle's editor too, which isn't graded."] if len(files) < len(entries) else []
    return Found(title, (who,), tuple(files), notes=tuple(notes))


SOURCE = Source("moodle", recognise, read)
