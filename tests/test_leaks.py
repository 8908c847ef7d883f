"""Guards the border from outside: a debugger finds no answer in the worker.

The tests read the zygote, and a child that is stopped in the middle of each test, as root does with a debugger: every
page and every open file. They search for all arrays of the fixtures (of the reference and of the variants), as float64
and as float32, in pieces of 32 bytes, and for the names, hints and paths that only the instructor has. Values that a
test passes to a submission aren't answers: a submission that returns its inputs shows which those are. The first tests
plant answers and demand that they are found.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from conftest import BONUS, ROOT, descendants
from hostile_samples import plant
from numpy.typing import NDArray

from grader.assignment import Assignment
from grader.fixtures import Fixtures, load_current
from grader.intake.take import ingest
from grader.questions import read_questions
from grader.recording import Observation, Recording
from grader.sandbox.worker import Worker
from grader.settings import load_assignment

PIECE = 32
"""Bytes of an array that are looked for together: four float64 or eight float32."""
PIECES = 64
"""Of each array, spread over it."""
CHUNK = 2**24
PAGE = os.sysconf("SC_PAGESIZE")
Which = Literal["own", "writable", "all"]
"""Pages of a process: those that it shares with no other (a forked child's others are its zygote's), those that it
could write, those that it can read."""
PATIENCE = 60.0


def unreadable() -> str:
    """Why a debugger's view can't be had here; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root, to read another user's memory"
    with open("/proc/self/status", encoding="ascii") as status:
        held = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    return "" if held & 1 << 19 else "needs CAP_SYS_PTRACE, to read an undumpable process"


pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(unreadable()), reason=unreadable() or "can be done")]


# what is looked for


class Needles:
    """Many strings of bytes that are looked for at once, at every offset."""

    def __init__(self, labels: Mapping[bytes, str]) -> None:
        """Take each string (8 bytes or more) with words that say what it is."""
        self.labels = labels
        self._at: dict[int, list[tuple[int, bytes]]] = {}
        for needle in labels:
            start = max(range(0, len(needle) - 7, 8), key=lambda place: len(set(needle[place : place + 8])))
            word = int.from_bytes(needle[start : start + 8], "little")
            self._at.setdefault(word, []).append((start, needle))
        self._words = np.array(sorted(self._at), dtype=np.uint64)
        self._table = np.zeros(2**20, dtype=bool)
        self._table[self._hash(self._words)] = True

    @staticmethod
    def _hash(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        hashed: NDArray[np.uint64] = (words * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(44)
        return hashed

    def find(self, data: bytes) -> set[bytes]:
        """Return those that occur."""
        found: set[bytes] = set()
        for shift in range(8):
            words = np.frombuffer(data, "<u8", max(len(data) - shift, 0) // 8, min(shift, len(data)))
            likely = np.flatnonzero(self._table[self._hash(words)])
            nearest = self._words[np.minimum(np.searchsorted(self._words, words[likely]), len(self._words) - 1)]
            for place in likely[nearest == words[likely]]:
                for start, needle in self._at[int(words[place])]:
                    begin = 8 * int(place) + shift - start
                    if begin >= 0 and data[begin : begin + len(needle)] == needle:
                        found.add(needle)
        return found


def pieces(array: NDArray[np.generic]) -> Iterator[bytes]:
    """An array's bytes in pieces that say something: with two numbers at least that are finite, odd and not equal.

    Odd: four eighths in a row may be in any library.
    """
    raw = array.tobytes()
    places = range(0, len(raw) - PIECE + 1, array.itemsize * (1 if len(raw) < 4 * PIECE else PIECE // array.itemsize))
    for place in places[:: max(len(places) // PIECES, 1)]:
        piece = raw[place : place + PIECE]
        numbers = np.frombuffer(piece, array.dtype)
        if len({number for number in numbers[np.isfinite(numbers)].tolist() if (8 * number) % 1 != 0}) >= 2:
            yield piece


def of_array(array: NDArray[np.generic]) -> Iterator[bytes]:
    """The pieces of an array of real numbers, and of its float32 form."""
    for dtype in (np.float64, np.float32):
        yield from pieces(np.asarray(array).astype(dtype))


def observed(observations: Iterable[Observation]) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """The arrays of real numbers in some observations, with words."""
    for item in observations:
        for role, value in item.values.items():
            if value.array is not None and value.array.dtype.kind == "f":
                yield f"{item.name}, {role}", value.array


def secrets(assignment: Assignment, answers: Fixtures) -> Needles:
    """Everything that the instructor has and the worker must not have."""
    labels: dict[bytes, str] = {}
    for test in answers.tests:
        sources = {"reference": test.expected}
        sources |= {item.variant: item.observations for item in answers.alternatives.get(test.id, ())}
        for source, observations in sources.items():
            for words, array in observed(observations):
                for piece in of_array(array):
                    labels.setdefault(piece, f"{test.id}, {source}: {words}")
    texts = {str(assignment.folder), str(assignment.reference), "graded.npz", "public.npz", "variants.toml"}
    for items in answers.alternatives.values():
        texts |= {text for item in items for text in (item.variant, item.hint) if len(text) >= 8}
    for text in texts:
        for coding in ("utf-8", "utf-16-le", "utf-32-le"):
            labels[text.encode(coding)] = f"the text {text!r}"
    return Needles(labels)


# where it is looked for


def memory(pid: int, which: Which) -> Iterator[bytes]:
    """The pages of a process, in overlapping chunks."""
    maps = Path(f"/proc/{pid}/maps").read_text("utf-8", "surrogateescape").splitlines()
    handle, pagemap = (os.open(f"/proc/{pid}/{name}", os.O_RDONLY) for name in ("mem", "pagemap"))
    try:
        for line in maps:
            span, mode, _, _, inode, *name = line.split(maxsplit=5)
            if "r" not in mode or name[:1] in (["[vvar]"], ["[vsyscall]"], ["[vvar_vclock]"]):
                continue
            if inode == "0" or "w" in mode or which == "all":
                start, end = (int(number, 16) for number in span.split("-"))
                for first, last in [(start, end)] if which != "own" else _own(pagemap, start, end):
                    for place in range(first, last, CHUNK):
                        yield _read(handle, place, min(last - place, CHUNK + PIECE * 8))
    finally:
        os.close(handle)
        os.close(pagemap)


def _own(pagemap: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of the pages that no other process has, each with a page on either side."""
    flags = np.frombuffer(os.pread(pagemap, (end - start) // PAGE * 8, start // PAGE * 8), "<u8")
    present, swapped, exclusive = (flags >> np.uint64(bit) & np.uint64(1) for bit in (63, 62, 56))
    own = np.concatenate([[0, 0], (present & exclusive) | swapped, [0, 0]]) != 0
    own = own[1:-1] | own[2:] | own[:-2]
    edges = np.flatnonzero(own[1:] != own[:-1]) if own.size else np.array([], dtype=int)
    bounds = [0] * bool(own[0]) + [int(edge) + 1 for edge in edges] + [own.size] * bool(own[-1])
    for first, last in zip(bounds[::2], bounds[1::2], strict=True):
        # the flags began with one page before the first
        yield max(start + (first - 1) * PAGE, start), min(start + (last - 1) * PAGE, end)


def _read(handle: int, place: int, size: int) -> bytes:
    parts = []
    while size > 0:
        try:
            part = os.pread(handle, size, place)
        except OSError:  # a page that the kernel gives to nobody
            break
        if not part:
            break
        parts.append(part)
        place, size = place + len(part), size - len(part)
    return b"".join(parts)


def open_files(pid: int) -> Iterator[tuple[str, bytes]]:
    """The regular files that a process holds open, nameless ones too, with what is in them."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if stat.S_ISREG(entry.stat().st_mode):
                yield os.readlink(entry), entry.read_bytes()
        except OSError:
            continue  # closed meanwhile


def look(pid: int, needles: Needles, which: Which) -> set[bytes]:
    """Return what of it a process holds, in its memory, its open files, and their names."""
    found: set[bytes] = set()
    for chunk in memory(pid, which):
        found |= needles.find(chunk)
    for name, data in open_files(pid):
        found |= needles.find(os.fsencode(name)) | needles.find(data)
    maps = Path(f"/proc/{pid}/maps").read_bytes()
    return found | needles.find(maps)


def said(found: Iterable[bytes], needles: Needles) -> list[str]:
    return sorted({needles.labels[needle] for needle in found})


# submissions that stop

STOP = """
import os, time

def stop():
    open("stopped", "w").close()
    while True:
        time.sleep(1)
"""
ASLEEP = {
    "mytorch/dropout.py": STOP
    + """
class Dropout:
    def __init__(self, p=0.5): self.p = p
    def __call__(self, x): stop()
    def forward(self, x, train=True): stop()
    def backward(self, delta): stop()
""",
    "mytorch/optimizer.py": STOP
    + """
class adam:
    t = 0
    def __init__(self, model, *args, **options): self.model = model
    def step(self): stop()
""",
    "hw1/hw1.py": STOP
    + """
class MLP:
    def __init__(self, *args, **options): stop()
""",
}
"""Stops in the first call that has seen an input."""

# the last frame is the one that says how the test ended; by then every value has been sent
AT_THE_END = (
    STOP
    + """
real_write = os.write

def write(descriptor, data):
    if b'"frame": "end"' in bytes(data[:40]):
        stop()
    return real_write(descriptor, data)

os.write = write
"""
)
MIRROR = {
    "mytorch/dropout.py": AT_THE_END
    + """
class Dropout:
    def __init__(self, p=0.5): self.p = p
    def __call__(self, x): return x
    def forward(self, x, train=True): return x
    def backward(self, delta): return delta
""",
    "mytorch/optimizer.py": AT_THE_END
    + """
class adam:
    t = 0
    def __init__(self, model, *args, **options): self.model = model
    def step(self): pass
""",
    "hw1/hw1.py": AT_THE_END
    + """
class MLP:
    linear_layers = []
    def __init__(self, *args, **options): pass
    def __getattr__(self, name): return lambda *args: None
""",
}
"""Gives every input back and computes nothing; stops when all but the last word is said."""


@dataclass
class Stopped:
    """A child in the middle of a test."""

    pid: int
    recording: Recording | None = None
    """What the judge has of it when it has been killed."""


class Debugger:
    """A worker for one submission, whose children can be stopped and read."""

    def __init__(self, assignment: Assignment, answers: Fixtures, files: Mapping[str, str], folder: Path) -> None:
        self._assignment, self._answers, self._folder = assignment, answers, folder
        self.worker = Worker(assignment, read_questions(assignment))
        self.replace(files)
        self.worker.wait_ready()
        self.zygotes = self.worker.processes
        self._known = descendants()

    def replace(self, files: Mapping[str, str]) -> None:
        """Go on with another submission: the template with these files."""
        source = self._folder / "submission"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(self._assignment.template, source)
        for name, text in files.items():
            (source / name).write_text(text, "utf-8")
        self.worker.empty_submission()
        ingest(source, self._assignment.submission, self._answers.required, self.worker.submission)

    @contextmanager
    def stopped(self, test: str) -> Iterator[Stopped]:
        """Run a test until it stops by itself; kill it afterwards."""
        result: list[Recording] = []
        child = Stopped(0)
        thread = threading.Thread(target=lambda: result.append(self.worker.run(test)))
        thread.start()
        try:
            child.pid = self._wait(thread)
            yield child
        finally:
            if child.pid:
                os.kill(child.pid, signal.SIGKILL)
            thread.join(PATIENCE)
            if result:
                child.recording = result[0]

    def _wait(self, thread: threading.Thread) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and thread.is_alive():
            for pid in descendants() - self._known:
                if os.path.exists(f"/proc/{pid}/cwd/stopped"):
                    return pid
            time.sleep(0.005)
        raise AssertionError("the child didn't stop")


@pytest.fixture(scope="module")
def patient(bonus: Assignment) -> Assignment:
    """The homework, with a deadline that leaves time to look."""
    return bonus.with_limits(test_seconds=10 * PATIENCE)


@pytest.fixture(scope="module")
def needles(bonus: Assignment, answers: Fixtures) -> Needles:
    made = secrets(bonus, answers)
    assert len(made.labels) > 1000
    return made


@pytest.fixture
def debug(
    patient: Assignment, answers: Fixtures, tmp_path: Path, nothing_left: None
) -> Iterator[Callable[..., Debugger]]:
    """Makes a Debugger; its worker is gone afterwards."""
    made: list[Debugger] = []

    def make(files: Mapping[str, str]) -> Debugger:
        made.append(Debugger(patient, answers, files, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.worker.close()


# what is there is found

HOLDER = """
import mmap, os, sys, time
import numpy as np
raw = sys.stdin.buffer.read()
how = sys.argv[1]
if how == "array": kept = np.frombuffer(raw, np.float64).copy()
elif how == "unaligned": kept = b"abc" + raw
elif how == "float32": kept = np.frombuffer(raw, np.float64).astype(np.float32)
elif how == "text": kept = raw.decode() + chr(0x20AC)
elif how == "file" or how == "mapping":
    file = os.memfd_create("kept")
    os.write(file, raw)
    if how == "mapping":
        kept = mmap.mmap(file, len(raw), mmap.MAP_SHARED, mmap.PROT_READ)
        os.close(file)
del raw
print("ready", flush=True)
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize("how", ["array", "unaligned", "float32", "text", "file", "mapping", "nothing"])
def test_what_a_process_holds_is_found(how: str, needles: Needles, answers: Fixtures) -> None:
    hint = next(item.hint for items in answers.alternatives.values() for item in items if item.hint)
    _, array = next(one for one in observed(answers.tests[1].expected) if one[1].nbytes >= 2 * PIECE)
    raw = hint.encode() if how == "text" else b"" if how == "nothing" else array.astype(np.float64).tobytes()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(raw)
        process.stdin.close()
        assert process.stdout.readline() == b"ready\n"
        try:
            found = look(process.pid, needles, "writable")
        finally:
            process.kill()
    if how == "nothing":
        assert not found
    elif how == "text":
        assert said(found, needles) == [f"the text {hint!r}"]
    else:
        assert all(answers.tests[1].id in label for label in said(found, needles))
        assert set(pieces(array.astype(np.float32 if how == "float32" else np.float64))) <= found


def test_what_a_submission_holds_is_found(debug: Callable[..., Debugger], needles: Needles, answers: Fixtures) -> None:
    """The same way that finds nothing below finds an answer that a student has pasted in."""
    spec = next(test for test in answers.tests if "test_other_betas" in test.id)
    _, array = next(iter(observed(spec.expected)))
    planted = f"import numpy as np\nKEPT = np.frombuffer(bytes.fromhex({array.tobytes().hex()!r}))\n"
    debugger = debug(ASLEEP | {"mytorch/optimizer.py": planted + ASLEEP["mytorch/optimizer.py"]})
    with debugger.stopped(spec.id) as child:
        found = look(child.pid, needles, "own")
    assert set(pieces(array)) <= found
    assert all(spec.id in label for label in said(found, needles))


# and nothing else is there


def without_inputs(found: Iterable[bytes], recording: Recording | None) -> set[bytes]:
    """Leave out what a mirror gave back: what the test itself had given to it."""
    assert recording is not None
    arrays = [array for _, array in observed(recording.observations)]
    given = [array.astype(dtype).tobytes() for array in arrays for dtype in (np.float64, np.float32)]
    return {needle for needle in found if not any(needle in raw for raw in given)}


def test_no_answer_is_in_the_worker(debug: Callable[..., Debugger], needles: Needles, answers: Fixtures) -> None:
    """In the zygote, and at two moments of every test: when all values have been sent, and in the first call."""
    debugger = debug(MIRROR)
    leaks = {f"zygote {pid}": look(pid, needles, "all") for pid in debugger.zygotes}
    recordings = {}
    for test in answers.tests:
        with debugger.stopped(test.id) as child:
            found = look(child.pid, needles, "own")
        recordings[test.id] = child.recording
        leaks[f"{test.id}, at its end"] = without_inputs(found, child.recording)
    debugger.replace(ASLEEP)
    for test in answers.tests:
        with debugger.stopped(test.id) as child:
            found = look(child.pid, needles, "own")
        leaks[f"{test.id}, in its first call"] = without_inputs(found, recordings[test.id])
    leaks |= {f"zygote {pid}, after all tests": look(pid, needles, "writable") for pid in debugger.zygotes}

    assert {place: said(found, needles) for place, found in leaks.items() if found} == {}
    # a mirror that gave nothing back would excuse nothing, and one that stopped early would be looked at too soon
    checks = {test.id: [item.name for item in test.expected] for test in answers.tests if "network" not in test.id}
    for name, wanted in checks.items():
        recording = recordings[name]
        assert recording is not None
        assert [item.name for item in recording.observations] == wanted


def test_no_canary_is_in_the_worker(tmp_path: Path, nothing_left: None) -> None:
    """Texts that stand in the reference, in the fixtures and nowhere else, while a judge has all of them in memory."""
    tmp_path.chmod(0o755)
    planted = plant(tmp_path / "project")
    shutil.copytree(ROOT / "student_template" / BONUS, planted.project / "student_template" / BONUS)
    assignment = load_assignment(planted.project, BONUS).with_limits(test_seconds=10 * PATIENCE)
    answers = load_current(assignment)
    canaries = Needles({canary.encode(): canary for canary in planted.canaries})
    assert len(answers.tests) > 15
    assert look(os.getpid(), canaries, "writable")
    debugger = Debugger(assignment, answers, ASLEEP, tmp_path)
    try:
        found = set().union(*(look(pid, canaries, "all") for pid in debugger.zygotes))
        for test in answers.tests[:: len(answers.tests) // 3]:
            with debugger.stopped(test.id) as child:
                found |= look(child.pid, canaries, "all")
    finally:
        debugger.worker.close()
    assert said(found, canaries) == []
