"""The untrusted side: a process that loads the libraries and the tests once and forks a jailed child for each run.

The judge starts it by exec with a clean environment, so it never holds an expected value. Student code runs only in
its children. It answers on one socket; `protocol` defines the messages. A twin process loads the hidden tests. The
zygote forks it after loading the libraries and before loading any test, so both share the libraries' memory, and no
child that runs a visible test has a hidden one in its memory.
"""

from __future__ import annotations

import contextlib
import contextvars
import fcntl
import gc
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pytest

from grader.levels import at_least
from grader.recording import Observation
from grader.sandbox.child.codes import bring, compile_all
from grader.sandbox.child.jail import NO_JAIL, SHARED_MEMORY, WORK_BYTES, WORK_FILES, Jail, enter, prepare
from grader.sandbox.child.leftovers import Leftovers
from grader.sandbox.child.libraries import load_late, load_torch
from grader.sandbox.child.packages import Refuser, hidden_packages, without_packages
from grader.sandbox.child.reach import closed_folders, mount_work, open_folders, own_view
from grader.sandbox.child.reach_out import keeps_to_itself
from grader.sandbox.libc import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from grader.sandbox.probe import attempt
from grader.sandbox.processes import become_subreaper, kill_children, thread_count
from grader.sandbox.protocol import (
    MESSAGE_BYTES,
    Command,
    Ended,
    Message,
    Problem,
    Ready,
    Settings,
    Started,
    decode,
    encode,
)
from grader.sandbox.removal import remove
from grader.sandbox.scratch import Scratch
from grader.sandbox.wire import Prepared, encode_end, encode_observation, encode_prepared, encode_ready
from grader.testing.cells.places import origin
from grader.testing.describe import describe
from grader.testing.plugin import TestingPlugin, forget_arguments, pytest_arguments
from grader.testing.submission import Submission

WARM_UP = "test_warm_up.py::test_warm_up"
CONVERT = "test_warm_up.py::test_convert"
"""Runs no test: it converts a hand-in's notebooks."""
HOMES = ("HOME", "TMPDIR", "MPLCONFIGDIR", "TORCH_HOME", "XDG_CACHE_HOME")
"""Environment variables that name a writable folder; they are set to the folder that the jail lets a child write to."""
JOINED_BYTES = 2**16
"""Smaller arrays are sent with their header: each write wakes the judge."""
CHANNEL = 3
"""The descriptor on which a child sends its frames."""


class Channel:
    """Sends each observation to the judge at once, so that a later crash doesn't lose it."""

    def __init__(self, descriptor: int, cap: int) -> None:
        self._descriptor = descriptor
        self._left = cap

    def add(self, observation: Observation) -> None:
        """Send one observation; for arrays larger than the rest of the cap, send only the size."""
        chunks, used = encode_observation(observation, self._left)
        self._left -= used
        if used <= JOINED_BYTES:
            chunks = [b"".join(chunks)]
        for chunk in chunks:
            self.write(chunk)

    def write(self, chunk: bytes | memoryview) -> None:
        """Send the whole chunk, in several writes if the kernel accepts only a part."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]


class Server:
    """Replaces pytest's loop over the collected tests: it runs the tests that the judge asks for."""

    def __init__(
        self, control: socket.socket, settings: Settings, plugin: TestingPlugin, twins: Collection[int]
    ) -> None:
        self.control = control
        self.settings = settings
        self.twins = twins
        self.plugin = plugin
        self.errors: list[str] = []
        self.jail = NO_JAIL
        self.scratch: Scratch | None = None
        self.leftovers: Leftovers | None = None
        self.helpers = Path(settings.helpers) if settings.helpers else None
        self.submission = Submission(Path(settings.submission), settings.path, settings.forbid, self.helpers)
        """Described once: each child looks up no path again."""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the reason why a test file can't be imported."""
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Send the judge the collected tests, then run the tests that it asks for until it closes the socket."""
        if self.errors:
            self.send(Problem("\n".join(self.errors)[:20_000]))
            return True
        items = {item.nodeid: item for item in session.items}
        # after collection, because a forbidden package that a test file loaded must stay readable
        self.jail, self.scratch = make_jail(self.settings)
        self.warm_up(items.pop(WARM_UP))
        for name, item in items.items():
            if name != CONVERT:
                self.send(describe(item))
        roots = [Path(self.settings.submission), *filter(None, [self.helpers])]
        self.leftovers = Leftovers(roots, Path(self.settings.work))
        gc.freeze()  # otherwise the garbage collector would touch, and so copy, every page in every child
        self.send(Ready(tuple(self.jail.layers), self.probe(), self.scratch is not None))
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.control, MESSAGE_BYTES, 3)
            command = decode(message)
            if not isinstance(command, Command):
                return True
            self.serve(command, descriptors, items)

    def warm_up(self, item: pytest.Item) -> None:
        """Run a test of our own, so that no child has to load what every test needs."""
        root = Path(self.settings.work)
        submission = Submission(root, ["."], self.settings.forbid)
        submission.install()
        self.plugin.run(item, submission, root, _Nowhere(), given=False, seed=0)
        submission.uninstall()

    def probe(self) -> dict[str, bool]:
        """Try the jail from inside, in a separate child."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                settings = self.settings
                os.dup2(writing, CHANNEL)
                enter(self.jail, settings.work, 64, 10, keep=CHANNEL)
                libraries = [str(file) for module in (os, np, pytest) if (file := module.__file__)]
                done = attempt(Path(settings.stage), Path(settings.tests), settings.judge, libraries)
                os.write(CHANNEL, json.dumps(done).encode("ascii"))
                os._exit(0)
            except BaseException:
                os.write(2, traceback.format_exc().encode())
                os._exit(70)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            raw = pipe.read()
        os.waitpid(pid, 0)
        kill_children(self.twins)
        return dict(json.loads(raw or b"{}"))

    def send(self, message: Message) -> None:
        """Send one message to the judge."""
        self.control.send(encode(message))

    def serve(self, command: Command, descriptors: Sequence[int], items: dict[str, pytest.Item]) -> None:
        """Fork a child for one command and send the judge its id; send its exit status after all its processes ended.

        Raises RuntimeError if this process has more than one thread; the judge then replaces the zygote.
        """
        load_late(command.loaded)
        if thread_count() != 1:
            raise RuntimeError("a library started a thread in the zygote; a forked child could hang on its locks")
        if self.scratch is not None:
            self.scratch.renew()
        pid = os.fork()
        if pid == 0:
            tests = [items[name] for name in command.tests]
            run_child(command, descriptors, tests, self)
        for descriptor in descriptors:
            os.close(descriptor)
        self.send(Started(pid))
        _, status, usage = os.wait4(pid, 0)
        clean = kill_children(self.twins)
        if self.settings.programs and self.scratch is not None:  # then the folder is our own
            for entry in os.listdir(SHARED_MEMORY):
                remove(os.path.join(SHARED_MEMORY, entry))
        self.send(Ended(status, usage.ru_maxrss / 1024, clean))


class _Nowhere:
    """A recorder for the warm-up: encodes observations as a Channel does, and drops them."""

    def add(self, observation: Observation) -> None:
        encode_observation(observation, 2**20)


def run_child(command: Command, descriptors: Sequence[int], items: Sequence[pytest.Item], server: Server) -> None:
    """Run tests in this forked process, then exit; this function never returns.

    Each test imports the hand-in's modules anew, unless the command says that what a test leaves lasts. If a test
    leaves something that can't be put back, no other follows.
    """
    settings, plugin, jail, submission = server.settings, server.plugin, server.jail, server.submission
    try:
        channel, output, *compiled = descriptors
        codes = b"".join(os.pread(each, os.fstat(each).st_size, 0) for each in compiled)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # `output` may be descriptor CHANNEL, so the channel is moved only after `output` is duplicated
        moved = os.dup(channel)
        os.dup2(moved, CHANNEL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        gc.enable()
        enter(jail, settings.work, command.memory_mb, command.cpu_seconds, keep=CHANNEL)
        Channel(CHANNEL, 0).write(encode_ready(jail.layers))
        root = Path(settings.submission)
        if codes:
            bring(codes)
        shares = command.shares
        if command.prepares:
            shares = keeps_to_itself(root, server.helpers)
            # a suite has no path and imports in its own way; cells are compiled one by one
            files = (file for file in root.resolve().rglob("*.py") if settings.path and not origin(file))
            Channel(CHANNEL, 0).write(encode_prepared(Prepared(shares, compile_all(files))))
        alone = len(items) == 1 or command.lasting or not shares
        shared = server.leftovers if not alone else None
        if shared is not None:
            shared.begin()
        for number, (item, seed) in enumerate(zip(items, command.seeds, strict=True), 1):
            pipe = Channel(CHANNEL, command.value_bytes)
            if number == 1 or not command.lasting:
                submission = submission.again()
                submission.install()
            # in a context of its own, so that no variable of one test's context reaches the next
            context = contextvars.copy_context()
            ended = context.run(plugin.run, item, submission, root, pipe, given=command.given, seed=seed)
            del context
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):  # a student may have closed or replaced it
                    stream.flush()
            more = number < len(items) and (command.lasting or (shared is not None and shared.undo()))
            pipe.write(encode_end(ended.claim, ended.message, ended.claimed_score, ended.leaderboard, more=more))
            # the judge answers when it has read the test's whole output
            if not more or not os.read(CHANNEL, 1):
                break
        os._exit(0)
    except BaseException:
        # the judge reports "crashed" because the last frame is missing; the traceback is for its log
        with contextlib.suppress(Exception):
            os.write(2, traceback.format_exc().encode())
        os._exit(70)


def make_jail(settings: Settings) -> tuple[Jail, Scratch | None]:
    """Prepare the layers that the judge asks for and this machine supports.

    If this process may mount, the work folders are on a file system that only it and its children see. The judge can't
    renew those, so this function returns a Scratch with which the zygote renews them.
    """
    readable = [Path(entry) for entry in (*settings.readable, settings.tests, settings.submission)]
    work = Path(settings.work).parent
    user = settings.user
    own_disk = at_least(settings.level, "basic") and own_view()
    closed = closed_folders([*readable, work]) if user is not None else {}
    if closed:
        try:
            open_folders(closed)
        except OSError as error:
            print(f"the worker's user can't reach {closed}: {error}", file=sys.stderr)
            user = None  # the judge sees that the layer is missing
    hidden = hidden_packages(settings.forbid, settings.library) if at_least(settings.level, "landlock") else []
    kept, listed = without_packages([*readable, Path(os.devnull)], hidden)
    user = user if at_least(settings.level, "full") else None
    scratch = None
    if own_disk:
        mount_work(work, WORK_BYTES, WORK_FILES)
        scratch = Scratch(work, user)
        scratch.renew()
        if settings.programs:
            with contextlib.suppress(OSError):  # an own one, so that nothing is left for other gradings
                mount_work(Path(SHARED_MEMORY), WORK_BYTES, WORK_FILES, mode="1777")
    jail = prepare(settings.level, user, kept, work, listed=listed, programs=settings.programs)
    if jail.rules is not None:
        # away from the low descriptor numbers that a child assigns
        moved = fcntl.fcntl(jail.rules.reading, fcntl.F_DUPFD_CLOEXEC, 10)
        jail = jail._replace(rules=jail.rules._replace(reading=moved))
        if hidden:
            sys.meta_path.insert(0, Refuser(hidden))
    return jail, scratch


def main(descriptor: int) -> None:
    """Serve the judge on this inherited socket until the judge closes it."""
    become_subreaper()
    forget_arguments()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]  # both are text files here
    control = socket.socket(fileno=descriptor)
    twins: list[int] = []
    while True:
        raw, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 1)
        settings = decode(raw)
        if not isinstance(settings, Settings):
            os._exit(0)  # the command line had nothing to grade
        os.chdir(settings.work)
        os.environ.update(dict.fromkeys(HOMES, settings.work))  # before a library reads them
        if settings.programs:  # a test that starts `python` means this one
            os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.defpath])
            from grader.testing.managers import connect_without_sockets  # few homeworks need it

            connect_without_sockets()
        if settings.library == "torch" and not twins:
            load_torch(programs=settings.programs)
        pid = os.fork() if descriptors else 0
        if pid == 0:
            break
        twins.append(pid)
        os.close(descriptors[0])
    if descriptors:
        control.close()
        control = socket.socket(fileno=descriptors[0])
        twins.clear()
    serve(control, settings, twins)


def serve(control: socket.socket, settings: Settings, twins: Collection[int]) -> None:
    """Collect the tests, send them to the judge, and run the ones that it asks for."""
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the zygote and its children die with the judge
    if settings.helpers and settings.path:  # a suite has no path, and is compiled with other folders in it
        import compileall  # imported late because most homework has no helpers, and every import costs time

        compileall.compile_dir(settings.helpers, quiet=2)  # trusted code; students' files are compiled only in a jail

    plugin = TestingPlugin(settings.library)
    plugin.programs = settings.programs
    plugin.alone = True
    server = Server(control, settings, plugin, twins)
    arguments = pytest_arguments(Path(settings.tests), [*settings.files, "test_warm_up.py"])
    code = pytest.main(arguments, plugins=[plugin, server])
    os._exit(int(code))
