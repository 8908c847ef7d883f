"""`grader doctor`: tries the layers of isolation from inside a jail, and advises about the missing ones."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from grader import __version__
from grader.errors import InternalError
from grader.levels import Level, level_of
from grader.questions import as_written
from grader.sandbox.child import landlock, seccomp
from grader.sandbox.identity import WORKER_USER, may_change_user, worker_user
from grader.sandbox.probe import NEEDS, PROTECTS, broken_layers
from grader.sandbox.worker import Worker
from grader.settings import read_assignment

_TOML = """title = "Self-test"
seed = 1
[submission]
files = ["*.py"]
[parts.nothing]
title = "Nothing"
points = 0
"""

LAYERS: Mapping[str, str] = {
    "basic": "own session, limits on memory, time, files and processes, no new privileges",
    "seccomp": "no new programs or processes, no network, no signals to others",
    "landlock": "no files but the libraries, the submission and a work folder",
    "uid": "another user than the grader's",
}


@dataclass(frozen=True)
class Findings:
    """The result of the examination."""

    level: Level
    """"none" if any layer is broken."""
    layers: tuple[str, ...]
    probe: Mapping[str, bool]
    broken: tuple[str, ...]
    """Sentences about layers that don't hold although they claim to; if there are any, nothing can be graded."""
    remedies: Mapping[str, str]
    """Missing layer to the advice about it."""
    versions: Mapping[str, str]


def examine() -> Findings:
    """Start a worker on an empty assignment and examine its jail."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "testcases" / "nothing"
        folder.mkdir(parents=True)
        (folder / "assignment.toml").write_text(_TOML, "utf-8")
        (folder / "test_nothing.py").write_text("", "utf-8")
        assignment = read_assignment(folder)
        with Worker(assignment, as_written(assignment)) as worker:
            try:
                worker.wait_ready()
            except InternalError:
                if not worker.layers:
                    raise
            layers, probe, log = worker.layers, worker.probe, worker.log()
    broken = broken_layers(probe, layers)
    level: Level = "none" if broken else level_of(layers)
    if broken and log:
        broken[-1] += f"; the worker's log:\n{log}"
    return Findings(level, layers, probe, tuple(broken), _remedies(layers, log), _versions())


def _remedies(layers: tuple[str, ...], log: str) -> dict[str, str]:
    remedies = {}
    if "seccomp" not in layers:
        remedies["seccomp"] = f"needs Linux on x86-64 or aarch64 with seccomp filters; this is {platform.machine()}"
    if "landlock" not in layers:
        remedies["landlock"] = (
            f"needs Linux 5.13 with Landlock on (this is {platform.release()}); in a container, a recent engine too"
        )
    if "uid" not in layers:
        if os.geteuid() != 0:
            remedies["uid"] = "needs root; as a plain user, landlock is the strongest level"
        elif not may_change_user():
            remedies["uid"] = (
                "root may not become another user here; start the container with its default capabilities, "
                "of which CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID and CAP_SETUID are needed"
            )
        elif worker_user() is None:
            command = f"useradd --system --no-create-home --shell /usr/sbin/nologin {WORKER_USER}"
            remedies["uid"] = (
                f"there is no user {WORKER_USER}; make it: {command}. Without it, student code runs as root without "
                "any of root's powers (all capabilities are dropped), and still owns root's files: landlock alone "
                "keeps it from them"
            )
        else:
            remedies["uid"] = (
                f"the user {WORKER_USER} can't reach the interpreter {sys.executable}: it is in a folder closed to "
                f"others, and mounting isn't allowed here; use one outside of home folders. {log.strip()[-200:]}"
            )
    return remedies


def _versions() -> dict[str, str]:
    versions = {"grader": __version__, "python": platform.python_version(), "kernel": platform.release()}
    for name in ("numpy", "pytest", "gradescope-utils", "torch"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    versions["landlock ABI"] = str(landlock.abi())
    versions["seccomp filters"] = "yes" if seccomp.available() else "no"
    return versions


def show(findings: Findings) -> None:
    """Print the findings as tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    table = Table(box=None, pad_edge=False)
    for column in ("Layer", "Here", "What it does, or what to do"):
        table.add_column(column, overflow="fold")
    for name, what in LAYERS.items():
        held = name in findings.layers
        table.add_row(
            name, "[green]yes[/]" if held else "[red]no[/]", what if held else findings.remedies.get(name, what)
        )
    console.print(table)
    console.print()
    table = Table(box=None, pad_edge=False)
    for column in ("From inside the jail, student code could", ""):
        table.add_column(column)
    for name in (*PROTECTS, NEEDS):
        worked, wanted = findings.probe.get(name, False), name == NEEDS
        table.add_row(name, f"[{'green' if worked == wanted else 'red'}]{'yes' if worked else 'no'}[/]")
    console.print(table)
    for sentence in findings.broken:
        console.print(f"broken: {sentence}", style="red", markup=False)
    console.print()
    console.print("  ".join(f"{name} {version}" for name, version in findings.versions.items()), style="dim")
    console.print(f"isolation level: [bold]{findings.level}[/]")
