"""The stage between intake and tests: notebooks of a hand-in, and scripts made from notebooks, become modules.

    clean folder with notebooks --jailed child--> texts of modules --written unread--> clean folder of modules

Nothing of a hand-in is parsed in this process: a child reads the notebooks, and what it returns is as untrusted as
what the student handed in. It is text for a file, and sentences.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.sandbox.protocol import Asked, Conversion
from grader.sandbox.worker import Worker

if TYPE_CHECKING:
    from grader.intake.take import Intake, Taken

ANSWERS = "written_answers.md"
"""The file of the written answers, in the folder of a converted hand-in."""
_ODD = re.compile(
    rb"get_ipython\(|^[ \t]*[!%]|^# In\[|\A# Databricks notebook source|^# ?%%|^# \+|^# jupyter:|^app = marimo\.App",
    re.MULTILINE,
)
_TEXT_BYTES = 2**21
"""More than a child of ours sends."""
_NOTES = 20


@dataclass(frozen=True)
class Converted:
    """What became of a hand-in's notebooks and scripts."""

    notes: tuple[str, ...] = ()
    refusal: str = ""
    """Why nothing of the hand-in can be graded; empty if something can."""


def convert(worker: Worker, intake: Intake, template: tuple[str, ...] | None = None) -> Converted:
    """Convert what the intake took, in the folder of a worker that is ready.

    Args:
        worker: has the clean folder.
        intake: what is in it.
        template: the texts of the students' template; None reads them.

    Raises:
        InternalError: the machine can't write the result.
    """
    scripts = [name for name in intake.files if name.endswith(".py") and _is_odd(worker.submission / name)]
    if not intake.notebooks and not scripts:
        return Converted()
    asked = tuple(Asked(item.file, item.name, item.targets, item.instead) for item in intake.notebooks)
    if template is None:
        template = _template(worker) if asked else ()
    recording = worker.convert(Conversion(asked, tuple(scripts), template))
    told = {item.name: item.values["actual"].text for item in recording.observations if "actual" in item.values}
    notes: list[str] = []
    refused: list[str] = []
    for number, item in enumerate(intake.notebooks):
        key = f"notebook {number}"
        text = told.get(f"text of {key}")
        if text is not None:
            if item.instead:
                notes.append(f"{', '.join(item.targets)}: still as in the template, so {item.name} counts.")
            _write_module(worker, item, text)
            if f"answers of {key}" in told:  # an empty file says that nothing was written
                _write(worker, ANSWERS, told[f"answers of {key}"])
        elif f"refused {key}" in told:
            refused.append(f"{item.name} {told[f'refused {key}']}")
        elif recording.ending != "ok":
            refused.append(f"{item.name} can't be read: {recording.message}")
        notes += _lines(told, f"notes on {key}", item.name)
        if not worker.assignment.submission.modules:  # a suite may read the notebook itself
            (worker.submission / item.file).unlink(missing_ok=True)
    for number, name in enumerate(scripts):
        key = f"script {number}"
        if f"text of {key}" in told:
            _write(worker, name, told[f"text of {key}"])
            notes.append(f"{name} was made from a notebook: its definitions count, and what only runs was left out.")
            notes += _lines(told, f"notes on {key}", name)
        elif f"refused {key}" in told:
            notes.append(f"{name} {told[f'refused {key}']}.")
    nothing = len(refused) == len(intake.files)
    return Converted((*notes, *(f"{sentence}." for sentence in refused)), "; ".join(refused) if nothing else "")


def _template(worker: Worker) -> tuple[str, ...]:
    """The texts of the students' template, to recognise an unchanged handout and written answers."""
    folder = worker.assignment.template
    files = [file for suffix in ("*.ipynb", "*.py") for file in sorted(folder.rglob(suffix))]
    return tuple(file.read_text("utf-8") for file in files if file.is_file())


def _lines(told: Mapping[str, str], key: str, name: str) -> list[str]:
    return [f"{name}: {line}." for line in told.get(key, "").split("\n")[:_NOTES] if line]


def _is_odd(file: Path) -> bool:
    """Whether a script looks as if it were made from a notebook; its child looks closer."""
    data = file.read_bytes()
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or _ODD.search(data) is not None


def _write_module(worker: Worker, item: Taken, text: str) -> None:
    """Write a notebook's module; if it stands for several files, each is an alias of one module."""
    from grader.testing.cells.places import MODULE, alias_text  # brings numpy, so it comes after the worker's start

    targets = item.targets
    if len(targets) > 1:
        path = worker.assignment.submission.path
        _write(worker, PurePosixPath(path[0] if path else ".") / f"{MODULE}.py", text)
        text = alias_text(MODULE)
    for target in targets:
        _write(worker, target, text)


def _write(worker: Worker, name: str | PurePosixPath, text: str) -> None:
    """Write a file of the clean folder, in the place of the one that it was made from."""
    from grader.intake.take import write_file  # as late as grading imports it

    with contextlib.suppress(OSError):  # whatever can't be removed can't be written either, and that is told
        (worker.submission / name).unlink()
    write_file(worker.submission, str(name), text[:_TEXT_BYTES].encode("utf-8"))
