"""Finds the written answers of a notebook: its cells of text that the handout's notebook doesn't have.

Cells are compared by their texts, so no id, tag or place in the file matters. A cell that asks for a name or a number
of a student is never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from grader.testing.cells.read import Cell, NotebookError, read_cells

ANSWER_CHARS = 4000
ANSWERS = 40
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]*(.+)$", re.MULTILINE)
_PERSON = re.compile(
    r"\b(your|full|first|last|family|given|student'?s?|partner'?s?)?\s*(names?|uniqname|umid|net ?id|andrew ?id|e-?mail"
    r"|student (id|number)|matriculation|matrikel\w*|id number|collaborators?)\**\s*:",
    re.IGNORECASE,
)
"""Words of a cell that asks for the student's name or number."""


def answers_of(cells: Sequence[Cell], handout: bytes | None) -> str:
    """Return the changed cells of text, each below the heading before it; empty without a handout's notebook."""
    if handout is None:
        return ""
    try:
        theirs = [cell for cell in read_cells(handout).cells if cell.kind == "text"]
    except NotebookError:
        return ""
    texts = [cell for cell in cells if cell.kind == "text"][:2000]
    given, own = ([_words(cell) for cell in group] for group in (theirs, texts))
    headings = _headings(texts)
    asked = _headings(theirs)
    parts: list[str] = []
    matcher = SequenceMatcher(None, given, own, autojunk=False)
    for tag, before, until, start, end in matcher.get_opcodes():
        if tag not in ("replace", "insert"):
            continue
        # What replaces a cell that asked for a name stands where that stood, under any words.
        personal = {asked[place] for place in range(before, until) if _PERSON.search(given[place])}
        personal |= {""} if personal else set()
        for number in range(start, end):
            text = texts[number].source.strip()
            if text and headings[number] not in personal and not _PERSON.search(text):
                parts.append(f"{headings[number] or texts[number].label}\n\n{text[:ANSWER_CHARS]}")
    return "\n\n".join(parts[:ANSWERS])


def _headings(cells: Sequence[Cell]) -> list[str]:
    """The last heading above each cell; empty if there is none."""
    heading = ""
    above = []
    for cell in cells:
        above.append(heading)
        found = _HEADING.findall(cell.source)
        heading = found[-1].strip() if found else heading
    return above


def _words(cell: Cell) -> str:
    return " ".join(cell.source.split())
