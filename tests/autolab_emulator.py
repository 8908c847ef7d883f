"""Emulates Autolab and Tango around a grading, according to their code: limits before, the last line after.

A plain user makes the run with Tango's limits; its output is then read as Autolab reads it.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTPUT_BYTES = 1_024_000
TASKS = 100
FILE_BYTES = 100 * 2**20
PARSING = "An error occurred while parsing the autoresult returned by the Autograder"
HOME = "/home/autolab"
"""Where the user's home was; it doesn't exist any more when make runs."""


@dataclass
class Graded:
    """What Autolab keeps of a run."""

    scores: dict[str, float] = field(default_factory=dict)
    autoresult: str | None = None
    scoreboard: list[Any] | None = None
    error: str = ""
    feedback: str = ""


def run(lab: Path, into: Path, handin: Path, *, timeout: float = 180.0, user: int | None = None) -> str:
    """Make the folder `into` as Tango does, run make there, and return what students read.

    Args:
        lab: the folder with autograde-Makefile and autograde.tar.
        into: a new folder.
        handin: the hand-in, under the name that the lab gives it.
        timeout: in seconds; then make is killed, and what was written is handed on all the same.
        user: the uid to run as, where we are root.
    """
    into.mkdir(parents=True)
    work = into / "autolab"
    work.mkdir()
    shutil.copyfile(lab / "autograde-Makefile", work / "Makefile")
    shutil.copyfile(lab / "autograde.tar", work / "autograde.tar")
    shutil.copyfile(handin, work / handin.name)
    log = into / "output.log"
    log.touch()
    if user is not None:
        for path in (into, work, log, *work.iterdir()):
            os.chown(path, user, user)
    stdout = log.open("wb")
    process = subprocess.Popen(
        ["make"],
        cwd=work,
        env={
            "HOME": HOME,
            "PATH": os.defpath + ":/bin:/usr/bin",
            **{name: os.environ[name] for name in ("GRADER_PYTHON",) if name in os.environ},
        },
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: _limited(user),
        start_new_session=True,
    )
    stdout.close()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return "Autodriver: Job exited with status 0\n" + elided(log.read_bytes()).decode("utf-8", "replace")


def _limited(user: int | None) -> None:
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    resource.setrlimit(resource.RLIMIT_NPROC, (TASKS, TASKS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def elided(output: bytes) -> bytes:
    """Cut the middle out of a long output."""
    if len(output) <= OUTPUT_BYTES:
        return output
    half = OUTPUT_BYTES // 2
    return output[:half] + b"\n...[excess bytes elided]...\n" + output[-half:]


def saved(feedback: str, problems: Sequence[str], scores: dict[str, float] | None = None) -> Graded:
    """Read the scores as Autolab does; `scores` are those that a submission has already, by a person, say."""
    kept = dict(scores or {})
    lines = feedback.rstrip().splitlines()
    last = lines[-1] if lines else ""
    try:
        value = json.loads(re.sub(r"([a-zA-Z0-9]+):", r'"\1":', last), parse_constant=_refuse)
        found = value["scores"]
        if not found:
            raise ValueError("no scores")
        entries = list(found.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return Graded({name: kept.get(name, 0.0) for name in problems}, error=PARSING, feedback=feedback)
    for name, score in entries:
        if name not in problems:
            return Graded(kept, error=f"no problem {name}")
        if score is not None:
            kept[name] = float(score)
    return Graded(kept, last, value.get("scoreboard"), "", feedback)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def page(feedback: str) -> dict[str, Any] | None:
    """The second-last line as the page shows it; raises KeyError where the page would break."""
    lines = feedback.rstrip().splitlines()
    try:
        value = json.loads(lines[-2])
    except (ValueError, IndexError):
        return None
    if not isinstance(value, dict) or value.get("_presentation") != "semantic":
        return None
    for stage in value.get("stages", []):
        for entry in value[stage].get("_order", []):
            value[stage][entry]
    return value
