"""A hand-in's files, compiled by its first child for the children that follow.

The judge keeps the bytes and never reads them: only a jailed process of the same hand-in does.
"""

from __future__ import annotations

import marshal
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import CodeType

from grader.sandbox.wire import CODES_BYTES
from grader.testing.compiled import CODES, CompiledOnce

SOURCES_BYTES = 2**20
"""Of all files that `compile_all` compiles."""


def compile_all(files: Iterable[Path]) -> bytes:
    """Keep the code of a hand-in's files, and return it for `bring`; empty if it is too much.

    It runs none of the files. What can't be compiled is left out: the import says why.
    """
    codes: dict[tuple[bytes, str], CodeType] = {}
    left = SOURCES_BYTES
    for file in files:
        data = file.read_bytes()
        left -= len(data)
        if left < 0:
            break
        # a text that Python warns of is left out too, and each import says so
        with warnings.catch_warnings(), suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            warnings.simplefilter("error", SyntaxWarning)
            codes[data, str(file)] = CompiledOnce(file.stem, str(file)).source_to_code(data, str(file))
    CODES.update(codes)
    try:
        packed = marshal.dumps(codes)
    except ValueError:  # something is nested too deep
        return b""
    return packed if len(packed) <= CODES_BYTES else b""


def bring(codes: bytes) -> None:
    """Take over what `compile_all` returned in another process of the same hand-in, before any of its code ran."""
    CODES.update(marshal.loads(codes))  # noqa: S302  # in a jail, where the hand-in's own code runs anyway
