"""An unpacked handout: where its tests are, and the student's code in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.fixtures import GIVEN, digests
from grader.patterns import matches
from grader.testing.own import disown
from grader.testing.submission import Submission
from grader.text import UNANSWERED


def find_handout(folder: Path) -> Path:
    """Return the folder of tests in an unpacked handout; raises UsageError if `folder` isn't a handout."""
    found = sorted(folder.glob("autograder/**/assignment.toml"))
    if not found:
        raise UsageError(
            f"{folder} isn't an unpacked handout: it has no autograder/ folder with an assignment.toml; "
            "run this in the folder that you downloaded, or name the assignment with --assignment"
        )
    disown(folder / "autograder")
    return found[0].parent


def notes_on_given(folder: Path, assignment: Assignment) -> list[str]:
    """Return a sentence if files that the course gave aren't in the folder as they were in the handout."""
    file = assignment.fixtures / GIVEN
    if not file.is_file():
        return []
    given: dict[str, str] = json.loads(file.read_text("utf-8"))
    here = digests(folder, list(given))
    other = [name for name in given if here.get(name) != given[name]]
    return [f"Grading uses the course's own {', '.join(other)}; yours differs: download it again."] if other else []


def notes_on_imports(files: Iterable[str], assignment: Assignment) -> list[str]:
    """Return a sentence if the code imports files that the assignment doesn't ask for: grading doesn't have them."""
    spec = assignment.submission
    unasked = sorted(name for name in files if not matches(PurePosixPath(name), (*spec.asked, *spec.lent)))
    if not unasked:
        return []
    asked = ", ".join(spec.files)
    return [
        f"Your code imports {', '.join(unasked)}, and grading can't: only {asked} counts. Move what you need in there."
    ]


def notes_on_answers(folder: Path, names: Sequence[str]) -> list[str]:
    """Return a sentence if texts still have the template's line in place of an answer: no test need ask for it."""
    waiting = []
    for name in names:
        file = folder / name
        if not name.endswith(".py") and file.is_file() and UNANSWERED.encode() in file.read_bytes():
            waiting.append(name)
    return [f"Not answered yet, where the text has TODO: {', '.join(waiting)}."] if waiting else []


def submission_in(folder: Path, assignment: Assignment) -> Submission:
    """Return the code in a folder as the `submission` of tests."""
    spec = assignment.submission
    return Submission(folder, spec.path, spec.forbid, assignment.helpers)
