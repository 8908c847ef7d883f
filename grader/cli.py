"""The command line: runs one command, and turns what it raises into a sentence and an exit code.

Exit codes: 0 done, whatever the score; 1 --check, audit or doctor found something, or check misses public points; 2 a
wrong call or assignment; 3 our own fault or the machine's, or less isolation than grading demands; 128 plus the
signal's number if a signal ended it: 130 interrupted, 143 terminated, 129 hung up.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from grader.arguments import Command, make_parser
from grader.commands import authoring, classroom, demo, dev, grading, overview, student
from grader.commands.common import DONE, FAILED, INTERNAL, WRONG, say
from grader.errors import AssignmentError, InternalError, OutputError, Terminated, UsageError

if TYPE_CHECKING:
    from grader.sandbox.launch import Zygote


def main(arguments: Sequence[str] | None = None, zygote: Zygote | None = None) -> int:
    """Run one command and return its exit code; `grade` uses `zygote`, if it was started before."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = argparse.Namespace(zygote=zygote, command=None, words=words)
    try:
        try:
            make_parser(COMMANDS).parse_args(words, options)
            code = int(options.command(options))
        except SystemExit as end:  # argparse, after --help or a wrong call
            code = end.code if isinstance(end.code, int) else FAILED
        sys.stdout.flush()
        return code
    except (UsageError, AssignmentError) as error:
        say(f"grader: {error}")
        return WRONG
    except InternalError as error:
        return _fault(options, str(error))
    except Terminated as end:
        say(f"grader: stopped by {signal.Signals(end.number).name}")
        return 128 + end.number
    except KeyboardInterrupt:
        say("grader: stopped")
        return 130
    except MemoryError:
        return _fault(options, "the memory here is used up; end other programs, or run this where there is more")
    except OutputError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # otherwise the interpreter retries the write at its exit
        if error.errno == errno.EPIPE:
            return DONE  # the reader has seen enough
        say(f"grader: can't write to standard output: {error.strerror}; name a file with -o, or another place")
        return INTERNAL
    except OSError as error:
        # a handout's runner has no OutputError
        if isinstance(error, BrokenPipeError) and options.command is student.run_check:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return DONE
        place = f"{error.filename}: " if error.filename else ""
        fact = error.strerror or str(error) or type(error).__name__
        return _fault(options, f"{place}{fact}; see to the rights and the room there, then run this again")
    except ModuleNotFoundError:
        raise  # the caller handles it: it knows how its packages are installed
    except Exception:
        with suppress(OSError):
            traceback.print_exc()
        say("grader: the grader failed, not the submission; please report the lines above")
        return INTERNAL


def _fault(options: argparse.Namespace, sentence: str) -> int:
    graded = options.command in (grading.run_grade, grading.run_platform)
    say(f"grader: {grading.NOT_GRADED + ': ' if graded else ''}{sentence}")
    return INTERNAL


COMMANDS: Mapping[str, Command] = {
    "demo": demo.run_demo,
    "dev": dev.run_dev,
    "list": overview.run_list,
    "new": authoring.run_new,
    "record": authoring.run_record,
    "template": authoring.run_template,
    "handout": authoring.run_handout,
    "check": student.run_check,
    "grade": grading.run_grade,
    "class": classroom.run_class,
    "audit": authoring.run_audit,
    "bundle": authoring.run_bundle,
    "platform": grading.run_platform,
    "doctor": overview.run_doctor,
}
