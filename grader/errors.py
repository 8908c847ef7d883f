"""The types of errors, by who made the mistake.

GraderError
├── UsageError        the call is wrong                       exit code 2
├── AssignmentError   the instructor's files are wrong        exit code 2, `file:line: fact; next step`
├── SubmissionError   what the student handed in is damaged   a report with every test failed, exit code 0
└── InternalError     our fault, or the machine's             exit code 3, never scored silently

Terminated isn't one of them: a signal ends the grader               exit code 128 + its number
"""

from __future__ import annotations

from pathlib import Path


class GraderError(Exception):
    """Base of all errors that carry a sentence for a person."""


class UsageError(GraderError):
    """The command line asks for something that doesn't exist or doesn't fit together."""


class AssignmentError(GraderError):
    """A file of the assignment is wrong; the message has the place, the fact and the next step."""

    def __init__(self, file: Path | str, line: int | None, message: str) -> None:
        self.file = Path(file)
        self.line = line
        self.message = message
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {message}")

    def __reduce__(self) -> tuple[type[AssignmentError], tuple[Path, int | None, str]]:
        """Make it picklable, because a pool sends it from one process to another."""
        return type(self), (self.file, self.line, self.message)


class SubmissionError(GraderError):
    """The hand-in as a whole can't be read; the message is for the student."""


class InternalError(GraderError):
    """The grader or its machine failed; this isn't a judgement of the student's work."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came; code that handles an interrupt handles this too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class OutputError(Exception):
    """Standard output can't be written to; holds the system's error."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.errno = error.errno
        self.strerror = error.strerror
