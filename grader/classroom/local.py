"""The engine of one machine: a number of processes, each with a judge."""

from __future__ import annotations

import os
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

from grader.classroom.judging import Terms, about, judge, report
from grader.sandbox.pool import Pool

JUDGE_MB = 400
"""The memory that a judge and its zygotes need beside a test, with torch."""
_MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""The files with a container's memory limit, in both versions of control groups."""


class LocalEngine:
    """Grades in `jobs` processes of this machine; a context manager that ends them."""

    def __init__(self, terms: Terms, jobs: int) -> None:
        """Start the first process, to learn its state; raises what making a judge raises."""
        self.width = 2 * jobs
        self._pool = Pool(jobs, partial(judge, terms))
        try:
            self.state, self.isolation = self._pool.submit(about).result()
        except BaseException:
            self._pool.__exit__(None, None, None)
            raise

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    def submit(self, path: Path) -> Future[str]:
        """Grade a hand-in in one of the processes."""
        return self._pool.submit(report, path, self.state)

    def abandon(self) -> None:
        """Kill the processes; their zygotes and children die with them."""
        self._pool.abandon()


def fitting_jobs(jobs: int, memory_mb: int) -> int:
    """Return how many processes fit into this machine's or container's memory, at most `jobs`, at least 1."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for file in _MEMORY_LIMITS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            total = min(total, int(file.read_text("ascii")))
    return max(1, min(jobs, total // 2**20 // (memory_mb + JUDGE_MB)))
