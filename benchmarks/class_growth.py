"""How a class's time and memory grow with its hand-ins, and how busy a Dask cluster's workers are.

    python benchmarks/class_growth.py                          100, 1,000 and 10,000 hand-ins; takes half an hour
    python benchmarks/class_growth.py --sizes 100 1000
    python benchmarks/class_growth.py --dask 300               mixed hand-ins on a cluster of two workers

Growth takes the ten tests of `ten_tests.py`, and hand-ins that differ in a comment. A hand-in's time is that between
the first and the last report, over their number; memory is the largest resident size of any judge.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from class_speed import GRADER, ROOT, mixed
from ten_tests import HERE

sys.path.insert(0, str(ROOT / "demo"))

from make_class import cluster  # the demonstration's own

SPREAD = 1.1
"""The most that a hand-in may cost, in multiples of what one costs in the smallest class."""
PAGE_SECONDS = 60.0
BUSY = 0.9
"""The least share of their time in which a cluster's workers grade."""


def resident_mb(pid: int) -> float:
    """The largest resident size of a process, in MiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def children(pid: int) -> list[int]:
    """The processes that a process's threads started."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread ended
            found += [int(child) for child in file.read_text("ascii").split()]
    return found


def grown(number: int, jobs: int, place: Path) -> tuple[float, float]:
    """Grade a class; returns the seconds a hand-in, and those from the last report to the end."""
    source, run = place / f"class{number}", place / f"run{number}"
    text = (HERE / "reference/ten/solution.py").read_text("utf-8")
    for index in range(number):
        folder = source / f"student{index:05}"
        folder.mkdir(parents=True)
        (folder / "solution.py").write_text(f"{text}\n# student {index}\n", "utf-8")
    command = [GRADER, "class", "ten", str(source), "-o", str(run), "--jobs", str(jobs), "--project", str(HERE)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    judges, main = 0.0, 0.0
    while process.poll() is None:
        judges = max(judges, *map(resident_mb, children(process.pid)), 0.0)
        main = max(main, resident_mb(process.pid))
        time.sleep(0.2)
    end = time.time()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    times = sorted(file.stat().st_mtime for file in run.glob("reports/[!.]*.json"))
    each, page = (times[-1] - times[0]) / (len(times) - 1), end - times[-1]
    print(
        f"{number:6} hand-ins: {1000 * each:.1f} ms each with {jobs} at once, then {page:.1f} s for page and tables; "
        f"judges at most {judges:.0f} MiB, the main process {main:.0f} MiB",
        flush=True,
    )
    return each, page


def growth(sizes: list[int], jobs: int) -> bool:
    """Whether time a hand-in and the page's time hold their bounds."""
    with tempfile.TemporaryDirectory() as place:
        rows = [grown(size, jobs, Path(place)) for size in sizes]
    ratios = [each / rows[0][0] for each, _ in rows]
    print(f"a hand-in costs {max(ratios):.2f} times that of the smallest class (at most {SPREAD:g})")
    return max(ratios) <= SPREAD and all(page <= PAGE_SECONDS for _, page in rows)


def busy(number: int, assignment: str) -> bool:
    """Whether the workers of a cluster grade for most of the time between the first grading and the last one."""
    from distributed import Client, get_task_stream

    with tempfile.TemporaryDirectory() as place:
        mixed(assignment, Path(place) / "class", number)
        connect: Any = Client  # distributed annotates only a part of itself
        with cluster(Path(place)) as file, connect(scheduler_file=str(file)) as client:
            command = [GRADER, "class", assignment, f"{place}/class", "-o", f"{place}/run", "--project", str(ROOT)]
            with get_task_stream(client) as stream:
                subprocess.run(
                    [*command, "--scheduler-file", str(file)],
                    check=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                )
    spans: list[tuple[float, float]] = [
        (span["start"], span["stop"])
        for task in stream.data
        for span in task["startstops"]
        if span["action"] == "compute"
    ]
    wall = max(stop for _, stop in spans) - min(start for start, _ in spans)
    share = sum(stop - start for start, stop in spans) / (2 * wall)
    print(f"{len(spans)} gradings of {assignment} on two workers in {wall:.1f} s: busy {share:.2f} (at least {BUSY:g})")
    return share >= BUSY


def main() -> int:
    """Measure and print; exit code 1 when a bound doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], metavar="N")
    parser.add_argument("--jobs", type=int, default=2, help="of a growing class (default: %(default)s)")
    parser.add_argument("--dask", type=int, metavar="N", help="measure a cluster with N mixed hand-ins instead")
    parser.add_argument("--assignment", default="cmu11785_hw1_bonus", help="of --dask (default: %(default)s)")
    options = parser.parse_args()
    good = busy(options.dask, options.assignment) if options.dask else growth(options.sizes, options.jobs)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
