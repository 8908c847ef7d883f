"""The engine of a Dask cluster: each worker has one judge, which a plugin makes and ends.

Hand-ins travel as bytes where the workers don't see the run's folder. The project must be at the same path everywhere;
each worker reports its state, and only workers with equal states grade.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from distributed import Client, KilledWorker, WorkerPlugin, get_worker

from grader.classroom.judging import Judge, Terms, judge
from grader.classroom.packing import Piece, pack, unpack
from grader.classroom.run import GaveUp
from grader.errors import GraderError, InternalError, UsageError
from grader.sandbox.stage import Stage

NAME = "grader-judge"
COUNT_SECONDS = 10
"""How often the workers are counted again."""
WAIT_SECONDS = 60
"""How long the first worker may take to join the scheduler."""


class JudgePlugin(WorkerPlugin):
    """Makes a judge when a worker starts, and ends it with all its processes when the worker closes."""

    name = NAME

    def __init__(self, terms: Terms) -> None:
        """Make judges for these terms."""
        self._terms = terms

    def setup(self, worker: Any) -> None:
        """Start the judge in the worker's main thread: its zygote dies with the thread that started it."""
        self._stack = ExitStack()
        if worker.state.nthreads != 1:
            raise UsageError(f"the Dask worker {worker.address} has {worker.state.nthreads} threads, not 1")
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
        self._futures: set[Any] = set()  # the cluster drops a task whose future nobody holds
        connect: Any = Client  # distributed annotates only a part of itself
        try:
            self._client = connect(address, scheduler_file=scheduler_file and str(scheduler_file), timeout="15s")
        except TypeError as error:
            if "ssl" not in str(error):
                raise
            raise UsageError(
                f"{address or scheduler_file} is a TLS address, and Dask's configuration has no certificates here; "
                "set distributed.comm.tls, see docs/clusters.md"
            ) from None
        except (OSError, ValueError, KeyError) as error:  # KeyError: a file that is no scheduler's
            raise UsageError(
                f"no Dask scheduler answers at {address or scheduler_file} ({error}); start one first"
            ) from None
        try:
            self._prepare(terms)
        except BaseException:
            self._client.close()
            raise

    def _prepare(self, terms: Terms) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise UsageError(
                f"the Dask scheduler has no worker after {WAIT_SECONDS} s; start some with `dask worker`"
            ) from None
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
        self._width, self._counted = 2 * len(told), time.monotonic()

    @property
    def width(self) -> int:
        """See Engine; the cluster may gain workers, or lose them."""
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._counted = time.monotonic()
            with suppress(Exception):  # the scheduler is gone; whoever waits for a grading is told
                self._width = 2 * max(len(self._client.scheduler_info(n_workers=-1)["workers"]), 1)
        return self._width

    def __enter__(self) -> DaskEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
        with suppress(Exception):  # the scheduler may be gone, and then so are its workers
            if self._client.status == "running":
                self._client.unregister_worker_plugin(NAME)
        self._client.close(timeout=5)

    def submit(self, path: Path) -> Future[str]:
        """Grade a hand-in on one of the workers, which gets its bytes."""
        outcome: Future[str] = Future()
        try:
            pieces = pack(path)
        except GraderError as error:
            outcome.set_exception(error)
        else:
            sent = self._client.submit(_grade, path.name, pieces, self.state, pure=False)
            self._futures.add(sent)
            sent.add_done_callback(lambda done: self._pass_on(done, outcome))
        return outcome

    def _pass_on(self, done: Any, outcome: Future[str]) -> None:
        self._futures.discard(done)
        if done.status == "finished":
            try:
                outcome.set_result(done.result())
            except BaseException as error:  # the scheduler went away between the two
                outcome.set_exception(InternalError(f"a report was lost on its way ({type(error).__name__})"))
        elif done.status == "cancelled":
            outcome.cancel()
            outcome.set_running_or_notify_cancel()
        else:
            reason = done.exception()
            if isinstance(reason, KilledWorker):
                reason = GaveUp(
                    "each Dask worker that graded it died, as one does that uses up its machine's memory; "
                    "grade it alone with `grader grade`, and see what it does"
                )
            outcome.set_exception(reason)

    def abandon(self) -> None:
        """Cancel what is queued; workers finish what they are doing."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.cancel(list(self._futures))


def _about(dask_worker: Any) -> tuple[str, str]:
    held: Judge = dask_worker.grader_judge
    return held.state, held.isolation


def _grade(name: str, pieces: tuple[Piece, ...], state: str) -> str:
    """Grade a hand-in on this worker."""
    worker: Any = get_worker()
    held: Judge | None = getattr(worker, "grader_judge", None)
    if held is None:  # it joined later
        raise InternalError(f"the Dask worker {worker.address} couldn't make its judge; its log says why")
    with Stage() as place:  # not tempfile's, which nobody removes when this process is killed
        os.chmod(place, 0o700)
        unpack(pieces, place / name)
        return held.report(place / name, state)
