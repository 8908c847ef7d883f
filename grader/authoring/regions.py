"""Finds the solution regions of the reference: the lines that students write.

A region is between the whole-line comments `# BEGIN SOLUTION` and `# END SOLUTION`. `tokenize` finds them, so that
markers inside string literals don't count. In files that aren't Python, any whole line counts. Comments `# TEMPLATE: `
directly below the first marker hold lines of the template in place of the region.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from grader.authoring.source import parse
from grader.errors import AssignmentError
from grader.text import BEGIN, END, INSTEAD

_ALIKE = 0.75
"""The least similarity to SOLUTION of a word that is treated as a misspelling of it."""


@dataclass(frozen=True)
class Region:
    """One solution region: the lines of its two markers, counted from 1."""

    begin: int
    end: int
    instead: tuple[str, ...] = ()
    """Lines of the template in place of the region, without its indentation; empty for the usual ones."""


def regions(file: Path, text: str) -> list[Region]:
    """Return the solution regions of a file; raises AssignmentError if a marker has no partner."""
    found: list[Region] = []
    begin: int | None = None
    instead: list[str] = []
    for line, comment in _comments(file, text):
        bare = comment.strip()
        if bare == BEGIN:
            if begin is not None:
                raise AssignmentError(
                    file, line, f"a second {BEGIN} before the {END} of line {begin}; close that first"
                )
            begin, instead = line, []
        elif bare.startswith(INSTEAD):
            if begin is None or line != begin + len(instead) + 1:
                raise AssignmentError(file, line, f"a {INSTEAD} line must be directly below a {BEGIN}; move it there")
            instead.append(bare.removeprefix(INSTEAD).removeprefix(" "))
        elif bare == END:
            if begin is None:
                raise AssignmentError(file, line, f"{END} without a {BEGIN} before it; write that above the solution")
            found.append(Region(begin, line, tuple(instead)))
            begin = None
        elif _looks_like_marker(bare):
            raise AssignmentError(
                file, line, f"'{bare}' isn't a marker; write exactly {BEGIN} or {END}, alone on its line"
            )
    if begin is not None:
        raise AssignmentError(file, begin, f"{BEGIN} without an {END} after it; write that below the solution")
    return found


def _looks_like_marker(comment: str) -> bool:
    """Whether a comment is a misspelt marker, like `# END_SOLUTON (2 points)`: that would reveal the solution."""
    words = comment.lstrip("# ").upper().replace("_", " ").split()
    return (
        len(words) >= 2
        and words[0] in ("BEGIN", "END", "BEING")
        and SequenceMatcher(None, words[1], "SOLUTION").ratio() > _ALIKE
    )


def _comments(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments that are alone on their line, and those anywhere that look like misspelt markers."""
    if file.suffix != ".py":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip().startswith("#"):
                yield number, line
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                if token.line.strip() == token.string.strip():
                    yield token.start[0], token.string
                elif _looks_like_marker(token.string.strip()):
                    yield token.start[0], f"{token.string} (after code)"
    except (tokenize.TokenError, SyntaxError) as error:
        parse(file, text)  # its error has the line; the tokenizer's often doesn't
        raise AssignmentError(file, None, f"can't be read as Python: {error}") from None
