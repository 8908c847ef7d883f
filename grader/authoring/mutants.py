"""Small mistakes, made automatically: each mutant is the reference with one change in a solution region."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.assignment import Assignment
from grader.authoring.edits import edits
from grader.authoring.notebooks import scripts_of
from grader.authoring.regions import regions
from grader.authoring.source import functions, source_lines
from grader.authoring.unsolved import without_region
from grader.errors import AssignmentError
from grader.files import own_files
from grader.patterns import matches
from grader.toml import line_of


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: str
    """Relative to the reference."""
    line: int
    region: int
    """The line where its solution region begins."""
    kind: str
    before: str
    """The line as the reference has it, without indentation."""
    after: str
    text: str
    """The whole file, changed."""

    @property
    def name(self) -> str:
        """Its name in tables: file, line and the change."""
        return f"{self.file}:{self.line} {self.kind}: {self.after}"


@dataclass(frozen=True)
class Gap:
    """The reference with one empty solution region: a test that still passes can't detect a mutant in that region."""

    file: str
    region: int
    """The line where the region begins."""
    text: str
    """The whole file, without the region."""


def gaps(assignment: Assignment, found: Sequence[Mutant]) -> list[Gap]:
    """Return a gap for each solution region that has mutants, in order."""
    made = []
    for name in sorted({mutant.file for mutant in found}):
        file = scripts_of(assignment) / name
        text = file.read_text("utf-8")
        wanted = {mutant.region for mutant in found if mutant.file == name}
        made += [
            Gap(name, region.begin, without_region(file, text, region))
            for region in regions(file, text)
            if region.begin in wanted
        ]
    return made


def is_audited(assignment: Assignment, name: str) -> bool:
    """Return whether the audit changes the solution regions of a file: whether this homework grades it."""
    return matches(PurePosixPath(name), assignment.audited)


def mutants(assignment: Assignment) -> list[Mutant]:
    """Return the mutants of every Python file of the reference, in order, no two alike."""
    found: list[Mutant] = []
    unknown = set(assignment.ungraded)
    for name, file in own_files(scripts_of(assignment)).items():
        if file.suffix == ".py" and is_audited(assignment, name):
            text = file.read_text("utf-8")
            ungraded = {key: lines for key, lines in _lines_of(text).items() if key in assignment.ungraded}
            unknown -= set(ungraded)
            found += _of_file(file, name, text, set().union(*ungraded.values()), assignment.library)
    if unknown:
        line = line_of(assignment.toml.read_text("utf-8"), "audit", "ungraded")
        raise AssignmentError(
            assignment.toml, line, f"the reference has no function '{min(unknown)}'; write it as Class.method"
        )
    return found


def _lines_of(text: str) -> dict[str, range]:
    """The lines of every function, by its qualified name."""
    return {name: range(node.lineno, (node.end_lineno or node.lineno) + 1) for name, node in functions(ast.parse(text))}


def _of_file(file: Path, name: str, text: str, ungraded: set[int], library: str) -> list[Mutant]:
    region_of = {line: region.begin for region in regions(file, text) for line in range(region.begin + 1, region.end)}
    inside = set(region_of) - ungraded
    if not inside:
        return []
    seen = {ast.dump(ast.parse(text))}
    found = []
    for edit in edits(text, inside, library):
        changed = text[: edit.start] + edit.replacement + text[edit.end :]
        try:
            tree = ast.dump(ast.parse(changed))
        except SyntaxError:
            continue
        if tree in seen:
            continue
        seen.add(tree)
        line = text.count("\n", 0, edit.start) + 1
        before, after = source_lines(text)[line - 1].strip(), source_lines(changed)[line - 1].strip()
        found.append(Mutant(name, line, region_of[line], edit.kind, before, after, changed))
    return found
