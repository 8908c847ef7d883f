"""The command dev: looks at an assignment after every save, and audits it in the background.

The audit works on a copy in `build/dev`, which it records: the author's own fixtures change only by `grader record`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from grader.commands.common import DONE, FAILED, outside, project_of, reopen_answers, say
from grader.errors import AssignmentError
from grader.settings import load_assignment

PAUSE: Final = 0.1
"""Seconds between two looks at the files' times."""


def run_dev(options: argparse.Namespace) -> int:
    """Look now, and with every save until the author interrupts; with `--once`, look once."""
    from grader.authoring.look import stamps

    reopen_answers(options)
    project = project_of(options)
    folders = [project / place / options.assignment for place in ("testcases", "reference")]
    load_assignment(project, options.assignment)  # a misspelt name ends the command; a mistake later doesn't
    audit = _Audit(project, options.assignment)
    try:
        while True:
            before = stamps(folders)
            good = _look(project, options.assignment)
            if options.once:
                return DONE if good else FAILED
            if good and not options.no_audit:
                audit.start()
            while stamps(folders) == before:
                audit.tell()
                time.sleep(PAUSE)
            audit.stop()
            while True:  # an editor may write several files
                before = stamps(folders)
                time.sleep(PAUSE)
                if stamps(folders) == before:
                    break
    finally:
        audit.stop()


def _look(project: Path, name: str) -> bool:
    """Print what a look finds; return whether the assignment is in order."""
    from grader.authoring.look import look, sentences

    start = time.monotonic()
    try:
        with outside():
            seen = look(load_assignment(project, name))
    except AssignmentError as error:
        print("\n".join(sentences(name, error)), flush=True)
        return False
    lines = sentences(name, seen)
    print("\n".join([f"{lines[0]}  [{time.monotonic() - start:.1f} s]", *lines[1:]]), flush=True)
    return not seen.earned


class _Audit:
    """The audit of a copy, in another process; a newer one replaces it."""

    def __init__(self, project: Path, name: str) -> None:
        self._project = project
        self._name = name
        self._copy = project / "build" / "dev"
        self._running: subprocess.Popen[str] | None = None
        self._output = self._copy / f"{name}.txt"

    def start(self) -> None:
        """Copy the assignment and audit it; the journal of earlier audits says what needn't be done again."""
        for place in ("testcases", "reference", "student_template"):
            target = self._copy / place / self._name
            recorded = target / "fixtures"
            kept = self._copy / "fixtures"
            shutil.rmtree(kept, ignore_errors=True)
            if recorded.is_dir():
                shutil.move(recorded, kept)
            shutil.rmtree(target, ignore_errors=True)
            if (self._project / place / self._name).is_dir():
                shutil.copytree(self._project / place / self._name, target)
            if kept.is_dir():
                # the copy's own, so that the graded values stay and only changed tests are audited again
                shutil.rmtree(target / "fixtures", ignore_errors=True)
                shutil.move(kept, target / "fixtures")
        commands = [[word, self._name, "--project", str(self._copy)] for word in ("record", "template", "audit")]
        with self._output.open("w", encoding="utf-8") as output:
            self._running = subprocess.Popen(
                [sys.executable, "-c", _ONE_AFTER_THE_OTHER, *map(" ".join, commands)],
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                cwd=os.sep,
            )

    def tell(self) -> None:
        """Print the audit's result once it is there."""
        if self._running is None or self._running.poll() is None:
            return
        self._running = None
        text = self._output.read_text("utf-8", "replace").replace(str(self._copy), str(self._project))
        for line in text.strip().split("\n"):
            if not line.startswith("wrote "):
                print(f"  audit: {line}", flush=True)
        page = self._copy / "build" / "audit" / f"{self._name}.html"
        if page.is_file():
            say(f"  audit: {page}")

    def stop(self) -> None:
        """End the audit, if it runs."""
        if self._running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGTERM)
            self._running.wait()
            self._running = None


_ONE_AFTER_THE_OTHER: Final = """\
import os, subprocess, sys
os.nice(10)
for call in sys.argv[1:]:
    done = subprocess.run([sys.executable, "-m", "grader", *call.split(" ", 3)], capture_output=True, text=True)
    if done.returncode or call.startswith("audit"):
        print(done.stdout + done.stderr)
    if done.returncode:
        break
"""
