"""Variants: the reference with a small patch, credited (an accepted alternative) or not (a known mistake)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.assignment import Assignment
from grader.authoring.notebooks import scripts_of
from grader.authoring.rewrites import NAMES
from grader.errors import AssignmentError
from grader.toml import entries_of, line_of, read_toml

if TYPE_CHECKING:
    from grader.sandbox.worker import Worker  # it needs Linux, and handouts are made everywhere


@dataclass(frozen=True)
class Patch:
    """One replacement in one file of the reference."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Variant:
    """One entry of variants.toml."""

    name: str
    credit: Fraction
    patches: tuple[Patch, ...]
    hint: str = ""
    loses: tuple[str, ...] = ()
    """Parts that must lose points; every other part must keep them, also where the mistake's values show."""
    line: int = 0
    """The line of the entry, for messages."""


def load_variants(assignment: Assignment) -> list[Variant]:
    """Read `variants.toml`; empty if the file is absent. Raises AssignmentError with the line of a mistake."""
    file = assignment.folder / "variants.toml"
    if not file.is_file():
        return []
    text, data = read_toml(file)
    entries = data.pop("variant", [])
    for other in ("equivalent", "demand", "version"):
        data.pop(other, None)
    if data or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        odd = next(iter(data), "variant")
        raise AssignmentError(
            file,
            line_of(text, odd),
            f"unknown '{odd}'; the file holds [[variant]], [[equivalent]] and [[demand]] tables",
        )
    lines = entries_of(text, "variant")
    variants = [_variant(assignment, file, line, entry) for line, entry in zip(lines, entries, strict=False)]
    seen: set[str] = set()
    for variant in variants:
        if variant.name in seen:
            raise AssignmentError(file, variant.line, f"there is another variant '{variant.name}'; rename one")
        seen.add(variant.name)
    return variants


_KEYS = {"name", "credit", "file", "find", "replace", "patches", "hint", "loses"}


def _variant(assignment: Assignment, file: Path, line: int, entry: Mapping[str, Any]) -> Variant:
    def fail(message: str) -> AssignmentError:
        return AssignmentError(file, line, message)

    unknown = set(entry) - _KEYS
    if unknown:
        raise fail(f"unknown key '{min(unknown)}'; allowed: {', '.join(sorted(_KEYS))}")
    name = entry.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise fail("a variant needs a 'name' of lower-case letters, digits and -")
    credit = entry.get("credit")
    if isinstance(credit, bool) or not isinstance(credit, int | float) or not 0 <= credit <= 1:
        raise fail(f"variant '{name}' needs a 'credit' from 0.0 (a known mistake) to 1.0 (accepted)")
    hint, loses = entry.get("hint", ""), entry.get("loses", [])
    if not isinstance(hint, str):
        raise fail(f"the hint of variant '{name}' must be a text")
    if credit < 1 and not hint:
        raise fail(f"variant '{name}' loses points and needs a 'hint' that tells the student why")
    parts = {part.name for part in assignment.parts}
    if not isinstance(loses, list) or not all(isinstance(part, str) and part in parts for part in loses):
        raise fail(f"'loses' of variant '{name}' must list parts: {', '.join(sorted(parts))}")
    if credit == 0 and not loses:
        raise fail(f"variant '{name}' is a known mistake and needs 'loses', the parts that lose points by it")
    patches = entry.get("patches", [{key: entry[key] for key in ("file", "find", "replace") if key in entry}])
    if not isinstance(patches, list) or not patches:
        raise fail(f"variant '{name}' needs 'file', 'find' and 'replace', or a list 'patches' of them")
    return Variant(
        name, Fraction(str(credit)), tuple(_patch(fail, name, patch) for patch in patches), hint, tuple(loses), line
    )


def _patch(fail: Any, name: str, patch: object) -> Patch:
    if (
        not isinstance(patch, dict)
        or set(patch) != {"file", "find", "replace"}
        or not all(isinstance(value, str) for value in patch.values())
    ):
        raise fail(f"a patch of variant '{name}' needs the texts 'file', 'find' and 'replace'")
    return Patch(patch["file"], patch["find"], patch["replace"])


def apply_variant(assignment: Assignment, variant: Variant) -> dict[str, str]:
    """Return the files that a variant changes: path relative to the reference, and the changed text."""
    changed: dict[str, str] = {}
    for patch in variant.patches:
        root = scripts_of(assignment)
        target = root / patch.file
        inside = ".." not in target.parts and target.resolve().is_relative_to(root.resolve()) and target.is_file()
        text = changed.get(patch.file) or (target.read_text("utf-8") if inside else "")
        count = text.count(patch.find)
        if count != 1:
            raise AssignmentError(
                assignment.folder / "variants.toml",
                variant.line,
                f"'find' of variant '{variant.name}' occurs {count} times in {patch.file}, and must occur exactly once",
            )
        changed[patch.file] = text.replace(patch.find, patch.replace)
    return changed


def write_changed(worker: Worker, files: Mapping[str, str], *, alone: bool = False) -> Path:
    """Return a folder beside the worker's submission with the reference, and `files` written over it.

    Args:
        worker: its assignment has the reference; the folder belongs to it, and the next call replaces the folder.
        files: relative path to text.
        alone: whether to omit the reference.
    """
    folder = worker.submission.parent / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    if not alone:
        # the reference itself as it is; a change of it as the files that its notebook stands for
        source = scripts_of(worker.assignment) if files else worker.assignment.reference
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return folder


@dataclass(frozen=True)
class Equivalent:
    """A mutant that isn't a mistake: no test can or should detect this change of a line."""

    file: str
    before: str
    """The line in the reference, without indentation."""
    after: str
    """The changed line; if empty, every change of that line matches."""
    reason: str

    def matches(self, file: str, before: str, after: str) -> bool:
        """Whether a mutant is the declared one."""
        return self.file == file and self.before == before and self.after in ("", after)


def load_equivalents(assignment: Assignment) -> list[Equivalent]:
    """Read the [[equivalent]] tables of `variants.toml`: file, before, after (optional) and reason."""
    file = assignment.folder / "variants.toml"
    if not file.is_file():
        return []
    text, data = read_toml(file)
    found = []
    for line, entry in zip(entries_of(text, "equivalent"), data.get("equivalent", []), strict=False):
        keys = {"file", "before", "reason"}
        if not keys <= set(entry) <= keys | {"after"} or not all(isinstance(value, str) for value in entry.values()):
            raise AssignmentError(
                file, line, "an [[equivalent]] needs the texts file, before and reason, and may have after"
            )
        found.append(Equivalent(entry["file"], entry["before"], entry.get("after", ""), entry["reason"]))
    return found


def load_demands(assignment: Assignment) -> dict[str, str]:
    """Read the [[demand]] tables of `variants.toml`: honest rewrites that the handout rules out, with the reason."""
    file = assignment.folder / "variants.toml"
    if not file.is_file():
        return {}
    text, data = read_toml(file)
    found = {}
    for line, entry in zip(entries_of(text, "demand"), data.get("demand", []), strict=False):
        if set(entry) != {"rewrite", "reason"} or entry["rewrite"] not in NAMES:
            raise AssignmentError(
                file, line, f"a [[demand]] needs a reason and a rewrite, which is one of: {'; '.join(NAMES)}"
            )
        found[entry["rewrite"]] = str(entry["reason"])
    return found
