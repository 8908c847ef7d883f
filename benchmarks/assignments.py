"""Measures the grading of each assignment's reference: seconds, processor time, and the memory of all processes.

Memory is the proportional set size: a page that several processes share counts once. The bounds are those of a small
grading container; the exit code is 1 if one doesn't hold.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.assignment import Assignment
from grader.settings import load_assignment

ROOT = Path(__file__).resolve().parent.parent
WALL = {"numpy": 2.5, "torch": 8.0}
"""The most wall seconds, by library."""
PEAK_MB = 600.0
PAUSE = 0.02
"""Seconds between two measurements of the memory."""


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    # any process may end while it is read
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text("ascii").split():
                found += tree(int(child))
    return found


def memory_mb(pid: int) -> float:
    """The proportional set size of a process, in MiB; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def run(assignment: Assignment, results: Path, *, watch: bool) -> tuple[float, float, float]:
    """Grade the reference; return wall seconds, processor seconds and, if watched, the peak memory in MiB."""
    command = [str(Path(sys.executable).with_name("grader")), "grade", assignment.name, str(assignment.reference)]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "-o", str(results)], cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0.0
    while watch and process.poll() is None:
        peak = max(peak, sum(memory_mb(pid) for pid in tree(process.pid)))
        time.sleep(PAUSE)
    if watch:
        return 0.0, 0.0, peak
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, peak


def main() -> int:
    """Measure and print; exit code 1 when a bound doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is graded (default: %(default)s)")
    options = parser.parse_args()
    good = True
    print(f"{'grading the reference':24} library   wall s (bound)    CPU s   MiB together (at most {PEAK_MB:g})")
    for folder in sorted((ROOT / "testcases").iterdir()):
        if not (folder / "assignment.toml").is_file():
            continue
        assignment = load_assignment(ROOT, folder.name)
        with tempfile.TemporaryDirectory() as temporary:
            results = Path(temporary) / "results.json"
            _, _, peak = run(assignment, results, watch=True)
            timed = [run(assignment, results, watch=False) for _ in range(options.rounds)]
        wall, cpu = (statistics.median(values) for values in list(zip(*timed, strict=True))[:2])
        bound = WALL[assignment.library]
        good = good and wall <= bound and peak <= PEAK_MB
        print(f"{assignment.name:24} {assignment.library:7} {wall:7.2f} ({bound:g})   {cpu:8.2f}   {peak:6.0f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
