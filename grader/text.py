"""Makes text from a submission safe and short enough to show."""

from __future__ import annotations

import re

# characters that a terminal, a browser or a spreadsheet could interpret: C0 and C1 controls, direction overrides
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
INSTEAD = "# TEMPLATE:"
"""Begins a comment that holds a line of the template."""
UNANSWERED = "# TODO: your answer"
"""In the template, in place of an answer that is a text."""
_MARKS = re.compile(
    rf"^[ \t]*{BEGIN}[ \t]*(?:\r?\n[ \t]*{INSTEAD}.*)*(?:\r?\n|\Z)|^[ \t]*{END}[ \t]*(?:\r?\n|\Z)".encode(),
    re.MULTILINE,
)

_SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
"""Signs that begin a formula, in their wide forms too."""
# texts, because the untrusted side imports this module and makes no spreadsheet
_FORMULA = rf"\A(?:\s*{_SIGNS}|[\t\r\n])"
_LATER_FORMULA = rf"([;\t\r\n][^\S\t\r\n]*)({_SIGNS})"


def without_marks(data: bytes) -> bytes:
    """Return a text file of the reference as a student would hand it in: without lines that mark solution regions."""
    return _MARKS.sub(b"", data)


def harmless_cell(text: str) -> str:
    """Return a text that no spreadsheet evaluates: an apostrophe is put before what looks like a formula.

    A formula may also begin inside the text, after a character at which spreadsheets of some countries end a cell.
    """
    begins = re.match(_FORMULA, text)
    later = re.sub(_LATER_FORMULA, r"\1'\2", text)
    return f"'{later}" if begins else later


def overwritten(text: str) -> str:
    """Return what a terminal shows of text with carriage returns: of a progress bar, the last state.

    A lone carriage return at the end of a line overwrites nothing.
    """
    lines = (line.rstrip("\r") for line in text.split("\n"))
    return "\n".join(line[line.rfind("\r") + 1 :] for line in lines)


def clean_text(text: str, limit: int) -> str:
    """Return text that is safe to show: no surrogates, only newline and tab as control characters, cut at `limit`."""
    text = text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n")
    cleaned = _UNSAFE.sub("", _ESCAPES.sub("", text))
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters: the head and the tail around a mark, cut at line ends if possible."""
    if len(text) <= limit:
        return text
    mark = "\n[... left out ...]\n"
    room = limit - len(mark)
    if room <= 0:
        return "…"[:limit]
    head, tail = text[: room * 2 // 3], text[len(text) - room // 3 :]
    head = head[: head.rfind("\n")] if "\n" in head[len(head) // 2 :] else head
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail[: len(tail) // 2] else tail
    return head + mark + tail
