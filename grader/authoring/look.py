"""A quick look at an assignment while its author writes: one worker, no variants, and nothing is written.

It says whether the reference passes, what the template earns, and what a record run would change.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.assignment import Assignment
from grader.authoring import template
from grader.authoring.drift import differences
from grader.authoring.record_reference import fill, record_reference, warnings_of
from grader.authoring.specs import unmatched
from grader.authoring.variants import apply_variant, load_variants
from grader.errors import AssignmentError
from grader.fixtures import Fixtures, TestSpec, load
from grader.judge.score import judge_test
from grader.questions import GRADED, as_written, fixtures_file, read_questions
from grader.sandbox.worker import Worker


@dataclass(frozen=True)
class Look:
    """The findings of a look; the reference passes all tests."""

    tests: int
    worth: str
    """Their points, in words."""
    earned: tuple[str, ...]
    """Tests in which the template has points."""
    changed: tuple[str, ...]
    """What a record run and a new template would change, as sentences; empty if both are up to date."""
    warnings: tuple[str, ...]


def look(assignment: Assignment) -> Look:
    """Run the tests on the reference and on its template.

    Raises:
        AssignmentError: the settings, a test, the reference or a variant's patch is wrong, with file and line.
    """
    for variant in load_variants(assignment):
        apply_variant(assignment, variant)
    files = template.build(assignment)
    recorded = fixtures_file(assignment, GRADED).is_file()
    seed = read_questions(assignment).seed if recorded else None
    with Worker(assignment, as_written(assignment)) as worker:  # it starts while the reference runs in another one
        found = record_reference(assignment, as_written(assignment, seed), None)
        earned = _earned(worker, found.tests, files)
    changed = (
        _changed(load(fixtures_file(assignment, GRADED), assignment), found) if recorded else ["isn't recorded yet"]
    )
    return Look(
        tests=len(found.tests),
        worth=assignment.worth,
        earned=tuple(earned),
        changed=(*changed, *template.drift(assignment)),
        warnings=(
            *unmatched(assignment, found.required),
            *(warning for spec in found.tests for warning in warnings_of(spec)),
        ),
    )


def _changed(old: Fixtures, new: Fixtures) -> list[str]:
    """The differences from the fixtures on disk, but for those that only a whole record run finds."""
    sealed = {test.id: test.sealed for test in old.tests}
    tests = tuple(replace(test, sealed=sealed.get(test.id, test.sealed)) for test in new.tests)
    return differences(old, replace(new, tests=tests, alternatives=old.alternatives))


def _earned(worker: Worker, specs: Sequence[TestSpec], files: dict[str, str]) -> list[str]:
    """The tests in which the template earns points."""
    worker.wait_ready()
    with tempfile.TemporaryDirectory() as temporary:
        for name, text in files.items():
            target = Path(temporary) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        fill(worker, Path(temporary))
        return [spec.id for spec in specs if spec.points and judge_test(spec, (), worker.run(spec.id)).score]


def stamps(assignment_folders: Sequence[Path]) -> dict[str, tuple[int, int]]:
    """Return size and time of each file that a look depends on; a changed value means a saved file."""
    found = {}
    for folder in assignment_folders:
        for file in folder.rglob("*"):
            if not {"fixtures", "__pycache__"} & set(file.relative_to(folder).parts):
                try:
                    facts = file.stat()
                except OSError:
                    continue  # an editor replaced it just now
                found[str(file)] = (facts.st_size, facts.st_mtime_ns)
    return found


def sentences(name: str, seen: Look | AssignmentError) -> list[str]:
    """Return a look's result for the terminal; the first line is the verdict."""
    if isinstance(seen, AssignmentError):
        return [str(seen)]
    template_part = "its template earns nothing"
    if seen.earned:
        template_part = f"but its template has points in {', '.join(seen.earned)}"
    return [
        f"{name}: the reference passes {seen.tests} test{'s' * (seen.tests != 1)} ({seen.worth}), " + template_part,
        *(f"  warning: {warning}" for warning in seen.warnings),
        *(f"  changed: {sentence}" for sentence in seen.changed),
        *([f"  keep it with: grader record {name} && grader template {name}"] if seen.changed else []),
    ]
