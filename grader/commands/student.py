"""The student's command: check."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment
from grader.commands.common import DONE, FAILED, assignment_of, reopen_answers, say
from grader.errors import UsageError
from grader.settings import read_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.fixtures import Fixtures

INTERRUPTED = 130
_COLUMNS = 70
"""At most, of the line that says which test runs; it is overwritten by spaces: not every terminal knows more."""
_AGAIN = (
    "import json, sys; asked = json.loads(sys.argv.pop(1)); sys.path[:] = asked['path']; sys.argv[:] = asked['call']; "
    "from grader.cli import main; sys.exit(main(sys.argv[1:]))"
)
"""A fresh interpreter for each run of `--watch`: student code may leave behind anything in the process."""


@dataclass(frozen=True)
class _Subject:
    """The tests and the code that a call names."""

    folder: Path
    tests: Sequence[str]
    """Numbers, or parts of names."""
    assignment: Assignment
    fixtures: Fixtures
    handout: bool

    @property
    def memory(self) -> Path:
        """The file of the last run."""
        from grader.student.last import NAME

        return self.folder / "autograder" / NAME


def run_check(options: argparse.Namespace) -> int:
    """Run the public tests on a student's own code, in this process.

    Returns 1 if public points are missing, and 130 if Ctrl-C ended the run.
    """
    _accept_any_character()
    if options.watch:
        return _watch(options)
    subject = _subject(options)
    wanted = _wanted(subject, options)
    if options.pdb:
        return _debug(subject, wanted)
    return _run(subject, wanted, options)


def _accept_any_character() -> None:
    """Print what a terminal's encoding doesn't have as ?, because a student's code may print anything."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with suppress(ValueError, OSError):
                reconfigure(errors="replace")


def _subject(options: argparse.Namespace) -> _Subject:
    from grader.fixtures import PUBLIC, load, load_current
    from grader.questions import fixtures_file
    from grader.student.handout import find_handout

    folder, tests = _split(options.things)
    if options.assignment:
        if not options.unjailed:
            raise UsageError(
                f"check runs the code in {folder} with all of your rights, outside of the jail; for a hand-in "
                f"use: grader grade {options.assignment} {shlex.quote(str(folder))} --format terminal; "
                "for code that you trust add --unjailed"
            )
        reopen_answers(options)
        assignment = assignment_of(options)
        return _Subject(folder.resolve(), tests, assignment, load_current(assignment, PUBLIC), False)
    assignment = read_assignment(find_handout(folder.resolve()))
    fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
    return _Subject(folder.resolve(), tests, assignment, fixtures, True)


def _split(things: Sequence[str]) -> tuple[Path, Sequence[str]]:
    """The folder and the tests that a call names: the first word is a folder if it looks like one."""
    if things and (Path(things[0]).is_dir() or "/" in things[0] or os.sep in things[0]):
        return Path(things[0]), things[1:]
    return Path(), things


def _wanted(subject: _Subject, options: argparse.Namespace) -> list[str] | None:
    """The ids of the tests to run; None for all."""
    from grader.student.last import read_last

    specs = [spec for spec in subject.fixtures.tests if not options.part or spec.part in options.part]
    wanted: set[str] = set()
    for asked in subject.tests:
        exact = {spec.id for spec in specs if asked in (spec.number, spec.id)}
        found = exact or {
            spec.id for spec in specs if spec.number.startswith(f"{asked.rstrip('.')}.") or asked in spec.id
        }
        if not found:
            numbers = ", ".join(dict.fromkeys(spec.number or spec.id for spec in specs))
            raise UsageError(f"no public test '{asked}'; there are: {numbers}")
        wanted |= found
    if options.failed:
        failed = {*read_last(subject.memory).failed} & {spec.id for spec in specs}
        if failed:
            wanted = (wanted & failed) or wanted or failed
        else:
            say("No test failed in the last run, so all run.")
    return [spec.id for spec in specs if spec.id in wanted] if wanted else None


def _run(subject: _Subject, wanted: list[str] | None, options: argparse.Namespace) -> int:
    from grader import local
    from grader.export.terminal import print_report, print_screen
    from grader.files import write_atomically
    from grader.markup import page
    from grader.student import last
    from grader.summary import summarize

    shown = _Counter()
    ran = local.run(subject.assignment, subject.fixtures, subject.folder, options.part, wanted, shown.step)
    shown.end()
    before = last.read_last(subject.memory)
    if subject.handout:
        last.keep(subject.memory, before, ran.report)
    if options.html:
        write_atomically(options.html, page(ran.report))
    if options.all:
        print_report(ran.report)
    else:
        print_screen(
            ran.report,
            since=last.since(before, ran.report),
            hidden=subject.assignment.points
            + subject.assignment.extra_points
            - sum(spec.points for spec in subject.fixtures.tests),
            again=_command(subject),
        )
    if ran.interrupted:
        return INTERRUPTED
    return DONE if summarize(ran.report).complete else FAILED


def _command(subject: _Subject) -> str:
    """How the student called this, so that it can be called again from the same folder."""
    if not subject.handout:
        return ""
    script = Path(sys.argv[0])
    if script.suffix == ".py" and script.is_file():
        return f"{Path(sys.executable).name} {shlex.quote(str(script))}"
    return "grader check" if subject.folder == Path.cwd() else f"grader check {shlex.quote(str(subject.folder))}"


class _Counter:
    """A line on a terminal that says which test runs."""

    def __init__(self) -> None:
        self._on = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def step(self, done: int, total: int, test: str) -> None:
        if self._on:
            self._show(f"test {done + 1} of {total}: {test.rpartition('::')[2]}")

    def end(self) -> None:
        if self._on:
            self._show("")
            print("\r", end="", file=sys.stderr, flush=True)

    @staticmethod
    def _show(text: str) -> None:
        columns = min(shutil.get_terminal_size().columns - 1, _COLUMNS)  # a line that wraps can't be overwritten
        print(f"\r{text[:columns]:<{columns}}", end="", file=sys.stderr, flush=True)


def _debug(subject: _Subject, wanted: list[str] | None) -> int:
    """Run plain pytest, which stops in its debugger."""
    if not subject.handout:
        raise UsageError("--pdb works in a handout only; make one with: grader handout")
    import pytest

    folder = subject.assignment.folder
    chosen = [spec.id for spec in subject.fixtures.tests] if wanted is None else wanted
    # an installed grader is a plugin of pytest, which warns that it is loaded already
    quiet = ["-W", "ignore:Module already imported so cannot be rewritten"]
    call = ["--pdb", "-x", *quiet, f"--rootdir={subject.folder}", "-c", str(subject.folder / "pytest.ini")]
    code = pytest.main([*call, *(f"{folder}{os.sep}{test}" for test in chosen)])
    return INTERRUPTED if code == pytest.ExitCode.INTERRUPTED else DONE if code == pytest.ExitCode.OK else FAILED


def _watch(options: argparse.Namespace) -> int:
    from rich.console import Console

    from grader.student.watch import watch

    subject = _subject(options)
    _wanted(subject, options)  # a misspelt number is told now
    call = [word for word in options.words if word != "--watch"]
    asked = json.dumps({"path": [str(Path(entry).resolve()) for entry in sys.path], "call": [sys.argv[0], *call]})

    def once() -> None:
        Console(file=sys.stdout).clear()  # only a terminal
        sys.stdout.flush()
        subprocess.run([sys.executable, "-c", _AGAIN, asked], check=False)
        print("\nWaiting for a change of a file; Ctrl-C ends.", flush=True)

    with suppress(KeyboardInterrupt):
        watch(subject.folder, once)
    return INTERRUPTED
