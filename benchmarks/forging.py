"""Score-forging and harmful hand-ins, graded by gradescope-utils, by pytest and by `grader grade`, side by side.

    python benchmarks/forging.py                       all rows and a table; exit code 1 when a bound doesn't hold
    python benchmarks/forging.py --only atexit         one row; may be given again
    python benchmarks/forging.py --markdown FILE       the table as Markdown too

All three grade the same ten tests of ten points (`benchmarks/ten_tests`). A forging hand-in is based on a solution in
which every value is wrong: its fair score is 0. A harmful one is based on the right solution and misbehaves in Adam,
which two tests call: the other eight tests must keep their 80 points. The attacks know all paths, as on a platform.
pytest has a conftest that writes results.json; pytest-timeout is used if it is installed.

Every run has its own folder, session and (if allowed) pid namespace, limits on memory, file size and processor time,
and 25 s. Results are read when the grader has ended, and again 4 s later if a process is left.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

HERE = Path(__file__).resolve().parent
TEN = HERE / "ten_tests"
FORGING = HERE / "forging"
DEADLINE = 60.0
"""Seconds for one whole run; the run's own supervisor ends it after 25 s and the wait."""
ADAM = 20.0
"""The points of the two tests that call Adam."""
PEERS = ("gradescope-utils", "pytest")
OURS = "grader"
TESTS = 10


@dataclass(frozen=True)
class Attack:
    """One hand-in."""

    name: str
    """The stem of a file in `forging/attacks`; its docstring is the title of the row."""
    fair: float
    """The most that it is worth."""
    innocent: float
    """The points of the tests in which it behaves: no grader may give less."""
    on: Literal["wrong", "right"] = "wrong"
    """The solution that it is written below."""

    @property
    def title(self) -> str:
        if self.name in ("right", "wrong"):
            return f"control: {self.name}"
        text = (FORGING / "attacks" / f"{self.name}.py").read_text("utf-8")
        return (ast.get_docstring(ast.parse(text)) or self.name).splitlines()[0]


def _harmful(name: str, fair: float = 100 - ADAM) -> Attack:
    return Attack(name, fair, 100 - ADAM, "right")


CONTROLS = (Attack("right", 100, 100, "right"), Attack("wrong", 0, 0))
FORGERIES = tuple(
    Attack(name, 0, 0)
    for name in (
        *("atexit", "read_expected", "patched_asserts", "lying_subclass", "walks_the_stack", "prints_results"),
        *("writes_and_exits", "patched_runner", "thread", "detached", "deletes_tests", "overwrites_tests"),
    )
)
HARM = (
    *(_harmful(name) for name in ("endless_loop", "stubborn_loop", "os_exit", "sys_exit", "kills_itself")),
    Attack("sys_exit_at_import", 0, 0, "right"),
    _harmful("memory_bomb"),
    # these compute right values, so all points are fair
    *(_harmful(name, 100) for name in ("sleepers", "forks_and_goes_on", "prints_60_mb")),
    _harmful("strange_text"),
    Attack("prints_its_caller", 0, 0),
    Attack("missing_module", 0, 0),
)
ATTACKS = (*CONTROLS, *FORGERIES, *HARM)


@dataclass(frozen=True)
class Outcome:
    """The contents of a results file."""

    score: float | None
    """None if there is no readable file."""
    fault: str
    """Why a platform would refuse it; empty if it wouldn't."""
    size: int
    leak: bool = False
    """Whether it contains an expected number with all digits that no comparison's message shows."""


@dataclass(frozen=True)
class Graded:
    """One hand-in graded by one grader."""

    at_exit: Outcome
    later: Outcome

    @property
    def score(self) -> float | None:
        return self.later.score

    def cell(self) -> str:
        """The text of the table's cell."""
        notes = [self.later.fault] if self.later.fault else []
        if self.at_exit.score != self.later.score:
            notes.append(f"{_points(self.at_exit.score)} at exit")
        if self.later.size > 10**6:
            notes.append(f"{self.later.size / 10**6:.0f} MB")
        if self.later.leak:
            notes.append("expected values in it")
        return _points(self.score) + (f" ({', '.join(notes)})" if notes else "")


def _points(score: float | None) -> str:
    return "none" if score is None else f"{score:g}"


def read(file: Path, secrets: set[str], schema: Callable[[Any], str] | None) -> Outcome:
    """Read a results file as strictly as a platform may."""
    try:
        raw = file.read_bytes()
    except OSError:
        return Outcome(None, "no file", 0)
    if not raw:
        return Outcome(None, "0 bytes", 0)
    try:
        results = json.loads(raw, parse_constant=_refuse)
        tests = results["tests"]
        score = float(sum(test.get("score", 0) for test in tests) if tests else results.get("score", 0))
        score = float(results.get("score", score))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Outcome(None, "invalid JSON", len(raw))
    fault = ""
    try:
        text = json.dumps(results, ensure_ascii=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        fault = "a lone surrogate, invalid for strict parsers"
    else:
        fault = schema(results) if schema is not None else ""
    if len(tests) != TESTS:
        fault = fault or f"{len(tests)} test{'' if len(tests) == 1 else 's'}"
    return Outcome(score, fault, len(raw), any(secret in raw.decode("utf-8", "replace") for secret in secrets))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def gradescope_schema() -> Callable[[Any], str] | None:
    """Return a function that names the first fault by the project's schema; None without jsonschema."""
    if importlib.util.find_spec("jsonschema") is None:
        return None
    import jsonschema

    file = HERE.parent / "grader/export/schemas/gradescope-results.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(file.read_text("utf-8")))
    return lambda results: next((error.message[:80] for error in validator.iter_errors(results)), "")


class Bench:
    """The parts that every run needs, made once in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = sys.executable
        self.project = folder / "project"
        for name in ("testcases", "reference"):
            shutil.copytree(TEN / name, self.project / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.grader = [self.python, "-m", "grader"]
        self._run([*self.grader, "record", "ten", "--project", str(self.project)])
        self.secrets = self._expected()
        self.schema = gradescope_schema()
        self.namespace = self._namespace()
        self.timeout = ["-p", "pytest_timeout", "--timeout=5"] if importlib.util.find_spec("pytest_timeout") else []
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.environment = {**os.environ, **threads, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0"}

    @staticmethod
    def _run(command: list[str]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)

    def _expected(self) -> set[str]:
        """Write the peers' expected values; return some of their numbers, with all digits.

        Excludes the first numbers of an array, which messages show, and arrays that share numbers with the inputs.
        """
        program = (
            "import cases, solution, numpy as np; "
            "np.savez('expected.npz', **{name: case(solution) for name, case in cases.CASES.items()})"
        )
        for file in (TEN / "testcases/ten/cases.py", TEN / "reference/ten/solution.py"):
            shutil.copy(file, self.folder)
        subprocess.run([self.python, "-c", program], cwd=self.folder, check=True, timeout=DEADLINE)
        names = ("linear_forward", "linear_dx", "linear_dw", "softmax", "momentum", "adam_one_step", "adam_ten_steps")
        with np.load(self.folder / "expected.npz") as arrays:
            numbers = [repr(float(cell)) for name in names for cell in arrays[name].ravel()[10:20]]
        return {number for number in numbers if len(number) > 15}

    @staticmethod
    def _namespace() -> list[str]:
        command = ["unshare", "-pf", "--mount-proc", "--kill-child"]
        try:
            subprocess.run([*command, "true"], check=True, capture_output=True, timeout=10)
        except (OSError, subprocess.SubprocessError):
            return []
        return command

    def submission(self, attack: Attack, folder: Path) -> str:
        """The text of solution.py."""
        base = TEN / "reference/ten/solution.py" if attack.on == "right" else FORGING / "wrong.py"
        text = f"RUN = {str(folder)!r}\n\n{base.read_text('utf-8')}"
        if attack not in CONTROLS:
            text += "\n\n" + (FORGING / "attacks" / f"{attack.name}.py").read_text("utf-8")
        return text

    def lay_out(self, grader: str, attack: Attack, folder: Path) -> list[str]:
        """Fill a run's folder; return the command."""
        (folder / "solution.py").write_text(self.submission(attack, folder), "utf-8")
        results = str(folder / "results.json")
        if grader == OURS:
            shutil.copytree(self.project, folder / "project")
            project = ["--project", str(folder / "project"), "--test-seconds", "5"]
            return [*self.grader, "grade", "ten", "solution.py", *project, "-o", results]
        if grader == "gradescope-utils":
            own = (TEN / "peers/gradescope_suite.py", FORGING / "peers/run_tests.py")
        else:
            own = (TEN / "peers/test_plain.py", FORGING / "peers/conftest.py")
        for file in (*own, TEN / "testcases/ten/cases.py", self.folder / "expected.npz"):
            shutil.copy(file, folder)
        if grader == "gradescope-utils":
            return [self.python, "run_tests.py", results]
        options = ["-q", "-p", "no:cacheprovider", *self.timeout, f"--rootdir={folder}"]
        return [self.python, "-m", "pytest", *options, "test_plain.py"]

    def grade(self, grader: str, attack: Attack) -> Graded:
        """Let one grader grade one hand-in, in a folder that is removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        folder.chmod(0o755)  # the mode of a temporary folder must not be what protects
        try:
            command = self.lay_out(grader, attack, folder)
            return self._supervised(command, folder, self.schema if grader == OURS else None)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _supervised(self, command: list[str], folder: Path, schema: Callable[[Any], str] | None) -> Graded:
        supervisor = [self.python, str(FORGING / "supervise.py"), str(folder), *command]
        process = subprocess.Popen(
            [*self.namespace, *supervisor],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        timer = _Deadline(process.pid)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            ended = json.loads(process.stdout.readline() or "null")
            at_exit = read(folder / "results.json", self.secrets, schema)
            process.stdin.write("\n")
            process.stdin.close()
            process.stdout.readline()
            process.wait()
            if ended is None:
                raise SystemExit(f"the supervisor of {command} died")
            later = read(folder / "results.json", self.secrets, schema) if ended["alive"] else at_exit
            return Graded(at_exit, later)
        finally:
            timer.stop()
            process.wait()


class _Deadline:
    """Kills a session from outside when it exceeds its deadline."""

    def __init__(self, pid: int) -> None:
        self._timer = threading.Timer(DEADLINE, os.killpg, (pid, signal.SIGKILL))
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()


def faults(attack: Attack, graded: Graded) -> Iterator[str]:
    """Yield a sentence for each bound that `grader grade` broke."""
    for outcome in (graded.at_exit, graded.later):
        if outcome.score is None or outcome.fault:
            yield f"{attack.title}: the results are no good ({outcome.fault})"
            return
        if outcome.score > attack.fair:
            yield f"{attack.title}: {outcome.score:g} points, and {attack.fair:g} would be fair"
        if outcome.score < attack.innocent:
            yield f"{attack.title}: {outcome.score:g} points, and innocent tests alone are worth {attack.innocent:g}"
        if outcome.leak:
            yield f"{attack.title}: the results show an expected value"


def table(rows: list[tuple[Attack, dict[str, Graded]]], timeout: bool) -> list[list[str]]:
    """The cells, with a headline."""
    pytest = "pytest with pytest-timeout" if timeout else "pytest"
    lines = [["hand-in", "fair", "gradescope-utils", pytest, "`grader grade`"]]
    for attack, graded in rows:
        lines.append([attack.title, _between(attack), *(graded[name].cell() for name in (*PEERS, OURS))])
    forged = [(attack, graded) for attack, graded in rows if attack in FORGERIES]
    if len(forged) == len(FORGERIES):
        counts = [sum((graded[name].score or 0) >= 90 for _, graded in forged) for name in (*PEERS, OURS)]
        lines.append([f"**forgeries worth 90 or more, of {len(forged)}**", "0", *(f"**{count}**" for count in counts)])
    return lines


def _between(attack: Attack) -> str:
    return f"{attack.innocent:g}" if attack.innocent == attack.fair else f"{attack.innocent:g} to {attack.fair:g}"


def markdown(lines: list[list[str]]) -> str:
    """The table as Markdown."""
    head, *rest = lines
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *rest]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def show(lines: list[list[str]]) -> None:
    """Print the table in columns."""
    cells = [[cell.replace("**", "").replace("`", "") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[attack.name for attack in ATTACKS], metavar="NAME")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there as Markdown")
    options = parser.parse_args()
    attacks = [attack for attack in ATTACKS if not options.only or attack.name in options.only]
    rows: list[tuple[Attack, dict[str, Graded]]] = []
    with tempfile.TemporaryDirectory(prefix="forging-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        bench = Bench(folder)
        if not bench.namespace:
            print("no pid namespaces here: what a peer leaves behind is killed by its supervisor", file=sys.stderr)
        for number, attack in enumerate(attacks, 1):
            start = time.monotonic()
            rows.append((attack, {grader: bench.grade(grader, attack) for grader in (*PEERS, OURS)}))
            took = time.monotonic() - start
            print(f"[{number}/{len(attacks)}] {attack.title} ({took:.0f} s)", file=sys.stderr, flush=True)
        lines = table(rows, bool(bench.timeout))
    show(lines)
    if options.markdown is not None:
        options.markdown.write_text(markdown(lines), "utf-8")
    found = [fault for attack, graded in rows for fault in faults(attack, graded[OURS])]
    for fault in found:
        print(f"WRONG: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
