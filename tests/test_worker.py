"""Guards the border against student code: every misbehaviour costs points of its own test and no other.

Each submission here is the reference with one file changed, graded by the real `grade()`. Afterwards the report is
complete and valid, no process of the submission is alive and no temporary file is left. Every bomb has a bound.
"""

import json
import marshal
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import Overlay, alive, check_complete, descendants

from grader.assignment import Assignment
from grader.errors import InternalError
from grader.fixtures import Fixtures
from grader.grade import grade, grade_in
from grader.intake.take import ingest
from grader.levels import LEVELS, Level
from grader.questions import read_questions
from grader.report import Report, Status, TestResult
from grader.sandbox import launch, run
from grader.sandbox.processes import children
from grader.sandbox.worker import Worker

pytestmark = pytest.mark.usefixtures("nothing_left")

TARGET = "test_dropout_forward.py::test_evaluation"
DROPS = "forward(x, train=True) drops"
"""The name of its second check."""
"""Where a submission misbehaves in one test only; there, its input is the right value."""
FORWARD, ALL = 5, 8
"""How many tests, of the forward part and in all, have an input of a shape of their own; more would do."""

DROPOUT = """
import json, math, os, random, re, resource, signal, struct, sys, threading, time
import numpy as np

class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        if x.shape in ACTS:
            result = ACTS[x.shape](self, x, train)
            if result is not Dropout:  # which says: go on
                return result
        return self.right(x, train)

    def right(self, x, train):
        if not train:
            return x
        self.mask = np.random.binomial(1, self.p, x.shape)
        return x * self.mask / self.p

    def backward(self, delta):
        return delta * self.mask

ACTS, SEEN = {}, set()
"""
ONCE = """
if x.shape in SEEN:
    return Dropout
SEEN.add(x.shape)
"""
"""Before a body that isn't to run again when the test calls the layer again."""


def dropout(bodies: Mapping[tuple[int, ...], str], module: str = "", *, once: bool = False) -> dict[str, str]:
    """A right dropout that runs a body for each of these shapes of its input, and `module` when it is imported.

    `once` is for a body that may not run again when a test calls the layer again.
    """
    text = DROPOUT + textwrap.dedent(module)
    for number, (shape, body) in enumerate(bodies.items()):
        lines = textwrap.indent((ONCE if once else "") + textwrap.dedent(body).strip(), "    ")
        text += f"\ndef act{number}(self, x, train):\n{lines}\n    return Dropout\n\nACTS[{shape}] = act{number}\n"
    return {"mytorch/dropout.py": text}


@dataclass(frozen=True)
class Place:
    """A test whose input has a shape that no other test's has, so that a submission can misbehave there alone."""

    shape: tuple[int, ...]
    test: str
    check: str
    """The name of its first check."""


@pytest.fixture(scope="session")
def scouted(bonus: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a submission that prints the shapes of its inputs."""
    folder = tmp_path_factory.mktemp("places")
    shutil.copytree(bonus.reference, folder, dirs_exist_ok=True)
    scout = DROPOUT.replace("if x.shape in ACTS", "print(x.shape)\n        if x.shape in ACTS")
    (folder / "mytorch" / "dropout.py").write_text(scout, "utf-8")
    return grade(bonus, folder)


@pytest.fixture
def files_guarded(scouted: Report) -> None:
    """Skip where no layer keeps a submission from files."""
    if "landlock" not in scouted.isolation and "uid" not in scouted.isolation:
        pytest.skip(f"the isolation here is {scouted.isolation}")


@pytest.fixture
def calls_filtered(scouted: Report) -> None:
    """Skip where system calls aren't filtered."""
    if "seccomp" not in scouted.isolation:
        pytest.skip(f"the isolation here is {scouted.isolation}")


@pytest.fixture(scope="session")
def places(scouted: Report, answers: Fixtures) -> list[Place]:
    """Where to misbehave: TARGET first, then the rest of the forward part."""
    tests: dict[str, set[str]] = {}
    for test in scouted.tests:
        for line in test.output.splitlines():
            tests.setdefault(line, set()).add(test.id)
    names = {test.id: test.expected[0].name for test in answers.tests}
    found = [
        Place(tuple(int(size) for size in re.findall(r"\d+", shape)), next(iter(ids)), names[next(iter(ids))])
        for shape, ids in tests.items()
        if len(ids) == 1
    ]
    found.sort(key=lambda place: (place.test != TARGET, "forward" not in place.test, place.test))
    assert found[0].test == TARGET
    assert sum("forward" in place.test for place in found) >= FORWARD
    assert len(found) >= ALL
    return found


def batches(names: Iterable[str], size: int = ALL) -> list[list[str]]:
    """Names in groups: one submission shows a whole group, each in a test of its own."""
    every = list(names)
    return [every[start : start + size] for start in range(0, len(every), size)]


def first(names: list[str]) -> str:
    return names[0]


class Grading:
    """Grades submissions with small limits and holds every report against the answers."""

    def __init__(self, bonus: Assignment, answers: Fixtures, overlay: Overlay, places: list[Place]) -> None:
        self.assignment = bonus
        self.answers = answers
        self.overlay = overlay
        self.places = places

    def report(self, files: dict[str, str], *, level: Level = "full", seconds: float = 5, total: float = 60) -> Report:
        limited = self.assignment.with_limits(test_seconds=seconds, total_seconds=total, memory_mb=256)
        report = grade(limited, self.overlay(files), level=level)
        check_complete(report, self.answers)
        for test in report.tests:
            # 32 KiB of output by default, a few KiB of message; clean
            assert len(test.output) < 34_000
            assert len(test.message) < 9_000
            assert not set(test.output + test.message + test.hint) & set("\x00\x1b\r\x07\u202e")
        return report

    def batch(
        self,
        bodies: Mapping[str, str],
        module: str = "",
        *,
        level: Level = "full",
        seconds: float = 5,
        once: bool = False,
    ) -> dict[str, TestResult]:
        """Grade a submission that misbehaves in as many tests as there are bodies; every other test must pass."""
        used = dict(zip(bodies, self.places, strict=False))
        assert len(used) == len(bodies)
        names = {place.shape: place.check for place in self.places}
        files = dropout(
            {used[name].shape: body for name, body in bodies.items()},
            f"NAMES = {names}\n{textwrap.dedent(module)}",
            once=once,
        )
        report = self.report(files, level=level, seconds=seconds)
        results = {test.id: test for test in report.tests}
        found = {name: results.pop(place.test) for name, place in used.items()}
        others = {test.id: (test.status, test.message) for test in results.values() if test.status != "passed"}
        assert not others
        assert report.score == report.max_score - sum(test.max_score - test.score for test in found.values())
        return found

    def target(
        self, body: str, module: str = "", *, level: Level = "full", seconds: float = 5, once: bool = False
    ) -> TestResult:
        """Grade a submission that misbehaves in one test; every other test must pass."""
        return self.batch({"": body}, module, level=level, seconds=seconds, once=once)[""]


@pytest.fixture
def grading(bonus: Assignment, answers: Fixtures, overlay: Overlay, places: list[Place]) -> Grading:
    return Grading(bonus, answers, overlay, places)


def lost_points(report: Report) -> dict[str, Fraction]:
    """Part to lost points, where there are any."""
    return {part.name: part.max_score - part.score for part in report.parts if part.score < part.max_score}


def test_the_right_dropout_of_this_file_is_right(grading: Grading) -> None:
    """Or the other tests would show nothing."""
    assert grading.target("pass").status == "passed"


# how a test may end: each of these costs the one test in which it happens

ENDINGS: dict[str, tuple[str, Sequence[Status], str]] = {
    "an exception": ("raise ValueError('boom')", ["error"], "ValueError: boom\n  mytorch/dropout.py, line"),
    "an exception of its own": (
        """
        class Odd(Exception):
            def __str__(self): raise RuntimeError
            __repr__ = __str__
        raise Odd
        """,
        ["error"],
        "Odd",
    ),
    "an exception that leaves when it is printed": (
        """
        class Odd(Exception):
            def __str__(self): os._exit(0)
        raise Odd
        """,
        ["crashed"],
        "",
    ),
    "an exception with a text of 20 MB": ("raise ValueError('\\x1b[31m\\u202e\\0' + 'é' * 10**7)", ["error"], "é"),
    "an exception with half a character": ("raise ValueError('\\ud800')", ["error"], "ValueError"),
    "an exception of another name": ("raise type('\\x1b[2J' + 'x' * 10**6, (Exception,), {})", ["error"], ""),
    "a base exception": ("raise BaseException('boom')", ["error"], "mytorch/dropout.py"),
    "a keyboard interrupt": ("raise KeyboardInterrupt", ["error"], "mytorch/dropout.py"),
    "an interrupt sent to itself": ("os.kill(os.getpid(), signal.SIGINT)", ["error"], "mytorch/dropout.py"),
    "a generator's exit": ("raise GeneratorExit", ["error"], "mytorch/dropout.py"),
    "a group of exceptions": (
        "raise __builtins__.get('ExceptionGroup', ValueError)('boom', [OSError()])",
        ["error"],
        "",
    ),
    "a failed assertion": ("assert x.shape == (1, 2)", ["error", "failed"], "mytorch/dropout.py"),
    "not implemented": ("raise NotImplementedError", ["missing"], "first write the function of"),
    "sys.exit(0)": ("sys.exit(0)", ["error"], "exit()"),
    "pytest.skip": ("import pytest; pytest.skip('no need')", ["failed", "error"], ""),
    "pytest.xfail": ("import pytest; pytest.xfail('as expected')", ["failed", "error"], ""),
    "pytest.exit": ("import pytest; pytest.exit('done', 0)", ["error"], "exit()"),
    "unittest's skip": ("import unittest; raise unittest.SkipTest('no need')", ["failed", "error"], ""),
    "os._exit(0)": ("os._exit(0)", ["crashed"], "exit code 0"),
    "os._exit(77)": ("os._exit(77)", ["crashed"], "exit code 77"),
    "os.abort": ("os.abort()", ["crashed"], "SIGABRT"),
    "SIGKILL to itself": ("os.kill(os.getpid(), signal.SIGKILL)", ["crashed"], "killed"),
    "SIGTERM to itself": ("os.kill(os.getpid(), signal.SIGTERM)", ["crashed"], "SIGTERM"),
    "an address that isn't there": ("import ctypes; ctypes.string_at(0)", ["crashed"], "segmentation fault"),
    "an alarm": ("signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(60)", ["crashed"], ""),
    "deep recursion": ("return self.forward(x, train)", ["error"], "RecursionError"),
    "deep recursion without a limit": (
        """
        sys.setrecursionlimit(2**31 - 1)
        nested = []
        for _ in range(10**6):
            nested = [nested]
        repr(nested)
        """,
        ["crashed", "error", "timeout"],
        "",
    ),
    "all descriptors closed": ("os.closerange(0, 65536)", ["crashed"], ""),
    "the channel closed": ("os.close(3)", ["crashed"], ""),
    "the channel replaced": ("os.dup2(os.open(os.devnull, os.O_WRONLY), 3)", ["crashed"], ""),
    "too much memory at once": ("bytearray(2**34)", ["error"], "MemoryError"),
    "too much memory step by step": (
        """
        kept = []
        for _ in range(600):
            kept.append(np.ones(2**17))
        """,
        ["error", "crashed"],
        "",
    ),
    "the limit of memory raised": (
        """
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return x * 2
        """,
        ["error", "failed"],
        "",
    ),
    "a file of 200 MB": (
        """
        with open("large", "wb") as file:
            for _ in range(200):
                file.write(bytes(2**20))
        """,
        ["error", "crashed"],
        "",
    ),
    "modules thrown away": ("sys.modules.clear(); os._exit(3)", ["crashed"], ""),
    "json broken": ("json.JSONEncoder.encode = json.loads = None", ["error", "crashed"], ""),
    "os.write broken": ("os.write = lambda *a: 1 / 0", ["error", "crashed"], ""),
}


@pytest.mark.parametrize("names", batches(ENDINGS), ids=first)
def test_an_ending_costs_its_own_test(names: list[str], grading: Grading) -> None:
    results = grading.batch({name: ENDINGS[name][0] for name in names})
    for name, result in results.items():
        _, statuses, words = ENDINGS[name]
        assert result.status in statuses, (name, result.message)
        assert result.score == 0, name
        assert result.message, name
        assert words in result.message, name
        assert str(Path(grading.assignment.project)) not in result.message, name


def test_what_never_ends_is_stopped(grading: Grading) -> None:
    bodies = {
        "a loop": "while True: pass",
        "a loop that swallows everything": """
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while True:
                try:
                    while True: time.sleep(0.01)
                except BaseException:
                    pass
            """,
        "a stop": "os.kill(os.getpid(), signal.SIGSTOP)",
        "output without an end": "while True: print('again and again')",
        "a wait for input": "sys.stdin.close(); threading.Event().wait()",
    }
    for name, result in grading.batch(bodies, seconds=1).items():
        assert result.status == "timeout", (name, result.message)
        assert result.score == 0
        assert "1 s" in result.message


def test_all_tests_together_have_a_limit(grading: Grading) -> None:
    """Whatever runs too long, the tests before it count, and the rest isn't tried."""
    report = grading.report(dropout({}, "while True: pass"), seconds=0.7, total=2)
    assert set(lost_points(report)) == {"dropout_forward", "dropout_backward"}
    late = [test for test in report.tests if test.part.startswith("dropout")]
    assert {test.status for test in late} == {"timeout"}
    assert "not run" in late[-1].message


@contextmanager
def busy(processor: int, programs: int) -> Iterator[None]:
    """Have programs that never rest on one processor, to which this process is bound meanwhile; each ends by itself."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    spin = "import time; end = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
    others = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(programs)]
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        for other in others:
            other.kill()
            other.wait()


def test_time_in_which_others_have_the_processor_isnt_the_tests_own(
    bonus: Assignment, answers: Fixtures, overlay: Overlay
) -> None:
    # it needs half of its time, and gets a sixth of this processor
    work = ("import time", "end = time.process_time() + 0.25", "while time.process_time() < end: pass", "return x")
    lines = (
        "class Dropout:",
        "  def __init__(self, p): pass",
        "  def forward(self, x, train):",
        *(f"    {x}" for x in work),
    )
    source = overlay({"mytorch/dropout.py": "\n".join(lines)})
    assignment = bonus.with_limits(test_seconds=1.0, total_seconds=1.5)
    with Worker(assignment, read_questions(assignment)) as worker:
        worker.wait_ready()
        with busy(min(os.sched_getaffinity(0)), 5):
            for pid in worker.processes:
                os.sched_setaffinity(pid, os.sched_getaffinity(0))
            report = grade_in(worker, answers, source, only={TARGET}, together=False)
    (result,) = report.tests
    assert result.status not in ("timeout", "internal"), result.message
    assert result.seconds > assignment.limits.test_seconds


@pytest.mark.parametrize("seconds", [1e-9, 1e-4, 1e-3])
def test_a_rest_of_time_too_short_to_start_in_is_a_timeout(
    seconds: float, bonus: Assignment, answers: Fixtures
) -> None:
    """The last test before the limit for all together may get a rest that isn't enough to fork: nobody's fault."""
    with Worker(bonus, read_questions(bonus)) as worker:
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        assert worker.run(TARGET).ending == "ok"
        assert worker.run(TARGET, seconds=seconds).ending in ("timeout", "ok")


IMPORTS: dict[str, tuple[str, Status]] = {
    "an exception": ("raise RuntimeError('boom')", "error"),
    "an exit": ("os._exit(0)", "crashed"),
    "sys.exit": ("sys.exit()", "error"),
    "a zero byte": ("\0", "error"),
    "deep brackets": ("x = " + "(" * 5000 + ")" * 5000, "error"),
}


@pytest.mark.parametrize(("module", "status"), IMPORTS.values(), ids=IMPORTS.keys())
def test_what_happens_at_import_costs_the_parts_that_import(module: str, status: Status, grading: Grading) -> None:
    report = grading.report(dropout({}, module))
    assert lost_points(report) == {"dropout_forward": 5, "dropout_backward": 5}
    assert {test.status for test in report.tests if test.part.startswith("dropout")} == {status}


# what it prints


def test_a_hundred_megabytes_of_output_are_bounded(grading: Grading) -> None:
    bodies = {
        "print": "for _ in range(100): print('x' * 2**20)",
        "bytes": "for _ in range(1600): os.write(1, b'y' * 2**16)",
        "errors": "for _ in range(800): sys.stderr.write('\\x1b[2J\\u202e' + 'é' * 2**16)",
    }
    for result in grading.batch(bodies, seconds=30).values():  # what it returns is right, and counts
        assert result.status == "passed", result.message
        assert "bytes left out" in result.output
        assert len(result.output) > 8_000


def test_output_is_kept_with_its_test_and_made_harmless(grading: Grading) -> None:
    target = grading.target(
        r"""
        print("first", flush=True)
        os.write(2, b"\xff\x00\x1b]0;title\x07second\r\n")
        print("\x1b[31mthird\x9b2J <script>alert(1)</script>")
        """,
        once=True,
    )
    assert target.status == "passed"
    assert target.output.replace("\ufffd", "") == "first\nsecond\nthird2J <script>alert(1)</script>\n"


def test_a_test_may_do_without_its_output(grading: Grading) -> None:
    bodies = ("sys.stdout = sys.stderr = None", "sys.stdout.close()", "os.close(1); os.close(2)", "sys.stdout = 7")
    for body, result in grading.batch({body: body for body in bodies}, once=True).items():
        assert result.status == "passed", (body, result.message)


FORGED = json.dumps({"score": 1000, "tests": [{"score": 1000, "max_score": 1000, "status": "passed", "name": "all"}]})


def test_a_forged_result_on_standard_output_is_output(grading: Grading) -> None:
    target = grading.target(f"print({FORGED!r}, flush=True); os._exit(0)")
    assert target.status == "crashed"
    assert target.output.strip() == FORGED


# what it sends over the channel

FRAMES = """
def frame(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(raw)) + raw + body

def send(*chunks):
    for chunk in chunks:
        while chunk:
            chunk = chunk[os.write(3, chunk):]

def value(array, **changes):
    entry = {"role": "actual", "type": "array", "dtype": str(array.dtype), "shape": list(array.shape)}
    return entry | {"nbytes": array.nbytes} | changes

def check(array, name=None, kind="equal", params={}, **changes):
    name = name or NAMES[np.shape(array)]
    header = {"frame": "check", "name": name, "kind": kind, "params": params, "values": [value(array, **changes)]}
    return frame(header, array.tobytes())

END = frame({"frame": "end", "claim": "ok", "message": "", "score": 1000, "leaderboard": 1000})
"""
SENT: dict[str, tuple[str, Sequence[Status]]] = {
    "noise": ("send(os.urandom(5000))", ["crashed"]),
    "noise from a thread": (
        """
        def noise():
            while True:
                os.write(3, b"noise" * 100)
        threading.Thread(target=noise, daemon=True).start()
        time.sleep(0.3)
        """,
        ["crashed"],
    ),
    "an end": ("send(END)", ["crashed"]),
    "an end and an exit": ("send(END); os._exit(0)", ["failed"]),
    "its value twice": ("send(check(x))", ["crashed"]),
    "a wrong value with points of its own": (
        "send(check(x * 2, kind='at_least', params={'points': 1000, 'bound': -1e9, 'atol': 1e9}), END); os._exit(0)",
        ["failed"],
    ),
    "another check with points": (
        "send(check(np.array(1e9), 'bonus', kind='at_least', params={'points': 1000, 'bound': 0}), END); os._exit(0)",
        ["failed"],
    ),
    "a ready": ("send(frame({'frame': 'ready', 'layers': ['full', 'best']}))", ["crashed"]),
    "code for other children": (
        "send(frame({'frame': 'prepared', 'shares': True, 'nbytes': 4}, b'code')); os._exit(0)",
        ["crashed"],
    ),
    "a verdict": ("send(frame({'frame': 'result', 'score': 1000, 'max_score': 1000}))", ["crashed"]),
    "a header of 4 GiB": ("send(struct.pack('<I', 2**32 - 1), bytes(1000)); os._exit(0)", ["crashed"]),
    "a value of 60 MB that doesn't come": (
        "send(check(x, shape=[7 * 2**20], nbytes=7 * 2**23)[:500]); os._exit(0)",
        ["crashed"],
    ),
    "an array of an impossible shape": (
        "send(frame({'frame': 'check', 'name': 'y', 'values': "
        "[value(np.zeros(0), shape=[0, 2**39, 2**39])]}), END); os._exit(0)",
        ["crashed", "failed"],
    ),
    "an object": ("send(check(x, dtype='object'), END); os._exit(0)", ["crashed"]),
    "deep JSON": ("send(frame(b'[' * 200_000)); os._exit(0)", ["crashed"]),
    "a long number": ("send(frame(b'9' * 200_000)); os._exit(0)", ["crashed"]),
    "numbers that aren't": (
        'send(frame(b\'{"frame":"end","claim":"ok","score":NaN,"leaderboard":-Infinity}\')); os._exit(0)',
        ["failed"],
    ),
    "ten thousand checks": (
        "send(*(frame({'frame': 'check', 'name': str(n), 'values': []}) for n in range(10_000)))",
        ["crashed"],
    ),
    "more values than allowed": (
        "send(*(check(np.zeros(2**20), name=str(n)) for n in range(20)), END); os._exit(0)",
        ["crashed"],
    ),
    "a claim about the grader": (
        "send(frame({'frame': 'end', 'claim': 'internal', 'message': 'our own fault'})); os._exit(0)",
        ["crashed"],
    ),
}


@pytest.mark.parametrize("names", batches(SENT, FORWARD), ids=first)
def test_forged_frames_gain_nothing(names: list[str], grading: Grading) -> None:
    for name, result in grading.batch({name: SENT[name][0] for name in names}, FRAMES).items():
        assert result.status in SENT[name][1], (name, result.message)
        assert result.score == 0, name
        assert result.leaderboard is None, name


def test_a_right_value_sent_by_hand_is_a_right_value(grading: Grading) -> None:
    """A worker that forges its answer has answered the question; what isn't sent by the judge's rules is worthless."""
    body = f"""
        one, other = self.right(x, True), self.right(x, True)
        values = [value(one), value(other, role="again")]
        drops = frame({{"frame": "check", "name": {DROPS!r}, "kind": "dropout", "params": {{}}, "values": values}},
                      one.tobytes() + other.tobytes())
        send(check(x), drops, END)
        os._exit(0)
    """
    assert grading.target(body, FRAMES).status == "passed"


# what it leaves behind

FORK = """
def leave(close):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                os.write(1, b"PID %d\\n" % os.getpid())
                if close:
                    os.closerange(0, 256)
                time.sleep(300)
            os._exit(0)
    time.sleep(0.3)
"""


@pytest.mark.parametrize("level", ["none", "full"])
def test_processes_left_over_are_dead(level: Level, grading: Grading) -> None:
    """They moved to sessions of their own, so killing a group isn't enough. `full` doesn't let them start."""
    bodies = {"open": "leave(False)", "closed": "leave(True)", "twice": "os.fork(); time.sleep(0.1)"}
    results = grading.batch(bodies, FORK, level=level)
    for name in ("open", "closed"):
        left = [int(pid) for pid in re.findall(r"PID (\d+)", results[name].output)]
        assert left or results[name].status == "error"
        assert not [pid for pid in left if alive(pid)]
    # of two processes that both go on, the second sends everything again, or is dead by then
    assert results["twice"].status in ("passed", "crashed", "error")


def test_threads_left_over_are_dead(grading: Grading) -> None:
    target = grading.target("threading.Thread(target=time.sleep, args=[300]).start()")
    assert target.status == "passed"


@pytest.mark.usefixtures("calls_filtered")
def test_a_signal_to_the_parent_costs_one_test(grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a jail it arrives, and a new parent must be started for the tests that follow."""
    monkeypatch.setattr(run, "EXIT_SECONDS", 0.5)
    bodies = {name: f"os.kill(os.getppid(), signal.{name})" for name in ("SIGKILL", "SIGSTOP")}
    grading.batch(bodies, level="none", seconds=2, once=True)
    for result in grading.batch(bodies, level="full").values():
        assert result.status == "error"
        assert "PermissionError" in result.message


@pytest.mark.usefixtures("calls_filtered")
def test_signals_to_everybody_reach_nobody(grading: Grading) -> None:
    bodies = {target: f"os.kill({target}, 0); print('SENT')" for target in ("-1", "1", str(os.getpid()), "2**31 - 1")}
    for target, result in grading.batch(bodies).items():
        assert result.status == "error", target
        assert not result.output.startswith("SENT"), target


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_zygote_that_dies_between_two_tests_is_replaced(
    number: signal.Signals, bonus: Assignment, answers: Fixtures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "EXIT_SECONDS", 0.5)
    before = descendants()
    with Worker(bonus.with_limits(test_seconds=1), read_questions(bonus)) as worker:
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        first = worker.run(TARGET)
        for pid in descendants() - before:
            os.kill(pid, number)
        second = worker.run(TARGET)
    assert first.ending == second.ending == "ok"
    assert [item.name for item in first.observations] == [item.name for item in second.observations]


def test_a_zygote_whose_death_isnt_seen_yet_is_replaced_too(
    bonus: Assignment, answers: Fixtures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a kill and the end of the process its socket is closed already, and there is nothing to wait for yet."""
    asked: list[bool] = []

    def alive(zygote: launch.Zygote, seen: Callable[[launch.Zygote], bool] = launch.Zygote.alive) -> bool:
        asked.append(seen(zygote))
        return len(asked) == 1 or asked[-1]

    with Worker(bonus, read_questions(bonus)) as worker:
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        worker.wait_ready()
        zygote = worker._zygote
        assert zygote is not None
        os.kill(zygote.pid, signal.SIGKILL)
        os.waitid(os.P_PID, zygote.pid, os.WEXITED | os.WNOWAIT)
        monkeypatch.setattr(launch.Zygote, "alive", alive)
        assert worker.run(TARGET).ending == "ok"
    assert asked[0] is False


def test_a_worker_whose_twin_dies_while_it_starts_starts_again(
    bonus: Assignment, answers: Fixtures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the zygote said before that, it doesn't say again: a second wait took all of its two minutes."""
    with Worker(bonus, read_questions(bonus)) as worker:
        zygote = worker._zygote
        assert zygote is not None
        until = time.monotonic() + 30
        while not (twins := children(zygote.pid)):
            assert time.monotonic() < until
            time.sleep(0.001)
        os.kill(min(twins), signal.SIGKILL)
        with pytest.raises(InternalError, match="didn't start"):
            worker.wait_ready()
        monkeypatch.setattr("grader.sandbox.worker.COLLECT_SECONDS", 30)
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        assert worker.run(TARGET).ending == "ok"


def test_children_take_the_code_that_the_first_one_compiled_of_their_own_hand_in(
    bonus: Assignment, answers: Fixtures, places: list[Place]
) -> None:
    visible = [place.test for place in places if "forward" in place.test][:2]
    with Worker(bonus, read_questions(bonus)) as worker:
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        assert not any(map(worker.hides, visible))
        assert [recording.ending for recording in worker.run_together(visible)] == ["ok", "ok"]
        prepared = worker._prepared
        assert prepared is not None
        assert prepared.shares
        codes = marshal.loads(prepared.codes)  # noqa: S302  # of the reference
        files = {str(file): file.read_bytes() for file in worker.submission.rglob("*.py")}
        assert {path: data for data, path in codes} == files
        # code that the hand-in hasn't shows which one is run
        other = {key: compile("raise ValueError('other code')", key[1], "exec") for key in codes}
        with open(worker._codes, "wb", closefd=False) as file:
            file.truncate(0)
            file.seek(0)
            file.write(marshal.dumps(other))
        assert "other code" in worker.run(visible[0]).message
        worker.empty_submission()
        ingest(bonus.reference, bonus.submission, answers.required, worker.submission)
        assert worker.run(visible[0]).ending == "ok"


def test_a_test_finds_nothing_of_the_one_before(grading: Grading) -> None:
    body = """
        import tempfile
        found = sorted(os.listdir("."))
        open("left.txt", "w").write("left")
        os.mkdir("folder"); open("folder/left.txt", "w").write("left")
        os.symlink("/nowhere", "link")
        os.mkdir("closed"); os.chmod("closed", 0)
        tempfile.NamedTemporaryFile(delete=False)
        if found: raise ValueError(found)
    """
    module = f"def leave():\n{textwrap.indent(textwrap.dedent(body), '    ')}\nleave()"
    report = grading.report(dropout({}, module))
    assert lost_points(report) == {}, [test.message for test in report.tests]


def test_a_link_in_the_work_folder_isnt_followed(grading: Grading, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept", "utf-8")
    target = grading.target(
        f"os.symlink({str(outside)!r}, 'folder'); os.symlink({str(outside / 'kept.txt')!r}, 'file')",
        level="none",
        once=True,
    )
    assert target.status == "passed"
    assert (outside / "kept.txt").read_text("utf-8") == "kept"


def test_folders_nested_deep_are_cleared_away(grading: Grading) -> None:
    """A function that calls itself for each folder gives up at a thousand."""
    target = grading.target("for _ in range(1500): os.mkdir('d'); os.chdir('d')")
    assert target.status == "passed", target.message


def test_the_work_folder_itself_may_be_gone(grading: Grading) -> None:
    bodies = {"removed": "os.rmdir(os.getcwd())", "moved": "os.rename(os.getcwd(), os.getcwd() + '-gone')"}
    for name, result in grading.batch(bodies, level="none", once=True).items():
        assert result.status == "passed", (name, result.message)


def test_a_new_zygote_gets_a_new_work_folder(grading: Grading) -> None:
    bodies = {
        "moved": "os.rename(os.getcwd(), os.getcwd() + '-gone'); os.kill(os.getppid(), signal.SIGKILL)",
        "next": "pass",
    }
    assert grading.batch(bodies, level="none", once=True)["next"].status == "passed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user for student code")
def test_a_temporary_folder_that_only_its_owner_may_enter(
    scratch: Path, grading: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch.chmod(0o700)
    assert grading.target("pass").status == "passed"


# what it can see


def paths_to_guard(grading: Grading, more: Sequence[Path]) -> list[str]:
    assignment = grading.assignment
    wanted = [
        assignment.folder / "fixtures" / "graded.npz",
        assignment.folder / "fixtures" / "public.npz",
        assignment.folder / "variants.toml",
        assignment.reference / "mytorch" / "dropout.py",
        assignment.reference / "mytorch" / "optimizer.py",
        *more,
    ]
    assert all(path.exists() for path in wanted)
    return [str(path) for path in wanted]


@pytest.mark.usefixtures("files_guarded")
@pytest.mark.parametrize("level", ["landlock", "full"])
def test_answers_cant_be_read(level: Level, grading: Grading, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_text("{}", "utf-8")
    paths = paths_to_guard(grading, [results])
    folders = sorted({str(Path(path).parent) for path in paths})
    target = grading.target(
        f"""
        tries = [(open, path) for path in {paths!r}] + [(os.listdir, path) for path in {folders!r}]
        tries += [(open, "/proc/self/root" + path) for path in {paths!r}]
        tries += [(open, f"/proc/{{os.getppid()}}/{{name}}") for name in ("environ", "mem", "maps", "cmdline")]
        tries += [(os.readlink, f"/proc/{{os.getppid()}}/{{name}}") for name in ("cwd", "exe", "fd/0")]
        tries += [(os.listdir, path) for path in ("/root", "/home", "/tmp", "/proc", "/dev/shm")]
        tries += [(lambda path: os.link(path, "linked"), path) for path in {paths!r}]
        for attempt, path in tries:
            try:
                attempt(path)
                print("REACHED", path)
            except OSError:
                pass
        """,
        level=level,
    )
    assert target.status == "passed", target.message
    reached = set(re.findall("REACHED (.*)", target.output))
    if level == "landlock":  # which doesn't hide that a file is there, nor a process of the same user
        reached = {path for path in reached if not path.startswith("/proc/")}
    assert not reached


@pytest.mark.usefixtures("files_guarded")
def test_nothing_outside_the_work_folder_can_be_written(
    scratch: Path, grading: Grading, tmp_path: Path, bonus: Assignment
) -> None:
    results = tmp_path / "results.json"
    results.write_text("{}", "utf-8")
    before = {path: path.read_bytes() for path in (results, bonus.toml, *bonus.reference.rglob("*.py"))}
    target = grading.target(
        f"""
        paths = [{str(results)!r}, {str(bonus.toml)!r}, {str(bonus.reference)!r} + "/mytorch/dropout.py"]
        paths += [__file__, sys.modules["grader.testing.check"].__file__, np.__file__, sys.executable]
        paths += [{str(scratch)!r} + "/new", "/tmp/grader-new", "/dev/shm/new", "/var/tmp/new", os.getcwd() + "/../new"]
        paths += [os.path.dirname(__file__) + "/conftest.py", os.getcwd() + "/../tests/conftest.py"]
        for path in paths:
            for attempt in (lambda: open(path, "a"), lambda: os.unlink(path), lambda: os.rename(path, path + "x"),
                            lambda: os.truncate(path, 0), lambda: os.mkdir(path + "-folder"),
                            lambda: os.replace("own.txt", path)):
                try:
                    open("own.txt", "w").write("own")
                    attempt()
                    print("WRITTEN", path)
                except OSError:
                    pass
        """,
    )
    assert target.status == "passed", target.message
    assert "WRITTEN" not in target.output
    assert {path: path.read_bytes() for path in before} == before


def test_the_process_is_bare(grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, arguments, descriptors or modules but those that tests need."""
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH", "AWS_SECRET_ACCESS_KEY", "USER", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "hunter2")
    results = grading.batch(
        {
            "environment": "print(json.dumps([dict(os.environ), sys.argv, os.getcwd(), sys.flags.no_user_site]))",
            "descriptors": """
                for number in range(4096):
                    try:
                        os.fstat(number)
                        print(number)
                    except OSError:
                        pass
                """,
            "modules": "print(json.dumps(sorted(name for name in sys.modules if name.startswith('grader'))))",
        },
        once=True,
    )
    environment, arguments, folder, no_user_site = json.loads(results["environment"].output)
    assert "hunter2" not in str(environment)
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"}
    homes = {"HOME", "TMPDIR", "MPLCONFIGDIR", "TORCH_HOME", "XDG_CACHE_HOME"}
    pytests = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"}
    memory = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES"}
    assert set(environment) <= {"PATH", "LANG", "LC_CTYPE", "PYTHONHASHSEED"} | threads | homes | pytests | memory
    assert {environment[name] for name in homes} == {folder}
    assert {environment[name] for name in threads} == {"1"}
    assert len(arguments) == 1
    assert no_user_site == 1
    assert results["descriptors"].output.split() == ["0", "1", "2", "3"]
    # what compares, and what it compares with, is in another process, and not a module away either
    loaded = json.loads(results["modules"].output.splitlines()[0])
    judges = ("grader.judge", "grader.fixtures", "grader.authoring", "grader.export", "grader.grade", "grader.cli")
    assert "grader.testing.check" in loaded
    assert not [name for name in loaded if name.startswith(judges)]


def test_no_answer_is_in_memory(grading: Grading, answers: Fixtures) -> None:
    """Every array that the process holds is compared with the answers of the hidden tests."""
    secret = [
        value.array
        for test in answers.tests
        if test.visibility != "visible"
        for item in test.expected
        for value in item.values.values()
        if value.array is not None and value.array.size > 8 and value.array.any()
    ]
    assert secret
    sums = sorted({float(np.sum(array)) for array in secret})
    target = grading.target(
        f"""
        import gc
        gc.unfreeze()
        arrays = [one for one in gc.get_objects() if type(one) is np.ndarray]
        for one in gc.get_objects():
            for name, value in list(vars(one).items()) if hasattr(one, "__dict__") else ():
                if type(value) is np.ndarray: arrays.append(value)
        print(len(arrays), [float(a.sum()) for a in arrays if a.dtype == float and float(a.sum()) in {sums!r}])
        """,
        seconds=20,
    )
    assert target.status == "passed", target.message
    assert target.output.rstrip().endswith("[]")


# what it patches

PATCHES = {
    "numpy": """
        import numpy.testing
        for name in ("allclose", "array_equal", "isclose", "array_equiv", "abs", "all", "max"):
            setattr(np, name, lambda *a, **k: True)
        for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_array_almost_equal"):
            setattr(np.testing, name, lambda *a, **k: None)
        """,
    "pytest": """
        import pytest, _pytest.runner, _pytest.outcomes
        pytest.fail = pytest.raises = lambda *a, **k: None
        _pytest.runner.call_and_report = _pytest.runner.runtestprotocol = lambda *a, **k: []
        """,
    "the messages of a check": """
        import grader.testing.check as module
        module.Observation.__eq__ = lambda *a: True
        module.random.seed = lambda *a: None
        """,
    "how a test ends": """
        import grader.testing.plugin as plugin, grader.testing.explain as explain
        explain.explain = plugin.explain = lambda *a: ("ok", "")
        """,
}


@pytest.mark.parametrize("module", PATCHES.values(), ids=PATCHES.keys())
def test_a_patched_library_makes_nothing_right(module: str, grading: Grading) -> None:
    assert grading.target("return x * 2", module).status == "failed"


SILENT = {
    "a check that says nothing": """
        import grader.testing.check as module
        module.Check.__call__ = module.Check._add = module.Check.dropout = lambda *a, **k: None
        """,
    "an encoder that sends nothing": """
        import grader.sandbox.wire as wire, grader.sandbox.child.zygote as zygote
        wire.encode_observation = zygote.encode_observation = lambda *a: ([], 0)
        """,
    "an encoder that sends everything twice": """
        import grader.sandbox.child.zygote as zygote
        encode = zygote.encode_observation
        zygote.encode_observation = lambda *a: (encode(*a)[0] * 2, 0)
        """,
    "a channel that claims success": """
        import grader.sandbox.child.zygote as zygote
        zygote.Channel.write = lambda *a: None
        """,
}


@pytest.mark.parametrize("module", SILENT.values(), ids=SILENT.keys())
def test_a_patched_channel_makes_nothing_right(module: str, grading: Grading) -> None:
    report = grading.report(dropout({}, module))
    assert lost_points(report) == {"dropout_forward": 5, "dropout_backward": 5}


def test_values_of_a_test_that_dies_later_dont_count(grading: Grading) -> None:
    """The first value is sent, and right; what ends the process comes after it."""
    target = grading.target(
        "threading.Timer(0.1, lambda: os._exit(0)).start(); Dropout.__del__ = lambda _: time.sleep(5)"
    )
    assert target.status == "crashed"
    assert target.score == 0


def test_an_input_set_to_zero_makes_nothing_right(grading: Grading) -> None:
    """What a check compares with comes from the reference's run, so a submission can't change it."""
    module = """
        class Zero:
            def __init__(self, p=0.5): pass
            def __call__(self, x): return self.forward(x)
            def forward(self, x, train=True):
                x[...] = 0
                return x
            def backward(self, delta):
                delta[...] = 0
                return delta
        """
    report = grading.report(dropout({}, textwrap.dedent(module) + "\nDropout = Zero\n"))
    assert lost_points(report) == {"dropout_forward": 5, "dropout_backward": 5}


def test_files_named_like_libraries_shadow_nothing(grading: Grading) -> None:
    names = (
        *("numpy", "random", "pytest", "_pytest", "conftest", "sitecustomize", "usercustomize", "site", "grader"),
        *("json", "os", "typing", "encodings", "test_adam", "stand_ins", "threading", "struct", "_struct", "warnings"),
        *("gradescope_utils", "socket", "hashlib", "linecache", "traceback", "math", "__init__", "__main__"),
    )
    report = grading.report({f"mytorch/{name}.py": f"raise SystemExit('{name} was imported')\n" for name in names})
    assert lost_points(report) == {}, [test.message for test in report.tests]


# what it returns

LIARS = """
class Liar(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return True
    def __eq__(self, other): return True
    def __array_finalize__(self, other): pass
    def tobytes(self): return b""

class Claims:
    shape, dtype, ndim = (12, 30), np.dtype(float), 2
    def __init__(self, x): self.x = x
    def __array__(self, *a, **k): return self.x
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a, **k: True

class Number(float):
    def __eq__(self, other): return True
    __rsub__ = __sub__ = lambda self, other: 0.0

class Meta(type):
    @property
    def __name__(cls): raise RuntimeError("no name")

class Unnamed(metaclass=Meta): pass
"""
LIES: dict[str, str] = {
    "None": "is None",
    "x.tolist()": "is a list",
    "(x, x)": "is a tuple",
    "0.0": "number",
    "float(x.sum())": "number",
    "np.float64(1)": "number",
    "np.array(1.0)": "shape ()",
    "x.view(Liar)": "Liar",
    "Claims(x)": "Claims",
    "Number(1)": "Number",
    "np.ma.masked_array(x, True)": "MaskedArray",
    "x.view(np.recarray)": "recarray",
    "memoryview(x)": "memoryview",
    "iter(x)": "iterator",
    "x.astype(object)": "object",
    "np.full(x.shape, None)": "object",
    "x.astype(str)": "str",
    "np.empty(x.shape, 'V8')": "void",
    "np.full(x.shape, '2020', 'M8[s]')": "datetime64",
    "np.zeros(x.shape, [('a', float)])": "void",
    "x.astype(complex)": "complex128 values",
    "x != 0": "bool values",
    "(x * 1000).astype(int)": "int64 values",
    "x.astype(np.longdouble)": "float128",
    "x[:1]": "shape",
    "x.T": "shape",
    "x[None]": "shape",
    "x.ravel()": "shape",
    "np.zeros(0)": "shape (0,)",
    "np.zeros((0,) * 32)": "shape",
    "x * np.nan": "nan",
    "np.where(x > 0, np.inf, x)": "",
    "np.full_like(x, -np.inf)": "",
    "x * 1e300": "",
    "np.broadcast_to(x.ravel()[0], x.shape)": "",
    "np.zeros((3000, 3000))": "more than a test may return",
    "'the right answer'": "text",
    "b'the right answer'": "bytes",
    "type('\\x1b[31mA' + 'B' * 10**5, (), {})()": "AB",
    "Unnamed()": "",
    "NotImplemented": "NotImplementedType",
    "...": "ellipsis",
    "np": "module",
    "10**400": "",
    "object": "type",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lies", batches(LIES, FORWARD), ids=first)
def test_values_of_a_wrong_form_fail_with_their_reason(lies: list[str], grading: Grading) -> None:
    """The judge takes all of it in silence: what it prints, a platform shows."""
    for lie, result in grading.batch({lie: f"return {lie}" for lie in lies}, LIARS).items():
        assert result.status in ("failed", "error"), lie
        assert result.score == 0, lie
        assert result.message, lie
        assert LIES[lie] in f"{result.message} {result.hint}", lie


LAYOUTS = (
    "np.asfortranarray(y)",
    "y.astype('>f8')",
    "y.astype(np.float32)",
    "np.repeat(y, 2, axis=-1)[..., ::2]",
    "np.flip(np.flip(y).copy())",
)


def test_right_values_are_right_however_they_lie_in_memory(grading: Grading) -> None:
    bodies = {layout: f"y = self.right(x, train); return {layout}" for layout in LAYOUTS}
    for layout, result in grading.batch(bodies).items():
        assert result.status == "passed", (layout, result.message)


# under less isolation


@pytest.mark.parametrize("level", [level for level in LEVELS if level != "full"])
def test_every_level_grades_the_same_or_says_why_not(level: Level, grading: Grading) -> None:
    if os.geteuid() == 0 and level in ("basic", "seccomp"):
        pytest.skip("for root these levels don't guard the answers, and grading is refused")
    assert grading.target("raise ValueError('boom')", level=level).status == "error"
