"""The channel from worker to judge: length-prefixed frames of a JSON header and raw arrays.

    u32 length of header | header | bytes of the first array | bytes of the second | ...

`encode_*` run in the worker. `Decoder` runs in the judge and trusts no input: it checks every length against a cap
before it allocates memory, takes dtypes from a table by name, and raises WireError for malformed data.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, NamedTuple, cast, get_args

import numpy as np

from grader.recording import DTYPES, Claim, Observation, Value, ValueType, plain
from grader.text import clean_text

HEADER_BYTES = 256 * 1024
ALL_HEADERS_BYTES = 2 * 2**20
ARRAY_BYTES = 2**40
"""More than any cap, and so small that numpy accepts every shape below it, even if one of its sizes is 0."""
CODES_BYTES = 4 * 2**20
"""Of a hand-in's compiled files."""
FRAMES = 2000
NDIM = 32
NAME_CHARS = 200
TYPE_CHARS = 80
MESSAGE_CHARS = 8000
_LENGTH = struct.Struct("<I")
_ENCODER = json.JSONEncoder(default=str)


class WireError(Exception):
    """The worker sent data that the grader's own code never sends."""


class End(NamedTuple):
    """A test's last frame: how it ended, as the worker claims."""

    claim: Claim
    message: str
    score: float | None
    leaderboard: float | str | None
    more: bool = False
    """Whether the same process goes on with the next test, when the judge has answered with one byte."""


class Prepared(NamedTuple):
    """What the first child of a hand-in finds out before any student code runs, for the children that follow."""

    shares: bool
    """Whether the hand-in's tests may share a process."""
    codes: bytes
    """The compiled files. Only children of this hand-in read them."""


# the worker's side


def encode_observation(item: Observation, budget: int) -> tuple[list[bytes], int]:
    """Return the frame's chunks and the bytes of its arrays; for an array over `budget`, only its size is sent."""
    entries: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    used = 0
    for role, value in item.values.items():
        entry: dict[str, Any] = {"role": role, "type": value.type[:TYPE_CHARS], "dtype": value.dtype[:TYPE_CHARS]}
        if value.array is not None:
            data = _raw(value)
            if used + data.nbytes > budget:
                entry["type"] = f"{value.type} of {data.nbytes / 2**20:.1f} MiB, more than a test may return"
                entry["dtype"] = ""
            else:
                used += data.nbytes
                entry |= {"shape": list(value.array.shape), "nbytes": data.nbytes}
                if data.nbytes:
                    buffers.append(data.tobytes())
        entries.append(entry)
    header = {"frame": "check", "name": item.name, "kind": item.kind, "params": dict(item.params), "values": entries}
    return [_header(header), *buffers], used


def _raw(value: Value) -> np.ndarray[Any, Any]:
    """The value's array in its wire format."""
    assert value.array is not None
    array = np.ascontiguousarray(value.array)
    if value.dtype == "bfloat16":
        return cast("np.ndarray[Any, Any]", (array.view(np.uint32) >> 16).astype("<u2"))
    return array.astype(DTYPES[value.dtype], copy=False)


def encode_ready(layers: list[str]) -> bytes:
    """Return the first frame: the child has entered its jail, and no student code has run yet."""
    return _header({"frame": "ready", "layers": layers})


def encode_prepared(prepared: Prepared) -> bytes:
    """Return the second frame of a child that was asked for it; no student code has run yet."""
    header = {"frame": "prepared", "shares": prepared.shares, "nbytes": len(prepared.codes)}
    return _header(header) + prepared.codes


def encode_end(claim: str, message: str, score: object, leaderboard: object, *, more: bool = False) -> bytes:
    """Return a test's last frame."""
    if isinstance(leaderboard, np.generic):
        leaderboard = leaderboard.item()
    if not isinstance(leaderboard, int | float | str):
        leaderboard = None
    number = _finite(score.item() if isinstance(score, np.generic) else score)
    end = {"frame": "end", "claim": claim, "message": message, "score": number, "leaderboard": leaderboard}
    return _header({**end, "more": more})


def _header(header: dict[str, Any]) -> bytes:
    raw = _ENCODER.encode(header).encode("ascii")
    return _LENGTH.pack(len(raw)) + raw


# the judge's side


class Decoder:
    """Rebuilds observations from incoming bytes."""

    def __init__(
        self, cap: int, *, given: bool = True, layers: tuple[str, ...] | None = None, prepares: bool = False
    ) -> None:
        """Accept at most `cap` bytes of arrays in all; without `given`, drop the parameters of the checks.

        `layers` is known for a later test of a process, which sends no first frame again. With `prepares`, the second
        frame is what the child prepared.
        """
        self.prepared: Prepared | None = None
        self._prepares = prepares
        self._given = given
        self.observations: list[Observation] = []
        self.layers = layers
        """The layers of isolation; None until the first frame, which is sent before student code runs."""
        self.end: End | None = None
        self._left = cap
        self._headers_left = ALL_HEADERS_BYTES
        self._buffer = bytearray()
        self._header: dict[str, Any] | None = None
        self._pending: list[tuple[str, Value, tuple[int, ...], int]] = []
        self._need = 0
        self._names: set[str] = set()

    def feed(self, data: bytes) -> None:
        """Decode more bytes; raises WireError at the first malformed data."""
        if data and self.end is not None:
            raise WireError("data after the last frame")
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._header is None:
            if len(self._buffer) < _LENGTH.size:
                return False
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > min(HEADER_BYTES, self._headers_left):
                raise WireError(f"a header of {length} bytes")
            if len(self._buffer) < _LENGTH.size + length:
                return False
            raw = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            self._headers_left -= length
            self._begin(raw)
            return True
        if len(self._buffer) < self._need:
            return False
        self._finish()
        return True

    def _begin(self, raw: bytes) -> None:
        try:
            header = json.loads(raw, parse_constant=lambda name: None)
        except (ValueError, RecursionError):
            raise WireError("a header that isn't JSON") from None
        if not isinstance(header, dict):
            raise WireError("a header that isn't an object")
        if not self._given:
            header.pop("params", None)
        if self.layers is None:
            layers = header.get("layers")
            if header.get("frame") != "ready" or not isinstance(layers, list):
                raise WireError("no first frame")
            self.layers = tuple(str(layer)[:20] for layer in layers[:10])
        elif self._prepares:
            self._expect_codes(header)
        elif header.get("frame") == "end":
            if self._buffer:
                raise WireError("data after the last frame")
            self.end = _end(header)
        elif header.get("frame") == "check":
            self._check(header)
        else:
            raise WireError("a frame of an unknown kind")

    def _expect_codes(self, header: dict[str, Any]) -> None:
        nbytes = header.get("nbytes")
        if header.get("frame") != "prepared" or not isinstance(nbytes, int) or not 0 <= nbytes <= CODES_BYTES:
            raise WireError("no second frame")
        self._need = nbytes
        self._header = header

    def _check(self, header: dict[str, Any]) -> None:
        name = _string(header, "name", NAME_CHARS)
        if name in self._names:
            raise WireError(f"the check {clean_text(name, 60)!r} was sent twice")
        if len(self._names) >= FRAMES:
            raise WireError(f"more than {FRAMES} checks")
        self._names.add(name)
        entries = header.get("values")
        if not isinstance(entries, list) or len(entries) > 16:
            raise WireError("a check without its list of values")
        self._pending = [_entry(entry) for entry in entries]
        if len({role for role, *_ in self._pending}) < len(self._pending):
            raise WireError("a role was sent twice")
        self._need = sum(nbytes for *_, nbytes in self._pending)
        if self._need > self._left:
            raise WireError(f"values of {self._need} bytes, more than a test may return")
        self._left -= self._need
        self._header = header

    def _finish(self) -> None:
        assert self._header is not None
        if self._prepares:
            self.prepared = Prepared(self._header.get("shares") is True, bytes(self._buffer[: self._need]))
            del self._buffer[: self._need]
            self._prepares, self._header = False, None
            return
        values: dict[str, Value] = {}
        offset = 0
        for role, value, shape, nbytes in self._pending:
            if shape is _NOTHING:
                values[role] = value
            else:
                raw = bytes(self._buffer[offset : offset + nbytes])
                values[role] = Value(value.type, value.dtype, plain(value.dtype, raw, shape))
            offset += nbytes
        del self._buffer[: self._need]
        params = self._header.get("params")
        kind = self._header.get("kind")
        self.observations.append(
            Observation(
                self._header["name"],
                kind if isinstance(kind, str) else "",
                values,
                params if isinstance(params, dict) and self._given else {},
            )
        )
        self._header = None


_NOTHING: tuple[int, ...] = (-1,)


def _string(entry: dict[str, Any], key: str, limit: int) -> str:
    text = entry.get(key)
    if not isinstance(text, str) or len(text) > limit:
        raise WireError(f"a '{key}' that isn't a short text")
    return text


def _entry(entry: object) -> tuple[str, Value, tuple[int, ...], int]:
    """Check one value's description; before memory is allocated, its shape must agree with its number of bytes."""
    if not isinstance(entry, dict):
        raise WireError("a value without a description")
    role = _string(entry, "role", 20)
    kind = clean_text(_string(entry, "type", TYPE_CHARS + 60), TYPE_CHARS + 60)
    dtype = clean_text(_string(entry, "dtype", TYPE_CHARS), TYPE_CHARS)
    if "nbytes" not in entry:
        return role, Value(kind, dtype), _NOTHING, 0
    if dtype not in DTYPES:
        raise WireError("an unknown dtype")
    if kind not in get_args(ValueType):
        raise WireError("bytes of a value that can't have any")
    shape, nbytes = entry.get("shape"), entry["nbytes"]
    if not isinstance(shape, list) or len(shape) > NDIM:
        raise WireError("a shape that isn't a short list")
    if not all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**40 for size in shape):
        raise WireError("a shape that isn't made of sizes")
    if isinstance(nbytes, bool) or not isinstance(nbytes, int):
        raise WireError("a length that isn't a number")
    if math.prod(shape) * DTYPES[dtype].itemsize != nbytes:
        raise WireError("a shape that doesn't fit its bytes")
    if math.prod(size for size in shape if size) * DTYPES[dtype].itemsize > ARRAY_BYTES:
        raise WireError("a shape that no array has")
    if kind == "scalar" and shape:
        raise WireError("a scalar with a shape")
    if kind == "text" and (dtype != "uint8" or len(shape) != 1):
        raise WireError("a text that isn't made of bytes")
    return role, Value(kind, dtype), tuple(shape), nbytes


def _end(header: dict[str, Any]) -> End:
    claim: Claim | None = next((known for known in get_args(Claim) if known == header.get("claim")), None)
    if claim is None:
        raise WireError("an ending of an unknown kind")
    message = header.get("message")
    score, board = header.get("score"), header.get("leaderboard")
    return End(
        claim,
        clean_text(message if isinstance(message, str) else "", MESSAGE_CHARS),
        _finite(score),
        clean_text(board, 200) if isinstance(board, str) else _finite(board),
        header.get("more") is True,
    )


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
