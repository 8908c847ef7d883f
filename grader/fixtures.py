"""The noun `Fixtures`: a recording of the reference on disk, with all data that judging needs.

An assignment has two files of fixtures. `graded.npz` is recorded with a secret seed, and only the judge reads it.
`public.npz` is recorded with the seed of assignment.toml and holds only visible tests; students get it with the
handout. A file is a zip: `manifest.json` lists the tests with their points, visibility and checks; `*.npy` are their
arrays; the graded file has the questions too. A file is replaced atomically. Equal contents give equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib import format as npy

from grader.assignment import Assignment
from grader.errors import AssignmentError
from grader.files import own_files, unix, write_atomically
from grader.questions import GRADED, MEMBER, Questions, fixtures_file, missing, to_json
from grader.recording import Observation, Value
from grader.report import Visibility

FORMAT = 2
PUBLIC = "public.npz"
GIVEN = "given.json"
"""In a handout, beside the public file: the course's own files with their digests."""
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TestSpec:
    """One test as the record run described it; a worker's claims about these fields are ignored."""

    id: str
    part: str
    title: str
    number: str
    points: Fraction
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()
    hide_errors: str | None = None
    """The sentence that replaces a failure's message (gradescope_utils' hide_errors)."""
    partial: bool = False
    """Checks without points of their own share the test's points (gradescope_utils' partial_credit)."""
    leaderboard: tuple[str, str] | None = None
    """Column name and order."""
    expected: tuple[Observation, ...] = ()
    """The reference's observations, one for each check."""
    sealed: bool = True
    """False if the outcome, or a part of it, is the worker's own claim."""
    alone: bool = False
    """Whether the test never shares a process with others."""
    builds_on: tuple[str, ...] = ()
    """Parts whose faults, paid for there, cost nothing in this test; see `grader.testing.builds_on`."""
    as_set: bool = False
    """Whether a score that the test sets counts as gradescope_utils counts it: also before a failure, above the points,
    and below 0."""

    __test__ = False


@dataclass(frozen=True)
class Alternative:
    """A variant's recording of one test in which it differs from the reference."""

    variant: str
    credit: Fraction
    hint: str
    observations: tuple[Observation, ...]
    paid_in: tuple[str, ...] = ()
    """The other parts in which this known mistake is paid for; empty if it costs this test's points."""


@dataclass(frozen=True)
class Fixtures:
    """All data with which the judge compares."""

    tests: tuple[TestSpec, ...]
    required: tuple[str, ...]
    """Files of the reference that match the assignment's file list; a complete submission has all of them."""
    alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    """Test id to the variants that differ in this test."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files that the record run depended on, by path relative to the assignment's folder."""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[tuple[str, Literal["asc", "desc"]], ...]:
        """The leaderboard's columns, name and order, in the order of their tests."""
        boards = [test.leaderboard for test in self.tests if test.leaderboard is not None]
        return tuple((name, "asc" if order == "asc" else "desc") for name, order in boards)

    def public(self) -> Fixtures:
        """Return the fixtures that students may have: visible tests, with their alternatives."""
        visible = tuple(test for test in self.tests if test.visibility == "visible")
        kept = {test.id: self.alternatives[test.id] for test in visible if test.id in self.alternatives}
        return replace(self, tests=visible, alternatives=kept)

    def without_mistakes(self) -> Fixtures:
        """Return the same fixtures without known mistakes: they name none, and judge as before."""
        kept = {test: tuple(item for item in items if item.credit) for test, items in self.alternatives.items()}
        return replace(self, alternatives={test: items for test, items in kept.items() if items})


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the digests of files of a folder by their names, whatever ends their lines; an absent file has none."""
    return {name: digest(unix((folder / name).read_bytes())) for name in names if (folder / name).is_file()}


def save(fixtures: Fixtures, file: Path, questions: Questions | None = None) -> None:
    """Write fixtures to `file` atomically; a missing folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, packed(fixtures, questions))


def packed(fixtures: Fixtures, questions: Questions | None = None) -> bytes:
    """Return the contents of a file of fixtures."""
    arrays: dict[str, Any] = {}
    seen: dict[str, str] = {}

    def store(value: Value) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": value.type, "dtype": value.dtype}
        if value.array is not None:
            data = np.ascontiguousarray(value.array)
            # an array that several tests and variants share is stored once; a contiguous one has an axis at least
            key = digest(repr((data.dtype.str, value.array.shape)).encode() + data.tobytes())
            if key not in seen:
                seen[key] = f"a{len(seen)}"
                arrays[seen[key]] = data.reshape(value.array.shape)
            entry["array"] = seen[key]
        return entry

    def observation(item: Observation) -> dict[str, Any]:
        return {
            "name": item.name,
            "kind": item.kind,
            "params": dict(item.params),
            "values": {role: store(value) for role, value in item.values.items()},
        }

    manifest = {
        "format": FORMAT,
        "required": list(fixtures.required),
        "hashes": dict(sorted(fixtures.hashes.items())),
        "versions": dict(sorted(fixtures.versions.items())),
        "tests": [
            {
                "id": test.id,
                "part": test.part,
                "title": test.title,
                "number": test.number,
                "points": str(test.points),
                "visibility": test.visibility,
                "tags": list(test.tags),
                "hide_errors": test.hide_errors,
                "partial": test.partial,
                "leaderboard": list(test.leaderboard) if test.leaderboard else None,
                "sealed": test.sealed,
                "alone": test.alone,
                "builds_on": list(test.builds_on),
                "expected": [observation(item) for item in test.expected],
            }
            for test in fixtures.tests
        ],
        "alternatives": {
            test: [
                {
                    "variant": item.variant,
                    "credit": str(item.credit),
                    "hint": item.hint,
                    **({"paid_in": list(item.paid_in)} if item.paid_in else {}),
                    "observations": [observation(one) for one in item.observations],
                }
                for item in items
            ]
            for test, items in sorted(fixtures.alternatives.items())
        },
    }
    members = {_MANIFEST: json.dumps(manifest, indent=1, allow_nan=False).encode()}
    if questions is not None:
        members[MEMBER] = to_json(questions).encode()
    return _zipped(members | {f"{name}.npy": _npy(array) for name, array in arrays.items()})


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    npy.write_array(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip with fixed dates: numpy's savez stores the current time, so that equal records would differ."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def load(file: Path, assignment: Assignment) -> Fixtures:
    """Read fixtures; raises AssignmentError with the next step if they are missing or damaged."""
    remedy = f"run: grader record {assignment.name}"
    if not file.is_file():
        raise missing(assignment, file)
    try:
        # from memory, because a reader that fails on a damaged file leaves the file open
        with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest["format"] != FORMAT:
                fact = f"format {manifest['format']} isn't the {FORMAT} of this version"
                raise AssignmentError(file, None, f"{fact}; {remedy}")
            arrays = {
                name.removesuffix(".npy"): npy.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name.endswith(".npy")
            }
        return _parse(manifest, arrays)
    except (AssignmentError, MemoryError):
        raise
    except Exception as error:  # numpy, zipfile, zlib and json each have several ways to say "damaged"
        raise AssignmentError(file, None, f"the fixtures are damaged ({error}); {remedy}") from None


def _parse(manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> Fixtures:
    def value(entry: Mapping[str, Any]) -> Value:
        return Value(entry["type"], entry["dtype"], arrays[entry["array"]] if "array" in entry else None)

    def observation(entry: Mapping[str, Any]) -> Observation:
        values = {role: value(item) for role, item in entry["values"].items()}
        return Observation(entry["name"], entry["kind"], values, entry["params"])

    return Fixtures(
        tests=tuple(
            TestSpec(
                id=test["id"],
                part=test["part"],
                title=test["title"],
                number=test["number"],
                points=Fraction(test["points"]),
                visibility=test["visibility"],
                tags=tuple(test["tags"]),
                hide_errors=test["hide_errors"],
                partial=test["partial"],
                leaderboard=tuple(test["leaderboard"]) if test["leaderboard"] else None,
                expected=tuple(observation(item) for item in test["expected"]),
                sealed=test["sealed"],
                alone=test.get("alone", False),
                builds_on=tuple(test.get("builds_on", ())),
            )
            for test in manifest["tests"]
        ),
        required=tuple(manifest["required"]),
        alternatives={
            test: tuple(
                Alternative(
                    item["variant"],
                    Fraction(item["credit"]),
                    item["hint"],
                    tuple(observation(one) for one in item["observations"]),
                    tuple(item.get("paid_in", ())),
                )
                for item in items
            )
            for test, items in manifest["alternatives"].items()
        },
        hashes=manifest["hashes"],
        versions=manifest["versions"],
    )


def recorded_hashes(assignment: Assignment) -> dict[str, str]:
    """Return the hashes of all inputs of a recording: tests, modules, variants, and settings that affect a test's
    values or points.

    The equivalences in `variants.toml` are excluded, because only the audit uses them, and so is the line for editors.
    """
    assignment.test_files()  # each must exist
    folder = assignment.folder
    files = [*folder.glob("*.py"), *folder.glob("helpers/**/*.py"), *folder.glob("variants.toml")]
    if assignment.data.is_dir():
        files += own_files(assignment.data).values()
    hashes = {file.relative_to(folder).as_posix(): digest(_recorded(file)) for file in files}
    hashes["assignment.toml"] = digest(_recorded_settings(assignment).encode())
    return dict(sorted(hashes.items()))


def _recorded(file: Path) -> bytes:
    """The contents of a file on which a recording depends."""
    data = file.read_bytes()
    if file.name != "variants.toml":
        return data
    data = re.sub(rb"\A#:schema [^\n]*\n", b"", data)
    data = re.sub(rb"(?ms)^\[\[equivalent\]\].*?(?=^\[\[variant\]\]|\Z)", b"", data)
    return data.rstrip() + b"\n"  # blank lines above the first equivalence stay when it is cut out


def _recorded_settings(assignment: Assignment) -> str:
    """The settings on which a recording depends: without titles, limits, late work and settings of the audit."""
    spec = assignment.submission
    parts = [[part.name, str(part.points)] for part in assignment.parts]
    values = [assignment.seed, assignment.library, spec.files, spec.path, spec.forbid, spec.lent, parts]
    return json.dumps([*values, spec.given] if spec.given else values)


def load_current(assignment: Assignment, name: str = GRADED) -> Fixtures:
    """Read the assignment's fixtures; raises AssignmentError if a test has changed since the recording."""
    fixtures = load(fixtures_file(assignment, name), assignment)
    found = recorded_hashes(assignment)
    for file in sorted({*found, *fixtures.hashes}):
        if fixtures.hashes.get(file) != found.get(file):
            raise AssignmentError(
                assignment.folder / file,
                None,
                f"changed since the fixtures were recorded; run: grader record {assignment.name}",
            )
    return fixtures
