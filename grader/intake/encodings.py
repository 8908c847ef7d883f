"""Rewrites Python files of other encodings as UTF-8, which Python reads without a declaration.

Editors of some systems save UTF-16, or the encoding of the country. A declaration in the file counts first.
"""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return the file as UTF-8, and the name of the encoding it had; the name is empty if nothing was changed."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _read(data, name)
    if data[1::2].count(0) > len(data) // 4:
        return _read(data, "utf-16-le")
    if data[::2].count(0) > len(data) // 4:
        return _read(data, "utf-16-be")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        head = b"\n".join(data.split(b"\n", 2)[:2])
        return (data, "") if _DECLARED.search(head) or b"\0" in data else _read(data, "cp1252")
    return data, ""


def _read(data: bytes, name: str) -> tuple[bytes, str]:
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        if name != "cp1252":
            return data, ""  # Python says what is wrong with it
        text = data.decode("latin-1")  # every byte is a character there
    return text.encode("utf-8"), name
