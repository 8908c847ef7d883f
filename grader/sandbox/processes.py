"""Ends every process that a submission left running.

The zygote and the judge are "child subreapers": a descendant whose parent died becomes their child, whatever its depth
and its session. So it is enough to kill all children until none are left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Collection

from grader.sandbox.libc import PR_SET_CHILD_SUBREAPER, prctl


def become_subreaper() -> None:
    """Make orphaned descendants this process's children."""
    prctl(PR_SET_CHILD_SUBREAPER)


def children(parent: int | str = "self") -> set[int]:
    """Return the process ids of a process's children, of this one's by default; zombies are included."""
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError):
        for thread in os.listdir(f"/proc/{parent}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
                found.update(int(pid) for pid in file.read().split())
    return found


def kill_children(spare: Collection[int] = (), seconds: float = 5.0) -> bool:
    """Kill and reap every child not in `spare`, and orphans that become children; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        targets = children().difference(spare)
        if not targets:
            return True
        for pid in targets:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in targets:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            return False
        if children().difference(spare):
            time.sleep(0.001)  # a killed process takes a moment to become a zombie


def thread_count() -> int:
    """Return how many threads this process has, by the kernel's count."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()
