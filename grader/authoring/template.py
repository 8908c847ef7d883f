"""The students' template of an assignment: made from the reference, written, and compared with the one on disk."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from grader.assignment import Assignment
from grader.authoring.notebooks import SUFFIX, without_solutions
from grader.authoring.regions import regions
from grader.authoring.unsolved import strip_solution
from grader.errors import AssignmentError
from grader.files import own_files
from grader.patterns import matches
from grader.text import BEGIN, END


def build(assignment: Assignment) -> dict[str, str]:
    """Return the template's files: relative path to text."""
    root = assignment.reference
    if not root.is_dir():
        raise AssignmentError(root, None, "there is no reference solution; write it, with solution regions marked")
    files = {}
    count = 0
    for name, file in own_files(root).items():
        given = matches(PurePosixPath(name), assignment.submission.given)
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            if file.suffix == ".py":
                raise AssignmentError(file, None, "isn't UTF-8 text; save it as UTF-8") from None
            continue  # an answer, or data of the course, which `write` copies
        if file.suffix == SUFFIX and not given:
            files[name], in_cells = without_solutions(assignment, file, text)
            count += in_cells
            continue
        found = regions(file, text) if file.suffix == ".py" or not given else []
        if file.suffix != ".py" and not given and not found:
            continue  # students make other files themselves, such as answers
        count += len(found)
        files[name] = strip_solution(file, text) if found else text
    if count == 0:
        raise AssignmentError(
            root, None, f"no solution region is marked; put {BEGIN} and {END} around what students write"
        )
    return files


def write(assignment: Assignment) -> list[str]:
    """Rewrite `student_template/<assignment>`; return the relative paths."""
    files = build(assignment)
    shutil.rmtree(assignment.template, ignore_errors=True)
    for name, text in files.items():
        target = assignment.template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    data = given_data(assignment)
    for name, file in data.items():
        target = assignment.template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return [*files, *data]


def has_placeholders(assignment: Assignment) -> bool:
    """Return whether a template may be wrong instead of missing.

    It may be if a region has template lines of its own, because unwritten code then runs, and if an answer is a text.
    """
    return any(
        region.instead or file.suffix != ".py"
        for file in own_files(assignment.reference).values()
        if file.suffix != SUFFIX and _is_text(file)
        for region in regions(file, file.read_text("utf-8"))
    )


def given_data(assignment: Assignment) -> dict[str, Path]:
    """Return the course's own files in the reference that aren't text, which students get as they are."""
    return {
        name: file
        for name, file in own_files(assignment.reference).items()
        if matches(PurePosixPath(name), assignment.submission.given) and not _is_text(file)
    }


def _is_text(file: Path) -> bool:
    try:
        file.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def on_disk(assignment: Assignment) -> dict[str, str]:
    """Return the files of `student_template/<assignment>`, relative path to text; none where there is no folder."""
    if not assignment.template.is_dir():
        return {}
    return {name: file.read_text("utf-8") for name, file in own_files(assignment.template).items() if _is_text(file)}


def drift(assignment: Assignment) -> list[str]:
    """Return how the template on disk differs from one made from the reference, as sentences; empty if it doesn't."""
    wanted, found = build(assignment), on_disk(assignment)
    data, template = given_data(assignment), assignment.template
    there = {name: template / name for name in data if (template / name).is_file()}
    return (
        [
            f"{name} differs from the reference's"
            for name, file in there.items()
            if file.read_bytes() != data[name].read_bytes()
        ]
        + [f"{name} is missing from the template" for name in wanted if name not in found]
        + [f"{name} is missing from the template" for name in data if name not in there]
        + [f"{name} isn't made from the reference" for name in found if name not in wanted]
        + [
            f"{name} differs from what the reference gives"
            for name in wanted
            if name in found and found[name] != wanted[name]
        ]
    )
