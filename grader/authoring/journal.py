"""The results of an audit so far, on disk: a line is appended for each graded candidate.

An outcome is valid while its inputs are unchanged. Each test file is checked separately: after a change of one test
file, only that file is run again on each candidate.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.files import own_files
from grader.fixtures import Fixtures, digest
from grader.recording import Observation

DIGITS = 16
"""Digits that are kept of a hash: enough to distinguish states, and the journal stays small."""


@dataclass(frozen=True)
class Outcome:
    """The result of one test for one candidate."""

    status: str
    lost: float
    """Points."""
    named: bool
    """Whether the hint of the candidate's own variant was given, or one that the judge found by itself."""
    unfair: float = 0.0
    """Points that the test gives in a process shared with other tests, and doesn't give alone."""


class Journal:
    """The outcomes that are still valid, by candidate and test."""

    def __init__(self, file: Path, assignment: Assignment, fixtures: Fixtures) -> None:
        """Read `file`, if it exists. A line that an interruption cut short is ignored."""
        self._file = file
        self._states = {
            mistake: {name: _state(assignment, fixtures, name, mistake) for name in _test_files(fixtures)}
            for mistake in (False, True)
        }
        self._done: dict[str, dict[str, Outcome]] = {}
        for line in file.read_text("utf-8", "replace").split("\n") if file.is_file() else []:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            states = self._states[row["mistake"]]
            for test, outcome in row["outcomes"].items():
                name = file_of(test)
                if name in states and states[name] == row["states"].get(name):
                    self._done.setdefault(row["key"], {})[test] = Outcome(**outcome)

    def outcomes(self, key: str) -> Mapping[str, Outcome]:
        """Return what is known of a candidate, by test id."""
        return self._done.get(key, {})

    def add(self, key: str, outcomes: Mapping[str, Outcome], *, mistake: bool) -> None:
        """Store the outcomes of a candidate.

        Args:
            key: the candidate's.
            outcomes: by test id; outcomes of other tests are kept.
            mistake: whether the candidate is a known mistake; then hints matter, and they depend on all mistakes.
        """
        self._done.setdefault(key, {}).update(outcomes)
        states = {name: self._states[mistake][name] for name in sorted(map(file_of, outcomes))}
        rows = {test: vars(outcome) for test, outcome in outcomes.items()}
        line = json.dumps({"key": key, "mistake": mistake, "states": states, "outcomes": rows})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+b") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":  # an interruption cut the last line short: start a new line
                    line = "\n" + line
            stream.write(f"{line}\n".encode())


def file_of(test: str) -> str:
    """Return the test file's name in a test's id."""
    return test.split("::", 1)[0]


def _test_files(fixtures: Fixtures) -> set[str]:
    return {file_of(test.id) for test in fixtures.tests}


def _state(assignment: Assignment, fixtures: Fixtures, name: str, mistake: bool) -> str:
    """Return a hash of all inputs of the outcomes in one test file, except the candidate."""
    # of the two settings files, only the settings that affect a run: points and variants are in the fixtures already
    others = {*_test_files(fixtures), "variants.toml", "assignment.toml"} - {name}
    parts = [f"{path} {value}" for path, value in sorted(fixtures.hashes.items()) if path not in others]
    parts.append(repr((assignment.seed, assignment.library, assignment.submission, assignment.limits)))
    parts += [f"{path} {value}" for path, value in sorted(fixtures.versions.items())]
    parts += [f"{path} {digest(file.read_bytes())}" for path, file in own_files(assignment.reference).items()]
    for test in fixtures.tests:
        if file_of(test.id) == name:
            parts += [test.id, str(test.points), test.visibility, str(test.partial), *_of(test.expected)]
            for item in fixtures.alternatives.get(test.id, ()):
                if mistake or item.credit > 0:
                    parts += [item.variant, str(item.credit), item.hint, *_of(item.observations)]
    return digest("\n".join(parts).encode())[:DIGITS]


def _of(observations: Iterable[Observation]) -> Iterable[str]:
    for item in observations:
        yield f"{item.name} {item.kind} {json.dumps(dict(item.params), sort_keys=True)}"
        for role, value in sorted(item.values.items()):
            data = b"" if value.array is None else value.array.tobytes()
            shape = None if value.array is None else value.array.shape
            yield f"{role} {value.type} {value.dtype} {shape} {digest(data)}"
