"""Makes TestSpecs from the decorators of collected tests; an error names the line of the author's mistake."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import cast

from grader.assignment import Assignment
from grader.described import Described
from grader.errors import AssignmentError
from grader.fixtures import TestSpec
from grader.intake.choose import wanted
from grader.report import VISIBILITIES, Visibility
from grader.toml import line_of


def unmatched(assignment: Assignment, required: Sequence[str]) -> list[str]:
    """Return a sentence for each pattern of hand-in files that no file of the reference matches."""
    return [
        f"[submission] files has {pattern}, and the reference has no file of that name"
        for pattern in assignment.submission.files
        if not any(wanted(PurePosixPath(name), [pattern]) for name in required)
    ]


def specs_of(assignment: Assignment, described: Sequence[Described]) -> list[TestSpec]:
    """Check the decorators' values, and share a function's points among its parametrised cases."""
    cases: dict[str, int] = {}
    for test in described:
        cases[test.function] = cases.get(test.function, 0) + 1
    numbers: dict[str, str] = {}
    order: dict[str, int] = {}
    specs = []
    for test in described:
        file = assignment.folder / f"test_{test.part}.py"

        def fail(message: str, file: Path = file, test: Described = test) -> AssignmentError:
            return AssignmentError(file, test.line, message)

        weight, number, visibility = test.weight, test.number, test.visibility
        name = test.function.split("::", 1)[1]
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e6:
            raise fail(f"{name} needs @weight with a number from 0 up; a test without points says @weight(0)")
        if number is None:
            raise fail(f"{name} needs @number, which orders the results")
        if numbers.setdefault(number, test.function) != test.function:
            raise fail(f"{name} has the number {number}, which {numbers[number].split('::', 1)[1]} has too; change one")
        if visibility not in VISIBILITIES:
            raise fail(f"{name} has the visibility {visibility!r}; it must be one of {', '.join(VISIBILITIES)}")
        if test.partial and not test.takes_score:
            raise fail(
                f"{name} has @partial_credit and doesn't take the argument that it passes; write "
                f"def {name}(..., set_score) and call set_score(points), or use @weight and give the checks points="
            )
        index = order[test.function] = order.get(test.function, 0) + 1
        specs.append(
            TestSpec(
                id=test.id,
                part=test.part,
                title=test.title + (f" [{test.case}]" if test.case is not None else ""),
                number=number if test.case is None else f"{number}.{index}",
                points=Fraction(str(weight)) / cases[test.function],
                visibility=cast(Visibility, visibility),
                tags=test.tags,
                hide_errors=test.hide_errors,
                partial=test.partial,
                leaderboard=test.leaderboard,
                alone=test.alone,
                builds_on=test.builds_on,
            )
        )
    _check_numbers(assignment, specs, described)
    _check_builds_on(assignment, specs, described)
    _check_points(assignment, specs)
    return specs


def _check_numbers(assignment: Assignment, specs: Sequence[TestSpec], described: Sequence[Described]) -> None:
    """Refuse equal numbers: parametrised cases are numbered too, and another function may have one of those numbers."""
    taken: dict[str, str] = {}
    for spec, test in zip(specs, described, strict=True):
        if taken.setdefault(spec.number, spec.id) != spec.id:
            raise AssignmentError(
                assignment.folder / f"test_{spec.part}.py",
                test.line,
                f"{spec.id} gets the number {spec.number}, which {taken[spec.number]} has too; change one",
            )


def _check_builds_on(assignment: Assignment, specs: Sequence[TestSpec], described: Sequence[Described]) -> None:
    """Refuse `@builds_on` where it can have no effect: without tests that show the part to be right by itself."""
    parts = {part.name for part in assignment.parts}
    shown = {spec.part for spec in specs if spec.points and not spec.builds_on}
    for spec, test in zip(specs, described, strict=True):
        if not spec.builds_on:
            continue
        name = test.function.split("::", 1)[1]
        problem = ""
        if other := [part for part in spec.builds_on if part not in parts or part == spec.part]:
            problem = f"{name} builds on {other[0]!r}; name other parts of this assignment: {', '.join(sorted(parts))}"
        elif spec.part not in shown:
            problem = (
                f"{name} has @builds_on, and no test with points shows {spec.part} to be right without those parts; "
                "add one, for example on decoys, or remove @builds_on"
            )
        if problem:
            raise AssignmentError(assignment.folder / f"test_{spec.part}.py", test.line, problem)


def _check_points(assignment: Assignment, specs: Sequence[TestSpec]) -> None:
    text = assignment.toml.read_text("utf-8")
    for part in assignment.parts:
        total = sum((spec.points for spec in specs if spec.part == part.name), Fraction(0))
        if total != part.points:
            raise AssignmentError(
                assignment.toml,
                line_of(text, "parts", part.name),
                f"the weights in test_{part.name}.py add up to {float(total):g}, and the part has "
                f"{float(part.points):g} points; change one of them",
            )
