"""Guards the channel from worker to judge: for any bytes, the judge gets values of the right form or a WireError.

A process in which student code ran writes the decoder's input, so every rule is tested with input that breaks it too.
"""

import contextlib
import json
import math
import struct
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grader.recording import DTYPES, Claim, Observation, Value
from grader.sandbox.wire import (
    CODES_BYTES,
    FRAMES,
    HEADER_BYTES,
    NAME_CHARS,
    NDIM,
    Decoder,
    Prepared,
    WireError,
    encode_end,
    encode_observation,
    encode_prepared,
    encode_ready,
)
from grader.testing.observe import observe

CAP = 2**20
READY = encode_ready(["basic"])
FEW = settings(max_examples=60)


def frame(header: object, *bodies: bytes) -> bytes:
    """One frame as the worker might write it; a text is taken as JSON that is written already."""
    raw = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<I", len(raw)) + raw + b"".join(bodies)


def entry(**changes: object) -> dict[str, object]:
    """The description of two float64 numbers, with changes; Ellipsis leaves a key out."""
    whole = {"role": "actual", "type": "array", "dtype": "float64", "shape": [2], "nbytes": 16} | changes
    return {key: value for key, value in whole.items() if value is not ...}


def check_frame(*entries: object, body: bytes = bytes(16), **changes: object) -> bytes:
    """A frame of one check."""
    header = {"frame": "check", "name": "y", "kind": "equal", "params": {}, "values": list(entries)} | changes
    return frame(header, body)


def end_frame(**changes: object) -> bytes:
    return frame({"frame": "end", "claim": "ok", "message": "", "score": None, "leaderboard": None} | changes)


def decode(data: bytes, *, cap: int = CAP, step: int | None = None) -> Decoder:
    decoder = Decoder(cap)
    for start in range(0, len(data), step or max(len(data), 1)):
        decoder.feed(data[start : start + (step or len(data))])
    return decoder


def encoded(value: Value, budget: int = CAP) -> bytes:
    chunks, _ = encode_observation(Observation("y", "equal", {"actual": value}), budget)
    return b"".join(bytes(chunk) for chunk in chunks)


def sample(dtype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Different values of a dtype, extremes and special ones among them; bfloat16 as the float32 it widens to."""
    size = math.prod(shape)
    if dtype == "bool":
        flat = np.arange(size) % 2 == 0
    elif dtype == "bfloat16":
        flat = np.arange(size, dtype=np.float32) - 3
        flat[:4] = np.array([np.nan, np.inf, -0.0, 1.5], np.float32)[:size]
    elif np.dtype(dtype).kind in "iu":
        bounds = np.iinfo(dtype)
        flat = np.arange(size).astype(dtype)
        flat[:2] = np.array([bounds.min, bounds.max], dtype)[:size]
    else:
        flat = (np.arange(size) / 3).astype(dtype)
        flat[:4] = np.array([np.nan, np.inf, -0.0, np.finfo(dtype).tiny], dtype)[:size]
    shaped: NDArray[Any] = flat.reshape(shape)
    return shaped


def laid_out(array: NDArray[Any], dtype: str, layout: str) -> NDArray[Any]:
    """The same elements, otherwise in memory."""
    if layout == "Fortran":
        return np.array(array, order="F")
    if layout == "strided":
        wide = np.zeros((*array.shape, 3), array.dtype)
        wide[..., 1] = array
        strided: NDArray[Any] = wide[..., 1]
        return strided
    if layout == "reversed":
        turned: NDArray[Any] = np.flip(np.array(np.flip(array)))
        return turned
    if layout == "big-endian" and dtype != "bfloat16":  # which only torch has, and torch has no byte order
        swapped: NDArray[Any] = array.astype(array.dtype.newbyteorder(">"))
        return swapped
    copy: NDArray[Any] = array.copy()
    copy.flags.writeable = layout != "read-only"
    return copy


# what is sent comes back


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["C", "Fortran", "strided", "reversed", "big-endian", "read-only"])
def test_every_dtype_shape_and_layout_comes_back(dtype: str, layout: str) -> None:
    for shape in ((), (1,), (0,), (3, 0, 2), (5,), (3, 4), (2, 3, 4)):
        expected = sample(dtype, shape)
        decoder = decode(READY + encoded(Value("array", dtype, laid_out(expected, dtype, layout))) + end_frame())

        assert decoder.layers == ("basic",)
        assert decoder.end is not None
        (observation,) = decoder.observations
        value = observation.values["actual"]
        assert (observation.name, value.type, value.dtype) == ("y", "array", dtype)
        assert type(value.array) is np.ndarray
        assert value.array.shape == shape
        assert value.array.dtype == expected.dtype
        assert value.array.dtype.isnative
        assert value.array.tobytes() == expected.tobytes()


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_frames_may_arrive_in_pieces(step: int) -> None:
    values = {name: Value("array", name, sample(name, (2, 3))) for name in DTYPES}
    chunks = []
    for name, value in values.items():
        observation = Observation(f"check {name}", "equal", {"actual": value, "again": value}, {"rtol": 0.5})
        chunks += [bytes(chunk) for chunk in encode_observation(observation, CAP)[0]]
    stream = READY + b"".join(chunks) + encode_end("error", "boom", 2.5, "fast")

    decoder = decode(stream, step=step)

    assert [item.name for item in decoder.observations] == [f"check {name}" for name in DTYPES]
    for item, value in zip(decoder.observations, values.values(), strict=True):
        assert item.params == {"rtol": 0.5}
        for role in ("actual", "again"):
            np.testing.assert_array_equal(item.values[role].array, value.array)
    assert decoder.end is not None
    assert (decoder.end.claim, decoder.end.message) == ("error", "boom")
    assert (decoder.end.score, decoder.end.leaderboard) == (2.5, "fast")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (3, "scalar", "a int64 number"),
        (True, "scalar", "a bool number"),
        (2.5, "scalar", "a float64 number"),
        (1j, "scalar", "a complex128 number"),
        (np.float32(1), "scalar", "a float32 number"),
        ("naïve \ud800", "text", "the text 'naïve ?'"),
        (None, "NoneType", "None"),
        ([1, 2], "list of 2", "a list of 2"),
        (np.array([None]), "array", "an array of dtype object"),
        (np.array(["a"]), "array", "an array of dtype str32"),
        (np.array(["2020-01-01"], "M8[D]"), "array", "an array of dtype datetime64[D]"),
        (np.array([1.0]).view(np.recarray), "recarray", "a recarray"),
        (np.ma.masked_array([1.0], [True]), "MaskedArray", "a MaskedArray"),
    ],
    ids=repr,
)
def test_observed_objects_cross_as_what_they_are(value: object, kind: str, text: str) -> None:
    decoder = decode(READY + encoded(observe(value)))
    got = decoder.observations[0].values["actual"]
    assert got.type == kind
    assert got.describe() == text


def test_a_number_too_large_for_any_dtype_is_named() -> None:
    value = decode(READY + encoded(observe(10**400))).observations[0].values["actual"]
    assert value.array is None
    assert value.describe() in ("an int", "an object", "a scalar of dtype object", "a number of dtype object")


def test_an_array_over_the_budget_is_named_and_not_sent() -> None:
    data = encoded(Value("array", "float64", np.zeros(1000)), budget=7999)
    assert len(data) < 1000
    value = decode(READY + data).observations[0].values["actual"]
    assert value.array is None
    assert "more than a test may return" in value.describe()


def test_the_budget_is_for_all_values_of_a_check() -> None:
    value = Value("array", "float64", np.zeros(1000))
    chunks, used = encode_observation(Observation("y", "dropout", {"actual": value, "again": value}), 12000)
    assert used == 8000
    values = decode(READY + b"".join(bytes(chunk) for chunk in chunks)).observations[0].values
    assert values["actual"].array is not None
    assert values["again"].array is None


def test_booleans_are_false_or_true_whatever_bytes_they_had() -> None:
    described = entry(dtype="bool", shape=[4], nbytes=4)
    array = decode(READY + check_frame(described, body=b"\x00\x01\x02\xff")).observations[0].values["actual"].array
    assert array is not None
    assert array.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_hostile_names_of_types_become_harmless() -> None:
    described = entry(type="\x1b[31mred\x00\u202e\ud800" + "a" * 60, dtype="", nbytes=...)
    value = decode(READY + check_frame(described, body=b"")).observations[0].values["actual"]
    assert value.type == "red" + "a" * 60


# whatever breaks a rule is refused

ACTUAL = entry()
WRONG: dict[str, bytes] = {
    "header over the cap": struct.pack("<I", HEADER_BYTES + 1),
    "header of 4 GiB": struct.pack("<I", 2**32 - 1),
    "empty header": frame(""),
    "not JSON": frame("{"),
    "not UTF-8": struct.pack("<I", 4) + b'"\xff\xfe"',
    "two JSON values": frame("{} {}"),
    "JSON bomb of lists": frame("[" * 200_000),
    "JSON bomb of objects": frame('{"a":' * 40_000),
    "JSON bomb inside params": frame('{"frame":"check","name":"y","values":[],"params":' + '{"a":' * 40_000),
    "number of 200,000 digits": frame('{"frame":"end","claim":"ok","score":' + "9" * 200_000 + "}"),
    "a list": frame([]),
    "a text": frame('"end"'),
    "null": frame("null"),
    "NaN": frame("NaN"),
    "no kind": frame({}),
    "unknown kind": frame({"frame": "verdict", "score": 100}),
    "kind that isn't a text": frame({"frame": ["check"]}),
    "ready twice": READY,
    "no name": check_frame(ACTUAL, name=None),
    "name that isn't a text": check_frame(ACTUAL, name=7),
    "name too long": check_frame(ACTUAL, name="n" * (NAME_CHARS + 1)),
    "values that aren't a list": check_frame(values={"actual": ACTUAL}),
    "no values": check_frame(values=None),
    "too many values": check_frame(values=[entry(role=str(i), nbytes=..., dtype="") for i in range(17)], body=b""),
    "value that isn't an object": check_frame("actual"),
    "role twice": check_frame(ACTUAL, ACTUAL, body=bytes(32)),
    "role twice without bytes": check_frame(ACTUAL, entry(nbytes=..., dtype="")),
    "no role": check_frame(entry(role=...)),
    "role too long": check_frame(entry(role="r" * 21)),
    "no type": check_frame(entry(type=...)),
    "type too long": check_frame(entry(type="t" * 500)),
    "type that has no bytes": check_frame(entry(type="list")),
    "no dtype": check_frame(entry(dtype=...)),
    **{
        f"dtype {dtype}": check_frame(entry(dtype=dtype))
        for dtype in ("object", "O", "<f8", "f8", "float128", "V8", "S8", "datetime64[s]", "float64,float64", "")
    },
    "dtype that isn't a text": check_frame(entry(dtype=["float64"])),
    **{
        f"shape {shape!r}": check_frame(entry(shape=shape))
        for shape in (
            None,
            2,
            "2",
            {"0": 2},
            [-1],
            [-2],
            [-1, -2],
            [2.0],
            [True, 2],
            ["2"],
            [None],
            [[2]],
            [3],
            [1],
            [],
            [2, 0],
            [2**40],
            [2**63],
            [2**64 + 2],
            [10**400],
            [2**32, 2**32],
            [1] * NDIM + [2],
        )
    },
    **{f"length {n!r}": check_frame(entry(nbytes=n)) for n in (-16, 0, 15, 17, 2**70, 16.0, True, "16", None, [16])},
    "length true for one byte": check_frame(entry(dtype="uint8", shape=[1], nbytes=True), body=b"\0"),
    "scalar with a shape": check_frame(entry(type="scalar")),
    "text of numbers": check_frame(entry(type="text")),
    "text of two dimensions": check_frame(entry(type="text", dtype="uint8", shape=[4, 4])),
    "check twice": check_frame(ACTUAL) + check_frame(ACTUAL),
    "one value over the cap": check_frame(entry(shape=[CAP // 8 + 1], nbytes=CAP + 8), body=b""),
    "values together over the cap": check_frame(
        *(entry(role=str(i), shape=[CAP // 16], nbytes=CAP // 2) for i in range(3)), body=b""
    ),
    "checks together over the cap": b"".join(
        check_frame(entry(shape=[CAP // 16], nbytes=CAP // 2), body=bytes(CAP // 2), name=str(i)) for i in range(3)
    ),
    "too many checks": b"".join(check_frame(name=str(i), body=b"") for i in range(FRAMES + 1)),
    **{
        f"claim {claim!r}": end_frame(claim=claim)
        for claim in ("passed", "timeout", "crashed", "internal", "OK", "", None, 1, ["ok"], {"ok": 1})
    },
    "data after the end": end_frame() + b"\0",
    "two ends": end_frame() + end_frame(),
    "a check after the end": end_frame() + check_frame(ACTUAL),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_what_a_worker_of_ours_never_sends_is_refused(data: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode(READY + data)
    message = str(caught.value)
    assert message
    assert len(message) < 200
    assert message.isprintable()


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_it_is_refused_in_pieces_too(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(READY + data, step=max(len(data) // 50, 1))


@pytest.mark.parametrize(
    "data",
    [
        check_frame(ACTUAL),
        end_frame(),
        frame({}),
        frame({"frame": "ready"}),
        frame({"frame": "ready", "layers": "basic"}),
        frame({"frame": "ready", "layers": None}),
        frame({"frame": "end", "layers": ["basic"], "claim": "ok"}),
    ],
)
def test_the_first_frame_must_say_that_the_jail_is_closed(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)


def test_data_after_the_end_is_refused_when_it_comes_later() -> None:
    decoder = decode(READY + end_frame())
    decoder.feed(b"")
    with pytest.raises(WireError):
        decoder.feed(b"\0")


@pytest.mark.parametrize("shape", [[0, 2**39, 2**39], [2**39, 2**39, 0], [2**20] * 31 + [0]], ids=len)
def test_an_empty_array_of_an_impossible_shape_is_refused(shape: list[int]) -> None:
    """Its bytes are right (there are none), and numpy can't make it all the same."""
    with pytest.raises(WireError):
        decode(READY + check_frame(entry(shape=shape, nbytes=0), body=b""))


def test_a_cut_stream_gives_what_was_whole() -> None:
    stream = READY + check_frame(ACTUAL, name="first") + check_frame(ACTUAL, name="second") + end_frame()
    second_ends = len(stream) - len(end_frame())
    second_starts = len(READY + check_frame(ACTUAL, name="first"))
    for length in range(len(stream)):
        decoder = decode(stream[:length])
        assert decoder.end is None
        assert (decoder.layers is not None) == (length >= len(READY))
        wanted = ["first", "second"] if length >= second_ends else ["first"] if length >= second_starts else []
        assert [item.name for item in decoder.observations] == wanted


# what the last frame claims


def ended(**claims: object) -> tuple[str, float | None, object]:
    end = decode(READY + end_frame(**claims)).end
    assert end is not None
    return end.message, end.score, end.leaderboard


@pytest.mark.parametrize("claim", get_args(Claim))
def test_every_claim_of_ours_is_taken(claim: str) -> None:
    end = decode(READY + end_frame(claim=claim)).end
    assert end is not None
    assert end.claim == claim


NO_NUMBERS: tuple[object, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    10**400,
    -(10**400),
    True,
    False,
    {},
    {"a": {"b": 1}},
    [1],
)


def short(value: object) -> str:
    return repr(value)[:20]


@pytest.mark.parametrize("number", [*NO_NUMBERS, "3"], ids=short)
def test_a_score_that_is_no_finite_number_is_none(number: object) -> None:
    assert ended(score=number)[1] is None


@pytest.mark.parametrize("value", [*NO_NUMBERS, None], ids=short)
def test_a_leaderboard_value_that_is_neither_number_nor_text_is_none(value: object) -> None:
    assert ended(leaderboard=value)[2] is None


def test_an_exponent_beyond_all_numbers_is_none() -> None:
    end = decode(READY + frame('{"frame":"end","claim":"ok","score":1e999,"leaderboard":-1e999}')).end
    assert end is not None
    assert (end.score, end.leaderboard) == (None, None)


@pytest.mark.parametrize("message", [None, 7, ["a"], {"a": "b"}, True])
def test_a_message_that_is_no_text_is_empty(message: object) -> None:
    assert ended(message=message)[0] == ""


def test_texts_of_the_last_frame_are_made_harmless() -> None:
    hostile = "a\x00b\x1b[2Jc\x1b]0;title\x07d\x9be\u202ef\ud800g\r\nh\ti"
    assert ended(message=hostile, leaderboard=hostile) == ("abcdefg\nh\ti", None, "abcdefg\nh\ti")


def test_texts_of_the_last_frame_are_short() -> None:
    message, _, board = ended(message="m" * 100_000, leaderboard="b" * 100_000)
    assert len(message) <= 8000
    assert isinstance(board, str)
    assert len(board) <= 200


@pytest.mark.parametrize(
    ("score", "board", "wanted"),
    [
        (3, 4, (3.0, 4.0)),
        (np.float32(0.5), np.int64(7), (0.5, 7.0)),
        (math.nan, math.inf, (None, None)),
        (None, None, (None, None)),
        ("3", "fast", (None, "fast")),
        ([3], {"a": 1}, (None, None)),
        (10**400, 10**400, (None, None)),
        (1j, np.array([1, 2]), (None, None)),
    ],
    ids=short,
)
def test_what_a_test_claims_is_sent_if_it_can_be(score: object, board: object, wanted: tuple[object, object]) -> None:
    end = decode(READY + encode_end("ok", "", score, board)).end
    assert end is not None
    assert (end.score, end.leaderboard) == wanted


# nothing else is ever raised, and no more memory taken than is allowed

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["check", "end", "ready", "actual", "array", "text", "scalar", "float64", "bool", "ok"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
entries = st.fixed_dictionaries(
    {"role": st.sampled_from(["actual", "x"]) | json_values, "type": st.sampled_from(["array", "text"]) | json_values},
    optional={
        "dtype": st.sampled_from([*DTYPES, "object"]) | json_values,
        "shape": st.lists(st.integers(-1, 3) | st.sampled_from([0, 2**39, 2**62]), max_size=4) | json_values,
        "nbytes": st.integers(-1, 64) | json_values,
    },
)
headers = st.fixed_dictionaries(
    {"frame": st.sampled_from(["check", "end", "ready"]) | json_values},
    optional={
        "layers": json_values,
        "name": st.text(max_size=3) | json_values,
        "kind": json_values,
        "params": json_values,
        "values": st.lists(entries, max_size=3) | json_values,
        "claim": st.sampled_from(["ok", "error"]) | json_values,
        "message": json_values,
        "score": json_values,
        "leaderboard": json_values,
    },
)


def feed_quietly(data: bytes, cap: int = 4096) -> Decoder:
    """Feed in two pieces; a WireError is an answer too."""
    decoder = Decoder(cap)
    half = len(data) // 2
    with contextlib.suppress(WireError):
        decoder.feed(data[:half])
        decoder.feed(data[half:])
    taken = sum(
        value.array.nbytes for item in decoder.observations for value in item.values.values() if value.array is not None
    )
    assert taken <= 2 * cap  # bfloat16 is widened
    return decoder


@FEW
@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    feed_quietly(data)
    feed_quietly(READY + data)


@settings(max_examples=80)
@given(st.lists(st.tuples(headers, st.binary(max_size=40)), max_size=4))
def test_arbitrary_headers_raise_nothing_else(frames: list[tuple[dict[str, Any], bytes]]) -> None:
    decoder = feed_quietly(READY + b"".join(frame(header, body) for header, body in frames))
    if decoder.end is not None:
        assert decoder.end.score is None or math.isfinite(decoder.end.score)
        assert "\0" not in decoder.end.message


VALID = READY + check_frame(ACTUAL, body=struct.pack("<2d", 1.5, -2.0)) + check_frame(name="z", body=b"") + end_frame()


@FEW
@given(st.data())
def test_mutated_streams_raise_nothing_else(data: st.DataObject) -> None:
    stream = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(stream) - 1))
        action = data.draw(st.sampled_from(["set", "insert", "delete", "cut"]))
        if action == "set":
            stream[place] = data.draw(st.integers(0, 255))
        elif action == "insert":
            stream[place:place] = data.draw(st.binary(min_size=1, max_size=9))
        elif action == "delete":
            del stream[place : place + data.draw(st.integers(1, 9))]
        else:
            del stream[place + 1 :]
        if not stream:
            break
    feed_quietly(bytes(stream))


@pytest.fixture
def peak() -> Iterator[Any]:
    """A function that says how many bytes were held at most since the test began."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        check_frame(entry(shape=[2**35], nbytes=2**38), body=b""),
        check_frame(entry(shape=[2**35, 0, 2**35], nbytes=0), body=b""),
        struct.pack("<I", 2**31),
    ],
)
def test_a_promise_takes_no_memory(data: bytes, peak: Any) -> None:
    feed_quietly(READY + data)
    assert peak() < 2**20


def test_a_flood_of_values_stops_at_the_cap(peak: Any) -> None:
    cap = 2**20
    decoder = Decoder(cap)
    decoder.feed(READY)
    with pytest.raises(WireError):
        feed_all(
            decoder,
            (check_frame(entry(shape=[2**14], nbytes=2**17), body=bytes(2**17), name=str(n)) for n in range(64)),
        )
    assert len(decoder.observations) == cap // 2**17
    assert peak() < 4 * cap


def test_a_flood_of_headers_stops_too(peak: Any) -> None:
    """The parameters of a check are headers, not arrays: thousands of them mustn't fill the judge's memory either."""
    decoder = Decoder(2**20)
    decoder.feed(READY)
    with pytest.raises(WireError):
        feed_all(decoder, (check_frame(name=str(n), params={"a": "x" * 250_000}, body=b"") for n in range(400)))
    assert peak() < 40 * 2**20


def feed_all(decoder: Decoder, frames: Iterable[bytes]) -> None:
    for one in frames:
        decoder.feed(one)


@pytest.mark.parametrize("step", [1, 7, None])
@pytest.mark.parametrize("prepared", [Prepared(True, b"code" * 100), Prepared(False, b"")])
def test_what_the_first_child_prepared_comes_before_its_first_check(prepared: Prepared, step: int | None) -> None:
    decoder = Decoder(CAP, prepares=True)
    data = READY + encode_prepared(prepared) + check_frame(entry()) + end_frame()
    for start in range(0, len(data), step or len(data)):
        decoder.feed(data[start : start + (step or len(data))])
    assert decoder.prepared == prepared
    assert [item.name for item in decoder.observations] == ["y"]
    assert decoder.end is not None


@pytest.mark.parametrize(
    "second",
    [
        check_frame(entry()),
        end_frame(),
        READY,
        frame({"frame": "prepared", "shares": True}),
        frame({"frame": "prepared", "shares": True, "nbytes": -1}),
        frame({"frame": "prepared", "shares": True, "nbytes": CODES_BYTES + 1}),
        frame({"frame": "prepared", "shares": True, "nbytes": "1"}),
        frame({"frame": "prepared", "shares": True, "nbytes": 1.0}),
    ],
)
def test_a_child_that_was_asked_to_prepare_sends_nothing_else_first(second: bytes) -> None:
    decoder = Decoder(CAP, prepares=True)
    decoder.feed(READY)
    with pytest.raises(WireError, match="no second frame"):
        decoder.feed(second)


def test_nothing_is_prepared_twice_or_unasked() -> None:
    sent = encode_prepared(Prepared(True, b"code"))
    for prepares, data in ((True, READY + sent + sent), (False, READY + sent)):
        decoder = Decoder(CAP, prepares=prepares)
        with pytest.raises(WireError, match="unknown kind"):
            decoder.feed(data)
