"""PrairieLearn's downloads of submitted files: `<uid>_<instance>_<question>_<variant>_<number>_<id>_<file>`.

The uid is an e-mail address. A question's name may have slashes, which make folders. The file for manual grading has
another form, `<uid>_<uin>_<question>_<id>_<file>`, which only the download's own name tells.
"""

from __future__ import annotations

import re
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
    student,
    unexplained,
)
from grader.classroom.sources.tree import Leaf, Tree, UnreadableError
from grader.errors import SubmissionError, UsageError
from grader.intake.notes import listed

_FILE = re.compile(
    rf"(?P<uid>{EMAIL.pattern})_(?P<instance>\d+)_(?P<question>.+?)_(?P<variant>\d+)_(?P<number>\d+)_(?P<id>\d+)_(?P<file>[^/]+)"
)
_MANUAL = re.compile(rf"(?P<uid>{EMAIL.pattern})_(?P<uin>[^_/]*)_(?P<question>.+?)_(?P<id>\d+)_(?P<file>[^/]+)")
_MANUAL_NAME = "_files_for_manual_grading"


def _form(tree: Tree, root: PurePosixPath) -> re.Pattern[str]:
    return _MANUAL if _MANUAL_NAME in f"{tree.name}/{root}" else _FILE


def is_export(name: str) -> bool:
    """Whether PrairieLearn names a student's file so."""
    return _FILE.fullmatch(name) is not None


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    nodes = tree.children(root)
    if not most(sum(EMAIL.match(node.name) is not None for node in nodes), len(nodes)):
        return ""
    leaves, _ = _leaves(tree, root)
    form = _form(tree, root)
    if most(sum(form.fullmatch(str(path)) is not None for path, _ in leaves), len(leaves)):
        return "its files are named with an e-mail address, a question and a submission, as PrairieLearn names them"
    return ""


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """All files of one submission are one version of a hand-in."""
    form = _form(tree, root)
    groups: dict[tuple[str, int], list[tuple[re.Match[str], Leaf]]] = {}
    explained: set[str] = set()
    questions = set()
    leaves, faults = _leaves(tree, root)
    for path, leaf in leaves:
        match = form.fullmatch(str(path))
        if match is not None:
            explained.add(path.parts[0])
            groups.setdefault((match["uid"], int(match["id"])), []).append((match, leaf))
            questions.add(match["question"])
    if len(questions) > 1:
        named = re.escape(min(questions))
        raise UsageError(
            f"the source has answers to several questions ({listed(sorted(questions))}); name one of them: "
            f"--pattern '(?P<email>[^_]+@[^_]+)_\\d+_{named}_\\d+_\\d+_(?P<version>\\d+)_(?P<file>.+)'"
        )
    found = [_found(uid, id, files) for (uid, id), files in groups.items()]
    nodes = tree.children(root)
    read_in_vain = {one.name for one in faults}
    rest = [node for node in nodes if node.name not in explained and printable(node.name) not in read_in_vain]
    other = unexplained(rest, "named as PrairieLearn names files")
    return Reading((*faulty(nodes), *faults, *found, *other.found), other.notes)


def _found(uid: str, id: int, files: list[tuple[re.Match[str], Leaf]]) -> Found:
    who = student(uid, email=uid, id=files[0][0].groupdict().get("uin") or "")
    pieces = tuple(Piece(leaf.origin, match["file"]) for match, leaf in files)
    return Found(printable(f"{uid}_{id}"), (who,), pieces, number=id, version=f"submission {id}")


def _leaves(tree: Tree, root: PurePosixPath) -> tuple[list[tuple[PurePosixPath, Leaf]], list[Found]]:
    """All files with their paths, and the entries that can't be read."""
    leaves, faults = [], []
    for node in tree.children(root):
        if not node.trouble:
            try:
                leaves += [(leaf.origin.relative_to(root), leaf) for leaf in tree.leaves(node.path)]
            except (SubmissionError, UnreadableError) as error:
                name = printable(node.name)
                faults.append(Found(name, (student(name.partition("_")[0]),), fault=f"{name} can't be read: {error}"))
    return leaves, faults


SOURCE = Source("prairielearn", recognise, read)
