"""Reads the settings of an assignment: the tables of assignment.toml become the nouns, or an error names the line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

from grader.assignment import LIBRARIES, Assignment, Handout, Limits, Part, SubmissionSpec
from grader.errors import AssignmentError, UsageError
from grader.patterns import matches
from grader.policy import LatePolicy, RateLimit
from grader.toml import line_of, read_toml

_LOADED = frozenset(
    (
        "grader",
        "gradescope_utils",
        "iniconfig",
        "numpy",
        "packaging",
        "pluggy",
        "pygments",
        "_pytest",
        "pytest",
        "torch",
    )
)
"""Packages that are imported before a submission, in addition to the standard library."""
_PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
"""A name that needs no quoting in a shell, make or a URL, and that no program takes for an option."""


def find_project(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds `testcases/`."""
    for folder in (start, *start.parents):
        if (folder / "testcases").is_dir():
            return folder
    raise UsageError(
        f"no folder 'testcases' in {start} or above it; run the command inside the project or name it with --project"
    )


def assignment_names(project: Path) -> list[str]:
    """Return the names of the project's assignments, sorted."""
    return sorted(file.parent.name for file in (project / "testcases").glob("*/assignment.toml"))


def load_assignment(project: Path, name: str) -> Assignment:
    """Read `testcases/<name>/assignment.toml` of a project."""
    folder = project / "testcases" / name
    if not (folder / "assignment.toml").is_file():
        import difflib  # needed only for an error message

        known = assignment_names(project)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f"no assignment '{name}' in {project / 'testcases'}; {hint}")
    return read_assignment(folder)


def read_assignment(folder: Path) -> Assignment:
    """Read `folder/assignment.toml`; the folder's name is the assignment's.

    Raises AssignmentError with the wrong line.
    """
    folder = folder.resolve()
    file = folder / "assignment.toml"
    text, data = read_toml(file)
    return _Reader(file, text).assignment(folder, data)


class _Reader:
    """Turns the parsed TOML into an Assignment, or reports the wrong line; `where` is a path of tables and key."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text

    def fail(self, where: tuple[str, ...], message: str) -> AssignmentError:
        return AssignmentError(self.file, line_of(self.text, *where), message)

    def table(self, data: Mapping[str, Any], key: str, allowed: set[str]) -> Mapping[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.fail((key,), f"'{key}' must be a table, written [{key}]")
        self.only(value, allowed, (key,))
        return value

    def only(self, data: Mapping[str, Any], allowed: set[str], where: tuple[str, ...] = ()) -> None:
        place = f"[{'.'.join(where)}]" if where else "the file"
        for key in data:
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                raise self.fail((*where, key), f"unknown key '{key}' in {place}; allowed: {known}")

    def text_value(self, data: Mapping[str, Any], key: str, where: tuple[str, ...] = ()) -> str:
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            place = f"[{'.'.join(where)}]" if where else "the file"
            raise self.fail((*where, key), f"{place} needs '{key}', a non-empty text")
        return value

    def names(self, data: Mapping[str, Any], table: str, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = data.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail((table, key), f"'{key}' must be a list of texts")
        return tuple(value)

    def paths(self, data: Mapping[str, Any], table: str, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        paths = self.names(data, table, key, default)
        for path in paths:
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
                raise self.fail((table, key), f"'{path}' in '{key}' must be relative, with / and without ..")
        return paths

    def positive(self, data: Mapping[str, Any], key: str, default: float) -> float:
        value = data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise self.fail(("limits", key), f"'{key}' must be a positive number")
        return value

    def truth(self, data: Mapping[str, Any], table: str, key: str, default: bool) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            raise self.fail((table, key), f"'{key}' must be true or false")
        return value

    def whole(self, data: Mapping[str, Any], key: str, default: int) -> int:
        value = data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1e6:
            raise self.fail(("limits", key), f"'{key}' must be a positive whole number")
        return value

    def assignment(self, folder: Path, data: Mapping[str, Any]) -> Assignment:
        tables = {"submission", "limits", "parts", "handout", "audit", "late", "rate_limit"}
        self.only(data, {"version", "title", "seed", "library", *tables})
        seed = data.get("seed")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise self.fail(("seed",), "'seed' must be a whole number from 0 to 4294967295")
        library = data.get("library", "numpy")
        if library not in LIBRARIES:
            raise self.fail(("library",), f"'library' must be one of {', '.join(LIBRARIES)}, not {library!r}")
        audit = self.table(data, "audit", {"files", "ungraded", "killed_percent", "named_percent"})
        if not re.fullmatch(_PLAIN, folder.name):
            message = f"the folder's name {folder.name!r} goes into scripts; use letters, digits, _, . and - alone"
            raise AssignmentError(self.file, None, message)
        return Assignment(
            name=folder.name,
            title=self.text_value(data, "title"),
            seed=seed,
            library=library,
            folder=folder,
            submission=self.submission(data, folder),
            limits=self.limits(data),
            parts=self.parts(data),
            handout=self.handout(data),
            late=self.late(data),
            rate_limit=self.rate_limit(data),
            audited=self.names(audit, "audit", "files", ("**",)),
            ungraded=self.names(audit, "audit", "ungraded", ()),
            killed_percent=self.within(audit, "audit", "killed_percent", 97, 100),
            named_percent=self.within(audit, "audit", "named_percent", 95, 100),
        )

    def submission(self, data: Mapping[str, Any], folder: Path) -> SubmissionSpec:
        known = {"files", "path", "forbid", "archive", "lent", "given", "notebook", "folders"}
        table = self.table(data, "submission", known)
        files = self.paths(table, "submission", "files", ())
        if not files:
            raise self.fail(("submission",), "[submission] needs 'files', the list of files that students hand in")
        default = SubmissionSpec(files)
        path = self.paths(table, "submission", "path", default.path)
        reference = folder.parent.parent / "reference" / folder.name
        for file in _named_files((*files, *table.get("given", ())), reference):
            for name in _imported_as(file, path):
                if name in sys.stdlib_module_names or name in _LOADED:
                    message = (
                        f"'{file}' is imported as '{name}', and Python or the grader has a module of that name loaded "
                        "before it; give the file another name"
                    )
                    raise self.fail(("submission", "files"), message)
        archive = self.text_value({"archive": default.archive} | dict(table), "archive", ("submission",))
        if not re.fullmatch(_PLAIN, archive):
            message = f"'archive' {archive!r} goes into scripts; use letters, digits, _, . and - alone"
            raise self.fail(("submission", "archive"), message)
        return SubmissionSpec(
            files=files,
            path=path,
            forbid=self.names(table, "submission", "forbid", default.forbid),
            archive=archive,
            lent=self.paths(table, "submission", "lent", default.lent),
            given=self.paths(table, "submission", "given", default.given),
            notebook=self.notebook(table),
            folders=self.names(table, "submission", "folders", default.folders),
        )

    def notebook(self, table: Mapping[str, Any]) -> str:
        name = table.get("notebook", "")
        if not isinstance(name, str) or (name and not re.fullmatch(rf"({_PLAIN}/)*{_PLAIN}\.ipynb", name)):
            raise self.fail(("submission", "notebook"), "'notebook' must be the path of a file that ends in .ipynb")
        return name

    def limits(self, data: Mapping[str, Any]) -> Limits:
        default = Limits()
        table = self.table(data, "limits", set(vars(default)))
        return Limits(
            test_seconds=self.positive(table, "test_seconds", default.test_seconds),
            total_seconds=self.positive(table, "total_seconds", default.total_seconds),
            memory_mb=self.whole(table, "memory_mb", default.memory_mb),
            output_kb=self.whole(table, "output_kb", default.output_kb),
            value_mb=self.whole(table, "value_mb", default.value_mb),
            programs=self.truth(table, "limits", "programs", default.programs),
        )

    def handout(self, data: Mapping[str, Any]) -> Handout:
        table = self.table(data, "handout", {"runner", "note", "hints"})
        default = Handout()
        runner = table.get("runner", default.runner)
        if not isinstance(runner, str) or not re.fullmatch(r"autograder/([\w-]+/)*[\w-]+\.py", runner):
            raise self.fail(("handout", "runner"), "'runner' must be a Python file below autograder/")
        note = self.text_value(table, "note", ("handout",)) if table.get("note", "") != "" else ""
        return Handout(runner, note.strip(), self.truth(table, "handout", "hints", default.hints))

    def late(self, data: Mapping[str, Any]) -> LatePolicy | None:
        if "late" not in data:
            return None
        table = self.table(data, "late", {"percent_per_day", "most_percent", "grace_minutes"})
        percent = {
            key: self.within(table, "late", key, default, 100)
            for key, default in (("percent_per_day", None), ("most_percent", 100))
        }
        grace = self.within(table, "late", "grace_minutes", 0, 10_000)
        return LatePolicy(percent["percent_per_day"], percent["most_percent"], float(grace))

    def rate_limit(self, data: Mapping[str, Any]) -> RateLimit | None:
        if "rate_limit" not in data:
            return None
        table = self.table(data, "rate_limit", {"submissions", "hours"})
        submissions = self.within(table, "rate_limit", "submissions", None, 10_000)
        hours = self.within(table, "rate_limit", "hours", None, 10_000)
        if submissions.denominator != 1 or submissions < 1:
            raise self.fail(("rate_limit", "submissions"), "'submissions' must be a whole number from 1 up")
        if not hours:
            raise self.fail(("rate_limit", "hours"), "'hours' must be more than 0")
        return RateLimit(int(submissions), float(hours))

    def within(self, table: Mapping[str, Any], name: str, key: str, default: int | None, most: int) -> Fraction:
        """A number from 0 to `most`, exactly as written; with a `default` of None, it is required."""
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise self.fail((name, key), f"[{name}] needs '{key}', a number from 0 to {most}")
        return Fraction(str(value))

    def points(self, table: Mapping[str, Any], key: str, where: tuple[str, ...], default: int | None) -> Fraction:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise self.fail(where, f"[{'.'.join(where)}] needs '{key}', a number from 0 up")
        return Fraction(str(value))

    def parts(self, data: Mapping[str, Any]) -> tuple[Part, ...]:
        table = data.get("parts")
        if not isinstance(table, dict) or not table:
            raise self.fail(("parts",), "the file needs at least one table [parts.<name>] with a title and points")
        parts: list[Part] = []
        for name, value in table.items():
            where = ("parts", name)
            header = f"[parts.{name}]"
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not isinstance(value, dict):
                raise self.fail(where, f"{header} must be a table named by lower-case letters, digits and _")
            self.only(value, {"title", "points", "manual", "extra"}, where)
            title = self.text_value(value, "title", where)
            if ":" in title:
                message = f"title {title!r} of {header} has a colon, which breaks Autolab's score line; drop it"
                raise self.fail(where, message)
            if (
                title != title.strip()
                or title.startswith("_")
                or title == "stages"
                or not title.isprintable()
                or len(title) > 255
            ):
                message = (
                    f"title {title!r} of {header} can't be an Autolab problem; plain words, 255 characters at most"
                )
                raise self.fail(where, message)
            if title.casefold() in {part.title.casefold() for part in parts}:
                message = (
                    f"title {title!r} of {header} is another part's title too, but for upper case at most, which "
                    "Autolab doesn't tell apart; each needs its own"
                )
                raise self.fail(where, message)
            manual = self.points(value, "manual", where, 0)
            extra = value.get("extra", False)
            if not isinstance(extra, bool):
                raise self.fail((*where, "extra"), f"'extra' of {header} must be true or false")
            points = self.points(value, "points", where, 0 if manual else None)
            parts.append(Part(name, title, points, manual, extra))
        if all(part.extra for part in parts):
            raise self.fail(("parts",), "every part is extra credit, so the maximum is 0; one part must count")
        return tuple(parts)


def _named_files(patterns: tuple[str, ...], reference: Path) -> Iterator[PurePosixPath]:
    """The known Python files of a submission: those with a full name in the patterns, and those in the reference."""
    for pattern in patterns:
        if set(pattern) & set("*?["):
            every = (file.relative_to(reference) for file in reference.rglob("*.py"))
            found = sorted(file.as_posix() for file in every if matches(PurePosixPath(file), [pattern]))
        else:
            found = [pattern]
        yield from (PurePosixPath(name) for name in found if name.endswith(".py"))


def _imported_as(file: PurePosixPath, path: tuple[str, ...]) -> Iterator[str]:
    """The names by which a file, or its package, is a top-level module with these folders on the path."""
    for folder in path:
        if file.is_relative_to(folder):
            yield file.relative_to(folder).parts[0].removesuffix(".py")
