"""Tries forbidden actions from inside a jail, as student code would. A layer that fails to refuse is our own fault."""

from __future__ import annotations

import mmap
import os
import socket
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

STARTS = "start a process"
PROTECTS: Mapping[str, frozenset[str]] = {
    "take memory without limit": frozenset({"basic"}),
    "read a secret file": frozenset({"landlock", "uid"}),
    "read what everybody may read": frozenset({"landlock"}),
    "read the grader's own files": frozenset({"uid"}),
    "write outside the work folder": frozenset({"landlock", "uid"}),
    "read the judge's memory": frozenset({"landlock", "uid"}),
    "signal the judge": frozenset({"seccomp", "uid"}),
    "open a socket": frozenset({"seccomp"}),
    STARTS: frozenset({"seccomp"}),
}
"""The attempted actions, and the layers that must each refuse them. Each layer is the only one for some action."""

_HUGE = 2**36
"""More bytes than any memory limit of a test allows; they are mapped and never touched."""
_MAP_PRIVATE, _MAP_NORESERVE = 0x02, 0x4000

NEEDS = "read the libraries"
"""The action that must succeed, because late imports need it."""


def lay_out(stage: Path, tests: Path) -> None:
    """Make the files that `attempt` tries to read: in the judge's folder, and in one that Landlock lets it read."""
    for path, mode in ((stage / "secret", 0o600), (stage / "notice", 0o644), (tests / "private", 0o600)):
        path.touch(0o600)
        path.chmod(mode)


def attempt(stage: Path, tests: Path, judge: int, libraries: Collection[str]) -> dict[str, bool]:
    """Return for each action whether it succeeded; runs in a jailed child before any student code."""
    tries: dict[str, Callable[[], object]] = {
        "take memory without limit": lambda: mmap.mmap(-1, _HUGE, _MAP_PRIVATE | _MAP_NORESERVE).close(),
        "read a secret file": (stage / "secret").read_bytes,
        "read what everybody may read": (stage / "notice").read_bytes,
        "read the grader's own files": (tests / "private").read_bytes,
        "write outside the work folder": lambda: (tests / "probe").write_bytes(b""),
        "read the judge's memory": lambda: os.close(os.open(f"/proc/{judge}/mem", os.O_RDONLY)),
        "signal the judge": lambda: os.kill(judge, 0),
        "open a socket": lambda: socket.socket().close(),
        STARTS: _fork,
        NEEDS: lambda: [Path(file).stat() and Path(file).read_bytes() for file in libraries],
    }
    done = {}
    for name, action in tries.items():
        try:
            action()
            done[name] = True
        except OSError:
            done[name] = False
    return done


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def broken_layers(done: Mapping[str, bool], layers: Collection[str], *, programs: bool = False) -> list[str]:
    """Return a sentence for each action that wrongly succeeded or wrongly failed; `programs` allows to start some."""
    if not done:
        return ["the jailed child that tries what the layers refuse didn't come to its end"]
    found = [
        f"the layer {min(PROTECTS[name] & set(layers))} holds, and student code could still {name}"
        for name in PROTECTS
        if done.get(name, True) and PROTECTS[name] & set(layers) and not (programs and name == STARTS)
    ]
    if not done.get(NEEDS, False):
        found.append("student code can't read the interpreter's own files; see grader doctor")
    return found
