"""The command line: calls one stage and prints. It imports stages late, so that a command loads only its own stage.

Exit codes: 0 done, whatever the score; 1 --check, audit or doctor found something; 2 a wrong call or assignment; 3 our
own fault or the machine's, or less isolation than grading demands; 128 plus the signal's number if a signal ended it:
130 interrupted, 143 terminated, 129 hung up.
"""

from __future__ import annotations

import argparse
import errno
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.arguments import Command, make_parser
from grader.assignment import Assignment, Limits, assignment_names, find_project, load_assignment, read_assignment
from grader.errors import AssignmentError, InternalError, OutputError, Terminated, UsageError
from grader.files import is_replaced, write_atomically
from grader.levels import at_least

if TYPE_CHECKING:
    from grader.grade import Progress
    from grader.report import Report
    from grader.sandbox.launch import Zygote

DONE, FAILED, WRONG, INTERNAL = 0, 1, 2, 3
SHOWN = 20
"""The greatest number of failed expectations that an audit prints; its page has them all."""


NOT_GRADED = "not graded, and not by a fault of the submission"


def main(arguments: Sequence[str] | None = None, zygote: Zygote | None = None) -> int:
    """Run one command and return its exit code; `grade` uses `zygote`, if it was started before."""
    options = argparse.Namespace(zygote=zygote, command=None)
    try:
        try:
            make_parser(COMMANDS).parse_args(arguments, options)
            code = int(options.command(options))
        except SystemExit as end:  # argparse, after --help or a wrong call
            code = end.code if isinstance(end.code, int) else FAILED
        sys.stdout.flush()
        return code
    except (UsageError, AssignmentError) as error:
        _say(f"grader: {error}")
        return WRONG
    except InternalError as error:
        return _fault(options, str(error))
    except Terminated as end:
        _say(f"grader: stopped by {signal.Signals(end.number).name}")
        return 128 + end.number
    except KeyboardInterrupt:
        _say("grader: stopped")
        return 130
    except MemoryError:
        return _fault(options, "the memory here is used up; end other programs, or run this where there is more")
    except OutputError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # otherwise the interpreter retries the write at its exit
        if error.errno == errno.EPIPE:
            return DONE  # the reader has seen enough
        _say(f"grader: can't write to standard output: {error.strerror}; name a file with -o, or another place")
        return INTERNAL
    except OSError as error:
        if isinstance(error, BrokenPipeError) and options.command is _check:  # a handout's runner has no OutputError
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return DONE
        place = f"{error.filename}: " if error.filename else ""
        fact = error.strerror or str(error) or type(error).__name__
        return _fault(options, f"{place}{fact}; see to the rights and the room there, then run this again")
    except ModuleNotFoundError:
        raise  # the caller handles it: it knows how its packages are installed
    except Exception:
        with suppress(OSError):
            traceback.print_exc()
        _say("grader: the grader failed, not the submission; please report the lines above")
        return INTERNAL


def _say(sentence: str) -> None:
    """Write to standard error; a failure is ignored, because there is no other place to report it."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def _fault(options: argparse.Namespace, sentence: str) -> int:
    graded = options.command in (_grade, _platform)
    _say(f"grader: {NOT_GRADED + ': ' if graded else ''}{sentence}")
    return INTERNAL


def _project(options: argparse.Namespace) -> Path:
    return find_project((options.project or Path()).resolve())


def _assignment(options: argparse.Namespace) -> Assignment:
    return load_assignment(_project(options), options.assignment)


def _reopen_answers(options: argparse.Namespace) -> None:
    """Open the files that killed gradings left closed, because a command that reads answers needs them."""
    _reopen(_project(options))


def _reopen(project: Path) -> None:
    if sys.platform == "linux":  # only Linux has grading
        from grader.sandbox.conceal import reopen
        from grader.sandbox.worker import needed_paths

        reopen(project, needed_paths())


@contextmanager
def _outside() -> Iterator[None]:
    """Change to another folder, because spawned processes look for modules first in the current one."""
    before = os.open(".", os.O_RDONLY)
    os.chdir(os.sep)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """A progress bar on standard error if that is a terminal; otherwise no output."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what[:50]}")

        yield step


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    project = _project(options)
    table = Table(box=None, pad_edge=False)
    for column in ("Assignment", "Part", "Title"):
        table.add_column(column)
    table.add_column("Points", justify="right")
    names = assignment_names(project)
    if not names:
        raise UsageError(f"{project / 'testcases'} holds no assignment: write an assignment.toml into a folder there")
    for name in names:
        assignment = load_assignment(project, name)
        points = _worth(assignment.points, assignment.manual_points)
        table.add_row(Text(name), "", Text(assignment.title), points, style="bold")
        for part in assignment.parts:
            table.add_row("", part.name, Text(part.title), _worth(part.points, part.manual))
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
    return DONE


def _worth(points: Fraction, manual: Fraction) -> str:
    """The points by the machine, and those by a person if there are any."""
    return f"{float(points):g}" + (f" + {float(manual):g} by a person" if manual else "")


def _record(options: argparse.Namespace) -> int:
    from grader.authoring import record

    _reopen_answers(options)
    assignment = _assignment(options)
    with _progress(f"record {assignment.name}") as progress, _outside():
        seed = record.new_seed() if options.new_seed else None
        made = record.record(assignment, progress, jobs=options.jobs, seed=seed)
    for warning in made.warnings:
        _say(f"warning: {warning}")
    if options.check:
        return _drift(record.drift(assignment, made), f"grader record {assignment.name}")
    changed = record.write(assignment, made)
    checks = [check for test in made.graded.tests for check in test.expected]
    variants = {item.variant for items in made.graded.alternatives.values() for item in items}
    print(
        f"{assignment.name}: recorded {_count(made.graded.tests, 'test')} with {_count(checks, 'check')} "
        f"and {_count(variants, 'variant')}, {float(assignment.points):g} points"
        + ("" if changed else "; the fixtures were up to date")
    )
    return DONE


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"


def _drift(found: Sequence[str], remedy: str) -> int:
    for sentence in found:
        _say(sentence)
    if found:
        _say(f"run: {remedy}")
        return FAILED
    print("up to date")
    return DONE


def _template(options: argparse.Namespace) -> int:
    from grader.authoring import template

    _reopen_answers(options)
    assignment = _assignment(options)
    if options.check:
        return _drift(template.drift(assignment), f"grader template {assignment.name}")
    names = template.write(assignment)
    print(f"{assignment.name}: wrote {_count(names, 'file')} to {assignment.template}")
    return DONE


def _handout(options: argparse.Namespace) -> int:
    from grader.authoring.handout import make_handout

    _reopen_answers(options)
    names = make_handout(_assignment(options), options.output)
    print(f"wrote {options.output} with {_count(names, 'file')}")
    return DONE


def _check(options: argparse.Namespace) -> int:
    from grader import local
    from grader.export.terminal import print_report
    from grader.fixtures import PUBLIC, load, load_current
    from grader.questions import fixtures_file

    folder = options.folder.resolve()
    if options.assignment:
        if not options.unjailed:
            raise UsageError(
                f"check runs the code in {options.folder} with all of your rights, outside of the jail; for a hand-in "
                f"use: grader grade {options.assignment} {shlex.quote(str(options.folder))} --format terminal; "
                "for code that you trust add --unjailed"
            )
        _reopen_answers(options)
        assignment = _assignment(options)
        fixtures = load_current(assignment, PUBLIC)
    else:
        tests = local.find_handout(folder)
        assignment = read_assignment(tests)
        fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
    report = local.check(assignment, fixtures, folder, options.part)
    print_report(report)
    hidden = float(assignment.points - sum(spec.points for spec in fixtures.tests))
    if hidden and not options.part:
        print(
            f"\nThese are the public tests. Hidden tests decide about {hidden:g} more of the points when you hand in."
        )
    return DONE


def _grade(options: argparse.Namespace) -> int:
    if (options.suite is None) == (options.assignment is None):
        options.parser.error("name an assignment, or a suite with --suite, and one submission")
    if not os.path.lexists(options.submission):
        raise UsageError(f"there is no file or folder {str(options.submission)!r}; is that its name?")
    if options.suite is None:
        _reopen_answers(options)
    with _progress(f"grade {options.assignment or options.suite}") as progress:
        report = _graded(options, progress)
    for note in report.staff_notes:
        _say(f"note: {note}")
    if options.output is not None:
        write_atomically(options.output, _exported(report, options.format))
        _say(f"{float(report.score):g} of {float(report.max_score):g} points; wrote {options.output}")
    elif options.format == "terminal":
        from grader.export.terminal import print_report

        print_report(report)
    else:
        sys.stdout.write(_exported(report, options.format))
    return DONE


def _graded(options: argparse.Namespace, progress: Progress) -> Report:
    if options.suite is not None:
        from grader.suite.run import grade_suite

        return grade_suite(
            options.suite,
            options.submission,
            limits=Limits().replaced(**_limits(options)),
            before=_draft_writer(options),
            progress=progress,
            zygote=options.zygote,
            level=options.max_isolation,
            minimum=options.min_isolation,
            ignored=options.ignore,
        )
    from grader.grade import grade

    return grade(
        _assignment(options).with_limits(**_limits(options)),
        options.submission,
        before=_draft_writer(options),
        progress=progress,
        zygote=options.zygote,
        level=options.max_isolation,
        minimum=options.min_isolation,
        ignored=options.ignore,
    )


def _limits(options: argparse.Namespace) -> dict[str, float | None]:
    return {name: getattr(options, name) for name in ("test_seconds", "total_seconds", "memory_mb")}


def _draft_writer(options: argparse.Namespace) -> Callable[[Report], None]:
    """Return a function that writes a preliminary report, which says "not graded"."""

    def write(report: Report) -> None:
        if options.output is not None and is_replaced(options.output):  # only a file that the final report replaces
            notes = (f"{NOT_GRADED.capitalize()}.", *report.notes)
            write_atomically(options.output, _exported(replace(report, notes=notes), options.format))

    return write


def _audit(options: argparse.Namespace) -> int:
    from grader.authoring import audit, audit_page
    from grader.authoring.expectations import summary

    _reopen_answers(options)
    assignment = _assignment(options)
    folder = assignment.project / "build" / "audit"
    journal = folder / f"{assignment.name}.jsonl"
    if options.fresh:
        journal.unlink(missing_ok=True)
    with _progress(f"audit {assignment.name}") as progress, _outside():
        found = audit.audit(assignment, journal=journal, jobs=options.jobs, progress=progress)
    for sentence in found.failures[:SHOWN]:
        _say(sentence)
    if len(found.failures) > SHOWN:
        _say(f"... and {len(found.failures) - SHOWN} more, in the page")
    print("\n".join(summary(found)))
    page = options.html or folder / f"{assignment.name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(page, audit_page.to_page(found))
    print(f"wrote {page}")
    return FAILED if found.failures else DONE


def _bundle(options: argparse.Namespace) -> int:
    from grader.authoring import bundle

    _reopen_answers(options)
    assignment = _assignment(options)
    if options.platform == "gradescope":
        output = options.output or Path("autograder.zip")
        if output.suffix != ".zip":
            raise UsageError(f"Gradescope takes a zip, and {output} isn't named as one; end its name in .zip")
        names = bundle.make_gradescope(assignment, output, options.torch_index)
    else:
        output = options.output or Path(f"{bundle.lab_name(assignment)}.tar")
        names = bundle.make_autolab(assignment, output)
    print(f"wrote {output} with {_count(names, 'file')}")
    return DONE


def _platform(options: argparse.Namespace) -> int:
    def load() -> Assignment:
        """The one assignment of a bundle."""
        project = options.project or (options.root / "source" if options.platform == "gradescope" else Path())
        project = project.resolve()
        _reopen(project)
        names = assignment_names(project)
        if len(names) != 1:
            raise UsageError(
                f"{project} isn't a bundle: it has {len(names)} assignments, and a bundle has one; "
                "make it with: grader bundle"
            )
        return load_assignment(project, names[0])

    if options.platform == "gradescope":
        from grader.platforms import gradescope

        report = gradescope.run(load, options.root, minimum=options.min_isolation, zygote=options.zygote)
        if report is None:
            print("past the limit on hand-ins: gave the earlier results back")
        else:
            print(f"{float(report.counted):g} of {float(report.max_score):g} points; isolation: {report.isolation}")
        return DONE
    from grader.platforms import autolab

    if options.handin is None:
        raise UsageError("name the hand-in: grader platform autolab HANDIN")
    autolab.run(load, options.handin, timeout=options.timeout, minimum=options.min_isolation, zygote=options.zygote)
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from grader import doctor

    findings = doctor.examine()
    doctor.show(findings)
    return DONE if at_least(findings.level, options.min_isolation) and not findings.broken else FAILED


def _exported(report: Report, name: str) -> str:
    from grader.export import exporter

    return exporter(name)(report)


COMMANDS: Mapping[str, Command] = {
    "list": _list,
    "record": _record,
    "template": _template,
    "handout": _handout,
    "check": _check,
    "grade": _grade,
    "audit": _audit,
    "bundle": _bundle,
    "platform": _platform,
    "doctor": _doctor,
}
