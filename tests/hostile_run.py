"""Runs the hostile collection: every attack through the real grading, at each level of isolation and as each user.

    python tests/hostile_run.py --levels all --users root,plain,docker --jobs 2

A sample is a folder `tests/hostile/<name>/` with a `verdict.toml`:

    about      = "what it tries, in one line"
    row        = "the row of the attack lists that it stands for"
    base       = "reference" or "template": what its files are laid over
    lost       = ["dropout_forward"]     parts that lose points; all others keep all of them
    hit        = ["*::test_call"]        the tests in them that get nothing; every other test keeps full marks
                                         (default: every test of the lost parts)
    earns      = ["*::test_counter"]     tests of the lost parts that may earn points, because the code is right there
    from_level = "seccomp"               the weakest level that stops it (default: "none", stopped everywhere)
    or_layers  = ["uid"]                 layers that stop it as well, where that level isn't reached (optional)
    proof      = "TRIED"                 stands in an output or a message of some test: the attack was really made

and with files: `mytorch/x.py` replaces or adds a file, `mytorch/x.py.tail` is appended to the base's file, and
`attack.py` is appended to mytorch/dropout.py: over the reference its `attack(layer, x)` is called in one test
(p = 0.65, test_call; what it returns, unless None, is returned in place of the layer's output), over the template it is
appended to mytorch/optimizer.py too and runs at import.

A sample prints "GOT ..." when it got what the isolation should have kept from it, and whatever it read: canaries stand in
the reference and in the fixtures. Where an attack isn't stopped, the table says so in a column of its own.

Samples are run in a box as far as the machine allows it (root): namespaces of their own, everything read-only but a few
empty folders. What a weak level lets through ends there.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import fcntl
import fnmatch
import io
import json
import os
import re
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from grader.assignment import load_assignment
from grader.errors import InternalError
from grader.levels import LEVELS, Level, at_least, level_of

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = ROOT / "tests" / "hostile"
BONUS = "cmu11785_hw1_bonus"
LIMITS = {"test_seconds": 3.0, "total_seconds": 300.0, "memory_mb": 256}
PATIENCE = 120.0
"""How long one grading may take before it counts as hung; far above what the limits allow."""
JUDGE_MB = 400
"""What the judge may use at most: the values of one test (64 MiB), a few copies, and itself."""
CANARY = re.compile(r"canary-[0-9a-f]{24}")
USERS = ("root", "plain", "docker")
WATCHED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


@dataclass(frozen=True)
class Verdict:
    """What must come of an attack."""

    about: str
    row: str
    base: str = "reference"
    lost: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()
    earns: tuple[str, ...] = ()
    from_level: Level = "none"
    or_layers: tuple[str, ...] = ()
    proof: str = "TRIED"

    def stopped(self, layers: Sequence[str]) -> bool:
        """Whether the layers that hold must stop it."""
        return at_least(level_of(layers), self.from_level) or bool(set(self.or_layers) & set(layers))


@dataclass(frozen=True)
class Planted:
    """A project with canaries where the answers are."""

    project: Path
    canaries: tuple[str, ...]


@dataclass
class Outcome:
    """What came of one attack; every list is empty when all bounds hold."""

    name: str
    layers: list[str] = field(default_factory=list)
    stopped: bool = True
    refused: str = ""
    """The grader's reason not to grade under this level at all."""
    gained: float = 0.0
    leaks: list[str] = field(default_factory=list)
    """Canaries in what the submission printed or in an exported report."""
    through: list[str] = field(default_factory=list)
    """What the attack says it got, files and processes left behind, a changed project, a bloated or dead judge."""
    invalid: list[str] = field(default_factory=list)
    innocent: list[str] = field(default_factory=list)
    """Tests that lost points without being attacked."""
    verdict: list[str] = field(default_factory=list)
    """Where the declared verdict doesn't fit."""
    judge_mb: float = 0.0
    seconds: float = 0.0

    def problems(self) -> list[str]:
        """Everything that doesn't hold, as sentences."""
        gained = [f"gained {self.gained:g} points"] if self.gained else []
        named = {
            "leak": self.leaks,
            "got through": self.through,
            "invalid report": self.invalid,
            "innocent test": self.innocent,
            "verdict": self.verdict,
        }
        return [*gained, *(f"{what}: {line}" for what, lines in named.items() for line in lines)]


# the collection


def read_verdict(folder: Path) -> Verdict:
    """Read one sample's verdict; a key that isn't known is an error."""
    data = tomllib.loads((folder / "verdict.toml").read_text("utf-8"))
    data.pop("keeps", None)  # may be named for the reader; it is what is left
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Verdict(**lists)


def samples() -> dict[str, Verdict]:
    """Every sample by name."""
    return {file.parent.name: read_verdict(file.parent) for file in sorted(COLLECTION.glob("*/verdict.toml"))}


_HOOK = """

_right_forward = Dropout.forward


def _attacked_forward(self, x, train=True):
    if self.p == 0.65:
        value = attack(self, x)
        if value is not None:
            return value
    return _right_forward(self, x, train)


Dropout.forward = _attacked_forward
"""


def build(name: str, verdict: Verdict, into: Path) -> Path:
    """Lay a sample over its base."""
    base = ROOT / ("reference" if verdict.base == "reference" else "student_template") / BONUS
    shutil.copytree(base, into, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    folder = COLLECTION / name
    for file in sorted(folder.rglob("*")):
        target = into / file.relative_to(folder)
        if file.is_dir() or file.name in ("verdict.toml", "attack.py") or "__pycache__" in file.parts:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".tail":
            _append(target.with_suffix(""), file.read_text("utf-8"))
        else:
            shutil.copyfile(file, target)
    if (folder / "attack.py").is_file():
        text = (folder / "attack.py").read_text("utf-8")
        _append(into / "mytorch" / "dropout.py", text + (_HOOK if verdict.base == "reference" else ""))
        if verdict.base == "template":
            _append(into / "mytorch" / "optimizer.py", text)
    return into


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + "\n\n" + text, "utf-8")


def plant(folder: Path) -> Planted:
    """Copy the homework into `folder`, hide canaries in its reference and its fixtures, and record it anew."""
    import numpy as np

    from grader.authoring import record
    from grader.fixtures import Alternative, load_current, save
    from grader.recording import Observation, Value

    canaries = tuple(f"canary-{secrets.token_hex(12)}" for _ in range(4))
    ignore = shutil.ignore_patterns("__pycache__", "fixtures", ".*_cache")
    for kind in ("testcases", "reference"):
        shutil.copytree(ROOT / kind / BONUS, folder / kind / BONUS, ignore=ignore)
    for file in ("optimizer.py", "dropout.py"):
        _append(folder / "reference" / BONUS / "mytorch" / file, f"# {canaries[0]}\n_SOURCE = {canaries[1]!r}\n")
    assignment = load_assignment(folder, BONUS)
    record.write(assignment, record.record(assignment))
    fixtures = load_current(assignment)
    array = np.frombuffer((canaries[3] * 40).encode("ascii"), dtype=np.uint8)
    hidden = Observation("canary", "equal", {"actual": Value("array", "uint8", array)})
    extra = Alternative("canary", fixtures.tests[0].points * 0, canaries[2], (hidden,))
    alternatives = {test.id: (*fixtures.alternatives.get(test.id, ()), extra) for test in fixtures.tests}
    save(dataclasses.replace(fixtures, alternatives=alternatives), assignment.folder / "fixtures")
    return Planted(folder, canaries)


# archives: made here, so that no bomb lies in the project


def _reference_files() -> list[tuple[str, bytes]]:
    base = ROOT / "reference" / BONUS
    return [(file.relative_to(base).as_posix(), file.read_bytes()) for file in sorted(base.rglob("*.py"))]


def _tar(file: Path, extra: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> None:
    """A tar with hostile members around the right files."""
    members = list(extra)
    with tarfile.open(file, cast("Any", mode), format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
        for name, data in _reference_files():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def _zip(file: Path, extra: Mapping[str, bytes], method: int | None = None) -> None:
    import zipfile

    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if method is None else method) as archive:
        for name, data in [*extra.items(), *_reference_files()]:
            archive.writestr(name, data)


def _lie(file: Path, name: bytes, size: int) -> None:
    """Change the size that a zip gives for one member, in both its headers."""
    raw = bytearray(file.read_bytes())
    for mark, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        place = raw.find(mark)
        while place >= 0:
            if raw[place + name_at : place + name_at + len(name)] == name:
                raw[place + size_at : place + size_at + 4] = struct.pack("<I", size)
            place = raw.find(mark, place + 4)
    file.write_bytes(raw)


def _bomb(file: Path, method: int, claimed: int | None = None) -> None:
    """A zip whose dropout.py is 400 MB of zeros, and says it is small."""
    _zip(file, {"mytorch/aaa.py": b"\0" * (400 * 2**20)}, method)
    if claimed is not None:
        _lie(file, b"mytorch/aaa.py", claimed)


def _chain(file: Path, kind: bytes) -> None:
    """A tar of headers that each announce the next one: a reader that recurses runs out of stack."""
    body = b"a\0" if kind == tarfile.GNUTYPE_LONGNAME else b""
    link = tarfile.TarInfo("x")
    link.type, link.size = kind, len(body)
    raw = link.tobuf(tarfile.GNU_FORMAT) + (body.ljust(512, b"\0") if body else b"")
    _tar(file, [])
    file.write_bytes(raw * 3000 + file.read_bytes())


def _negative(file: Path) -> None:
    """A tar with a member of negative size: the next header is the one before."""
    head = bytearray(tarfile.TarInfo("mytorch").tobuf(tarfile.GNU_FORMAT))
    head[156:157] = tarfile.DIRTYPE
    head[124:136] = b"\xff" * 8 + struct.pack(">i", -512)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    _tar(file, [])
    file.write_bytes(bytes(head) + file.read_bytes())


def _crowd(file: Path) -> None:
    """A zip whose directory lists 300,000 members that aren't there."""
    entry = struct.Struct("<4sHHHHHHIIIHHHHHII")
    names = [b"%06x" % number for number in range(300_000)]
    listed = b"".join(entry.pack(b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0) + name for name in names)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 4, 0)
    file.write_bytes(b"PK\3\4" + listed + end)


def _gzip_bomb(file: Path) -> None:
    import gzip

    with gzip.open(file, "wb", compresslevel=9) as stream:
        for _ in range(40):
            stream.write(b"\0" * (10 * 2**20))


def _inner(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"inner{suffix}"
        _tar(file, [])
        return file.read_bytes()


_LINKS = [
    _member("mytorch/link.py", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
    _member("mytorch/up", kind=tarfile.SYMTYPE, linkname="../../.."),
    _member("mytorch/up/planted.py", b"print('GOT through a link')\n"),
]
_KEPT = Verdict("", "", proof="")
_NONE = Verdict("", "", lost=("adam", "dropout_forward", "dropout_backward"), proof="")


def _deep() -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    yield _member("/".join(["d"] * 3000) + "/x.py", b"1")
    yield _member("n" * 200_000, b"1")
    yield _member("mytorch/" + "x" * 300 + ".py", b"1")


ARCHIVES: Mapping[str, tuple[str, str, Verdict, Any]] = {
    # name: suffix, about, verdict, maker
    "tar_traversal": (
        ".tar",
        "members named ../ and /",
        _KEPT,
        lambda file: _tar(
            file, [_member("../../left-by-hostile", b"x"), _member("/tmp/left-by-hostile", b"x"), _member("..", b"x")]
        ),
    ),
    "zip_traversal": (
        ".zip",
        "members named ../, C:\\ and with backslashes",
        _KEPT,
        lambda file: _zip(file, {"../../left-by-hostile": b"x", "..\\..\\left-by-hostile": b"x", "C:\\left": b"x"}),
    ),
    "tar_symlink": (".tar", "a link to /etc/passwd, and a file through a link", _KEPT, lambda file: _tar(file, _LINKS)),
    "tar_hard_link": (
        ".tar",
        "a hard link to /etc/passwd",
        _KEPT,
        lambda file: _tar(file, [_member("mytorch/hard.py", kind=tarfile.LNKTYPE, linkname="/etc/passwd")]),
    ),
    "tar_device": (
        ".tar",
        "devices and a pipe",
        _KEPT,
        lambda file: _tar(
            file,
            [
                _member("mytorch/null.py", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
                _member("mytorch/disk.py", kind=tarfile.BLKTYPE, devmajor=8, devminor=0),
                _member("mytorch/pipe.py", kind=tarfile.FIFOTYPE),
            ],
        ),
    ),
    "tar_setuid": (
        ".tar",
        "a setuid file of root's",
        _KEPT,
        lambda file: _tar(file, [_member("mytorch/notes.py", b"x = 1\n", mode=0o6777, uid=0, gid=0)]),
    ),
    "zip_bomb": (".zip", "400 MB of zeros, deflated", _NONE, lambda file: _bomb(file, 8)),
    "zip_bomb_that_lies": (".zip", "400 MB of zeros that claim to be 1 MB", _NONE, lambda file: _bomb(file, 8, 2**20)),
    "zip_bomb_bzip2": (".zip", "the same, in bzip2", _NONE, lambda file: _bomb(file, 12, 2**20)),
    "zip_bomb_lzma": (".zip", "the same, in lzma", _NONE, lambda file: _bomb(file, 14, 2**20)),
    "gzip_bomb": (".tar.gz", "400 MB of zeros, gzipped", _NONE, _gzip_bomb),
    "nested": (
        ".tar",
        "an archive in an archive, beside the right files",
        _KEPT,
        lambda file: _tar(file, [_member("mytorch/inner.tar", _inner(".tar")), _member("inner.tar.gz", _inner(".tar"))]),
    ),
    "tar_of_a_tar_only": (
        ".zip",
        "nothing but an archive in it",
        _NONE,
        lambda file: __import__("zipfile").ZipFile(file, "w").writestr("handin.tar", _inner(".tar")),
    ),
    "huge_names": (".tar", "names of 6 KB, 200 KB, and a file name of 300 bytes", _KEPT, lambda file: _tar(file, _deep())),
    "names_with_controls": (
        ".tar",
        "names with escapes, a change of direction, tags and broken UTF-8",
        _KEPT,
        lambda file: _tar(
            file, [_member("\x1b[31m<script>alert(1)</script>\u202e.txt", b"1"), _member("mytorch/\udcff.txt", b"1")]
        ),
    ),
    "many_members": (
        ".tar",
        "12,000 members",
        _NONE,
        lambda file: _tar(file, (_member(f"notes/{number}.txt", b"1") for number in range(12_000))),
    ),
    "many_listed_members": (".zip", "a directory of 300,000 members", _NONE, _crowd),
    "same_name_twice": (
        ".tar",
        "one name three times, the right file last",
        _KEPT,
        lambda file: _tar(file, [_member("mytorch/dropout.py", b"raise SystemExit\n")] * 2),
    ),
    "chain_of_long_names": (
        ".tar",
        "3000 headers that each announce a long name",
        _NONE,
        lambda file: _chain(file, tarfile.GNUTYPE_LONGNAME),
    ),
    "chain_of_extended_headers": (
        ".tar",
        "3000 extended headers in a row",
        _NONE,
        lambda file: _chain(file, tarfile.XHDTYPE),
    ),
    "negative_size": (".tar", "a member of negative size, so that reading goes backwards", _KEPT, _negative),
    "cut_short": (
        ".tar",
        "half an archive",
        _NONE,
        lambda file: (_tar(file, []), os.truncate(file, file.stat().st_size // 2 // 512 * 512 + 100)),
    ),
}
"""Hand-ins that attack whoever unpacks them."""


# one attack: graded in a child of the runner, which is the judge


def judge(name: str, verdict: Verdict, source: Path, planted: Planted, level: Level) -> Outcome:
    """Grade one hand-in and hold what comes out against its verdict."""
    from grader.export import exporter
    from grader.grade import grade

    outcome = Outcome(name)
    assignment = load_assignment(planted.project, BONUS).with_limits(**LIMITS)
    try:
        report = grade(assignment, source, level=level)
    except InternalError as error:
        outcome.refused = str(error)
        return outcome
    outcome.layers = _with_users(re.findall(r"\w+", report.isolation.partition("(")[2]))
    outcome.stopped = verdict.stopped(outcome.layers) or not report.isolation
    texts = {}
    for kind in ("gradescope", "autolab", "terminal", "json"):
        try:
            texts[kind] = exporter(kind)(report)
        except Exception as error:
            outcome.invalid.append(f"{kind}: {type(error).__name__}: {error}")
    outcome.invalid += _invalid(texts, assignment, report)
    outcome.leaks = sorted({found for text in texts.values() for found in CANARY.findall(text)} & set(planted.canaries))
    said = "\n".join(f"{test.output}\n{test.message}" for test in report.tests)
    outcome.through = sorted(set(re.findall(r"^GOT .*", said, re.MULTILINE)))[:8]
    if verdict.proof and verdict.proof not in said and any(test.status != "refused" for test in report.tests):
        outcome.verdict.append(f"no output or message has {verdict.proof!r}: was the attack made?")
    _points(verdict, report, outcome)
    with open("/proc/self/status", encoding="ascii") as file:
        outcome.judge_mb = int(re.findall(r"VmHWM:\s+(\d+)", file.read())[0]) / 1024
    if outcome.judge_mb > JUDGE_MB:
        outcome.through.append(f"the judge grew to {outcome.judge_mb:.0f} MB")
    return outcome


def _points(verdict: Verdict, report: Any, outcome: Outcome) -> None:
    def named(patterns: Sequence[str], test: Any) -> bool:
        return any(fnmatch.fnmatchcase(test.id, pattern) for pattern in patterns)

    for test in report.tests:
        if not test.max_score or (test.part in verdict.lost and named(verdict.earns, test)):
            continue
        if test.part in verdict.lost and (not verdict.hit or named(verdict.hit, test)):
            outcome.gained += float(test.score)
        elif test.score < test.max_score:
            outcome.innocent.append(f"{test.id} is {test.status}: {test.message[:300]}")
    lost = {part.name for part in report.parts if part.score < part.max_score}
    if lost != set(verdict.lost):
        outcome.verdict.append(f"parts {sorted(lost)} lost points, not {sorted(verdict.lost)}")


def _invalid(texts: Mapping[str, str], assignment: Any, report: Any) -> list[str]:
    """What is wrong with the reports: every test with its maximum, strict JSON, the platforms' schemas."""
    import jsonschema

    from grader.fixtures import load_current

    found = []
    listed = [(test.id, test.max_score) for test in report.tests]
    if listed != [(test.id, test.points) for test in load_current(assignment).tests]:
        found.append("the tests or their maxima aren't those of the fixtures")
    found += [f"{test.id}: {test.score} of {test.max_score}" for test in report.tests if not 0 <= test.score <= test.max_score]
    parts = {
        "gradescope-results": texts.get("gradescope", ""),
        "autolab-presentation": texts.get("autolab", "").rstrip("\n").rpartition("\n")[0].rpartition("\n")[2],
        "autolab-scores": texts.get("autolab", "").rstrip("\n").rpartition("\n")[2],
    }
    for schema, text in parts.items():
        file = ROOT / "grader" / "export" / "schemas" / f"{schema}.schema.json"
        try:
            jsonschema.Draft202012Validator(json.loads(file.read_text("utf-8"))).validate(_strict(text))
        except (ValueError, jsonschema.ValidationError) as error:
            found.append(f"{schema}: {str(error)[:300]}")
    try:
        _strict(texts.get("json", ""))
    except ValueError as error:
        found.append(f"json: {error}")
    for kind, text in texts.items():
        odd = sorted({hex(ord(char)) for char in text if (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0})
        if odd:
            found.append(f"{kind} holds control characters {odd[:5]}")
    return found


def _strict(text: str) -> Any:
    """Parse JSON that has no NaN, no infinity and no key twice."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} isn't JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise ValueError("a key stands twice")
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


# the runner: one process that forks a judge, and looks at what is left after each attack


class _Kept:
    """Stands for Worker in `grade`, so that one worker serves many gradings: starting one costs more than the tests."""

    def __init__(self) -> None:
        self._worker: Any = None

    def __call__(self, assignment: Any, zygote: Any, level: Level) -> _Kept:
        from grader.sandbox.worker import Worker

        if self._worker is None:
            self._worker = Worker(assignment, zygote, level)
        return self

    def __enter__(self) -> Any:
        self._worker.empty_submission()
        return self._worker

    def __exit__(self, *error: object) -> None:
        pass

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()


@dataclass
class _Judge:
    """A judge process, for one attack or for many."""

    pid: int
    level: Level
    scratch: Path
    orders: IO[str]
    answers: int


class Runner:
    """The loop of a runner process."""

    def __init__(self, planted: Planted, *, boxed: bool, fresh: bool) -> None:
        self.planted = planted
        self.boxed = boxed
        self.fresh = fresh
        """Whether each attack gets a judge of its own, as in earnest."""
        self.verdicts = samples()
        self.base = Path(tempfile.mkdtemp(prefix="hostile-"))
        self.base.chmod(0o755)
        self.intact = _fingerprint(planted.project)
        self.known = {os.getpid(), 1, os.getppid()}
        self.files = _listed()
        self._judge: _Judge | None = None

    def attack(self, name: str, level: Level) -> Outcome:
        """Make one attack."""
        start = time.monotonic()
        folder = Path(tempfile.mkdtemp(dir=self.base))
        folder.chmod(0o755)
        if name.startswith("archive:"):
            suffix, _, verdict, make = ARCHIVES[name.partition(":")[2]]
            source = folder / f"handin{suffix}"
            make(source)
        else:
            verdict = self.verdicts[name]
            source = build(name, verdict, folder / "submission")
        start = time.monotonic()
        outcome, spared = self._order(name, verdict, source, level)
        if self.fresh:
            outcome.through += self.end()
        outcome.through += self._left(spared)
        outcome.seconds = time.monotonic() - start
        _remove(folder)
        return outcome

    def end(self) -> list[str]:
        """Let the judge go; return what it leaves."""
        judge, self._judge = self._judge, None
        if judge is None:
            return []
        judge.orders.close()
        deadline = time.monotonic() + 20
        while os.waitpid(judge.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(judge.pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.005)
        os.close(judge.answers)
        left = sorted(path.name for path in judge.scratch.iterdir())
        _remove(judge.scratch)
        return [f"left in the folder for temporary files: {left}"] if left else []

    def _order(self, name: str, verdict: Verdict, source: Path, level: Level) -> tuple[Outcome, set[int]]:
        """Have the judge grade; return what came of it and the processes that may live on."""
        if self._judge is not None and self._judge.level != level:
            self.end()
        judge = self._judge = self._judge or self._start(level)
        line, died = b"", ""
        try:
            judge.orders.write(json.dumps({"name": name, "source": str(source)}) + "\n")
            judge.orders.flush()
            deadline = time.monotonic() + PATIENCE
            while not line.endswith(b"\n"):
                if not select.select([judge.answers], [], [], max(deadline - time.monotonic(), 0))[0]:
                    died = "the judge hung"
                    break
                chunk = os.read(judge.answers, 2**16)
                if not chunk:
                    died = "the judge died"
                    break
                line += chunk
        except BrokenPipeError:
            died = "the judge died"
        if not died:
            answer = json.loads(line)
            outcome = Outcome(**answer["outcome"])
            if not outcome.layers and not outcome.refused:
                outcome.stopped = verdict.stopped(_claimed(level))
            return outcome, {judge.pid, *answer["children"][:1]}
        self._judge = None
        if died == "the judge hung":
            os.kill(judge.pid, signal.SIGKILL)
        os.close(judge.answers)
        _, status = os.waitpid(judge.pid, 0)
        _remove(judge.scratch)
        how = f" by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else ""
        return Outcome(name, stopped=verdict.stopped(_claimed(level)), through=[died + how]), set()

    def _start(self, level: Level) -> _Judge:
        scratch = Path(tempfile.mkdtemp(dir=self.base))
        scratch.chmod(0o755)
        orders, ours = os.pipe()
        answers, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.close(ours)
                os.close(answers)
                tempfile.tempdir = str(scratch)
                self._serve(os.fdopen(orders, encoding="utf-8"), os.fdopen(theirs, "w", encoding="utf-8"), level)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            os._exit(70)
        os.close(orders)
        os.close(theirs)
        return _Judge(pid, level, scratch, os.fdopen(ours, "w", encoding="utf-8"), answers)

    def _serve(self, orders: IO[str], answers: IO[str], level: Level) -> None:
        """The judge's loop."""
        import grader.grade as module
        from grader.sandbox.processes import children

        kept = _Kept()
        if not self.fresh:
            module.Worker = kept  # type: ignore[misc,assignment]  # one worker for all gradings of this process
        for line in orders:
            order = json.loads(line)
            name = order["name"]
            verdict = ARCHIVES[name.partition(":")[2]][2] if name.startswith("archive:") else self.verdicts[name]
            # the greatest size so far starts anew, where the kernel allows it
            with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
                file.write("5")
            try:
                outcome = judge(name, verdict, Path(order["source"]), self.planted, level)
            except BaseException as error:
                outcome = Outcome(name, through=[_shortly(error)])
            own = sorted(children())
            answers.write(json.dumps({"outcome": dataclasses.asdict(outcome), "children": own}) + "\n")
            answers.flush()
        kept.close()

    def _left(self, spared: set[int]) -> list[str]:
        """What is left of processes and files; removes it."""
        found = []
        for pid, what in self._processes(spared).items():
            found.append(f"left alive: {what}")
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self._processes(spared) and time.monotonic() < deadline:
            time.sleep(0.005)
        for path in sorted(_listed() - self.files):
            found.append(f"left behind: {path}")
            _remove(path)
        if _fingerprint(self.planted.project) != self.intact:
            found.append("the project was changed")
            self.intact = _fingerprint(self.planted.project)
        return found

    def _processes(self, spared: set[int]) -> dict[int, str]:
        """Processes that nobody but an attack can have left; in a box, every other one."""
        found, parents = {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:80]
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            if fields[0] not in "ZX":
                found[int(entry.name)] = f"{command} ({fields[0]})"
            elif parents[int(entry.name)] == os.getpid() and int(entry.name) not in spared:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(int(entry.name), os.WNOHANG)
        if not self.boxed:
            below = {os.getpid()}
            while more := {pid for pid, parent in parents.items() if parent in below} - below:
                below |= more
            found = {pid: what for pid, what in found.items() if pid in below}
        return {pid: what for pid, what in found.items() if pid not in self.known | spared}


def _shortly(error: BaseException) -> str:
    """An exception of the judge's in a line: what, and where in the grader."""
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/grader/" in frame.filename
    ]
    return f"the judge raised {type(error).__name__}: {str(error)[:300]} (at {', '.join(places[-3:])})"


def _remove(path: Path) -> None:
    """Remove whatever it is, however deep."""
    subprocess.run(["rm", "-rf", "--", str(path)], check=False, stderr=subprocess.DEVNULL)


def _claimed(level: Level) -> list[str]:
    """The layers that a level stands for, where no report says which held."""
    names: Mapping[Level, str] = {"basic": "basic", "seccomp": "seccomp", "landlock": "landlock", "full": "uid"}
    return _with_users([layer for step, layer in names.items() if at_least(level, step)])


def _with_users(layers: list[str]) -> list[str]:
    """Add what holds by who the grader is: a plain user has no rights to lose, and closed folders bind it."""
    if os.geteuid() != 0:
        layers = [*layers, "plain"]
        if "seccomp" in layers:
            layers.append("concealed")
    return layers


def _listed() -> set[Path]:
    """What lies in the folders that everybody may write to and bears the attacks' mark."""
    return {path for folder in WATCHED if folder.is_dir() for path in folder.glob("*left-by-hostile*")}


def _fingerprint(project: Path) -> dict[str, bytes]:
    return {str(file.relative_to(project)): file.read_bytes() for file in project.rglob("*") if file.is_file()}


def serve(*, boxed: bool, fresh: bool) -> None:
    """Read orders as lines of JSON, write outcomes as lines of JSON."""
    import jsonschema  # noqa: F401  # loaded once here instead of in each judge

    from grader import grade as _grade  # noqa: F401
    from grader.authoring import record as _record  # noqa: F401
    from grader.export import terminal as _terminal  # noqa: F401
    from grader.sandbox.processes import become_subreaper

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    become_subreaper()
    order = json.loads(sys.stdin.readline())
    runner = Runner(Planted(Path(order["project"]), tuple(order["canaries"])), boxed=boxed, fresh=fresh)
    # not the file's own iterator, which reads ahead
    while line := sys.stdin.readline():
        order = json.loads(line)
        done = runner.attack(order["name"], order["level"]) if order["name"] else Outcome("", through=runner.end())
        answers.write(json.dumps(dataclasses.asdict(done)) + "\n")
        answers.flush()
    _remove(runner.base)


class Session:
    """The driver's handle on a runner; a new one is started where an attack killed the last."""

    def __init__(self, planted: Planted, command: Sequence[str]) -> None:
        self.planted = planted
        self.command = command
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def end(self) -> list[str]:
        """Let the judge go and return what it leaves."""
        if self._process is None:
            return []
        return self.attack("", Verdict("", ""), "none").through

    def close(self) -> None:
        """End the runner."""
        if self._process is not None:
            with self._process as process:
                _stream(process.stdin).close()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            self._process = None

    def attack(self, name: str, verdict: Verdict, level: Level) -> Outcome:
        """Have one attack made."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__)), *self.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            )
            self._send({"project": str(self.planted.project), "canaries": self.planted.canaries})
        self._send({"name": name, "level": level})
        line = _stream(self._process.stdout).readline()
        if line:
            return Outcome(**json.loads(line))
        self.close()
        return Outcome(name, stopped=verdict.stopped(_claimed(level)), through=["the judge's parents died with it"])

    def _send(self, value: Mapping[str, Any]) -> None:
        assert self._process is not None
        stream = _stream(self._process.stdin)
        stream.write(json.dumps(value) + "\n")
        stream.flush()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


# the box


_libc = ctypes.CDLL(None, use_errno=True)
_NEW = 0x00020000 | 0x20000000 | 0x08000000 | 0x40000000 | 0x04000000  # mounts, pids, ipc, network, host name
_PLAIN = 65534
_DOCKER = ("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service")
_DOCKER_TOO = ("net_raw", "sys_chroot", "mknod", "audit_write", "setfcap")


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def _mount_empty(folder: str, kind: str = "tmpfs", data: bytes | None = b"mode=1777,size=2g") -> None:
    _call("mount", kind.encode(), folder.encode(), kind.encode(), ctypes.c_ulong(0), data)


def _packed(project: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(project, arcname=".")
    return buffer.getvalue()


def box(user: str, *, landlock: bool, fresh: bool, project: Path) -> None:
    """Become the first process of a box and run a runner in it as `user`; needs root. Returns when the runner ended."""
    from grader.sandbox.processes import PR_SET_PDEATHSIG, prctl
    from grader.sandbox.reach import closed_folders, open_folders
    from grader.sandbox.worker import readable_paths

    packed = _packed(project)
    _call("unshare", _NEW)
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # everything read-only, the propagation of mounts private; then the few folders that may be written to
    attributes = struct.pack("<4Q", 1, 0, 1 << 18, 0)
    _call("syscall", 442, -100, b"/", 0x8000, attributes, len(attributes))
    for folder in WATCHED:
        _mount_empty(str(folder))
    _mount_empty("/proc", "proc", None)
    _raise_loopback()
    if user != "root":
        # a container's interpreter lies where everybody can reach it; the root user has the grader see to that itself
        scratch = Path(tempfile.mkdtemp())
        needed = [*map(Path, readable_paths()), Path(sys.base_prefix), Path(sys.prefix), ROOT]
        open_folders(closed_folders(needed), scratch)
        shutil.rmtree(scratch)
    project.mkdir(parents=True)
    project.parent.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(project)
    if user == "plain":
        for path in [project.parent, *project.parent.rglob("*")]:
            os.chown(path, _PLAIN, _PLAIN)
    if not landlock:
        _hide_landlock()
    runner = os.fork()
    if runner == 0:
        command = [sys.executable, str(Path(__file__)), "--serve", "--boxed", *(["--fresh"] if fresh else [])]
        if user == "plain":
            os.setgroups([])
            os.setresgid(_PLAIN, _PLAIN, _PLAIN)
            os.setresuid(_PLAIN, _PLAIN, _PLAIN)
        elif user == "docker":
            kept = ",".join(f"+{name}" for name in (*_DOCKER, *_DOCKER_TOO))
            command = ["setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all", *command]
        os.execvp(command[0], command)
    while True:
        ended, status = os.wait()
        if ended == runner:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def _raise_loopback() -> None:
    """Without it, a socket fails for want of a network, whatever the jail does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))


def _hide_landlock() -> None:
    """Answer ENOSYS to Landlock's calls, as an older kernel does, and gVisor."""
    jump, answer = struct.Struct("<HBBI"), 0x00050000 | 38
    steps = [(0x20, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446), (0x06, 0, 0, answer), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(jump.pack(*step) for step in steps))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    _call("prctl", 22, 2, ctypes.byref(Program(len(steps), ctypes.cast(code, ctypes.c_void_p))), 0, 0)


# the script


@dataclass
class Row:
    """One row of the table."""

    level: Level
    user: str
    tried: int = 0
    gained: float = 0.0
    leaks: int = 0
    through: int = 0
    invalid: int = 0
    innocent: int = 0
    verdict: int = 0
    not_stopped: list[str] = field(default_factory=list)
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    refused: str = ""

    def add(self, outcome: Outcome) -> None:
        """Count one attack."""
        self.tried += 1
        problems = outcome.problems()
        if outcome.refused:
            self.refused = outcome.refused
        elif not outcome.stopped:
            self.not_stopped += [outcome.name] if problems else []
        else:
            self.gained += outcome.gained
            self.leaks += len(outcome.leaks)
            self.through += len(outcome.through)
            self.invalid += len(outcome.invalid)
            self.innocent += len(outcome.innocent)
            self.verdict += len(outcome.verdict)
            self.failures += [f"{outcome.name}: {problem}" for problem in problems]


def run_row(
    level: Level, user: str, planted: Planted, names: Mapping[str, Verdict], toothless: dict[str, set[str]], *, fresh: bool
) -> Row:
    """Make every attack at one level as one user."""
    kind, _, without = user.partition("-without-")
    command = ["--box", kind, "--project", str(planted.project), *(["--without-landlock"] if without else [])]
    row = Row(level, user)
    start = time.monotonic()
    flags = ["--fresh"] if fresh else []
    with Session(planted, [*(command if os.geteuid() == 0 else ["--serve"]), *flags]) as session:
        for number, (name, verdict) in enumerate(names.items(), 1):
            outcome = session.attack(name, verdict, level)
            row.add(outcome)
            if not outcome.stopped and not outcome.refused:
                toothless.setdefault(name, set()).add("bites" if outcome.problems() else "harmless")
            note = "refused" if outcome.refused else "" if outcome.stopped else "not stopped here"
            mark = "FAILED " + "; ".join(outcome.problems())[:1500] if outcome.stopped and outcome.problems() else note
            print(f"{level:9} {user:7} {number:3}/{len(names)} {outcome.seconds:5.1f} s  {name}  {mark}", flush=True)
            if outcome.refused:
                break
        row.failures += [f"at the end: {problem}" for problem in session.end()]
    row.seconds = time.monotonic() - start
    return row


def print_table(rows: Sequence[Row]) -> None:
    """Print what came out, a line a level and user."""
    columns = ("level", "user", "attacks tried", "points gained", "leaks", "got through", "invalid reports")
    columns += ("innocent tests lost", "verdicts wrong", "not stopped here", "seconds")
    lines = [columns]
    for row in rows:
        figures: tuple[object, ...] = (row.tried, f"{row.gained:g}", row.leaks, row.through, row.invalid, row.innocent)
        figures += (row.verdict, len(row.not_stopped), f"{row.seconds:.0f}")
        if row.refused:
            figures = ("refuses to grade",) + ("-",) * 8
        lines.append((row.level, row.user, *map(str, figures)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def main() -> int:
    """Run the collection; 1 when a bound doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", default="all", help="all, or a list of: " + ", ".join(LEVELS))
    parser.add_argument("--users", default="root,plain", help="a list of root, plain, docker, each also -without-landlock")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of attacks")
    parser.add_argument("--no-archives", action="store_true", help="leave out the hand-ins that attack the unpacker")
    parser.add_argument("--fresh", action="store_true", help="a judge and a worker of its own for each attack; slower")
    for hidden in ("--serve", "--boxed", "--without-landlock"):
        parser.add_argument(hidden, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--box", help=argparse.SUPPRESS)
    parser.add_argument("--project", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=1, help="rows at a time")
    options = parser.parse_args()
    if options.box:
        box(options.box, landlock=not options.without_landlock, fresh=options.fresh, project=options.project)
    if options.serve:
        serve(boxed=options.boxed, fresh=options.fresh)
        return 0
    levels = [level for level in LEVELS if options.levels == "all" or level in options.levels.split(",")]
    users = options.users.split(",") if os.geteuid() == 0 else ["plain"]
    names = dict(samples())
    if not options.no_archives:
        names |= {f"archive:{name}": verdict for name, (_, _, verdict, _) in ARCHIVES.items()}
    names = {name: verdict for name, verdict in names.items() if fnmatch.fnmatchcase(name, options.only)}
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        Path(folder).chmod(0o755)
        planted = plant(Path(folder) / "project")
        toothless: dict[str, set[str]] = {}
        wanted = [(level, user) for user in users for level in levels]
        rows = _run_rows(wanted, planted, names, toothless, options.jobs, fresh=options.fresh)
    print()
    for row in rows:
        for failure in row.failures:
            print(f"{row.level} {row.user} {failure}")
    for row in rows:
        if row.not_stopped:
            print(f"not stopped at {row.level} as {row.user}: {', '.join(row.not_stopped)}")
    harmless = sorted(name for name, seen in toothless.items() if seen == {"harmless"})
    if harmless:
        print(f"harmless even where nothing stops them: {', '.join(harmless)}")
    print()
    print_table(rows)
    return 1 if any(row.failures for row in rows) else 0


def _run_rows(
    wanted: Sequence[tuple[Level, str]],
    planted: Planted,
    names: Mapping[str, Verdict],
    toothless: dict[str, set[str]],
    jobs: int,
    *,
    fresh: bool,
) -> list[Row]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda pair: run_row(*pair, planted, names, toothless, fresh=fresh), wanted))


if __name__ == "__main__":
    sys.exit(main())
