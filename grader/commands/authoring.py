"""The instructor's commands: new, record, template, handout, audit and bundle."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from grader.commands.common import DONE, FAILED, assignment_of, count, outside, progress_of, reopen_answers, say
from grader.errors import UsageError
from grader.files import write_atomically
from grader.settings import find_project

SHOWN = 20
"""The greatest number of failed expectations that an audit prints; its page has them all."""


def run_record(options: argparse.Namespace) -> int:
    """Record an assignment, or compare a new recording with the fixtures."""
    from grader.authoring import record, stamp

    reopen_answers(options)
    assignment = assignment_of(options)
    whole = options.check or options.new_seed or options.fresh
    said = None if whole else stamp.remembered(assignment)
    if said is not None:
        for warning in said[:-1]:
            say(warning)
        print(f"{said[-1]}; nothing changed since")
        return DONE
    with progress_of(f"record {assignment.name}") as progress, outside():
        seed = record.new_seed() if options.new_seed else None
        last = {} if whole else stamp.last(assignment)
        made = record.record(assignment, progress, jobs=options.jobs, seed=seed, last=last)
    for warning in made.warnings:
        say(f"warning: {warning}")
    if options.check:
        return _drift(record.drift(assignment, made), f"grader record {assignment.name}")
    changed = record.write(assignment, made)
    checks = [check for test in made.graded.tests for check in test.expected]
    variants = {item.variant for items in made.graded.alternatives.values() for item in items}
    result = (
        f"{assignment.name}: recorded {count(made.graded.tests, 'test')} with {count(checks, 'check')} "
        f"and {count(variants, 'variant')}, {assignment.worth}"
    )
    print(result + ("" if changed else "; the fixtures were up to date") + (f"\n{made.kept}" if made.kept else ""))
    stamp.remember(assignment, [*(f"warning: {warning}" for warning in made.warnings), result], made.runs)
    return DONE


def run_template(options: argparse.Namespace) -> int:
    """Write an assignment's template, or compare it with the one on disk."""
    from grader.authoring import template

    reopen_answers(options)
    assignment = assignment_of(options)
    if options.check:
        return _drift(template.drift(assignment), f"grader template {assignment.name}")
    names = template.write(assignment)
    print(f"{assignment.name}: wrote {count(names, 'file')} to {assignment.template}")
    return DONE


def _drift(found: Sequence[str], remedy: str) -> int:
    for sentence in found:
        say(sentence)
    if found:
        say(f"run: {remedy}")
        return FAILED
    print("up to date")
    return DONE


def run_handout(options: argparse.Namespace) -> int:
    """Write what students download."""
    from grader.authoring.handout import make_handout

    reopen_answers(options)
    names = make_handout(assignment_of(options), options.output)
    print(f"wrote {options.output} with {count(names, 'file')}")
    return DONE


def run_audit(options: argparse.Namespace) -> int:
    """Audit an assignment, and write the page."""
    from grader.authoring import audit, audit_page
    from grader.authoring.expectations import summary

    reopen_answers(options)
    assignment = assignment_of(options)
    folder = assignment.project / "build" / "audit"
    journal = folder / f"{assignment.name}.jsonl"
    if options.fresh:
        journal.unlink(missing_ok=True)
    with progress_of(f"audit {assignment.name}") as progress, outside():
        found = audit.audit(assignment, journal=journal, jobs=options.jobs, progress=progress)
    for sentence in found.failures[:SHOWN]:
        say(sentence)
    if len(found.failures) > SHOWN:
        say(f"... and {len(found.failures) - SHOWN} more, in the page")
    print("\n".join(summary(found)))
    page = options.html or folder / f"{assignment.name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(page, audit_page.to_page(found, page))
    print(f"wrote {page}")
    return FAILED if found.failures else DONE


def run_bundle(options: argparse.Namespace) -> int:
    """Write what an instructor uploads to a platform."""
    from grader.authoring import bundle

    reopen_answers(options)
    assignment = assignment_of(options)
    if options.platform == "gradescope":
        output = options.output or Path("autograder.zip")
        if output.suffix != ".zip":
            raise UsageError(f"Gradescope takes a zip, and {output} isn't named as one; end its name in .zip")
        names = bundle.make_gradescope(assignment, output, options.torch_index)
    else:
        output = options.output or Path(f"{bundle.lab_name(assignment)}.tar")
        names = bundle.make_autolab(assignment, output)
    print(f"wrote {output} with {count(names, 'file')}")
    return DONE


def run_new(options: argparse.Namespace) -> int:
    """Make a new assignment that passes its audit, in the course's folder."""
    from grader.authoring.new import make_new

    course = _course_of(options)
    with progress_of(f"new {options.name}") as progress, outside():
        made = make_new(
            options.name,
            course,
            library=options.library,
            kind=options.kind,
            notebook=options.notebook,
            progress=progress,
        )
    print(f"made {options.name} in {made.folder}, with {count(made.files, 'file')}; it is recorded and has a template")
    for name in made.kept:
        print(f"{name} was there, and is kept")
    here = "" if Path.cwd().is_relative_to(made.folder) else f"cd {shlex.quote(str(made.folder))}\n  "
    print(
        f"next:\n  {here}grader audit {options.name}\n  grader handout {options.name} -o handout.zip\n"
        f"  grader bundle {options.name} --platform gradescope\n  grader dev {options.name}      # while you change it"
    )
    return DONE


def _course_of(options: argparse.Namespace) -> Path:
    """Return the course's folder: the named one, the one that the current folder is in, or else the current folder."""
    if options.project is not None:
        return Path(options.project).resolve()
    try:
        return find_project(Path().resolve())
    except UsageError:
        return Path().resolve()
