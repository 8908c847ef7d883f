"""The plain layout: one entry a student, which is a folder, an archive, a source file or a notebook."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.classroom.sources import autolab, canvas, moodle, prairielearn
from grader.classroom.sources.found import Found, Piece, Reading, Source, faulty, is_aside, printable, stem_of, student
from grader.classroom.sources.tree import Node, Tree
from grader.intake.notes import listed


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """Any folder or archive has this layout."""
    return "no platform's layout was recognised, so each entry is one student's"


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each entry is one hand-in; its name without suffix is the student's key.

    A few files that a platform named strayed into this folder. Of many, the names only look so: `hw_1_2_ada.zip`.
    """
    nodes = tree.children(root)
    strays = {node.path: fault for node in nodes if (fault := _stray(node))}
    few = 2 * len(strays) < len(nodes)
    skipped = {node.name for node in nodes if is_aside(node) or node.name.startswith(".")}
    found = [
        Found(
            printable(node.name),
            (student(node.name if node.is_folder else stem_of(node.name)),),
            (Piece(node.path),),
            fault=strays.get(node.path, "") if few else "",
        )
        for node in nodes
        if not node.trouble and node.name not in skipped
    ]
    notes = [f"These files are no hand-ins by their names, and weren't graded: {listed(sorted(skipped))}."]
    return Reading((*faulty(nodes), *found), tuple(notes if skipped else ()))


# those with an address first, which Canvas' names may have too
_PLATFORMS = {
    "PrairieLearn": prairielearn.is_export,
    "Autolab": autolab.is_export,
    "Canvas": canvas.is_export,
    "Moodle": moodle.is_export,
}


def _stray(node: Node) -> str:
    """Why a file isn't one student's hand-in; empty if it may be."""
    platform = next((name for name, is_export in _PLATFORMS.items() if is_export(node.name)), "")
    if node.is_folder or not platform:
        return ""
    return (
        f"{printable(node.name)} is named as {platform} names a file of its download, unlike most files here; put it "
        "into a folder of its own and grade that, or name it after its student"
    )


SOURCE = Source("plain", recognise, read)
