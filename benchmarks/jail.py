"""Measures the jail's cost over a plain fork: a process with numpy forks children with and without it, in turn.

    python benchmarks/jail.py               medians for each level, and what it adds; exit code 1 above the bound
    python benchmarks/jail.py --rounds 500

A child only enters the jail and exits. Its time is measured from the fork until it is reaped, as in the zygote. Levels
that this machine doesn't have are omitted. Medians of one run are compared; a busy machine gives no useful result.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from grader.levels import LEVELS, Level, level_of
from grader.sandbox.child.jail import Jail, enter, prepare
from grader.sandbox.identity import worker_user
from grader.sandbox.paths import readable_paths
from grader.sandbox.processes import thread_count

BOUND_MS = 3.0
"""The most that the strongest level may add to a fork."""


def jails(work: Path) -> dict[Level, Jail]:
    """The levels of this machine."""
    readable = [Path(path) for path in readable_paths()]
    made = {level: prepare(level, worker_user(), readable, work.parent) for level in LEVELS}
    return {level: jail for level, jail in made.items() if level_of(jail.layers) == level}


def fork_once(jail: Jail | None, work: str) -> float:
    """Milliseconds from the fork of a child until it is reaped; without a jail, a plain fork."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        try:
            if jail is not None:
                enter(jail, work, memory_mb=256, cpu_seconds=10, keep=max(2, jail.rules.reading if jail.rules else 0))
            os._exit(0)
        finally:
            os._exit(70)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(f"a child ended with status {status}")
    return 1000 * (time.perf_counter() - start)


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="children of each sort (default: %(default)s)")
    options = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # numpy starts threads when it is loaded; with threads a fork costs more, and the jail refuses to close
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **threads})
    np.ones((64, 64)) @ np.ones((64, 64))
    assert thread_count() == 1
    gc.freeze()
    with tempfile.TemporaryDirectory() as work:
        Path(work).chmod(0o755)
        work = os.path.join(work, "home")
        os.mkdir(work)
        os.chmod(work, 0o777)
        sorts: dict[str, Jail | None] = {"plain fork": None}
        sorts |= {str(level): jail for level, jail in jails(Path(work)).items()}
        times: dict[str, list[float]] = {name: [] for name in sorts}
        for turn in range(options.rounds + 10):
            for name, jail in sorts.items():
                took = fork_once(jail, work)
                if turn >= 10:  # the first ones warm the caches
                    times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    plain = medians["plain fork"]
    print(f"{'one child, medians of ' + str(options.rounds):30} ms   over a plain fork")
    for name, median in medians.items():
        print(f"{name:27} {median:5.2f}   {median - plain:5.2f}")
    added = list(medians.values())[-1] - plain
    print(f"the jail adds {added:.2f} ms to a test (at most {BOUND_MS:g})")
    return 0 if added <= BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
