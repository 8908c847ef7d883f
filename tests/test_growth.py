"""What the grader does with a text takes time in proportion to the text, whatever a hand-in puts into it.

A regular expression that looks from every place of a text to its end takes an hour for what a hand-in can print in a
second, and no deadline interrupts the judge in it. So each one of the package meets long texts that repeat one thing.
"""

from __future__ import annotations

import ast
import importlib
import multiprocessing
import pkgutil
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import grader
from grader.sandbox.run import Output
from grader.text import clean_text, cut, harmless_cell, overwritten

PACKAGE = Path(grader.__file__).parent
OTHERS = (
    "authoring",
    "classroom",
    "commands",
    "starters",
    "arguments",
    "options",
    "assignment",
    "settings",
    "__main__",
)
"""They read the texts of instructors, and of students only names, which have 255 bytes at most."""
LENGTH = 50_000
CPU_SECONDS = 0.5
"""For one text: in proportion to LENGTH it takes some milliseconds, and by its square more than a second."""
UNITS = (
    *("\n", " ", "\t", "\r", "a", "A", "0", "_", ".", "-", "/", "\\", "#", "%", "!", "?", "=", ":", ";", ",", "'", '"'),
    *("(", ")", "[", "]", "{", "}", "<", ">", "@", "+", "*", "|", "\x1b[", "\x1b]", "\\'", "a.", "a-", "a ", "a\n"),
    *("# ", "#\n", "\n ", "\r\n", "\ra", "a=", "(1)", " copy", "import ", "from a", "class ", "coding:", "In [1]:"),
    *("get_ipython", "%time ", "1.5e", "a@", "line 1: ", "\xe9", "\U0001f600"),
)
TEXTS = [text for unit in UNITS for text in (unit * (LENGTH // len(unit)) + "\0", unit + "a" * LENGTH + "\0")]


def feed(text: str) -> None:
    """Give a text to the judge's reader of a child's output, as it arrives."""
    output = Output(64 * 1024)
    data = text.encode("utf-8")
    for start in range(0, len(data), 2**16):
        output.feed(data[start : start + 2**16])
    output.text()


def search(pattern: re.Pattern[str] | re.Pattern[bytes], text: str) -> None:
    given = text.encode("utf-8") if isinstance(pattern.pattern, bytes) else text
    for _ in pattern.finditer(given):  # type: ignore[arg-type]  # it has the pattern's type
        pass


def compiled(literal: Any, flags: int) -> re.Pattern[Any]:
    return re.compile(literal, flags)


def tasks() -> dict[str, Callable[[str], object]]:
    """The functions that make a hand-in's texts safe, and every regular expression of the package."""
    found: dict[str, Callable[[str], object]] = {
        "output": feed,
        "overwritten": overwritten,
        "clean": lambda text: clean_text(text, len(text)),
        "cell": harmless_cell,
        "cut": lambda text: cut(text, len(text) // 2),
    }
    for entry in pkgutil.walk_packages([str(PACKAGE)], "grader."):
        if entry.name.split(".")[1] in OTHERS:
            continue
        for name, value in vars(importlib.import_module(entry.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{entry.name}.{name}"] = partial(search, value)
    known = {one.args[0].pattern for one in found.values() if isinstance(one, partial)}
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.relative_to(PACKAGE).with_suffix("").parts[0] in OTHERS:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                literal = node.args[0]
                if isinstance(literal, ast.Constant) and literal.value not in known:
                    flags = re.MULTILINE if re.search(r"re\.M\b|re\.MULTILINE", ast.unparse(node)) else 0
                    name = f"{file.relative_to(PACKAGE).as_posix()}: {literal.value!r}"
                    found[name] = partial(search, compiled(literal.value, flags))
    return found


TASKS = tasks()


def work(task: str) -> None:
    """Do one task with every text, in a process that the kernel ends if one takes too long."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for text in TEXTS:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        TASKS[task](text)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_it_takes_time_in_proportion_to_the_text(task: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=work, args=(task,))
    process.start()
    process.join()
    assert process.exitcode == 0


def test_a_carriage_return_hides_what_was_before_it_in_its_line() -> None:
    output = Output(1000)
    for chunk in (b"10%\r20%", b"\r30%\r", b"\r\nnext\rline\r", b"\nend\r"):
        output.feed(chunk)
    assert output.text() == "30%\nline\nend"
