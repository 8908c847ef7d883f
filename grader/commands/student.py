"""The student's command: check."""

from __future__ import annotations

import argparse
import shlex

from grader.assignment import read_assignment
from grader.commands.common import DONE, assignment_of, reopen_answers
from grader.errors import UsageError


def run_check(options: argparse.Namespace) -> int:
    """Run the public tests on a student's own code, in this process."""
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
        reopen_answers(options)
        assignment = assignment_of(options)
        fixtures = load_current(assignment, PUBLIC)
    else:
        tests = local.find_handout(folder)
        assignment = read_assignment(tests)
        fixtures = load(fixtures_file(assignment, PUBLIC), assignment)
    report = local.check(assignment, fixtures, folder, options.part)
    print_report(report)
    hidden = float(assignment.points + assignment.extra_points - sum(spec.points for spec in fixtures.tests))
    if hidden and not options.part:
        print(
            f"\nThese are the public tests. Hidden tests decide about {hidden:g} more of the points when you hand in."
        )
    return DONE
