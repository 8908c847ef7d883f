"""Processes that each keep one value, for example a worker with its fixtures, and run tasks on it one by one.

If a process dies, only its current task fails, with an InternalError, and a new process replaces it. Tasks and results
are pickled between the grader's own processes; data of a submission never is.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from grader.errors import InternalError

Held = TypeVar("Held")
Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
_SPAWN = get_context("spawn")  # not forked: a worker kills every child that it doesn't know


class Pool(Generic[Held]):
    """A number of processes. On exit, the context manager cancels queued tasks and ends the processes."""

    def __init__(self, jobs: int, make: Callable[[], AbstractContextManager[Held]]) -> None:
        """Prepare `jobs` processes. Each starts at its first task and calls `make` for the value that it keeps."""
        self._make = make
        self._processes: list[BaseProcess] = []
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None]
        self._tasks = queue.SimpleQueue()
        self._feeders = [threading.Thread(target=self._feed, daemon=True) for _ in range(jobs)]
        for feeder in self._feeders:
            feeder.start()

    def submit(
        self,
        task: Callable[Concatenate[Held, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Future[Result]:
        """Run `task(held, *args)` in one of the processes; the future has its result or exception."""
        assert not kwargs, "tasks take positional arguments"
        future: Future[Result] = Future()
        self._tasks.put((future, task, args))
        return future

    def abandon(self) -> None:
        """Kill the processes at once; what they were doing fails."""
        for process in self._processes:
            process.kill()

    def __enter__(self) -> Pool[Held]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(queue.Empty):
            while True:
                waiting = self._tasks.get_nowait()
                if waiting is not None:
                    waiting[0].cancel()
        for _ in self._feeders:
            self._tasks.put(None)
        for feeder in self._feeders:
            feeder.join()

    def _feed(self) -> None:
        """Send tasks to one process until a None comes; runs in a thread of this process."""
        # a process that starts inherits this, or an interrupt would end it with a traceback before it ignores them
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        process: BaseProcess | None = None
        ours: Connection | None = None
        while (item := self._tasks.get()) is not None:
            future, task, args = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if process is None or ours is None or not process.is_alive():
                    process, ours = self._start()
                ours.send((task, args))
                done, value = ours.recv()
            except (EOFError, OSError) as gone:
                process = None
                future.set_exception(InternalError(f"a process of the grader died ({type(gone).__name__})"))
            else:
                if done:
                    future.set_result(value)
                else:
                    future.set_exception(value)
        if process is not None and ours is not None:
            with suppress(OSError):
                ours.send(None)
            process.join()

    def _start(self) -> tuple[BaseProcess, Connection]:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, self._make), daemon=True)
        process.start()
        self._processes.append(process)
        theirs.close()
        return process, ours


def _serve(tasks: Connection, make: Callable[[], AbstractContextManager[Any]]) -> None:
    """Run tasks until a None comes or the parent process closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles interrupts
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    began = False
    try:
        with make() as held, suppress(EOFError, BrokenPipeError, ConnectionResetError):
            began = True
            while (item := tasks.recv()) is not None:
                task, args = item
                try:
                    answer = (True, task(held, *args))
                except Exception as error:
                    answer = (False, error)
                tasks.send(answer)
    except Exception as error:
        if began:
            raise  # it couldn't close; nobody sends another task, and each result is sent already
        with suppress(EOFError, OSError):
            tasks.recv()  # the task for which this process was started
            tasks.send((False, error))


def map_in(
    make: Callable[[], AbstractContextManager[Held]],
    task: Callable[[Held, Item], Result],
    items: Sequence[Item],
    jobs: int,
) -> Iterator[Result]:
    """Yield `task(held, item)` for each item, in order; uses a pool only if it is worth its start-up time."""
    if not items:
        return
    if jobs < 2 or len(items) < 2 * jobs:
        with make() as held:
            for item in items:
                yield task(held, item)
        return
    with Pool(jobs, make) as pool:
        for future in [pool.submit(task, item) for item in items]:
            yield future.result()
