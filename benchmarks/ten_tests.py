"""The same ten tests graded by gradescope_utils, by plain pytest and by `grader grade`, in turn, in one run.

Prints medians of wall time, processor time and the greatest resident size of a single process, and the two ratios with
a bound. Only ratios within one run are compared, because machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent / "ten_tests"
WALL_RATIO = 1.0
"""The most wall time of `grader grade`, in multiples of plain pytest's."""
PEAK_MB = 80.0


@dataclass(frozen=True)
class Cost:
    """The cost of one run."""

    wall: float
    cpu: float
    peak_mb: float


def measure(command: list[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run a command to its end; it must succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    assert process.stderr is not None
    errors = process.stderr.read()
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {status}:\n{errors}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def prepare(folder: Path, python: str) -> None:
    """Fill the peers' run folder: the reference is the submission, and its values are the expected ones."""
    for file in (*HERE.glob("peers/*.py"), HERE / "testcases/ten/cases.py", HERE / "reference/ten/solution.py"):
        shutil.copy(file, folder)
    subprocess.run(
        [python, "-m", "grader", "record", "ten", "--project", str(HERE)], check=True, stdout=subprocess.DEVNULL
    )
    sys.path.insert(0, str(folder))
    import cases  # type: ignore[import-not-found]  # on the path of this run alone
    import solution  # type: ignore[import-not-found]  # on the path of this run alone

    np.savez(folder / "expected.npz", **{name: case(solution) for name, case in cases.CASES.items()})


def main() -> int:
    """Measure and print; exit code 1 when a bound doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each is run (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    options = parser.parse_args()
    python = sys.executable
    grader = str(Path(python).with_name("grader"))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder, python)
        results = str(folder / "results.json")
        rows = {
            "a  gradescope-utils": [python, "run_gradescope.py", results],
            "b  plain pytest": [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py"],
            "c  grader grade": [grader, "grade", "ten", "solution.py", "--project", str(HERE), "-o", results],
        }
        costs: dict[str, list[Cost]] = {name: [] for name in rows}
        for turn in range(options.rounds + 1):
            for name, command in rows.items():
                cost = measure(command, folder, environment)
                if turn:  # the first turn warms the disk's cache
                    costs[name].append(cost)
        tests = json.loads(Path(results).read_text("utf-8"))["tests"]
        assert sum(test["score"] for test in tests) == 100, tests
    return show(costs, options.json)


def show(costs: dict[str, list[Cost]], file: Path | None) -> int:
    """Print the table and the ratios."""
    medians = {
        name: Cost(*(statistics.median(getattr(cost, field) for cost in runs) for field in ("wall", "cpu", "peak_mb")))
        for name, runs in costs.items()
    }
    print(f"{'ten numpy tests, medians of ' + str(len(next(iter(costs.values())))):34} wall s    CPU s   peak MiB")
    for name, cost in medians.items():
        print(f"{name:34} {cost.wall:6.3f}   {cost.cpu:6.3f}   {cost.peak_mb:8.1f}")
    a, b, c = medians.values()
    # compare runs that are adjacent in time, so that a slow minute affects both
    pairs = zip(*list(costs.values())[1:], strict=True)
    ratio = statistics.median(ours.wall / theirs.wall for theirs, ours in pairs)
    print(f"wall c/b {ratio:.2f} (at most {WALL_RATIO})   c/a {c.wall / a.wall:.2f}   CPU c/b {c.cpu / b.cpu:.2f}")
    print(f"peak of c's largest process {c.peak_mb:.1f} MiB (at most {PEAK_MB:g})")
    if file is not None:
        file.write_text(
            json.dumps({name: vars(cost) for name, cost in medians.items()} | {"c/b": ratio}, indent=1) + "\n"
        )
    return 0 if ratio <= WALL_RATIO and c.peak_mb <= PEAK_MB else 1


if __name__ == "__main__":
    sys.exit(main())
