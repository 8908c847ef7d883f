"""Processes that each keep a worker of one assignment, to run hundreds of changed references in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from grader.assignment import Assignment, load_assignment
from grader.sandbox.worker import Worker

_held: list[tuple[Worker, Any]] = []
"""In a process of the pool, what it keeps between tasks."""


@contextmanager
def pool_of(assignment: Assignment, jobs: int, context: object) -> Iterator[ProcessPoolExecutor]:
    """Serve a pool whose tasks find a worker of `assignment`, and `context`, in `held`.

    The processes start with the first task. Who interrupts doesn't wait for tasks that haven't begun.
    """
    # spawned, not forked: a worker takes every child that it doesn't know for a left-over
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (assignment.project, assignment.name, context))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start(project: Path, name: str, context: object) -> None:
    worker = Worker(load_assignment(project, name))
    Finalize(None, worker.close, exitpriority=1)  # nothing else runs where a process of a pool ends
    _held.append((worker, context))


def held() -> tuple[Worker, Any]:
    """Return this process's worker, and the pool's context."""
    return _held[0]


def changed(worker: Worker, files: Mapping[str, str], *, alone: bool = False) -> Path:
    """Return a folder beside the worker's submission with the reference, and `files` written over it.

    Args:
        worker: whose assignment's reference is meant; the folder is its own, and is made anew by the next call.
        files: relative path to text.
        alone: leave the reference out.
    """
    folder = worker.submission.parent / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    if not alone:
        shutil.copytree(worker.assignment.reference, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return folder
