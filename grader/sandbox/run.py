"""The judge's side of one run: reads the child's frames and output until it ends; kills it at a deadline.

A child runs one test, or several in turn. After each but the last it waits until the judge has read all of the test's
output, so that no output gets into another test's row.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import selectors
import signal
import socket
import time
from collections.abc import Callable
from typing import BinaryIO

from grader.assignment import Limits
from grader.errors import InternalError
from grader.recording import KILLED, Ending, Recording
from grader.sandbox.protocol import MESSAGE_BYTES, Ended, Started, decode
from grader.sandbox.wire import Decoder, Prepared, WireError
from grader.text import clean_text, overwritten

CHUNK = 2**18
FORK_SECONDS = 30.0
"""How long a child may take from the fork to the start of its test."""
EXIT_SECONDS = 5.0
"""How long the zygote may take to reap a child that ended or was killed."""
ANSWER_READS = 64
"""Reads of CHUNK bytes between two tests of a child: more than a pipe holds, if nobody writes meanwhile."""
PATIENCE = 5
"""How many times its own time a child may spend waiting for a processor, in addition to that time."""
WATCH_SECONDS = 0.03
"""The interval at which the work folder is measured; a child can write some ten MiB in between."""


LINE_BYTES = 2**16
"""A longer line is kept as it is."""


class Output:
    """The head and the tail of a test's output; if it is too long, its middle is counted and dropped.

    What a carriage return overwrites isn't kept: a progress bar would fill all of it.
    """

    def __init__(self, cap: int) -> None:
        self._head_cap = cap * 3 // 4
        self._tail_cap = cap - self._head_cap
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._line = bytearray()
        """The last line, while it has no end."""

    def feed(self, data: bytes) -> None:
        """Append output of the test."""
        self._line += data
        if b"\r" in data:
            self._line = bytearray(b"\n".join(map(_last_state, self._line.split(b"\n"))))
        end = len(self._line) if len(self._line) > LINE_BYTES else self._line.rfind(b"\n") + 1
        self._keep(bytes(self._line[:end]))
        del self._line[:end]

    def _keep(self, data: bytes) -> None:
        room = self._head_cap - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[max(room, 0) :]
        surplus = len(self._tail) - self._tail_cap
        if surplus > 0:
            self._dropped += surplus
            del self._tail[:surplus]

    def text(self) -> str:
        """Return the output as clean text."""
        self._keep(bytes(self._line))
        self._line.clear()
        gap = f"\n[... {self._dropped} bytes left out ...]\n".encode() if self._dropped else b""
        raw = bytes(self._head + gap + self._tail)
        return clean_text(overwritten(raw.decode("utf-8", "replace")), self._head_cap + self._tail_cap + 60)


def _last_state(line: bytes | bytearray) -> bytes | bytearray:
    """What a line shows after its carriage returns; those at its end may still be a part of a line's end."""
    return line[line.rfind(b"\r", 0, len(line.rstrip(b"\r"))) + 1 :]


class Run:
    """One child, from its first frame until it is reaped."""

    def __init__(
        self,
        channel: socket.socket,
        output: BinaryIO,
        control: socket.socket,
        limits: Limits,
        seconds: float,
        *,
        tests: int = 1,
        prepares: bool = False,
        until: float = math.inf,
        given: bool,
        excess: Callable[[], str],
    ) -> None:
        """Watch a child that runs `tests` tests, each for at most `seconds`, and may prepare for others before.

        A child that others keep from the processors gets more time, but not beyond `until`, by time.monotonic().
        """
        self.zygote_lost = False
        """The zygote didn't report the child's end: it must be replaced."""
        self.waited = 0.0
        """The seconds in which the child was ready to run and had no processor."""
        self._channel = channel
        self._pipe = output
        self._control = control
        self._limits = limits
        self._seconds = seconds
        self._tests = tests
        self._prepares = prepares
        self.prepared: Prepared | None = None
        """What the child prepared."""
        self._until = until
        self._given = given
        self._recordings: list[Recording] = []
        """Of the tests before the current one."""
        self._begin(None)
        self._pid: int | None = None
        self._ended: Ended | None = None
        self._violation = ""
        self._full = ""
        self._fault: InternalError | None = None
        self._late = False
        self._excess = excess
        """Returns how the child exceeded its disk limits; raises InternalError if the disk is full."""

    def _begin(self, layers: tuple[str, ...] | None) -> None:
        self._decoder = Decoder(
            self._limits.value_mb * 2**20,
            given=self._given,
            layers=layers,
            prepares=self._prepares and layers is None,  # before the first test alone
        )
        self._output = Output(self._limits.output_kb * 1024)

    @property
    def layers(self) -> tuple[str, ...] | None:
        """The layers of isolation; None if the child never reached its test, which isn't the submission's fault."""
        return self._decoder.layers

    def finish(self) -> list[Recording]:
        """Read until the child is reaped, or kill it at the deadline; return the recording of each test that it began.

        Raises InternalError if the disk had no room for a test's files.
        """
        start = time.monotonic()
        # the test's time begins at the child's first frame: a slow fork on a busy machine isn't the submission's fault
        deadline = start + FORK_SECONDS
        started = False
        before = 0.0
        watched = start + WATCH_SECONDS
        last_call = None
        with selectors.DefaultSelector() as selector:
            os.set_blocking(self._channel.fileno(), False)
            os.set_blocking(self._pipe.fileno(), False)
            selector.register(self._channel, selectors.EVENT_READ, self._read_channel)
            selector.register(self._pipe, selectors.EVENT_READ, self._read_output)
            selector.register(self._control, selectors.EVENT_READ, self._read_control)
            while self._ended is None and not self.zygote_lost:
                now = time.monotonic()
                if not started and self._decoder.layers is not None:
                    started, start, deadline = True, now, now + self._seconds
                    before = self._measure_waiting()
                elif started and now > deadline:
                    # a busy machine is no fault of the submission
                    patience = min(self._measure_waiting() - before, PATIENCE * self._seconds)
                    deadline = max(deadline, min(start + self._seconds + patience, self._until))
                if last_call is None and (now > deadline or self._violation or self._full or self._fault):
                    self._late = not (self._violation or self._full or self._fault)
                    self._kill()
                    last_call = now + EXIT_SECONDS
                if last_call is not None and now > last_call:
                    self.zygote_lost = True
                    break
                if last_call is None and started and now >= watched:
                    self._look()
                    self._measure_waiting()
                    # measuring a folder of many files is slow, so it may use a tenth of the time at most
                    watched = now + WATCH_SECONDS + 9 * (time.monotonic() - now)
                wait = min((last_call or deadline) - now, WATCH_SECONDS if last_call is None else EXIT_SECONDS)
                for key, _ in selector.select(max(wait, 0.0)):
                    if not key.data():
                        selector.unregister(key.fileobj)
                if last_call is None and self._goes_on():
                    now = time.monotonic()
                    self._answer(now - start)
                    start, deadline, before = now, now + self._seconds, self._measure_waiting()
            seconds = time.monotonic() - start
        self._drain()
        if not self._full:
            self._look()
        if self._fault is not None:
            raise self._fault
        memory = self._ended.memory_mb if self._ended is not None else 0.0
        return [item._replace(memory_mb=memory) for item in (*self._recordings, self._recording(seconds))]

    def _goes_on(self) -> bool:
        """Whether the child waits for an answer, to run its next test."""
        end = self._decoder.end
        return end is not None and end.more and len(self._recordings) + 1 < self._tests and not self._violation

    def _answer(self, seconds: float) -> None:
        """Keep the recording of the test that ended, and let the child go on."""
        for _ in range(ANSWER_READS):
            if not select.select([self._pipe], [], [], 0)[0] or not self._read_output():
                break
        self._recordings.append(self._recording(seconds))
        self._begin(self._decoder.layers)
        with contextlib.suppress(OSError):  # the child died meanwhile
            self._channel.send(b"\n")

    def _measure_waiting(self) -> float:
        """Update and return `waited`; only the kernel counts it. It stays as it is where the kernel doesn't say it."""
        with (
            contextlib.suppress(OSError, ValueError, IndexError),
            open(f"/proc/{self._pid}/schedstat", "rb", buffering=0) as file,
        ):
            self.waited = int(file.read(200).split()[1]) / 1e9
        return self.waited

    def _look(self) -> None:
        """Measure the work folder; a full disk isn't the submission's fault."""
        try:
            self._full = self._excess()
        except InternalError as error:
            self._fault = error

    def _read_channel(self) -> bool:
        """Feed the decoder; False at the end of the stream."""
        try:
            data = self._channel.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not self._violation:
            try:
                self._decoder.feed(data)
            except WireError as error:
                self._violation = str(error)
            self.prepared = self._decoder.prepared or self.prepared
        return bool(data)

    def _read_output(self) -> bool:
        try:
            data = os.read(self._pipe.fileno(), CHUNK)
        except BlockingIOError:
            return True
        self._output.feed(data)
        return bool(data)

    def _read_control(self) -> bool:
        try:
            message = decode(self._control.recv(MESSAGE_BYTES))
        except OSError:
            message = None
        if isinstance(message, Started):
            self._pid = message.pid
        elif isinstance(message, Ended):
            self._ended = message
            self.zygote_lost = not message.clean
        else:
            self.zygote_lost = True
        return not self.zygote_lost

    def _kill(self) -> None:
        """Kill the child and its process group; the zygote or the worker finds processes that left the group."""
        if self._pid is not None and self._pid > 1:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self._pid, signal.SIGKILL)

    def _drain(self) -> None:
        """Read the rest of both buffers; their other ends are closed, or no longer matter."""
        deadline = time.monotonic() + 1.0
        for read in (self._read_channel, self._read_output):
            descriptor = self._channel.fileno() if read == self._read_channel else self._pipe.fileno()
            with selectors.DefaultSelector() as selector:
                selector.register(descriptor, selectors.EVENT_READ)
                while time.monotonic() < deadline and selector.select(0) and read():
                    pass

    def _recording(self, seconds: float) -> Recording:
        ending, message = self._ending()
        end = self._decoder.end
        return Recording(
            ending,
            message,
            tuple(self._decoder.observations),
            self._output.text(),
            end.score if end else None,
            end.leaderboard if end else None,
            seconds,
        )

    def _ending(self) -> tuple[Ending, str]:
        if self._violation:
            return "crashed", f"the test sent the grader data that it doesn't accept: {self._violation}"
        if self._full:
            return "crashed", f"stopped: the test {self._full}"
        if self._late:
            return "timeout", f"stopped after {self._seconds:g} s; the code doesn't end, or is far slower than needed"
        if self._decoder.end is not None:
            return self._decoder.end.claim, self._decoder.end.message
        return "crashed", f"the process died before the test was over: {_cause(self._ended)}"


def _cause(ended: Ended | None) -> str:
    """A description of a wait status, for people only: a submission can choose its own status."""
    if ended is None:
        return "no trace of it was left"
    status = ended.status
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:
            return KILLED
        if number == signal.SIGXCPU:
            return "it used more processor time than a test may"
        if number == signal.SIGSEGV:
            return "segmentation fault, often an endless recursion"
        return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return f"it left with exit code {os.WEXITSTATUS(status)}"
