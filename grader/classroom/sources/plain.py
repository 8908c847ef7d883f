"""The plain layout: one entry a student, which is a folder, an archive, a source file or a notebook."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.classroom.sources.found import Found, Piece, Reading, Source, faulty, is_aside, printable, stem_of, student
from grader.classroom.sources.tree import Tree
from grader.intake.notes import listed


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """Any folder or archive has this layout."""
    return "no platform's layout was recognised, so each entry is one student's"


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each entry is one hand-in; its name without suffix is the student's key."""
    nodes = tree.children(root)
    skipped = {node.name for node in nodes if is_aside(node) or node.name.startswith(".")}
    found = [
        Found(
            printable(node.name), (student(node.name if node.is_folder else stem_of(node.name)),), (Piece(node.path),)
        )
        for node in nodes
        if not node.trouble and node.name not in skipped
    ]
    notes = [f"These files are no hand-ins by their names, and weren't graded: {listed(sorted(skipped))}."]
    return Reading((*faulty(nodes), *found), tuple(notes if skipped else ()))


SOURCE = Source("plain", recognise, read)
