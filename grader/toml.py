"""Reads a TOML file of an assignment; a mistake in it becomes an AssignmentError with its line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from grader.errors import AssignmentError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the file's text and its values."""
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


def line_of(text: str, needle: str) -> int | None:
    """Return the first line that is `needle` (a table's header) or sets it (a key), counted from 1."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped == needle or re.match(rf"{re.escape(needle)}\s*=", stripped):
            return number
    return None
