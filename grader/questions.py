"""The noun `Questions`: the tests in the form that a worker gets, and the seed of their inputs.

A record run writes them into the graded fixtures. A grading reads them before all other data, because the worker needs
them first.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from grader.assignment import Assignment
from grader.errors import AssignmentError

GRADED = "graded.npz"
MEMBER = "questions.json"


@dataclass(frozen=True)
class Questions:
    """The texts that a worker loads; hidden tests are separate, so that no child of a visible test holds them."""

    seed: str
    visible: Mapping[str, str]
    """Name to text: the files of visible tests, and the modules beside them."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """The same for hidden tests; empty if all tests are loaded together."""
    withheld: tuple[str, ...] = ()
    """Files below `helpers/` and `data/` that hidden tests alone use, by their paths from the assignment's folder."""


def seed_of(seed: str, test: str) -> int:
    """Return the seed of one test, from 0 to 2**32 - 1: from the assignment's seed and the test's id."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{test}".encode()).digest()[:4], "little")


def as_written(assignment: Assignment, seed: str | None = None) -> Questions:
    """Return the assignment's tests as their author wrote them, all together, for a record run.

    Args:
        assignment: the assignment; each part must have its test file.
        seed: the seed; None for the public one.
    """
    assignment.test_files()
    texts = {file.name: file.read_text("utf-8") for file in sorted(assignment.folder.glob("*.py"))}
    return Questions(str(assignment.seed) if seed is None else seed, texts)


def to_json(questions: Questions) -> str:
    """Return the questions in the format of the graded fixtures."""
    return json.dumps(asdict(questions), indent=1)


def fixtures_file(assignment: Assignment, name: str = GRADED) -> Path:
    """Return the path of an assignment's fixtures; `name` is GRADED or `fixtures.PUBLIC`."""
    return assignment.fixtures / name


def read_questions(assignment: Assignment) -> Questions:
    """Return the questions that the last record run wrote; raises AssignmentError if they can't be read."""
    file = fixtures_file(assignment)
    try:
        with zipfile.ZipFile(file) as archive:
            found = json.loads(archive.read(MEMBER))
        return Questions(found["seed"], found["visible"], found["hidden"], tuple(found["withheld"]))
    except FileNotFoundError:
        raise missing(assignment, file) from None
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, EOFError, NotImplementedError) as error:
        raise AssignmentError(
            file, None, f"the fixtures are damaged ({error}); run: grader record {assignment.name}"
        ) from None


def missing(assignment: Assignment, file: Path) -> AssignmentError:
    """Return the error for an assignment that was never recorded."""
    return AssignmentError(file, None, f"there are no fixtures; run: grader record {assignment.name}")
