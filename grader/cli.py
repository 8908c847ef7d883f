"""The command line: calls one stage, prints. Imports stages late, so that each command loads its own.

Exit codes: 0 done, whatever the score; 1 --check, audit or doctor found something; 2 a wrong call or assignment; 3 our
own fault, or less isolation than grading demands; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.arguments import Command, make_parser
from grader.assignment import Assignment, Limits, assignment_names, find_project, load_assignment, read_assignment
from grader.errors import AssignmentError, InternalError, UsageError
from grader.files import write_atomically
from grader.levels import at_least

if TYPE_CHECKING:
    from grader.grade import Progress
    from grader.report import Report
    from grader.sandbox.launch import Zygote

DONE, FAILED, WRONG, INTERNAL = 0, 1, 2, 3
SHOWN = 20
"""Failed expectations that an audit prints; the page has them all."""


def main(arguments: Sequence[str] | None = None, zygote: Zygote | None = None) -> int:
    """Run one command and return its exit code; `grade` goes on with `zygote`, if one was started for it already."""
    options = make_parser(COMMANDS).parse_args(arguments, argparse.Namespace(zygote=zygote))
    try:
        return int(options.command(options))
    except (UsageError, AssignmentError) as error:
        print(f"grader: {error}", file=sys.stderr)
        return WRONG
    except InternalError as error:
        graded = options.command in (_grade, _platform)
        print(
            f"grader: {'not graded, and not by a fault of the submission: ' if graded else ''}{error}", file=sys.stderr
        )
        return INTERNAL
    except KeyboardInterrupt:
        print("grader: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has gone; nobody needs a traceback
        return DONE
    except ModuleNotFoundError:
        raise  # who started this knows how its packages are installed
    except Exception:
        traceback.print_exc()
        print("grader: the grader failed, not the submission; please report the lines above", file=sys.stderr)
        return INTERNAL


def _project(options: argparse.Namespace) -> Path:
    return find_project((options.project or Path()).resolve())


def _assignment(options: argparse.Namespace) -> Assignment:
    return load_assignment(_project(options), options.assignment)


def _settle(project: Path) -> None:
    """Open what a grading that was killed left closed; before a command that grades reads anything of the project."""
    if sys.platform == "linux":  # where alone there is grading
        from grader.sandbox.conceal import reopen
        from grader.sandbox.worker import needed_paths

        reopen(project, needed_paths())


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what[:50]}")

        yield step


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

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
        table.add_row(name, "", assignment.title, _worth(assignment.points, assignment.manual_points), style="bold")
        for part in assignment.parts:
            table.add_row("", part.name, part.title, _worth(part.points, part.manual))
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
    return DONE


def _worth(points: Fraction, manual: Fraction) -> str:
    """Points by the machine, and by a person where there are such."""
    return f"{float(points):g}" + (f" + {float(manual):g} by a person" if manual else "")


def _record(options: argparse.Namespace) -> int:
    from grader.authoring import record

    _settle(_project(options))
    assignment = _assignment(options)
    with _progress(f"record {assignment.name}") as progress:
        made = record.record(assignment, progress, jobs=options.jobs)
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.check:
        return _drift(record.drift(assignment, made), f"grader record {assignment.name}")
    record.write(assignment, made)
    checks = [check for test in made.fixtures.tests for check in test.expected]
    variants = {item.variant for items in made.fixtures.alternatives.values() for item in items}
    print(
        f"{assignment.name}: recorded {_count(made.fixtures.tests, 'test')} with {_count(checks, 'check')} "
        f"and {_count(variants, 'variant')}, {float(assignment.points):g} points"
    )
    return DONE


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"


def _drift(found: Sequence[str], remedy: str) -> int:
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        print(f"run: {remedy}", file=sys.stderr)
        return FAILED
    print("up to date")
    return DONE


def _template(options: argparse.Namespace) -> int:
    from grader.authoring import template

    assignment = _assignment(options)
    if options.check:
        return _drift(template.drift(assignment), f"grader template {assignment.name}")
    names = template.write(assignment)
    print(f"{assignment.name}: wrote {_count(names, 'file')} to {assignment.template}")
    return DONE


def _handout(options: argparse.Namespace) -> int:
    from grader.authoring.handout import make_handout

    names = make_handout(_assignment(options), options.output)
    print(f"wrote {options.output} with {_count(names, 'file')}")
    return DONE


def _check(options: argparse.Namespace) -> int:
    from grader import local
    from grader.export.terminal import print_report
    from grader.fixtures import load, load_current

    folder = options.folder.resolve()
    if options.assignment:
        assignment = _assignment(options)
        fixtures = load_current(assignment).public()
    else:
        tests = local.find_handout(folder)
        assignment = read_assignment(tests)
        fixtures = load(tests / "fixtures", assignment.name)
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
        # a report all the same: on a platform nobody would see an error here
        print(f"grader: there is no file or folder {str(options.submission)!r}; is that its name?", file=sys.stderr)
    limits = {
        "test_seconds": options.test_seconds,
        "total_seconds": options.total_seconds,
        "memory_mb": options.memory_mb,
    }

    def write_first(report: Report) -> None:
        if options.output is not None:
            write_atomically(options.output, _exported(report, options.format))

    with _progress(f"grade {options.assignment or options.suite}") as progress:
        how: dict[str, Any] = {
            "before": write_first,
            "progress": progress,
            "zygote": options.zygote,
            "level": options.max_isolation,
            "minimum": options.min_isolation,
        }
        if options.suite is not None:
            from grader.suite.run import grade_suite

            report = grade_suite(options.suite, options.submission, limits=Limits().replaced(**limits), **how)
        else:
            from grader.grade import grade

            _settle(_project(options))
            report = grade(_assignment(options).with_limits(**limits), options.submission, **how)
    for note in report.staff_notes:
        print(f"note: {note}", file=sys.stderr)
    if options.output is not None:
        write_atomically(options.output, _exported(report, options.format))
        print(f"{float(report.score):g} of {float(report.max_score):g} points; wrote {options.output}", file=sys.stderr)
    elif options.format == "terminal":
        from grader.export.terminal import print_report

        print_report(report)
    else:
        sys.stdout.write(_exported(report, options.format))
    return DONE


def _audit(options: argparse.Namespace) -> int:
    from grader.authoring import audit, audit_page

    _settle(_project(options))
    assignment = _assignment(options)
    folder = assignment.project / "build" / "audit"
    journal = folder / f"{assignment.name}.jsonl"
    if options.fresh:
        journal.unlink(missing_ok=True)
    with _progress(f"audit {assignment.name}") as progress:
        found = audit.audit(assignment, journal=journal, jobs=options.jobs, progress=progress)
    for sentence in found.failures[:SHOWN]:
        print(sentence, file=sys.stderr)
    if len(found.failures) > SHOWN:
        print(f"... and {len(found.failures) - SHOWN} more, in the page", file=sys.stderr)
    print("\n".join(audit.summary(found)))
    page = options.html or folder / f"{assignment.name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(page, audit_page.to_page(found))
    print(f"wrote {page}")
    return FAILED if found.failures else DONE


def _bundle(options: argparse.Namespace) -> int:
    from grader.authoring import bundle

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
        _settle(project)
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
