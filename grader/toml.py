"""Reads a TOML file of an assignment; a mistake in the file raises an AssignmentError with its line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.errors import AssignmentError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


VERSION = 1
"""The version of the files' schemas, in `grader/schemas` too; raised when a setting changes its meaning or goes."""


def read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the file's text and its values; a file for a newer grader is refused before anything else in it is."""
    text, data = _parsed(file)
    version = data.get("version", VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise AssignmentError(file, line_of(text, "version"), f"'version' must be a whole number up to {VERSION}")
    if version > VERSION:
        raise AssignmentError(
            file,
            line_of(text, "version"),
            f"written for version {version} of the settings, and this grader knows version {VERSION}; "
            "install a newer one: pip install --upgrade dl-grader",
        )
    return text, data


def _parsed(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text("utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        raise AssignmentError(file, int(match[1]) if match else None, f"not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise AssignmentError(file, None, f"not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise AssignmentError(file, None, f"can't be read: {error.strerror}") from None


def line_of(text: str, *path: str) -> int | None:
    """Return the line, counted from 1, of a table or key named by its path: `line_of(text, "limits", "memory_mb")`.

    For a missing key, return the line of the table that should have it; None if that is missing too.
    """
    table: tuple[str, ...] = ()
    for number, line in _lines(text):
        if line.lstrip().startswith("["):
            table = _header(line) or table
            if table == path:
                return number
        else:
            match = re.match(r"""\A\s*["']?([\w.-]+)["']?\s*=""", line)
            if match and (*table, match[1]) == path:
                return number
    return line_of(text, *path[:-1]) if len(path) > 1 else None


def entries_of(text: str, name: str) -> list[int]:
    """Return the lines of the headers [[name]], counted from 1."""
    return [number for number, line in _lines(text) if line.lstrip().startswith("[[") and _header(line) == (name,)]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines, without those inside a multi-line string, which may look like headers or keys."""
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        yield number, line
        closing = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")


def _header(line: str) -> tuple[str, ...]:
    """The names in a table's header, quoted or spaced as TOML allows; empty if the line isn't a header."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    names = []
    while value:
        (name, value), *_ = value.items()
        names.append(name)
        value = value[0] if isinstance(value, list) else value
    return tuple(names)
