"""nbgrader's folder `submitted`: `<student>/<assignment>/`, with timestamp.txt in it."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.classroom.sources.found import Found, Piece, Reading, Source, faulty, most, printable, student, unexplained
from grader.classroom.sources.tree import Node, Tree, UnreadableError
from grader.classroom.times import parse_time
from grader.errors import GraderError, UsageError
from grader.intake.notes import listed

_TIME = "timestamp.txt"
_TIME_BYTES = 1000
_LOOKED_AT = 50
"""The number of folders that are looked into, because a class may have thousands."""


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    folders = [node for node in tree.children(root) if node.is_folder][:_LOOKED_AT]
    timed = [
        node
        for node in folders
        if any(below.is_folder and _stamp(tree, below) is not None for below in _children(tree, node))
    ]
    if most(len(timed), len(folders)):
        return f"its folders are <student>/<assignment>/ with {_TIME}, as in nbgrader's folder `submitted`"
    return ""


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each student's folder of the assignment is one hand-in."""
    nodes = tree.children(root)
    students = [node for node in nodes if node.is_folder and not node.trouble]
    hand_ins = [(node, below) for node in students for below in _children(tree, node) if below.is_folder]
    empty = [node for node in students if node not in {owner for owner, _ in hand_ins}]
    assignments = sorted({below.name for _, below in hand_ins})
    if len(assignments) > 1:
        raise UsageError(
            f"the source has hand-ins of several assignments ({listed(assignments)}); name one of them: "
            f"--pattern '(?P<student_id>[^/]+)/{assignments[0]}'"
        )
    found = [_found(tree, node, below) for node, below in hand_ins]
    for node in empty:
        sentence = f"{printable(node.name)} has no folder of an assignment, or none that can be read"
        found.append(Found(printable(node.name), (student(node.name),), fault=sentence))
    other = unexplained((node for node in nodes if not node.is_folder), "in a student's folder")
    return Reading((*faulty(nodes), *found, *other.found), other.notes)


def _found(tree: Tree, owner: Node, folder: Node) -> Found:
    stamp = _stamp(tree, folder)
    submitted, notes = None, []
    if stamp is not None:
        try:
            text = tree.read(stamp.path, _TIME_BYTES).decode("utf-8", "replace")
        except GraderError:
            text = ""
        submitted = parse_time(text)
        if submitted is None:
            notes.append(f"The time in {_TIME} can't be read.")
    return Found(
        printable(owner.name), (student(owner.name),), (Piece(folder.path),), submitted=submitted, notes=tuple(notes)
    )


def _children(tree: Tree, folder: Node) -> list[Node]:
    """The entries of a student's folder; none if it can't be read, which must not stop the others."""
    try:
        return tree.children(folder.path)
    except UnreadableError:
        return []


def _stamp(tree: Tree, folder: Node) -> Node | None:
    return next((node for node in _children(tree, folder) if node.name == _TIME and not node.trouble), None)


SOURCE = Source("nbgrader", recognise, read)
