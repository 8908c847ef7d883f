"""Guards the judge against everything that comes from student code: streams of bytes, archives, values.

The tests state properties: for any input, the judge doesn't raise, takes no more memory than its caps allow, and writes
a report that every platform accepts. `test_wire.py` and `test_intake*.py` have examples.

    pytest tests/test_fuzz.py                                          some seconds, the same examples every time
    GRADER_FUZZ=100000 pytest tests/test_fuzz.py -n 2                  that many in all, others every time: make fuzz

A failure of the long run prints a line `@reproduce_failure(...)`: put it above the test to see the example again.
"""

import contextlib
import gzip
import io
import json
import math
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from conftest import BONUS, ROOT, check_complete, memory_below
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strict_json import strict_loads, validate

from grader.assignment import Assignment, SubmissionSpec
from grader.errors import SubmissionError
from grader.export.autolab import to_autolab
from grader.export.plain import to_json
from grader.export.terminal import to_terminal
from grader.fixtures import Alternative, Fixtures, TestSpec, load_current
from grader.intake import take
from grader.intake.archives import list_archive
from grader.intake.limits import Budget, Caps
from grader.intake.members import path_of
from grader.intake.notes import Troubles
from grader.judge.assemble import failed_report, make_report
from grader.judge.kinds import KINDS
from grader.judge.score import judge_test
from grader.recording import DTYPES, Claim, Ending, Observation, Recording, Value, plain
from grader.report import VISIBILITIES, Report
from grader.sandbox import wire
from grader.sandbox.wire import Decoder, WireError, encode_end, encode_observation, encode_ready
from grader.settings import load_assignment
from grader.text import clean_text

# a stream that fails may be long, and is wanted all the same
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

PROPERTIES = 11
LONG = int(os.environ.get("GRADER_FUZZ", "0")) // PROPERTIES
"""Examples of each property in a long run."""


def fuzz(short: int) -> settings:
    """So many examples in a short run; as many as GRADER_FUZZ says, and other ones every time, in a long one."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    if LONG:
        return settings(max_examples=LONG, derandomize=False, print_blob=True, suppress_health_check=quiet)
    return settings(max_examples=short, suppress_health_check=quiet)


@cache
def homework() -> Assignment:
    """The homework whose parts a report has here."""
    return load_assignment(ROOT, BONUS)


@cache
def homework_answers() -> Fixtures:
    return load_current(homework())


# every report is one that the platforms take


def check_report(report: Report, answers: Fixtures) -> None:
    """Demand a complete report, and text that every platform takes."""
    results = check_complete(report, answers)
    assert sum(row["score"] for row in results["tests"]) == pytest.approx(float(report.score))
    presentation, scores = to_autolab(report).strip().splitlines()
    validate("autolab-presentation", strict_loads(presentation))
    validate("autolab-scores", strict_loads(scores))
    whole = strict_loads(to_json(report))
    assert whole["score"] == pytest.approx(float(report.score))
    text = to_terminal(report)
    for exported in (json.dumps(results, ensure_ascii=False), json.dumps(whole, ensure_ascii=False), text):
        exported.encode("utf-8")
    assert clean_text(text, len(text)) == text


HEADER_CAP, ALL_HEADERS_CAP = 2**12, 2**14
FILE_CAP, TOTAL_CAP, ARCHIVE_CAP, MEMBER_CAP = 2**15, 2**16, 2**18, 40


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """The same rules with small numbers, so that something small can be over them."""
    with pytest.MonkeyPatch.context() as patch:
        caps = Caps(
            file_bytes=FILE_CAP,
            total_bytes=TOTAL_CAP,
            archive_bytes=ARCHIVE_CAP,
            moved_bytes=2 * ARCHIVE_CAP,
            header_bytes=FILE_CAP,
            members=MEMBER_CAP,
            entries=2 * MEMBER_CAP,
        )
        patch.setattr(take, "Budget", lambda: Budget(caps))
        patch.setattr(wire, "HEADER_BYTES", HEADER_CAP)
        patch.setattr(wire, "ALL_HEADERS_BYTES", ALL_HEADERS_CAP)
        yield


# values of every dtype and shape, as the decoder hands them on

SPECIAL: Mapping[str, Sequence[float]] = {
    "f": (0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1e-300, 1.7e308, -1.7e308, 0.1, 3.0, 65504.0),
    "i": (0, 1, -1, 2, 127, -128, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)),
    "u": (0, 1, 2, 255, 2**16 - 1, 2**32 - 1, 2**53 + 1, 2**64 - 1),
    "b": (0, 1),
}
shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple) | st.sampled_from(
    [(), (1,), (0,), (2, 0, 3), (1,) * 32, (64,), (8, 8), (2, 3, 4), (40, 3)]
)
dtypes = st.sampled_from(sorted(DTYPES))


@st.composite
def raw_arrays(draw: st.DrawFn, dtype: str, shape: tuple[int, ...]) -> bytes:
    """Bytes of an array: of special numbers, of ordinary ones, or any at all."""
    size, wire = math.prod(shape), DTYPES[dtype]
    way = draw(st.sampled_from(["special", "ordinary", "any"]))
    if way == "any" or dtype == "bfloat16":
        block = draw(st.binary(min_size=wire.itemsize, max_size=64 * wire.itemsize))
        whole = block * (size * wire.itemsize // len(block) + 1)
        return whole[: size * wire.itemsize]
    if way == "ordinary":
        rng = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
        return rng.normal(scale=draw(st.sampled_from([1e-3, 1.0, 100.0])), size=shape).astype(wire).tobytes()
    kind = "f" if wire.kind in "fc" else wire.kind
    cells = draw(st.lists(st.sampled_from(SPECIAL[kind]), min_size=1, max_size=8))
    with np.errstate(all="ignore"):
        few = np.array(cells, dtype={"f": "f8", "i": "i8", "u": "u8", "b": "u1"}[kind]).astype(wire)
        if wire.kind == "c":
            few = few + np.roll(few, 1) * wire.type(1j)
    return np.resize(few.astype(wire), shape).tobytes()


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...] | None = None, dtype: str = "") -> Value:
    """An array, a tensor or a number."""
    form = draw(shapes) if shape is None else shape
    name = dtype or draw(dtypes)
    kind = draw(st.sampled_from(["array", "tensor"] if form else ["array", "tensor", "scalar"]))
    return Value(kind, name, plain(name, draw(raw_arrays(name, form)), form))


def cleaned(limit: int) -> st.SearchStrategy[str]:
    """Texts as they leave the decoder: hostile ones, made safe and short there."""
    hostile = st.sampled_from(
        ["\x1b[31mred\x1b[0m", "a\nb\tc", "<b>x</b>", "Part 1: 7:30", "\u202eabc", "\ud800", "x" * 300]
    )
    return (st.text(max_size=30) | hostile).map(lambda text: clean_text(text, limit))


texts = st.binary(max_size=40).map(lambda raw: Value("text", "uint8", plain("uint8", raw, (len(raw),))))
others = st.builds(Value, cleaned(80) | st.sampled_from(["NoneType", "list", "array", "scalar"]), cleaned(80))
values = arrays() | texts | others


@st.composite
def changed(draw: st.DrawFn, value: Value) -> Value:
    """A value again, as a submission may have it that is nearly right."""
    array = value.array
    if array is None or value.type == "text":
        return draw(values)
    way = draw(st.sampled_from(["same", "poke", "scale", "add", "reverse", "reshape", "cast", "zero", "cut", "kind"]))
    with np.errstate(all="ignore"):
        if way == "poke" and array.size:
            array = array.copy()
            array.reshape(-1)[draw(st.integers(0, array.size - 1))] = draw(arrays(shape=(), dtype=value.dtype)).array
        elif way in ("scale", "add") and array.dtype.kind in "fc":
            number = array.dtype.type(
                draw(st.sampled_from([-1.0, 0.5, 1 + 1e-9, 1e-7, 2.0, 1e300, math.nan, math.inf]))
            )
            array = array * number if way == "scale" else array + number
        elif way == "reverse":
            array = array.T
        elif way == "reshape":
            array = array.reshape(-1)
        elif way == "cast":
            name = draw(dtypes)
            wide = array.real if array.dtype.kind == "c" else array
            return Value(value.type, name, wide.astype(np.float32 if name == "bfloat16" else name))
        elif way == "zero":
            array = np.zeros_like(array)
        elif way == "cut" and array.ndim:
            array = array[draw(st.integers(0, 1)) :]
        elif way == "kind":
            return value._replace(type="tensor" if value.type == "array" else "array")
    return value._replace(array=np.ascontiguousarray(array).reshape(array.shape))


# tests as a record run may leave them

positive = st.sampled_from([1e-9, 0.1, 0.3, 0.5, 0.65, 0.8, 0.999, 1.0])
half = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1)])


@st.composite
def expected_values(draw: st.DrawFn, kind: str) -> tuple[dict[str, Value], dict[str, Any]]:
    """What the reference left in a check of this kind, and the parameters."""
    if kind in ("dropout", "dropout_backward"):
        shape = draw(shapes.filter(lambda shape: 0 < math.prod(shape) <= 256))
        keep = draw(positive)
        rng = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
        dtype = draw(st.sampled_from(["float64", "float32", "float16"]))

        def given_array() -> NDArray[Any]:
            array = np.asarray(rng.normal(size=shape)).astype(dtype)
            return array * (rng.uniform(size=shape) < 0.9) if draw(st.booleans()) else array

        def value(array: NDArray[Any]) -> Value:
            return Value("array", dtype, np.asarray(array, dtype=dtype))

        x = given_array()
        made = {role: x * (rng.uniform(size=shape) < keep) / dtype_of(keep, dtype) for role in ("actual", "again")}
        if kind == "dropout":
            roles = {"x": value(x), "actual": value(made["actual"])}
            for role in ("again", "repeat"):
                if draw(st.booleans()):
                    roles[role] = value(made["again" if role == "again" else "actual"])
            return roles, {"keep": keep} | ({"strict": True} if draw(st.booleans()) else {})
        delta = given_array()
        dx = delta * (made["actual"] != 0)
        return {"x": value(x), "delta": value(delta), "y": value(made["actual"]), "actual": value(dx)}, {"keep": keep}
    if kind == "unchanged":
        array = draw(arrays())
        return {"actual": array, "original": array}, {}
    if kind == "structure":
        return {"actual": draw(texts), "structure": draw(texts)}, {}
    if kind == "raises":
        return {"actual": draw(texts)}, {"errors": ["ValueError", "TypeError"]}
    if kind == "decreasing":
        return {"actual": draw(arrays(dtype="float64"))}, {"factor": draw(st.sampled_from([0.5, 1.0]))}
    if kind == "at_least":
        return {"actual": draw(arrays(shape=()))}, {"bound": 0.5}
    if kind == "at_most_times":
        return {"actual": draw(arrays(shape=(), dtype="float64"))}, {"times": 10.0}
    params = {name: draw(st.sampled_from([0.0, 1e-3, 1e300])) for name in ("rtol", "atol") if draw(st.booleans())}
    return {"actual": draw(arrays() | texts)}, params


def dtype_of(number: float, dtype: str) -> Any:
    return np.dtype(dtype).type(max(number, 1e-3))


@st.composite
def cases(draw: st.DrawFn) -> tuple[TestSpec, tuple[Alternative, ...], Recording]:
    """A test, its variants, and what a submission left of it."""
    points = draw(st.sampled_from([Fraction(0), Fraction(1), Fraction("0.3"), Fraction(1000)]))
    expected = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        roles, params = draw(expected_values(kind))
        if points and draw(st.booleans()):
            params["points"] = float(points) / 4
        expected.append(Observation(f"check {number}", kind, roles, params))
    spec = TestSpec(
        id="test_part.py::test_it",
        part=draw(st.sampled_from([part.name for part in homework().parts])),
        title=draw(st.sampled_from(["A title", "x" * 300, "mit Umlaut: ü"])),
        number="1.1",
        points=points,
        visibility=draw(st.sampled_from(VISIBILITIES)),
        tags=("a", "a"),
        hide_errors=draw(st.none() | st.just("Test failed")),
        partial=draw(st.booleans()),
        leaderboard=draw(st.none() | st.sampled_from([("time", "asc"), ("accuracy", "desc")])),
        expected=tuple(expected),
    )
    variants = []
    for number in range(draw(st.integers(0, 2))):
        changes = [
            item._replace(values={role: draw(like(role, value)) for role, value in item.values.items()})
            for item in expected
        ]
        variants.append(Alternative(f"variant-{number}", draw(half), "Look again.", tuple(changes)))
    base = draw(st.sampled_from([tuple(expected), *(item.observations for item in variants)]))
    return spec, tuple(variants), draw(recordings(base))


GIVEN = ("x", "delta", "original")
"""Roles that the test's author gives: the same for every variant."""


@st.composite
def like(draw: st.DrawFn, role: str, value: Value) -> Value:
    """What a variant of the reference may leave: another value of the same form."""
    if role in GIVEN or value.array is None or value.type == "text" or value.dtype == "bfloat16":
        return value
    rng = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
    other = rng.normal(scale=draw(st.sampled_from([0.0, 1.0, 100.0])), size=value.array.shape)
    return value._replace(array=np.abs(other).astype(value.array.dtype))


@st.composite
def recordings(draw: st.DrawFn, expected: Sequence[Observation]) -> Recording:
    """What a run may leave: some values right, some nearly, some absent, some of any kind."""
    observed = []
    for item in expected:
        way = draw(st.sampled_from(["right", "nearly", "any", "absent"]))
        if way == "absent":
            continue
        roles = {
            role: value if way == "right" else draw(changed(value) if way == "nearly" else values)
            for role, value in item.values.items()
            if way != "any" or draw(st.booleans())
        }
        observed.append(Observation(item.name, draw(st.sampled_from([item.kind, "", "verdict"])), roles))
    if draw(st.booleans()):
        observed.append(Observation(draw(cleaned(200)), "equal", {"actual": draw(values)}))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    endings: Sequence[Ending] = get_args(Ending)
    return Recording(
        ending="ok" if draw(st.booleans()) else draw(st.sampled_from(endings)),
        message=draw(cleaned(8000)),
        observations=tuple(observed),
        output=draw(cleaned(40_000) | st.just("x" * 40_000)),
        claimed_score=draw(st.none() | finite),
        leaderboard=draw(st.none() | finite | cleaned(200)),
        seconds=draw(st.floats(0, 1000)),
        memory_mb=draw(st.floats(0, 1e6)),
    )


@fuzz(60)
@given(cases())
def test_whatever_a_test_leaves_is_judged_and_reported(
    case: tuple[TestSpec, tuple[Alternative, ...], Recording],
) -> None:
    spec, variants, recording = case
    answers = Fixtures((spec,), ("a.py",), {spec.id: variants})

    result = judge_test(spec, variants, recording, command='pytest "test_part.py::test_it"')

    event(f"{result.status}")
    assert json.dumps(result.message)
    check_report(make_report(homework(), answers, [result], notes=[recording.message]), answers)
    if recording.ending in ("timeout", "crashed", "refused", "internal", "skipped"):
        assert result.score == 0
    if spec.hide_errors is not None and result.status != "passed":
        assert (result.message, result.hint) == (spec.hide_errors, "")


@fuzz(15)
@given(st.data())
def test_whatever_the_homework_leaves_is_judged_and_reported(data: st.DataObject) -> None:
    """Against the real answers, of one test; the others are as if they had crashed."""
    chosen = data.draw(st.integers(0, len(homework_answers().tests) - 1))
    spec = homework_answers().tests[chosen]
    variants = homework_answers().alternatives.get(spec.id, ())
    base = data.draw(st.sampled_from([spec.expected, *(item.observations for item in variants)]))
    recording = data.draw(recordings(base))

    results = [judge_test(one, (), Recording("crashed")) for one in homework_answers().tests]
    results[chosen] = judge_test(spec, variants, recording)

    check_report(make_report(homework(), homework_answers(), results), homework_answers())


# streams

CAP = 2**14
"""Bytes of values in a test here; small, so that a stream can be over it."""


def judge_bytes(stream: bytes) -> int:
    """What decoding may take: values raw and wide, headers as objects (up to 60 times their bytes), the stream."""
    return 8 * CAP + 60 * ALL_HEADERS_CAP + 6 * len(stream) + 2**16


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)
sizes = st.integers(0, 5) | st.sampled_from([0, -1, 2**12, 2**31, 2**39, 2**40, 2**63, 2**64 + 1])


@cache
def real_names() -> list[str]:
    """The names of the homework's checks."""
    return sorted({item.name for test in homework_answers().tests for item in test.expected})


@st.composite
def entries(draw: st.DrawFn) -> Any:
    """The description of a value: often consistent, then with a key that is anything."""
    dtype = draw(dtypes | st.sampled_from(["object", "float128", "<f8", ""]))
    shape = draw(st.lists(sizes, max_size=4) | st.permutations([0, 2**39, 2**39]) | st.just([1] * 33))
    itemsize = DTYPES[dtype].itemsize if dtype in DTYPES else 8
    entry: dict[str, Any] = {
        "role": draw(st.sampled_from(["actual", "again", "y", "x"])),
        "type": draw(st.sampled_from(["array", "tensor", "scalar", "text", "list", "NoneType"])),
        "dtype": dtype,
        "shape": shape,
        "nbytes": math.prod(shape) * itemsize,
    }
    if draw(st.integers(0, 4)) == 0:
        entry[draw(st.sampled_from(sorted(entry)))] = draw(json_values)
    if draw(st.integers(0, 4)) == 0:
        del entry[draw(st.sampled_from(sorted(entry)))]
    return entry


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """One frame, made from outside: a header that is nearly right, and a body that nearly fits it."""
    if draw(st.integers(0, 3)) == 0:
        header: dict[str, Any] = {
            "frame": "end",
            "claim": draw(st.sampled_from(get_args(Claim)) | json_values),
            "message": draw(st.text(max_size=20) | json_values),
            "score": draw(json_values),
            "leaderboard": draw(json_values),
        }
    else:
        header = {
            "frame": "check",
            "name": draw(st.sampled_from(real_names()) | st.text(max_size=20) | json_values),
            "kind": draw(st.sampled_from([*KINDS, ""]) | json_values),
            "params": draw(json_values),
            "values": draw(st.lists(entries(), max_size=3) | json_values),
        }
    listed = header.get("values")
    need = 0
    for entry in listed if isinstance(listed, list) else []:
        nbytes = entry.get("nbytes", 0) if isinstance(entry, dict) else 0
        need += nbytes if isinstance(nbytes, int) and 0 <= nbytes <= 4 * CAP else 0
    body = draw(st.binary(max_size=16))
    body = (body * (need // len(body) + 1))[:need] if body else bytes(need)
    raw = json.dumps(header).encode("ascii")
    length = len(raw) + draw(st.sampled_from([0] * 15 + [1, -1, HEADER_CAP]))
    return struct.pack("<I", max(length, 0)) + raw + body


@st.composite
def floods(draw: st.DrawFn) -> bytes:
    """Many large headers, each allowed."""
    stuffing = draw(st.sampled_from(["params", "values", "more"]))
    fat: dict[str, Any] = {"values": [], "params": {}} | {stuffing: [[]] * (HEADER_CAP // 8)}
    if stuffing == "params":
        fat["params"] = {"a": fat["params"]}
    raws = [json.dumps(fat | {"frame": "check", "name": str(number)}) for number in range(draw(st.integers(1, 100)))]
    return b"".join(struct.pack("<I", len(raw)) + raw.encode("ascii") for raw in raws)


@st.composite
def honest_streams(draw: st.DrawFn) -> bytes:
    """What a worker of ours sends of a real test."""
    spec = draw(st.sampled_from(homework_answers().tests))
    stream, budget = encode_ready(["basic"]), CAP
    for item in spec.expected:
        roles = {role: draw(changed(value)) if draw(st.booleans()) else value for role, value in item.values.items()}
        chunks, used = encode_observation(item._replace(values=roles), budget)
        budget -= used
        stream += b"".join(bytes(chunk) for chunk in chunks)
    return stream + encode_end("ok", draw(st.text(max_size=10)), draw(st.none() | st.floats()), draw(st.floats()))


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with a few places set, put in, taken out, repeated or cut off."""
    raw = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(raw) - 1, 0)))
        length = draw(st.integers(1, 16) | st.just(512))
        action = draw(st.sampled_from(["set", "flip", "insert", "delete", "repeat", "cut", "number"]))
        if action == "set":
            raw[place : place + length] = draw(st.binary(max_size=length))
        elif action == "flip" and raw:
            raw[place] ^= 1 << draw(st.integers(0, 7))
        elif action == "insert":
            raw[place:place] = draw(st.binary(max_size=length))
        elif action == "delete":
            del raw[place : place + length]
        elif action == "repeat":
            raw[place:place] = raw[place : place + length]
        elif action == "number":
            raw[place : place + 4] = draw(
                st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"9999", b"-1  ", b"\0\0\0\x80"])
            )
        else:
            del raw[place:]
    return bytes(raw)


streams = (
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda raw: encode_ready(["basic"]) + raw)
    | st.lists(frames(), max_size=5).map(lambda parts: encode_ready(["basic"]) + b"".join(parts))
    | floods().map(lambda flood: encode_ready(["basic"]) + flood)
    | honest_streams().flatmap(mutated)
)


def decoded(stream: bytes, cuts: Sequence[int]) -> tuple[Decoder, str]:
    """Feed a stream in the pieces that the cuts make; return the decoder and what it refused."""
    decoder = Decoder(CAP)
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    try:
        for start, end in pairwise(places):
            decoder.feed(stream[start:end])
    except WireError as error:
        return decoder, str(error)
    return decoder, ""


def facts(decoder: Decoder) -> list[Any]:
    """What came in, in a form that can be compared."""
    return [
        (item.name, item.kind, role, value.type, value.dtype, None if value.array is None else value.array.tobytes())
        for item in decoder.observations
        for role, value in item.values.items()
    ]


@pytest.mark.usefixtures("small")
@fuzz(100)
@given(streams, st.lists(st.integers(0, 3000), max_size=6))
def test_any_stream_gives_values_or_a_refusal_and_then_a_report(stream: bytes, cuts: list[int]) -> None:
    with memory_below(judge_bytes(stream)):
        decoder, refusal = decoded(stream, cuts)
    whole, same_refusal = decoded(stream, [])

    event("refused" if refusal else "ended" if decoder.end is not None else "cut short")
    assert refusal == same_refusal
    assert facts(decoder) == facts(whole)
    assert len(refusal) < 300
    assert refusal.isprintable()
    held = [value for item in decoder.observations for value in item.values.values() if value.array is not None]
    for value in held:
        assert value.array is not None
        assert type(value.array) is np.ndarray
        assert value.array.dtype.isnative
        assert value.array.flags.c_contiguous
    # bfloat16 is widened; everything else is held as it came
    assert sum(value.array.nbytes for value in held if value.array is not None) <= 2 * CAP

    end = decoder.end
    recording = Recording(
        "crashed" if refusal or end is None else end.claim,
        refusal or (end.message if end is not None else ""),
        tuple(decoder.observations),
        claimed_score=end.score if end is not None else None,
        leaderboard=end.leaderboard if end is not None else None,
    )
    names = {item.name for item in decoder.observations}
    spec = next(
        (test for test in homework_answers().tests if names & {item.name for item in test.expected}),
        homework_answers().tests[0],
    )
    spec = replace(spec, leaderboard=("time", "asc"))
    answers = Fixtures((spec,), (), homework_answers().alternatives)
    result = judge_test(spec, homework_answers().alternatives.get(spec.id, ()), recording)
    check_report(make_report(homework(), answers, [result]), answers)


@fuzz(50)
@given(st.lists(st.lists(arrays() | texts, min_size=1, max_size=3), max_size=4), st.lists(st.integers(0, 3000)))
def test_what_fits_comes_back_byte_for_byte(checks: list[list[Value]], cuts: list[int]) -> None:
    items = [
        Observation(f"check {number}", "equal", {f"role {index}": value for index, value in enumerate(roles)})
        for number, roles in enumerate(checks)
    ]
    chunks = [chunk for item in items for chunk in encode_observation(item, CAP)[0]]
    stream = encode_ready([]) + b"".join(bytes(chunk) for chunk in chunks) + encode_end("ok", "", None, None)
    decoder = Decoder(sum(len(chunk) for chunk in chunks))
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    for start, end in pairwise(places):
        decoder.feed(stream[start:end])

    assert decoder.end is not None
    assert len(decoder.observations) == len(items)
    for item, back in zip(items, decoder.observations, strict=True):
        assert back.name == item.name
        for role, value in item.values.items():
            got = back.values[role]
            assert value.array is not None
            assert got.array is not None
            assert (got.type, got.dtype, got.array.dtype) == (value.type, value.dtype, value.array.dtype)
            assert got.array.shape == value.array.shape
            if value.dtype == "bool" or value.dtype != "bfloat16":
                assert got.array.tobytes() == value.array.tobytes()
            else:  # a signalling nan may be made quiet on the way
                np.testing.assert_array_equal(got.array, value.array)


# archives

SPEC = SubmissionSpec(files=("pkg/*.py", "main.py"), path=("pkg", "."))
REQUIRED = ("main.py", "pkg/net.py")
NAMES = (
    *("main.py", "pkg/net.py", "pkg/Net.py", "pkg/other.py", "top/main.py", "top/pkg/net.py", "a/b/c/net.py"),
    *("../main.py", "/main.py", "pkg/../../main.py", "./main.py", "pkg//net.py", "pkg\\net.py", "C:/main.py", ".", ""),
    *("main.py/", "pkg", "pkg/net.py/x.py", "__MACOSX/main.py", "._main.py", "main.pyc", "d/" * 40 + "net.py"),
    *("pkg/a\nb.py", "pkg/\x1b[31m.py", "pkg/\u202e.py", "pkg/ .py", "pkg/" + "n" * 300 + ".py", "pkg/\udcff.py"),
)
names = st.sampled_from(NAMES) | st.text(max_size=12) | st.text(max_size=6).map(lambda text: f"pkg/{text}.py")
contents = st.sampled_from([b"", b"x = 1\n", b"x" * 600, bytes(3000), bytes(FILE_CAP + 1)]) | st.binary(max_size=50)
members = st.lists(st.tuples(names, contents), max_size=6)
TAR_TYPES = (tarfile.REGTYPE,) * 6 + (
    *(tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE),
    b"Z",
)


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    buffer = io.BytesIO()
    kind = draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    with tarfile.open(fileobj=buffer, mode="w", format=kind, errors="surrogateescape") as archive:
        for name, data in draw(members):
            info = tarfile.TarInfo(name)
            info.type = draw(st.sampled_from(TAR_TYPES))
            info.mode = draw(st.sampled_from([0o644, 0o755, 0o4777, 0]))
            info.linkname = draw(st.sampled_from(["main.py", "/etc/passwd", "../..", "pkg"]))
            info.size = len(data) if info.isreg() else 0
            with contextlib.suppress(ValueError, UnicodeError):  # a name that this format can't hold
                archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return buffer.getvalue()


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    buffer = io.BytesIO()
    method = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in draw(members):
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = method
            kind = draw(st.sampled_from([0, stat.S_IFREG, stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR]))
            info.external_attr = (kind | 0o4777) << 16
            with contextlib.suppress(UnicodeError), quiet_zip():
                archive.writestr(info, data)
    return buffer.getvalue()


@contextlib.contextmanager
def quiet_zip() -> Iterator[None]:
    """zipfile warns of a name that occurs twice; here it may."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


archives = {
    "tar": tars().flatmap(mutated),
    "tar.gz": tars().flatmap(mutated).map(lambda raw: gzip.compress(raw, 1)),
    "gz": tars().map(lambda raw: gzip.compress(raw, 1)).flatmap(mutated),
    "zip": zips().flatmap(mutated),
    "bytes": st.binary(max_size=600),
}


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """A folder with a file that must stay as it is beside the target `into`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "into").mkdir()
        (Path(folder) / "main.py").write_bytes(b"outside")
        yield Path(folder)


def taken_in(source: Path, around: Path) -> Report:
    """Take a hand-in, hold what it left against the rules, and return the report that a student would get."""
    into = around / "into"
    others = sorted(path for path in around.iterdir() if path != into)
    try:
        # the archive is read at most once as it is and once unpacked; what the standard library keeps from its first
        # call on (tables, compiled patterns) comes on top
        with memory_below(4 * TOTAL_CAP + 2 * ARCHIVE_CAP + 2**22):
            intake = take.ingest(source, SPEC, REQUIRED, into)
    except SubmissionError as error:
        event("refused")
        sentence = str(error)
        report = failed_report(homework(), homework_answers(), "error", sentence, notes=[sentence])
        assert clean_text(sentence, 1000) == sentence
    else:
        event(f"took {len(intake.files)}")
        found = {path.relative_to(into).as_posix(): path for path in into.rglob("*") if not path.is_dir()}
        assert sorted(found) == list(intake.files)
        assert set(intake.missing) == {name for name in REQUIRED if name not in intake.files}
        for name, path in found.items():
            info = path.lstat()
            assert stat.S_ISREG(info.st_mode)
            assert stat.S_IMODE(info.st_mode) == 0o644
            assert info.st_nlink == 1
            assert name == "main.py" or (name.startswith("pkg/") and name.endswith(".py") and name.count("/") == 1)
        assert sum(path.stat().st_size for path in found.values()) <= TOTAL_CAP
        report = failed_report(homework(), homework_answers(), "missing", "", notes=intake.notes)
    assert sorted(path for path in around.iterdir() if path != into) == others
    assert (around / "main.py").read_bytes() == b"outside"
    return report


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", archives)
@settings(fuzz(15), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_archive_gives_clean_files_or_a_sentence(kind: str, data: st.DataObject) -> None:
    raw = data.draw(archives[kind])
    with place() as around:
        source = around / data.draw(st.sampled_from(["handin", "handin.tar", "net.py", "main.py"]), label="name")
        if source.name == "main.py":
            source = around / "in" / "main.py"
            source.parent.mkdir()
        source.write_bytes(raw)
        check_report(taken_in(source, around), homework_answers())


@fuzz(40)
@given(st.dictionaries(names, st.binary(max_size=700), max_size=6), st.data())
def test_archives_that_python_makes_are_read_as_python_reads_them(
    files: Mapping[str, bytes], data: st.DataObject
) -> None:
    """Our readers of tar and zip against the standard library's: the same names, the same bytes."""
    budget, troubles = Budget(), Troubles()
    buffer = io.BytesIO()
    if data.draw(st.booleans(), label="zip"):
        with quiet_zip(), zipfile.ZipFile(buffer, "w") as archive:
            for name, content in files.items():
                with contextlib.suppress(UnicodeError):
                    method = data.draw(st.sampled_from([0, 8, 12, 14]), label="method")
                    archive.writestr(zipfile.ZipInfo(name or "x"), content, compress_type=method)
        with zipfile.ZipFile(buffer) as archive:
            expected = [(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]
        found = list_archive(buffer.getvalue(), "a.zip", budget, troubles)
    else:
        kind = data.draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]), label="kind")
        with tarfile.open(fileobj=buffer, mode="w", format=kind, errors="surrogateescape") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                with contextlib.suppress(ValueError, UnicodeError):
                    tar.addfile(info, io.BytesIO(content))
        if not any(buffer.getvalue()):
            return  # nothing in it; as a hand-in that isn't an archive
        buffer.seek(0)
        with tarfile.open(fileobj=buffer) as tar:
            regular = [info for info in tar if info.isreg()]
            expected = [(info.name, stream.read()) for info in regular if (stream := tar.extractfile(info)) is not None]
        found = list_archive(buffer.getvalue(), "a.tar", budget, troubles)
    told = [(path_of(name, Troubles()), content) for name, content in expected]
    assert [((member.path, member.led_out), member.read()) for member in found] == [
        (named, content) for named, content in told if named is not None
    ]


folder_entries = st.lists(
    st.tuples(
        names,
        contents,
        st.sampled_from(["file", "file", "file", "link", "fifo", "hard"]),
        st.sampled_from(["..", "../main.py", "main.py", "nowhere"]),
    ),
    max_size=6,
)


@pytest.mark.usefixtures("small")
@settings(fuzz(15), suppress_health_check=list(HealthCheck))
@given(folder_entries)
def test_any_folder_gives_clean_files_or_a_sentence(entries: list[tuple[str, bytes, str, str]]) -> None:
    with place() as around:
        source = around / "handin"
        source.mkdir()
        for name, content, how, link in entries:
            target = source / name.lstrip("/").replace("..", "")
            # a name that no file can have, or that has one; never through a link that was made before
            with contextlib.suppress(OSError, ValueError):
                if not target.parent.resolve().is_relative_to(source):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                if how == "file":
                    with target.open("xb") as file:
                        file.write(content)
                elif how == "link":
                    target.symlink_to(link)
                elif how == "fifo":
                    os.mkfifo(target)
                else:
                    os.link(around / "main.py", target)
        check_report(taken_in(source, around), homework_answers())
