"""The command line as argparse sees it: each command with its help text, its examples and its options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from grader import __version__
from grader.options import OPTIONS

Command = Callable[[argparse.Namespace], int]
"""A function that runs a command and returns the exit code."""


class _Help(NamedTuple):
    """The help text of a command."""

    summary: str
    examples: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    """A parser whose wrong calls end with exit code 2 also where standard error can't be written to."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the call, and end."""
        with suppress(OSError):
            self.print_usage(sys.stderr)
            print(f"{self.prog}: error: {message}", file=sys.stderr, flush=True)
        raise SystemExit(2)


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return a parser whose result has the chosen one of `commands` as `command`, and its own parser as `parser`."""
    parser = _Parser(
        prog="grader",
        description="Grades deep-learning homework: fixtures from a reference, handouts, scores for platforms.",
        epilog="exit codes: 0 done, whatever the score; 1 --check, audit, dev --once or doctor found "
        "something, check misses public points, or class --against found somebody who loses points; "
        "2 a wrong call or assignment; "
        "3 our own fault or the machine's, or less isolation than grading demands; "
        "130, 143 or 129 interrupted, terminated or hung up",
    )
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    with suppress(ImportError):  # the extra `completion`
        import shtab

        shtab.add_argument_to(parser, "--print-completion", help="print the completion for a shell")
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, help_of in _HELP.items():
        sub = choices.add_parser(
            name,
            help=help_of.summary,
            description=help_of.summary,
            epilog="\n".join(["examples:", *(f"  grader {name} {example}".rstrip() for example in help_of.examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=commands[name], parser=sub)
        sub.add_argument(
            "--project", type=Path, metavar="DIR", help="the folder with testcases/ (default: found from here up)"
        )
        OPTIONS[name](sub)
    return parser


_HELP = {
    "demo": _Help("make a homework, grade a right, a wrong and a hostile hand-in, and show it", ("", "my_demo")),
    "list": _Help("show the assignments, their parts and points", ("",)),
    "new": _Help(
        "make a new assignment that can be handed out at once: solution, tests, settings, CI",
        ("hw1", "hw2 --library torch --from attention", "hw3 --notebook", "hw1 --project my_course"),
    ),
    "dev": _Help(
        "while you write: what passes, what changed, and an audit in the background, after every save",
        ("cmu11785_hw1_bonus", "cmu11785_hw1_bonus --once"),
    ),
    "record": _Help(
        "make fixtures from the reference and its variants",
        ("cmu11785_hw1_bonus", "cmu11785_hw1_bonus --check", "cmu11785_hw1_bonus --new-seed"),
    ),
    "template": _Help(
        "make the students' template from the reference",
        ("cmu11785_hw1_bonus", "cmu11785_hw1_bonus --check"),
    ),
    "handout": _Help(
        "make what students download",
        ("cmu11785_hw1_bonus -o handout.zip", "cmu11785_hw1_bonus -o handout/"),
    ),
    "check": _Help(
        "run the public tests on your own code, here",
        ("", "my_handout --part adam", "my_code --assignment cmu11785_hw1_bonus --unjailed"),
    ),
    "grade": _Help(
        "grade one submission",
        (
            "cmu11785_hw1_bonus handin.tar -o results.json",
            "cmu11785_hw1_bonus handin.tar --format terminal",
            "cmu11785_hw1_bonus handin.tar --format autolab",
            "--suite my_tests/ handin.zip -o results.json",
        ),
    ),
    "class": _Help(
        "grade a whole class, and make its gradebooks and its page",
        (
            "cmu11785_hw1_bonus submissions/ -o build/hw1_bonus",
            "cmu11785_hw1_bonus assignment_123_export.zip -o build/hw1_bonus --roster roster.csv",
            "cmu11785_hw1_bonus submissions/ -o build/again --against build/hw1_bonus",
            "cmu11785_hw1_bonus submissions/ -o build/hw1_bonus --dask tcp://10.0.0.1:8786",
            "hw2 submissions/ -o build/hw2 --roster roster.csv --free-days 4 --spent build/hw1",
            "--suite my_tests/ submissions/ -o build/run",
        ),
    ),
    "audit": _Help(
        "prove an assignment: reference, template, variants and automatic mutants",
        ("cmu11785_hw1_bonus", "cmu11785_hw1_bonus --html audit.html"),
    ),
    "bundle": _Help(
        "make what you upload to a platform that grades",
        (
            "cmu11785_hw1_bonus --platform gradescope",
            "cmu11785_hw1_bonus --platform autolab -o lab.tar",
            "cmu11785_hw1_bonus --platform autolab -o build/lab",
        ),
    ),
    "platform": _Help(
        "grade one submission inside a platform's container; the bundle's own scripts call this",
        ("gradescope", "autolab ../handin.tar --timeout 180"),
    ),
    "doctor": _Help("show which layers of isolation work here, and what to do about the others", ("",)),
}
