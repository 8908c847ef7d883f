"""Parts that several commands share: exit codes, the project and the assignment that a call names, progress."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sized
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.settings import find_project, load_assignment

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from grader.schedule import Progress

DONE, FAILED, WRONG, INTERNAL = 0, 1, 2, 3
"""Exit codes: see `grader.cli`."""


def say(sentence: str) -> None:
    """Write to standard error; a failure is ignored, because there is no other place to report it."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def project_of(options: argparse.Namespace) -> Path:
    """Return the folder of the project that a call names, or that the current folder is in."""
    return find_project((options.project or Path()).resolve())


def assignment_of(options: argparse.Namespace) -> Assignment:
    """Return the assignment that a call names."""
    return load_assignment(project_of(options), options.assignment)


def reopen_answers(options: argparse.Namespace) -> None:
    """Open the files that killed gradings left closed, because a command that reads answers needs them."""
    reopen_in(project_of(options))


def reopen_in(project: Path) -> None:
    """Do the same for a project whose folder is known."""
    if sys.platform == "linux":  # only Linux has grading
        from grader.sandbox.conceal import reopen
        from grader.sandbox.paths import needed_paths

        reopen(project, needed_paths())


@contextmanager
def outside() -> Iterator[None]:
    """Change to another folder, because spawned processes look for modules first in the current one."""
    before = os.open(".", os.O_RDONLY)
    os.chdir(os.sep)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


@contextmanager
def progress_of(title: str) -> Iterator[Progress]:
    """A progress bar on standard error if that is a terminal; otherwise no output."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    with bar_on_terminal(transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what[:50]}")

        yield step


def bar_on_terminal(*, transient: bool) -> Bar:
    """Return a bar on standard error, to be entered; a transient one disappears at its end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Bar(*columns, console=Console(file=sys.stderr), transient=transient)


def count(things: Sized, name: str) -> str:
    """Return a number and a noun, in the plural unless it is one."""
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"
