"""The command line: reads arguments, calls one stage, prints. Imports stages late, so that each command loads its own.

Exit codes: 0 done, whatever the score; 1 a check failed; 2 the call or the assignment is wrong; 3 our own fault.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import __version__
from grader.assignment import Assignment, Limits, assignment_names, find_project, load_assignment, read_assignment
from grader.errors import AssignmentError, InternalError, UsageError
from grader.files import write_atomically
from grader.levels import LEVELS, at_least

if TYPE_CHECKING:
    from grader.grade import Progress
    from grader.report import Report
    from grader.sandbox.launch import Zygote

DONE, FAILED, WRONG, INTERNAL = 0, 1, 2, 3
_CORES = os.cpu_count() or 1
SHOWN = 20
"""Failed expectations that an audit prints; the page has them all."""
FORMATS = ("gradescope", "autolab", "prairielearn", "markus", "junit", "csv", "terminal", "json")
BUNDLES = {"gradescope": "autograder.zip", "autolab": "{lab}.tar"}
"""Platform to the name of what is uploaded there."""


def main(arguments: Sequence[str] | None = None, zygote: Zygote | None = None) -> int:
    """Run one command and return its exit code; `grade` goes on with `zygote`, if one was started for it already."""
    options = _parser().parse_args(arguments, argparse.Namespace(zygote=zygote))
    try:
        return int(options.command(options))
    except (UsageError, AssignmentError) as error:
        print(f"grader: {error}", file=sys.stderr)
        return WRONG
    except InternalError as error:
        print(f"grader: the grader failed, not the submission: {error}", file=sys.stderr)
        return INTERNAL
    except KeyboardInterrupt:
        print("grader: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has gone; nobody needs a traceback
        return DONE
    except ModuleNotFoundError:
        raise  # the handout's runner says which package to install
    except Exception:
        traceback.print_exc()
        print("grader: the grader failed, not the submission; please report the lines above", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grader",
        description="Grades deep-learning homework: fixtures from a reference, handouts, scores for platforms.",
        epilog="exit codes: 0 done, whatever the score; 1 a check failed; 2 a wrong call or assignment; 3 our fault",
    )
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str, command: Callable[[argparse.Namespace], int], summary: str, *examples: str
    ) -> argparse.ArgumentParser:
        lines = "\n".join(f"  {example}" for example in examples)
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"examples:\n{lines}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=command, parser=sub)
        sub.add_argument(
            "--project", type=Path, metavar="DIR", help="the folder with testcases/ (default: found from here up)"
        )
        return sub

    add("list", _list, "show the assignments, their parts and points", "grader list")

    sub = add(
        "record",
        _record,
        "make fixtures from the reference and its variants",
        "grader record cmu11785_hw1_bonus",
        "grader record cmu11785_hw1_bonus --check",
    )
    sub.add_argument("assignment", metavar="A", help="the assignment's name")
    sub.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the fixtures on disk are not what comes out"
    )
    sub.add_argument("--jobs", type=_whole, default=_CORES, metavar="N", help="processes (default: one a core)")

    sub = add(
        "template",
        _template,
        "make the students' template from the reference",
        "grader template cmu11785_hw1_bonus",
        "grader template cmu11785_hw1_bonus --check",
    )
    sub.add_argument("assignment", metavar="A", help="the assignment's name")
    sub.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the template on disk is not what comes out"
    )

    sub = add(
        "handout",
        _handout,
        "make what students download",
        "grader handout cmu11785_hw1_bonus -o handout.zip",
        "grader handout cmu11785_hw1_bonus -o handout/",
    )
    sub.add_argument("assignment", metavar="A", help="the assignment's name")
    sub.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="a new folder, .zip, .tar or .tar.gz"
    )

    sub = add(
        "check",
        _check,
        "run the public tests on your own code, here",
        "grader check",
        "grader check my_handout --part adam",
        "grader check my_code --assignment cmu11785_hw1_bonus",
    )
    sub.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="an unpacked handout (default: here)"
    )
    sub.add_argument("--part", action="append", default=[], metavar="P", help="only this part; may be given again")
    sub.add_argument(
        "--assignment", metavar="A", help="take the tests from the project, for a DIR that isn't a handout"
    )

    sub = add(
        "grade",
        _grade,
        "grade one submission",
        "grader grade cmu11785_hw1_bonus handin.tar -o results.json",
        "grader grade cmu11785_hw1_bonus handin.tar --format terminal",
        "grader grade cmu11785_hw1_bonus handin.tar --format autolab",
        "grader grade --suite my_tests/ handin.zip -o results.json",
    )
    sub.add_argument("assignment", metavar="A", nargs="?", help="the assignment's name")
    sub.add_argument(
        "submission", type=Path, metavar="SUBMISSION", help="a folder, .tar, .tar.gz, .zip or a single file"
    )
    sub.add_argument(
        "--suite",
        type=Path,
        metavar="FOLDER",
        help="instead of A: a folder of unittest tests with gradescope_utils' decorators, as it is",
    )
    sub.add_argument("--format", choices=FORMATS, default="gradescope", help="what to write (default: %(default)s)")
    sub.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    for name, kind, what in (
        ("test-seconds", _positive, "wall time of one test"),
        ("total-seconds", _positive, "wall time of all tests together"),
        ("memory-mb", _whole, "memory of a test, in MiB"),
    ):
        sub.add_argument(f"--{name}", type=kind, metavar="N", help=f"{what}, instead of the assignment's")
    sub.add_argument(
        "--min-isolation", choices=LEVELS, default="none", help="refuse to grade under less (default: %(default)s)"
    )
    sub.add_argument(
        "--max-isolation",
        choices=LEVELS,
        default="full",
        help="use no more than this, to test a level (default: %(default)s)",
    )

    sub = add(
        "audit",
        _audit,
        "prove an assignment: reference, template, variants and automatic mutants",
        "grader audit cmu11785_hw1_bonus",
        "grader audit cmu11785_hw1_bonus --html audit.html",
    )
    sub.add_argument("assignment", metavar="A", help="the assignment's name")
    sub.add_argument("--html", type=Path, metavar="FILE", help="where the page goes (default: build/audit/A.html)")
    sub.add_argument("--jobs", type=_whole, default=_CORES, metavar="N", help="processes (default: one a core)")
    sub.add_argument("--fresh", action="store_true", help="forget what an earlier audit did")

    sub = add(
        "bundle",
        _bundle,
        "make what you upload to a platform that grades",
        "grader bundle cmu11785_hw1_bonus --platform gradescope",
        "grader bundle cmu11785_hw1_bonus --platform autolab -o lab.tar",
        "grader bundle cmu11785_hw1_bonus --platform autolab -o build/lab",
    )
    sub.add_argument("assignment", metavar="A", help="the assignment's name")
    sub.add_argument("--platform", choices=tuple(BUNDLES), required=True, help="where it is to grade")
    sub.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to write it (default: autograder.zip, or the lab's name with .tar, here); for autolab, "
        "a name without .tar is a folder",
    )
    sub.add_argument(
        "--torch-index",
        default="",
        metavar="URL",
        help="where the grading image takes torch from: an index of builds without GPU support saves gigabytes",
    )

    sub = add(
        "platform",
        _platform,
        "grade one submission inside a platform's container; the bundle's own scripts call this",
        "grader platform gradescope",
        "grader platform autolab ../handin.tar --timeout 180",
    )
    sub.add_argument("platform", choices=tuple(BUNDLES), help="the platform that this runs on")
    sub.add_argument("handin", nargs="?", type=Path, metavar="HANDIN", help="what was handed in, on autolab")
    sub.add_argument(
        "--root",
        type=Path,
        default=Path("/autograder"),
        metavar="DIR",
        help="gradescope's folder (default: %(default)s)",
    )
    sub.add_argument(
        "--timeout", type=_positive, default=180.0, metavar="N", help="autolab's, in seconds (default: %(default)g)"
    )
    sub.add_argument(
        "--min-isolation", choices=LEVELS, default="none", help="refuse to grade under less (default: %(default)s)"
    )

    sub = add(
        "doctor", _doctor, "show which layers of isolation work here, and what to do about the others", "grader doctor"
    )
    sub.add_argument("--min-isolation", choices=LEVELS, default="none", help="exit 1 when less is reached")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a positive number")
    return value


def _whole(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't a whole number from 1 to 999999")
    return int(text)


def _project(options: argparse.Namespace) -> Path:
    start = (options.project or Path()).resolve()
    return find_project(start)


def _assignment(options: argparse.Namespace) -> Assignment:
    return load_assignment(_project(options), options.assignment)


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

    assignment = _assignment(options)
    with _progress(f"record {assignment.name}") as progress:
        made = record.record(assignment, progress, jobs=options.jobs)
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.check:
        return _drift(record.drift(assignment, made), f"grader record {assignment.name}")
    record.write(assignment, made)
    checks = sum(len(test.expected) for test in made.fixtures.tests)
    variants = {item.variant for items in made.fixtures.alternatives.values() for item in items}
    print(
        f"{assignment.name}: recorded {len(made.fixtures.tests)} tests with {checks} checks "
        f"and {len(variants)} variants, {float(assignment.points):g} points"
    )
    return DONE


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
    print(f"{assignment.name}: wrote {len(names)} files to {assignment.template}")
    return DONE


def _handout(options: argparse.Namespace) -> int:
    from grader.authoring.handout import make_handout

    names = make_handout(_assignment(options), options.output)
    print(f"wrote {options.output} with {len(names)} files")
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
        print(f"\nThese are the public tests. Hidden tests decide about {hidden:g} more points when you hand in.")
    return DONE


def _grade(options: argparse.Namespace) -> int:
    if (options.suite is None) == (options.assignment is None):
        options.parser.error("name an assignment, or a suite with --suite, and one submission")
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
    output = options.output or Path(BUNDLES[options.platform].format(lab=bundle.lab_name(assignment)))
    if options.platform == "gradescope":
        names = bundle.make_gradescope(assignment, output, options.torch_index)
    else:
        names = bundle.make_autolab(assignment, output)
    print(f"wrote {output} with {len(names)} files")
    return DONE


def _platform(options: argparse.Namespace) -> int:
    def load() -> Assignment:
        """The one assignment of a bundle."""
        project = options.project or (options.root / "source" if options.platform == "gradescope" else Path())
        project = project.resolve()
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
