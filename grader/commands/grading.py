"""The commands that grade: grade, and platform for one grading as a platform starts it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.assignment import Assignment, Limits
from grader.commands.common import DONE, assignment_of, progress_of, reopen_answers, reopen_in, say
from grader.errors import UsageError
from grader.files import is_replaced, write_atomically
from grader.settings import assignment_names, load_assignment

if TYPE_CHECKING:
    from grader.report import Report
    from grader.schedule import Progress

NOT_GRADED = "not graded, and not by a fault of the submission"


def run_grade(options: argparse.Namespace) -> int:
    """Grade one submission, and print or write the report."""
    if (options.suite is None) == (options.assignment is None):
        options.parser.error("name an assignment, or a suite with --suite, and one submission")
    assignment = None
    if options.suite is None:
        reopen_answers(options)
        assignment = assignment_of(options)  # the first name of the call is the first to be looked at
    if not os.path.lexists(options.submission):
        raise UsageError(f"there is no file or folder {str(options.submission)!r}; is that its name?")
    with progress_of(f"grade {options.assignment or options.suite}") as progress:
        report = _graded(options, assignment, progress)
    for note in report.staff_notes:
        say(f"note: {note}")
    if options.output is not None:
        write_atomically(options.output, _exported(report, options.format))
        say(f"{float(report.score):g} of {float(report.max_score):g} points; wrote {options.output}")
    elif options.format == "terminal":
        from grader.export.terminal import print_report

        print_report(report)
    else:
        sys.stdout.write(_exported(report, options.format))
    return DONE


def _graded(options: argparse.Namespace, assignment: Assignment | None, progress: Progress) -> Report:
    if assignment is None:
        from grader.suite.run import grade_suite

        return grade_suite(
            options.suite,
            options.submission,
            limits=replace(Limits().replaced(**limits_of(options)), programs=options.programs),
            before=_draft_writer(options),
            progress=progress,
            zygote=options.zygote,
            level=options.max_isolation,
            minimum=options.min_isolation,
            ignored=options.ignore,
            together=options.together,
        )
    if options.together or options.programs:
        raise UsageError("--together and --programs are for --suite; see 'programs' under [limits] of assignment.toml")
    from grader.grade import grade

    return grade(
        assignment.with_limits(**limits_of(options)),
        options.submission,
        before=_draft_writer(options),
        progress=progress,
        zygote=options.zygote,
        level=options.max_isolation,
        minimum=options.min_isolation,
        ignored=options.ignore,
        single=True,
    )


def limits_of(options: argparse.Namespace) -> dict[str, float | None]:
    """Return the limits that a call replaces, by name; None keeps the assignment's."""
    return {name: getattr(options, name) for name in ("test_seconds", "total_seconds", "memory_mb")}


def _draft_writer(options: argparse.Namespace) -> Callable[[Report], None]:
    """Return a function that writes a preliminary report, which says "not graded"."""

    def write(report: Report) -> None:
        if options.output is not None and is_replaced(options.output):  # only a file that the final report replaces
            notes = (f"{NOT_GRADED.capitalize()}.", *report.notes)
            write_atomically(options.output, _exported(replace(report, notes=notes), options.format))

    return write


def _exported(report: Report, name: str) -> str:
    from grader.export import exporter

    return exporter(name)(report)


def run_platform(options: argparse.Namespace) -> int:
    """Grade one submission as a platform starts it."""

    def load() -> Assignment:
        """The one assignment of a bundle."""
        project = options.project or (options.root / "source" if options.platform == "gradescope" else Path())
        project = project.resolve()
        reopen_in(project)
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
