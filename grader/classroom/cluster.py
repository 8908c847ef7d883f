"""The engine of a Dask cluster: each worker has one judge, which a plugin makes and ends.

Hand-ins travel as bytes where the workers don't see the run's folder. The project must be at the same path everywhere;
each worker says in which state it is, and only equal ones grade.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from distributed import Client, WorkerPlugin, get_worker

from grader.classroom.judging import Judge, Terms, judge
from grader.errors import InternalError, UsageError

NAME = "grader-judge"


class JudgePlugin(WorkerPlugin):
    """Makes a judge when a worker starts, and ends it with all its processes when the worker closes."""

    name = NAME

    def __init__(self, terms: Terms) -> None:
        """Make judges for these terms."""
        self._terms = terms

    def setup(self, worker: Any) -> None:
        """Start the judge in the worker's main thread: its zygote dies with the thread that started it."""
        self._stack = ExitStack()
        worker.grader_judge = self._stack.enter_context(judge(self._terms))

    def teardown(self, worker: Any) -> None:
        """End the judge's processes and remove its files."""
        self._stack.close()


class DaskEngine:
    """Grades on a Dask cluster; a context manager that leaves the cluster as it was."""

    def __init__(self, terms: Terms, address: str | None, scheduler_file: Path | None) -> None:
        """Connect to a scheduler, and give each worker a judge.

        Raises:
            UsageError: there is no such cluster, or its workers can't grade: they have several threads, or differ.
            InternalError: a judge can't be made there.
        """
        connect: Any = Client  # distributed annotates only a part of itself
        try:
            self._client = connect(address, scheduler_file=scheduler_file and str(scheduler_file), timeout="15s")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"no Dask scheduler answers at {address or scheduler_file} ({error}); start one first"
            ) from None
        try:
            self._prepare(terms)
        except BaseException:
            self._client.close()
            raise

    def _prepare(self, terms: Terms) -> None:
        self._client.wait_for_workers(1, timeout=60)
        threads = {
            name: info["nthreads"] for name, info in self._client.scheduler_info(n_workers=-1)["workers"].items()
        }
        many = [name for name, number in threads.items() if number != 1]
        if many:
            raise UsageError(
                f"the Dask worker {many[0]} has {threads[many[0]]} threads, and a judge needs a process of its own; "
                "start the workers with --nthreads 1 (and more of them with --nworkers)"
            )
        self._client.register_plugin(JudgePlugin(terms))
        told: dict[str, Any] = self._client.run(_about, on_error="return")
        broken = {name: answer for name, answer in told.items() if not isinstance(answer, tuple)}
        if broken:
            name, error = next(iter(broken.items()))
            raise InternalError(f"the Dask worker {name} can't grade: {error}")
        states = {answer[0] for answer in told.values()}
        if len(states) > 1:
            raise UsageError(
                "the Dask workers differ in fixtures, versions or isolation, so their scores might; make them equal: "
                + ", ".join(f"{name}: {state[:8]}, {level}" for name, (state, level) in told.items())
            )
        (self.state,) = states
        self.isolation = next(iter(told.values()))[1]
        self._executor = self._client.get_executor(pure=False)

    def __enter__(self) -> DaskEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)
        self._client.unregister_worker_plugin(NAME)
        self._client.close()

    def submit(self, path: Path) -> Future[str]:
        """Grade a hand-in on one of the workers, which gets its bytes."""
        return cast("Future[str]", self._executor.submit(_grade, path.name, _packed(path), path.is_dir(), self.state))

    def abandon(self) -> None:
        """Forget what is queued; workers finish what they are doing."""
        self._executor.shutdown(wait=False)


def _about(dask_worker: Any) -> tuple[str, str]:
    held: Judge = dask_worker.grader_judge
    return held.state, held.isolation


def _packed(path: Path) -> bytes:
    """The bytes of a file, or of a tar of a folder's own files."""
    if not path.is_dir():
        return path.read_bytes()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.add(path, arcname=".")
    return raw.getvalue()


def _grade(name: str, data: bytes, folder: bool, state: str) -> str:
    """Grade the bytes of a hand-in on this worker."""
    with tempfile.TemporaryDirectory(prefix="grader-hand-in-") as place:
        file = Path(place) / (f"{name}.tar" if folder else name)
        file.write_bytes(data)
        os.chmod(place, 0o700)
        worker: Any = get_worker()
        return cast(Judge, worker.grader_judge).report(file, state)
