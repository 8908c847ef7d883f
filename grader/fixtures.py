"""The noun `Fixtures`: what the reference's run left on disk, read by the judge and by nobody else.

A folder of two files. `manifest.json` lists the tests with their points, visibility and checks; `arrays.npz` holds
every array. Both are written byte for byte the same when their contents are.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from grader.assignment import Assignment
from grader.errors import AssignmentError
from grader.recording import Observation, Value
from grader.report import Visibility

FORMAT = 1


@dataclass(frozen=True)
class TestSpec:
    """One test as the record run saw it; what a worker says about any of this is ignored."""

    id: str
    part: str
    title: str
    number: str
    points: Fraction
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()
    hide_errors: str | None = None
    """The sentence shown in place of a failure's message (gradescope_utils' hide_errors)."""
    partial: bool = False
    """Checks without points of their own share the test's points (gradescope_utils' partial_credit)."""
    leaderboard: tuple[str, str] | None = None
    """Column name and order."""
    expected: tuple[Observation, ...] = ()
    """What the reference left, check by check."""
    sealed: bool = True
    """False when the outcome, or a part of it, is the worker's own word."""

    __test__ = False


@dataclass(frozen=True)
class Alternative:
    """A variant's recording of one test where it differs from the reference's."""

    variant: str
    credit: Fraction
    hint: str
    observations: tuple[Observation, ...]


@dataclass(frozen=True)
class Fixtures:
    """Everything that the judge compares with."""

    tests: tuple[TestSpec, ...]
    required: tuple[str, ...]
    """Files of the reference that match the assignment's file list: what a submission should hold."""
    alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    """Test id to the variants that differ there."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files that the record run depended on, by path relative to the assignment's folder."""
    versions: Mapping[str, str] = field(default_factory=dict)

    def public(self) -> Fixtures:
        """Return what students may have: visible tests, and accepted alternatives for them; no known mistakes."""
        visible = tuple(test for test in self.tests if test.visibility == "visible")
        ids = {test.id for test in visible}
        kept = {
            test: tuple(item for item in items if item.credit > 0)
            for test, items in self.alternatives.items()
            if test in ids
        }
        return Fixtures(visible, self.required, {k: v for k, v in kept.items() if v}, {}, self.versions)


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def save(fixtures: Fixtures, folder: Path) -> None:
    """Write `manifest.json` and `arrays.npz` into `folder`, which is made when absent."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    seen: dict[str, str] = {}

    def store(value: Value) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": value.type, "dtype": value.dtype}
        if value.array is not None:
            data = np.ascontiguousarray(value.array)
            # one array that many tests and variants share is stored once
            key = digest(repr((data.dtype.str, data.shape)).encode() + data.tobytes())
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
                    "observations": [observation(one) for one in item.observations],
                }
                for item in items
            ]
            for test, items in sorted(fixtures.alternatives.items())
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, allow_nan=False) + "\n", "utf-8")
    (folder / "arrays.npz").write_bytes(_npz(arrays.items()))


def _npz(arrays: Iterable[tuple[str, Any]]) -> bytes:
    """An .npz with fixed dates: numpy's own savez stamps the clock into it, and no two records would be equal."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays:
            member = io.BytesIO()
            npy.write_array(member, np.asarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def load(folder: Path, assignment: str) -> Fixtures:
    """Read fixtures; raises AssignmentError, with what to do, where there are none or they are damaged."""
    file = folder / "manifest.json"
    remedy = f"run: grader record {assignment}"
    if not file.is_file():
        raise AssignmentError(file, None, f"there are no fixtures; {remedy}")
    try:
        manifest = json.loads(file.read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise AssignmentError(
                file, None, f"format {manifest['format']} isn't the {FORMAT} of this version; {remedy}"
            )
        # from memory: a reader that fails on a damaged file would leave it open
        with np.load(io.BytesIO((folder / "arrays.npz").read_bytes()), allow_pickle=False) as arrays:
            return _parse(manifest, {name: arrays[name] for name in arrays.files})
    except AssignmentError:
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
                )
                for item in items
            )
            for test, items in manifest["alternatives"].items()
        },
        hashes=manifest["hashes"],
        versions=manifest["versions"],
    )


def tested_files(assignment: Assignment) -> dict[str, str]:
    """Return the hashes of the files that decide what a recording means: settings, tests, helpers, variants.

    What `variants.toml` declares equivalent is for the audit alone: no recording depends on it.
    """
    assignment.test_files()  # each must exist
    folder = assignment.folder
    files = [*folder.glob("*.py"), *folder.glob("helpers/**/*.py"), *folder.glob("*.toml")]
    return {file.relative_to(folder).as_posix(): digest(_recorded(file)) for file in sorted(files)}


def _recorded(file: Path) -> bytes:
    """What a recording depends on in a file."""
    data = file.read_bytes()
    if file.name != "variants.toml":
        return data
    return re.sub(rb"(?ms)^\[\[equivalent\]\].*?(?=^\[\[variant\]\]|\Z)", b"", data)


def load_current(assignment: Assignment) -> Fixtures:
    """Read the assignment's fixtures; raises AssignmentError where a test changed since they were recorded."""
    folder = assignment.folder / "fixtures"
    fixtures = load(folder, assignment.name)
    found = tested_files(assignment)
    for name in sorted({*found, *fixtures.hashes}):
        if fixtures.hashes.get(name) != found.get(name):
            raise AssignmentError(
                assignment.folder / name,
                None,
                f"changed since the fixtures were recorded; run: grader record {assignment.name}",
            )
    return fixtures
