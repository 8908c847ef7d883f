"""Decompresses bytes within a budget: gzip, bzip2, xz, and the methods of zip members."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from grader.errors import SubmissionError
from grader.intake.limits import MIB, SLOW, Budget

STEP = 2**16
"""The number of bytes that are fed to a decompressor at once."""
_XZ_BYTES = 80 * MIB
"""The memory limit of xz; its strongest setting needs 65 MiB."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes: ...


class _Inflate:
    """zlib's decompressor with the interface of those of bz2 and lzma."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


@dataclass(frozen=True)
class Method:
    """A compression method."""

    mark: bytes
    """The first bytes of each stream; empty if there is only one stream."""
    make: Callable[[], _Decompressor]
    weight: int = 1


FILES: Mapping[str, Method] = {
    "gzip": Method(b"\x1f\x8b", lambda: _Inflate(31)),
    "bzip2": Method(b"BZh", bz2.BZ2Decompressor, SLOW),
    "xz": Method(b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_BYTES), SLOW),
}
DEFLATE = Method(b"", lambda: _Inflate(-15))
BZIP2 = Method(b"", bz2.BZ2Decompressor, SLOW)


def zip_lzma(data: memoryview, size: int) -> tuple[Method, memoryview]:
    """Return the method of a zip's LZMA member of `size` bytes, unpacked, and the rest of `data` after its header.

    Raises:
        ValueError: `data` doesn't begin with such a header.
    """
    if bytes(data[2:4]) != b"\5\0" or len(data) < 9 or data[4] >= 9 * 5 * 5:
        raise ValueError("no LZMA header")
    rest, literal_bits = divmod(data[4], 9)
    position_bits, literal_position_bits = divmod(rest, 5)
    # a match can't be farther back than the member's size, so the dictionary needs no more memory than that
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": max(size, 4096),
            "lc": literal_bits,
            "lp": literal_position_bits,
            "pb": position_bits,
        }
    ]
    return Method(b"", lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), SLOW), data[9:]


def unpack(data: bytes | memoryview, method: Method, budget: Budget, limit: int | None = None) -> tuple[bytes, bool]:
    """Return the unpacked data, at most `limit` bytes of it, and whether its proper end was reached.

    Consecutive streams are joined, and data after the last stream is ignored, as gzip does.

    Raises:
        ValueError: the data is damaged.
        SubmissionError: the budget is used up.
    """
    out = bytearray()
    place = 0
    try:
        decoder = method.make()
        while True:
            piece = data[place : place + STEP] if decoder.needs_input else b""
            if decoder.needs_input and not piece:
                return bytes(out), False
            place += len(piece)
            budget.move(len(piece), method.weight)
            room = MIB if limit is None else min(MIB, limit - len(out))
            part = decoder.decompress(piece, room)
            budget.move(len(part), method.weight)
            out += part
            if limit is not None and len(out) >= limit:
                return bytes(out), decoder.eof
            if decoder.eof:
                place -= len(decoder.unused_data)
                if not method.mark or data[place : place + len(method.mark)] != method.mark:
                    return bytes(out), True
                decoder = method.make()
    except SubmissionError:
        raise
    # the decompressors touch no file: bz2 raises OSError for damaged data
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if str(error).startswith("Error -4 "):  # zlib's code for too little memory
            raise MemoryError from None
        raise ValueError(str(error) or type(error).__name__) from None
