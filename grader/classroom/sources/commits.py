"""Reads when the last commit of a git clone was made.

A clone's own configuration may name programs to run, so git never sees it: it works in an empty repository of ours,
which borrows the clone's objects. The references that lead to the commit are read as text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

from grader.classroom.sources.tree import Tree
from grader.errors import GraderError

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = re.compile(r"ref: (refs/heads/[^\s\\]+)")
_COMMITTER = re.compile(r"^committer .*> (\d{1,11}) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
_FILE_BYTES = 2**20
_COMMIT_BYTES = 2**20
_SECONDS = 30


def commit_times(tree: Tree, clones: Sequence[PurePosixPath]) -> dict[PurePosixPath, datetime]:
    """Return when the last commit of each clone was made; clones of which that can't be told are left out."""
    times: dict[PurePosixPath, datetime] = {}
    git = shutil.which("git")
    if git is None or not clones:
        return times
    with tempfile.TemporaryDirectory(prefix="grader-git-") as ours:
        for name in ("objects", "refs"):
            Path(ours, name).mkdir()
        Path(ours, "HEAD").write_text("ref: refs/heads/none\n", "utf-8")
        for clone in clones:
            place = tree.on_disk(clone)
            commit = _head(tree, clone / ".git") if place is not None else ""
            time = _time(git, Path(ours), place / ".git/objects", commit) if place is not None and commit else None
            if time is not None:
                times[clone] = time
    return times


def _head(tree: Tree, folder: PurePosixPath) -> str:
    """The id of the commit that is checked out; empty if it can't be told."""
    head = _text(tree, folder / "HEAD")
    branch = _BRANCH.fullmatch(head)
    if branch is None or ".." in branch[1]:
        return head if _ID.fullmatch(head) else ""
    loose = _text(tree, folder / branch[1])
    if _ID.fullmatch(loose):
        return loose
    packed = (line.split(" ", 1) for line in _text(tree, folder / "packed-refs").splitlines())
    return next((words[0] for words in packed if words[1:] == [branch[1]] and _ID.fullmatch(words[0])), "")


def _text(tree: Tree, path: PurePosixPath) -> str:
    try:
        return tree.read(path, _FILE_BYTES).decode("utf-8", "replace").strip()
    except GraderError:
        return ""


def _time(git: str, ours: Path, objects: Path, commit: str) -> datetime | None:
    """The committer's time; None if the objects don't have it."""
    quoted = str(objects).replace("\\", "\\\\").replace('"', '\\"')
    environment = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
        "HOME": str(ours),
        "PATH": os.environ.get("PATH", os.defpath),
    }

    def told(*arguments: str) -> str:
        done = subprocess.run(
            [git, "--git-dir", str(ours), "cat-file", *arguments, commit],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        return done.stdout.decode("utf-8", "replace")

    try:
        # the size first: a small file may hold a commit that doesn't fit into the memory
        match = _COMMITTER.search(told("commit").partition("\n\n")[0]) if int(told("-s")) <= _COMMIT_BYTES else None
        if match is None:
            return None
        offset = timedelta(hours=int(match[3]), minutes=int(match[4])) * (-1 if match[2] == "-" else 1)
        return datetime.fromtimestamp(int(match[1]), timezone(offset))
    except (subprocess.SubprocessError, ValueError, OverflowError, OSError):
        return None
