r"""Reads any layout by a regular expression with named groups, which an instructor gives.

It must match the whole path of a file or folder below the source, such as `(?P<key>\w+)/final/(?P<file>.+)`. A folder
that matches is a hand-in; files that match with the same student and version are one hand-in together.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from grader.classroom.sources.found import Found, Piece, Reading, printable, stem_of, student
from grader.classroom.sources.tree import Node, Tree, UnreadableError
from grader.classroom.times import parse_time
from grader.errors import UsageError
from grader.gradebook import Student
from grader.intake.members import DEPTH
from grader.intake.notes import listed, shown

NAME = "pattern"
_KEYS = ("key", "student_id", "login", "email", "id", "sid")
_NAMES = ("name", "first_name", "last_name")
_FILES = ("file", "file_id")
GROUPS = (*_KEYS, *_NAMES, "version", "timestamp", "late", *_FILES)
"""The names of groups; as in nbgrader's named_regexp, student_id is the key and file_id the file's name."""
_NO = ("", "0", "no", "false")


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression.

    Raises:
        UsageError: it isn't one, names unknown groups, or doesn't name the student.
    """
    try:
        expression = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"--pattern isn't a regular expression ({error}); see docs/class.md for examples") from None
    unknown = sorted(set(expression.groupindex) - set(GROUPS))
    if unknown:
        raise UsageError(f"--pattern has unknown groups ({listed(unknown)}); the known ones are {', '.join(GROUPS)}")
    if not set(expression.groupindex) & {*_KEYS, *_NAMES}:
        raise UsageError(f"--pattern names no student; give it one of the groups {', '.join((*_KEYS, *_NAMES))}")
    return expression


def read(tree: Tree, root: PurePosixPath, expression: re.Pattern[str]) -> Reading:
    """Return the hand-ins that match."""
    folders: list[Found] = []
    files: dict[tuple[str, ...], list[tuple[re.Match[str], Node]]] = {}
    rest: list[str] = []
    queue = [root]
    while queue:
        folder = queue.pop()
        try:
            nodes = tree.children(folder)
        except UnreadableError as error:
            name = printable(str(folder))
            folders.append(Found(name, (student(name),), fault=str(error)))
            continue
        for node in nodes:
            match = expression.fullmatch(str(node.path.relative_to(root)))
            if match is None and node.is_folder and len(node.path.parts) < DEPTH:
                queue.append(node.path)
            elif match is None:
                rest.append(str(node.path))
            elif node.trouble:
                name = printable(str(node.path))
                folders.append(Found(name, (_student(match, node),), fault=f"{name} {node.trouble}"))
            elif node.is_folder:
                folders.append(_found([(match, node)]))
            else:
                identity = (_student(match, node).key, _group(match, "version"), _group(match, "timestamp"))
                files.setdefault(identity, []).append((match, node))
    notes = [f"The pattern fits none of these, which weren't graded: {listed(sorted(rest))}."] if rest else []
    return Reading((*folders, *map(_found, files.values())), tuple(notes))


def _found(entries: list[tuple[re.Match[str], Node]]) -> Found:
    match, first = entries[0]
    time, version = _group(match, "timestamp"), _group(match, "version")
    submitted = parse_time(time) if time else None
    notes = [f"The time {shown(time)} can't be read."] if time and submitted is None else []
    return Found(
        printable(str(first.path)) if len(entries) == 1 else printable(f"{first.path} and {len(entries) - 1} more"),
        (_student(match, first),),
        tuple(Piece(node.path, _group(one, *_FILES)) for one, node in entries),
        submitted=submitted,
        late=_group(match, "late").lower() not in _NO if "late" in match.re.groupindex else None,
        number=int(version) if re.fullmatch(r"\d{1,18}", version, re.ASCII) else None,
        version=" ".join(filter(None, (version and f"version {version}", time and f"of {time}"))),
        notes=tuple(notes),
    )


def _student(match: re.Match[str], node: Node) -> Student:
    name = _group(match, "name") or " ".join(filter(None, (_group(match, "first_name"), _group(match, "last_name"))))
    key = _group(match, *_KEYS) or name or stem_of(node.name)
    return student(key, name, _group(match, "email"), _group(match, "id", "sid"))


def _group(match: re.Match[str], *names: str) -> str:
    """The text of the first of these groups that took part in the match."""
    return next((text for name in names if name in match.re.groupindex and (text := match[name])), "")
