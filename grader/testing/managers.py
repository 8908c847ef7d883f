"""Lets `multiprocessing.Manager` work where no socket can be opened.

A manager's server listens on a Unix socket. The jail refuses those, because they reach whatever listens on the machine.
Here the connections exist before the server starts, as pairs of connected ends that every process inherits by fork. A
client takes a free pair's number from a pipe that holds them and calls the server with it. The server puts the number
back when the client has closed its end.
"""

from __future__ import annotations

import contextlib
import os
from itertools import count
from multiprocessing import connection, managers, util
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

LINES = 24
"""Connections to one manager at a time; each takes two descriptors. A killed client keeps its line."""
_CLOSED = "this connection is closed"
_CLOSED_BYTES = bytes(ForkingPickler.dumps(_CLOSED))
_Value = TypeVar("_Value")
_numbers = count()
_managers: dict[str, _Lines] = {}
"""By address."""


class _Lines:
    """The connections to one manager; also what its server listens on."""

    def __init__(self) -> None:
        self.address = f"lines {os.getpid()} {next(_numbers)}"
        self.ends = [connection.Pipe() for _ in range(LINES)]
        self.free, self.freed = os.pipe()
        self.called, self.calls = os.pipe()
        os.write(self.freed, bytes(range(LINES)))

    def accept(self) -> _Line:
        """Wait for a client, on the server's side."""
        return _Line(self, os.read(self.called, 1)[0], of_server=True)

    def connect(self) -> _Line:
        """Wait for a free line, on a client's side."""
        number = os.read(self.free, 1)[0]
        line = _Line(self, number, of_server=False)
        os.write(self.calls, bytes([number]))
        return line

    def close(self) -> None:
        """Close the descriptors, in this process."""
        _managers.pop(self.address, None)
        for ends in self.ends:
            for end in ends:
                end.close()
        for descriptor in (self.free, self.freed, self.called, self.calls):
            os.close(descriptor)


class _Line:
    """One end of a connection, with the methods that managers use."""

    def __init__(self, lines: _Lines, number: int, *, of_server: bool) -> None:
        self._lines, self._number, self._of_server = lines, number, of_server
        self._end = lines.ends[number][of_server]
        self._ended = False
        self.send = self._end.send
        self.send_bytes = self._end.send_bytes
        if not of_server:
            while self._end.poll(0):  # the answer that the last client didn't wait for
                self._end.recv_bytes()
            # processes of multiprocessing end without collecting their objects
            self._finish = util.Finalize(self, _say_closed, args=(self._end,), exitpriority=10)

    def recv(self) -> Any:
        """Return the next object; raises EOFError if the client has closed the connection."""
        return self._unless_closed(self._end.recv(), _CLOSED)

    def recv_bytes(self, maxlength: int | None = None) -> bytes:
        """Return the next message; raises EOFError if the client has closed the connection."""
        return self._unless_closed(self._end.recv_bytes(maxlength), _CLOSED_BYTES)

    def _unless_closed(self, value: _Value, closed: object) -> _Value:
        if self._of_server and type(value) is type(closed) and value == closed:
            self._ended = True
            os.write(self._lines.freed, bytes([self._number]))
            raise EOFError
        return value

    def close(self) -> None:
        """End the connection; the server waits until the client has ended it."""
        if not self._of_server:
            self._finish()
        while self._of_server and not self._ended:
            with contextlib.suppress(EOFError):
                self.recv_bytes()

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _say_closed(end: connection.Connection) -> None:
    with contextlib.suppress(OSError):
        end.send(_CLOSED)


def connect_without_sockets() -> None:
    """Change multiprocessing's managers for this process and those that it forks; a second call changes nothing."""
    if _listen in managers.listener_client["pickle"]:  # type: ignore[attr-defined]  # it has no stub
        return
    managers.listener_client["pickle"] = (_listen, _connect)  # type: ignore[attr-defined]
    start = managers.BaseManager.start

    def start_prepared(self: Any, *args: Any, **words: Any) -> None:
        if self._address is None and self._ctx.get_start_method() == "fork":
            lines = _Lines()
            _managers[lines.address] = lines
            self._address = lines.address
            util.Finalize(self, lines.close)  # called after the one that `start` makes
        start(self, *args, **words)

    managers.BaseManager.start = start_prepared  # type: ignore[method-assign]


def _listen(address: Any = None, **words: Any) -> Any:
    return _managers[address] if address in _managers else connection.Listener(address=address, **words)


def _connect(address: Any, authkey: bytes | None = None) -> Any:
    if address not in _managers:
        return connection.Client(address, authkey=authkey)
    line: Any = _managers[address].connect()
    if authkey is not None:
        connection.answer_challenge(line, authkey)
        connection.deliver_challenge(line, authkey)
    return line
