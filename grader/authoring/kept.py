"""Finds the recordings that a record run may keep: of a variant in a part, if nothing that they depend on changed.

A variant's values in a part depend on its patch, on that part's tests, and on what all parts share: the reference,
helper modules, data, settings, this package and its libraries. The values themselves are in the fixtures; beside them,
only digests are kept, in the course's `build/record`. The reference always runs, and where its values differ from the
recorded ones, nothing is kept.
"""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import grader
from grader.assignment import Assignment
from grader.authoring.variants import Variant, apply_variant
from grader.errors import AssignmentError
from grader.files import own_files
from grader.fixtures import PUBLIC, Alternative, Fixtures, TestSpec, digest, load
from grader.judge.score import fits
from grader.questions import GRADED, Questions, fixtures_file

Keys = Mapping[str, Mapping[str, str]]
"""Variant and part to the digest of all that the variant's values in this part depend on."""


@dataclass(frozen=True)
class Last:
    """The last record run with one seed; empty if there was none, or its fixtures were changed since."""

    keys: Keys = field(default_factory=dict)
    seen: Mapping[str, bool] = field(default_factory=dict)
    """Whether any test detects the variant."""
    fixtures: Fixtures | None = None

    def unchanged(self, tests: Sequence[TestSpec]) -> frozenset[str]:
        """Return the ids of those tests in which the reference's values are the recorded ones."""
        recorded = {test.id: test for test in self.fixtures.tests} if self.fixtures is not None else {}
        return frozenset(
            test.id
            for test in tests
            if (old := recorded.get(test.id)) is not None
            and old.visibility == test.visibility
            and fits(old.expected, test.expected)
        )

    def stale(
        self, variant: Variant, now: Mapping[str, str], tests: Sequence[TestSpec], unchanged: frozenset[str]
    ) -> tuple[TestSpec, ...]:
        """Return the tests that must run on a variant whose digests are `now`; `unchanged` are those of `unchanged`."""
        last = self.keys.get(variant.name, {}) if variant.name in self.seen else {}
        kept = {part for part, key in last.items() if key == now.get(part)}
        return tuple(test for test in tests if test.id not in unchanged or test.part not in kept)

    def of(self, variant: Variant) -> dict[str, Alternative]:
        """Return a variant's recordings, by test."""
        items = self.fixtures.alternatives.items() if self.fixtures is not None else ()
        return {test: item for test, found in items for item in found if item.variant == variant.name}


def last_run(assignment: Assignment, state: Mapping[str, Any]) -> dict[str, Last]:
    """Return the last run of each recording from what `to_json` returned; empty ones where nothing may be kept."""
    found = {}
    for name in (PUBLIC, GRADED):
        file = fixtures_file(assignment, name)
        try:
            entry = state[name]
            if entry["fixtures"] == digest(file.read_bytes()):
                found[name] = Last(entry["keys"], entry["seen"], load(file, assignment))
                continue
        except (OSError, KeyError, AssignmentError):  # nothing can be kept
            pass
        found[name] = Last()
    return found


def to_json(assignment: Assignment, runs: Mapping[str, Last]) -> dict[str, dict[str, Any]]:
    """Return what the next run needs of this one, once its fixtures are on disk."""
    return {
        name: {
            "fixtures": digest(fixtures_file(assignment, name).read_bytes()),
            "keys": {variant: dict(keys) for variant, keys in run.keys.items()},
            "seen": dict(run.seen),
        }
        for name, run in runs.items()
    }


def keys_of(assignment: Assignment, questions: Questions, variants: Iterable[Variant]) -> dict[str, dict[str, str]]:
    """Return the digests of all variants, for the recording with these tests and this seed."""
    tests = {f"test_{part.name}.py": part.name for part in assignment.parts}
    shared = _shared(assignment, questions, tests)
    texts = {part: _texts(questions, file, tests) for file, part in tests.items()}
    contents = {variant.name: _contents(assignment, variant) for variant in variants}
    return {
        name: {part: digest(repr((shared, text, content)).encode()) for part, text in texts.items()}
        for name, content in contents.items()
    }


def _contents(assignment: Assignment, variant: Variant) -> list[object]:
    changed = sorted(apply_variant(assignment, variant).items())
    return [variant.name, str(variant.credit), variant.hint, changed]


def _texts(questions: Questions, file: str, tests: Mapping[str, str]) -> list[str]:
    """A part's file of tests; all of them if it names another one, which it may import."""
    text = questions.visible.get(file, "")
    others = [name for name in tests if name != file and re.search(rf"\b{re.escape(name[:-3])}\b", text)]
    return sorted(questions.visible.values()) if others else [text]


def _shared(assignment: Assignment, questions: Questions, tests: Mapping[str, str]) -> str:
    """A digest of what every part depends on."""
    settings = (assignment.seed, assignment.library, assignment.submission, assignment.limits, questions.seed)
    own = {assignment.toml.name, "variants.toml", *tests}
    return inputs_digest(assignment, settings, lambda name: name in own or name.startswith("fixtures/"))


def inputs_digest(
    assignment: Assignment, also: object = None, leaves_out: Callable[[str], bool] = lambda name: False
) -> str:
    """Return a digest of Python, the libraries, `also`, and files: the assignment's, the reference's, this package's.

    `leaves_out` says which files of the assignment's folder it doesn't cover, by their paths there.
    """
    libraries = ["numpy", "pytest", *(["torch"] if assignment.library == "torch" else [])]
    versions = [platform.python_version(), *map(metadata.version, libraries)]
    whole = hashlib.sha256(repr((versions, also)).encode())
    for folder in (assignment.folder, assignment.reference, Path(grader.__file__).parent):
        for name, file in own_files(folder).items() if folder.is_dir() else ():
            if folder != assignment.folder or not leaves_out(name):
                whole.update(f"\0{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def told(ran: Mapping[str, Sequence[str]], parts: int) -> str:
    """Return the sentence about what was kept: `ran` has the parts in which each variant ran again."""
    again = {name: items for name, items in ran.items() if items}
    whole = [name for name, items in again.items() if len(items) == parts]
    sentences = [f"{len(ran) - len(again)} of {len(ran)} variants kept from the last run"]
    if whole:
        sentences.append(f"run again: {_listed(whole)}")
    by_parts: dict[tuple[str, ...], int] = {}
    for name, items in again.items():
        if name not in whole:
            by_parts[tuple(items)] = by_parts.get(tuple(items), 0) + 1
    sentences += [f"{number} run again in {_listed(items)} alone" for items, number in by_parts.items()]
    return "; ".join(sentences)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
