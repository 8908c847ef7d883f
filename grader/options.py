"""The options of each command: a function for each command adds them to its parser."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.assignment import LIBRARIES
from grader.levels import LEVELS

FORMATS = ("gradescope", "autolab", "prairielearn", "markus", "junit", "csv", "terminal", "json")
PLATFORMS = ("gradescope", "autolab")
STARTERS = ("mlp", "optimizer", "dropout", "cnn", "attention", "training")
"""What a new assignment may start from; `grader.authoring.new` makes it."""
SOURCES = ("gradescope", "prairielearn", "moodle", "canvas", "autolab", "nbgrader", "clones", "plain")
"""The layouts of a class's hand-ins; `grader.classroom.sources.find` has their readers."""
_CORES = os.cpu_count() or 1


def _add_assignment(sub: argparse.ArgumentParser, nargs: str | None = None) -> None:
    sub.add_argument("assignment", metavar="A", nargs=nargs, help="the assignment's name")


def _add_min_isolation(sub: argparse.ArgumentParser, meaning: str, least: str = "none") -> None:
    sub.add_argument("--min-isolation", choices=LEVELS, default=least, help=f"{meaning} (default: %(default)s)")


def _add_jobs(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--jobs", type=_whole, default=_CORES, metavar="N", help="processes (default: one a core)")


def _add_check(sub: argparse.ArgumentParser, what: str) -> None:
    sub.add_argument(
        "--check", action="store_true", help=f"write nothing; exit 1 when {what} on disk are not what comes out"
    )


def _demo(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="DIR",
        help="a new folder for it (default: a temporary one, which stays)",
    )


def _list(sub: argparse.ArgumentParser) -> None:
    """It needs no assignment, because it shows all."""


def _new(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="the new assignment's name: lower-case letters, digits and _")
    sub.add_argument(
        "--library", choices=LIBRARIES, default="numpy", help="what the homework is written with (default: %(default)s)"
    )
    sub.add_argument(
        "--from",
        dest="kind",
        choices=STARTERS,
        default="mlp",
        help="the homework to start from; each has a dropout layer too (default: %(default)s)",
    )
    sub.add_argument("--notebook", action="store_true", help="students write in a notebook instead of files")


def _dev(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    sub.add_argument("--once", action="store_true", help="look once; exit 1 if something is wrong")
    sub.add_argument("--no-audit", action="store_true", help="don't audit in the background")


def _record(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    _add_check(sub, "the fixtures")
    sub.add_argument("--new-seed", action="store_true", help="draw another secret seed for the graded fixtures")
    sub.add_argument("--fresh", action="store_true", help="run everything, also what the last run recorded unchanged")
    _add_jobs(sub)


def _template(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    _add_check(sub, "the template's files")


def _handout(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    sub.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="a new folder, .zip, .tar or .tar.gz"
    )


def _check(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "things",
        nargs="*",
        metavar="DIR or TEST",
        help="an unpacked handout (default: here), then the numbers of tests, such as 1.2, or parts of their names",
    )
    sub.add_argument("--part", action="append", default=[], metavar="P", help="only this part; may be given again")
    sub.add_argument("--failed", action="store_true", help="only the tests that weren't passed in the last run")
    sub.add_argument("--all", action="store_true", help="show every test and every message, not one screen")
    sub.add_argument("--watch", action="store_true", help="run again whenever a file changes, until Ctrl-C")
    sub.add_argument("--pdb", action="store_true", help="stop in a debugger at the first test that fails")
    sub.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page, too")
    sub.add_argument(
        "--assignment", metavar="A", help="take the tests from the project, for a DIR that isn't a handout"
    )
    sub.add_argument(
        "--unjailed",
        action="store_true",
        help="with --assignment: you trust the code in DIR, which runs with all of your rights",
    )


def _grade(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub, nargs="?")
    sub.add_argument(
        "submission",
        type=Path,
        metavar="SUBMISSION",
        help="a folder, .tar (also .gz, .bz2, .xz), .zip or a single file; no link",
    )
    _add_suite(sub, "unittest or pytest tests, as it is")
    sub.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="NAME",
        help="a file or folder beside the student's files that isn't theirs; may be given again",
    )
    sub.add_argument("--format", choices=FORMATS, default="gradescope", help="what to write (default: %(default)s)")
    sub.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    _add_limits(sub)


def _add_suite(sub: argparse.ArgumentParser, meaning: str) -> None:
    sub.add_argument("--suite", type=Path, metavar="FOLDER", help=f"instead of A: a folder of {meaning}")
    sub.add_argument(
        "--together",
        action="store_true",
        help="with --suite: run all tests in one process in the suite's order, for tests that need each other",
    )
    sub.add_argument(
        "--programs",
        action="store_true",
        help="with --suite: let student code start programs and processes, inside the jail's other walls",
    )


def _add_limits(sub: argparse.ArgumentParser, least: str = "none") -> None:
    for name, kind, what in (
        ("test-seconds", _positive, "wall time of one test"),
        ("total-seconds", _positive, "wall time of all tests together"),
        ("memory-mb", _whole, "memory of a test, in MiB"),
    ):
        sub.add_argument(f"--{name}", type=kind, metavar="N", help=f"{what}, instead of the assignment's")
    _add_min_isolation(sub, "refuse to grade under less", least)
    sub.add_argument(
        "--max-isolation",
        choices=LEVELS,
        default="full",
        help="use no more than this, to test a level (default: %(default)s)",
    )


def _class(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub, nargs="?")
    sub.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="the folder or archive of hand-ins: one entry a student, or the download of a platform",
    )
    sub.add_argument(
        "-o", "--output", type=Path, metavar="RUN", required=True, help="the run's folder; name it again to go on"
    )
    _add_suite(sub, "tests, as for `grader grade`")
    sub.add_argument("--source", dest="kind", choices=SOURCES, help="the layout of SOURCE (default: recognised)")
    sub.add_argument(
        "--pattern",
        metavar="REGEX",
        help="instead of a layout: finds the student in each path by named groups such as (?P<key>...)",
    )
    sub.add_argument("--roster", type=Path, metavar="CSV", help="the students of the class: names, e-mails, ids")
    sub.add_argument(
        "--due",
        metavar="TIME",
        help="when it was due, with its zone, such as '2026-10-20 23:59 +02:00'; the roster may have other times",
    )
    sub.add_argument(
        "--free-days",
        metavar="N",
        help="late days that cost a student nothing, over all homework; the roster may have other numbers",
    )
    sub.add_argument(
        "--spent",
        type=Path,
        action="append",
        default=[],
        metavar="RUN",
        help="the run of an earlier homework, whose free days are spent; give it once a homework",
    )
    sub.add_argument(
        "--pick",
        choices=("latest", "highest", "error"),
        default="latest",
        help="which of several versions counts (default: %(default)s)",
    )
    _add_jobs(sub)
    sub.add_argument("--dask", metavar="ADDRESS", help="grade on this Dask cluster, such as tcp://10.0.0.1:8786")
    sub.add_argument(
        "--scheduler-file", type=Path, metavar="FILE", help="grade on the Dask cluster that this file names"
    )
    sub.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="grade only the I-th of N shares; a last call without it puts all together",
    )
    sub.add_argument(
        "--against", type=Path, metavar="RUN", help="an earlier run: show what changed; exit 1 if anyone loses"
    )
    sub.add_argument("--zero-absent", action="store_true", help="no submission counts 0 (default: blank)")
    sub.add_argument("--canvas", default="", metavar="TITLE", help="the assignment's column in Canvas, with its id")
    sub.add_argument("--moodle", type=Path, metavar="CSV", help="Moodle's grading worksheet, to be filled in")
    _add_limits(sub, "seccomp")


def _shard(text: str) -> tuple[int, int]:
    """A share such as 3/20."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} isn't a share such as 3/20")
    return int(match[1]), int(match[2])


def _audit(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    sub.add_argument("--html", type=Path, metavar="FILE", help="where the page goes (default: build/audit/A.html)")
    _add_jobs(sub)
    sub.add_argument("--fresh", action="store_true", help="forget what an earlier audit did")


def _bundle(sub: argparse.ArgumentParser) -> None:
    _add_assignment(sub)
    sub.add_argument("--platform", choices=PLATFORMS, required=True, help="where it is to grade")
    sub.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to write it (default: autograder.zip, or the lab's name with .tar, here); for autolab, "
        "a name without .tar is a folder",
    )
    sub.add_argument(
        "--torch-index",
        default="",
        metavar="URL",
        help="where the grading image takes torch from: an index of builds without GPU support saves gigabytes",
    )


def _platform(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("platform", choices=PLATFORMS, help="the platform that this runs on")
    sub.add_argument("handin", nargs="?", type=Path, metavar="HANDIN", help="what was handed in, on autolab")
    sub.add_argument(
        "--root",
        type=Path,
        default=Path("/autograder"),
        metavar="DIR",
        help="gradescope's folder (default: %(default)s)",
    )
    sub.add_argument(
        "--timeout", type=_positive, default=180.0, metavar="N", help="autolab's, in seconds (default: %(default)g)"
    )
    _add_min_isolation(sub, "refuse to grade under less")


def _doctor(sub: argparse.ArgumentParser) -> None:
    _add_min_isolation(sub, "exit 1 when less is reached")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a positive number")
    return value


def _whole(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't a whole number from 1 to 999999")
    return int(text)


OPTIONS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "demo": _demo,
    "list": _list,
    "new": _new,
    "dev": _dev,
    "record": _record,
    "template": _template,
    "handout": _handout,
    "check": _check,
    "grade": _grade,
    "class": _class,
    "audit": _audit,
    "bundle": _bundle,
    "platform": _platform,
    "doctor": _doctor,
}
