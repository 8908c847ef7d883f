"""Reads the cells of a notebook file, without its outputs.

The formats 3 and 4 are read, and everything that people have made of them: a source as one text or as a list of
lines, a byte order mark, missing ids, wrong types. Whatever is no cell is skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

CELLS = 5000
CELL_CHARS = 300_000
"""A longer cell is skipped; 15,000 real cells had at most a tenth of this."""
ALL_CHARS = 4_000_000
"""Of all cells together; what comes after is skipped."""
_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)
_PYTHON = re.compile(r"(i?python\d*|py|conda.*|xeus-python)", re.IGNORECASE)


class NotebookError(Exception):
    """A file isn't a notebook that can be read; the text is the end of a sentence that begins with the file's name."""


@dataclass(frozen=True)
class Cell:
    """One cell of code or text."""

    number: int
    """Its place in the notebook, from 1, counting every cell."""
    kind: Literal["code", "text"]
    source: str
    name: str = ""
    """What messages call it; empty for `cell <number>`."""

    @property
    def label(self) -> str:
        """The cell's name in messages."""
        return self.name or f"cell {self.number}"


@dataclass(frozen=True)
class Cells:
    """The cells of a notebook, and sentences about those that were skipped."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    language: str = ""
    """The language that the notebook says it is in, if that isn't Python."""


def read_cells(data: bytes) -> Cells:
    """Return the cells of a notebook file; raises NotebookError."""
    content = _json(data)
    if not isinstance(content, dict):
        raise NotebookError("isn't a notebook, although its name says so; save it again in Jupyter")
    found: list[Cell] = []
    notes = []
    left = ALL_CHARS
    for number, entry in enumerate(_entries(content), 1):
        kind = _kind(entry)
        if kind is None:
            continue
        source = _source(entry)
        if len(source) > min(CELL_CHARS, left) or len(found) == CELLS:
            notes.append(f"cell {number} was skipped: it or the notebook is too long ({len(source)} characters)")
            continue
        left -= len(source)
        found.append(Cell(number, kind, source))
    return Cells(tuple(found), tuple(notes), _other_language(content))


def _json(data: bytes) -> Any:
    if not data.strip():
        raise NotebookError("is empty; save the notebook and hand it in again")
    conflict = _CONFLICT.search(data)
    try:
        try:
            return json.loads(data)
        except ValueError as error:
            if not str(error).startswith("Exceeds the limit"):  # a number with thousands of digits
                raise
            return json.loads(data, parse_int=lambda digits: 0)
    except UnicodeDecodeError:
        raise NotebookError("isn't UTF-8 text; save it again in Jupyter") from None
    except (RecursionError, MemoryError):
        raise NotebookError("is nested too deeply or too large to be read; save it again in Jupyter") from None
    except ValueError as error:
        if conflict is not None:
            line = data.count(b"\n", 0, conflict.start()) + 1
            raise NotebookError(
                f"has git's conflict marks (line {line}): choose one of the two versions, look into it and hand it in"
            ) from None
        line = getattr(error, "lineno", 1)
        raise NotebookError(f"isn't a whole notebook (line {line}); save or download it again") from None


def _other_language(content: dict[str, Any]) -> str:
    """The language in the notebook's metadata, unless it is Python or isn't there."""
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    for table, key in (("language_info", "name"), ("kernelspec", "language")):
        entry = metadata.get(table)
        language = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(language, str) and language:
            return "" if _PYTHON.fullmatch(language) else language
    return ""


def _entries(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cells of format 4, or those of all worksheets of format 3."""
    lists = [content.get("cells")]
    worksheets = content.get("worksheets")
    if lists == [None] and isinstance(worksheets, list):
        lists = [sheet.get("cells") for sheet in worksheets if isinstance(sheet, dict)]
    if not any(isinstance(cells, list) for cells in lists):
        raise NotebookError("has no cells, so it isn't a notebook; save it again in Jupyter")
    for cells in lists:
        for entry in cells if isinstance(cells, list) else ():
            yield entry if isinstance(entry, dict) else {}


def _kind(entry: dict[str, Any]) -> Literal["code", "text"] | None:
    kind = entry.get("cell_type")
    if kind == "code":
        language = entry.get("language", "python")
        return "code" if not isinstance(language, str) or _PYTHON.fullmatch(language) else None
    return "text" if kind in ("markdown", "heading") else None


def _source(entry: dict[str, Any]) -> str:
    source = entry.get("source", entry.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""
