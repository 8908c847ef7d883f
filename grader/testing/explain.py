"""Turns the exception that ended a test into an ending and a sentence for the student."""

from __future__ import annotations

import dis
import linecache
import os
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pytest

from grader.recording import ABSENT, Claim
from grader.testing.cells.places import is_of_kernel, left_out, place, undefined
from grader.testing.own import is_own
from grader.testing.submission import Forbidden, NotFound
from grader.testing.suggest import headline, is_test, not_unpacked, nothing_returned

MESSAGE_CHARS = 4000
FRAMES = 4
_NO_SIZE = ("'NoneType' object cannot be interpreted as an integer", "Use () not None as shape")
"""numpy's error messages for a shape of None, in several releases."""
_NOT_WHOLE = (
    "'float' object cannot be interpreted as an integer",
    "'numpy.float64' object cannot be interpreted as an integer",
    "slice indices must be integers",
    "Cannot cast array data from dtype('float64') to dtype('int64')",
)
"""Errors of Python and numpy for sizes and places that aren't whole numbers, as / makes them."""
_PYTHON_2 = {"basestring": "str", "raw_input": "input", "unicode": "str", "xrange": "range"}
"""Names of Python 2, and those of Python 3."""


def explain(error: BaseException, root: Path, library: str) -> tuple[Claim, str]:
    """Return the ending and the message.

    Args:
        error: the exception that the test raised.
        root: the submission's folder; frames outside it aren't the student's.
        library: the assignment's library, for the message about absent packages.
    """
    root = root.resolve()
    claim, message = _explain(error, root, library)
    return claim, _relative(message, root)[:MESSAGE_CHARS]


def _relative(message: str, root: Path) -> str:
    """The message without the folders of this run, which have other names in the next one."""
    folders = [str(root)]
    with suppress(OSError):  # the code may have removed the folder that it runs in
        folders.append(os.getcwd())
    for folder in folders:
        message = message.replace(f"{folder}{os.sep}", "")
    return message


def _explain(error: BaseException, root: Path, library: str) -> tuple[Claim, str]:
    where = student_frames(error.__traceback__, root)
    if isinstance(error, NotFound):
        return "missing", _text(error)
    unwritten = _not_implemented(error, root)
    if unwritten is not None:
        return "missing", _unwritten(_text(unwritten), student_frames(unwritten.__traceback__, root))
    if isinstance(error, Forbidden):
        return "refused", "\n".join([_text(error), *where])
    if isinstance(error, pytest.skip.Exception):
        return "skipped", f"the test was skipped: {_text(error)}"
    if isinstance(error, pytest.fail.Exception) or (isinstance(error, AssertionError) and not where):
        return "failed", _text(error) or "the test's assertion doesn't hold"
    if isinstance(error, SyntaxError):
        return "error", _syntax(error, root)
    cause = undefined(error) if isinstance(error, NameError) else None
    if cause is not None:  # a notebook's statement failed, and went on: that is the reason
        claim, message = _explain(cause, root, library)
        return claim, "\n".join([message, f"and so, later: {_headline(error)}", *where])
    if isinstance(error, ModuleNotFoundError) and where:
        said = f"{ABSENT.format(name=error.name)}; this assignment uses {library}"
        return "error", "\n".join([said, *where])
    if isinstance(error, pytest.FixtureLookupError):
        return "error", f"there is no pytest fixture '{error.argname}'; submission, rng and check are given"
    if isinstance(error, SystemExit | pytest.exit.Exception):
        return "error", "\n".join(["the code calls exit(); a module that is graded must return to its caller", *where])
    lines = where or _call(error.__traceback__)
    return "error", "\n".join([_headline(error), *_nothing(error, root), *lines, *_advice(error, library)])


def _not_implemented(error: BaseException, root: Path) -> NotImplementedError | None:
    """The exception of code that isn't written yet, also where the student's code caught it and raised another one.

    A library raises NotImplementedError too, for what it can't do. That isn't the student's unwritten code.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, NotImplementedError) and _raised_by_code(link, root):
            return link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return None


def _raised_by_code(error: NotImplementedError, root: Path) -> bool:
    """Whether a `raise` of the student, of a course's file or of a base class raised it, not compiled code."""
    last = error.__traceback__
    if last is None:
        return True
    while last.tb_next is not None:
        last = last.tb_next
    here = last.tb_frame.f_code
    if "is missing the required" in _text(error):
        return True  # torch, of a module without forward
    in_library = "site-packages" in here.co_filename and not is_own(here.co_filename, root)
    raises = any(
        instruction.offset == last.tb_lasti and instruction.opname in ("RAISE_VARARGS", "RERAISE")
        for instruction in dis.get_instructions(here)
    )
    return raises and not in_library


def _nothing(error: BaseException, root: Path) -> list[str]:
    """A line about an earlier call that returned nothing, or another number of values than the test takes."""
    if isinstance(error, ValueError):
        found = not_unpacked(error, error.__traceback__)
        return [f"  This is because {found[0]} doesn't return what is asked for: {found[1]}."] if found else []
    if not isinstance(error, TypeError | AttributeError):
        return []
    own = [
        (frame, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if is_own(frame.f_code.co_filename, root) or is_test(frame.f_code.co_filename)
    ]
    name = nothing_returned(error, own)
    return [f"  This is because {name} returned nothing: is its return missing?"] if name else []


def _unwritten(name: str, where: list[str]) -> str:
    """A message about the function to write: one that the test calls, or one that the student's own code calls."""
    if len(where) < 2:
        return f"not implemented yet: {name}" if name else "not implemented yet"
    return f"blocked: first write {name or 'the function of ' + where[-1].strip()}"


def _text(error: BaseException) -> str:
    """An exception's text; empty if a student's exception class fails to make one."""
    try:
        return str(error)
    except Exception:
        return ""


def _headline(error: BaseException) -> str:
    try:
        text = headline(error)
    except Exception:  # a student's exception class may fail to print itself
        text = type(error).__name__
    return text[: MESSAGE_CHARS // 2]


def student_frames(trace: TracebackType | None, root: Path) -> list[str]:
    """Return the last frames inside the submission, each as `  file, line N, in name: code`."""
    root = root.resolve()
    lines = []
    for frame, number in traceback.walk_tb(trace):
        file = Path(frame.f_code.co_filename)
        if is_own(str(file), root):
            code = linecache.getline(str(file), number).strip()
            spot = place(file, number) or f"{file.relative_to(root).as_posix()}, line {number}"
            lines.append(f"  {spot}, in {frame.f_code.co_name}: {code}")
    return lines[-FRAMES:]


def _call(trace: TracebackType | None) -> list[str]:
    """The test's line that failed, for an error without a student's frame, such as a call with wrong arguments."""
    for frame, number in traceback.walk_tb(trace):
        file = Path(frame.f_code.co_filename)
        if file.name.startswith("test_"):
            return [f"  the test calls: {linecache.getline(str(file), number).strip()}"]
    return []


def _syntax(error: SyntaxError, root: Path) -> str:
    file = Path(error.filename or "?")
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
    line = (error.text or "").rstrip() or _raw_line(file, error.lineno)
    spot = place(file, error.lineno or 1) if file.is_relative_to(root) else None
    what = "cell" if spot is not None and spot.cell else "file"
    where = spot or f"{name}, line {error.lineno}"
    parts = [f"{where}: Python can't read this {what}: {error.msg}", f"    {line.strip()}"]
    if "Missing parentheses in call to 'print'" in error.msg or "multiple exception types" in error.msg:
        parts.append("  This is Python 2; the course uses Python 3.")
    if "codec can't decode" in error.msg or "Non-UTF-8" in error.msg:
        parts.append("  The file isn't UTF-8 text; save it as UTF-8.")
    return "\n".join(parts)


def _raw_line(file: Path, number: int | None) -> str:
    try:
        return file.read_bytes().splitlines()[(number or 1) - 1].decode("latin-1")
    except (OSError, IndexError):
        return ""


def _advice(error: BaseException, library: str) -> list[str]:
    """Advice about errors that come from the machine or the library rather than the mathematics."""
    text = _text(error)
    if "CUDA" in text or "cuda" in text:
        return ["  The grader has no GPU: use the device of the input, or 'cpu'."]
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return ["  The test needed more memory than the assignment allows."]
    if isinstance(error, RecursionError):
        return ["  A function calls itself without an end."]
    if isinstance(error, TypeError) and any(words in text for words in _NO_SIZE):
        return ["  A size is None here, where a number belongs."]
    if isinstance(error, TypeError) and any(words in text for words in _NOT_WHOLE):
        return ["  A whole number belongs here: / doesn't give one in Python 3, // does."]
    if isinstance(error, NameError) and error.name in _PYTHON_2:
        return [f"  This is Python 2; the course uses Python 3, which has {_PYTHON_2[error.name]} for it."]
    if isinstance(error, AttributeError):
        return _advice_about_name(text, library)
    if isinstance(error, NameError) and is_of_kernel(error):
        return ["  Only a notebook's kernel has that: it is an earlier output or input. Give the value a name."]
    there = left_out(error) if isinstance(error, NameError) else None
    if there is not None:
        return [
            f"  {there} sets it, in code that isn't run here: loops with calls, files, input, `await`, training and "
            "plots don't count."
        ]
    return []


def _advice_about_name(text: str, library: str) -> list[str]:
    if library == "torch" and "'numpy.ndarray' object has no attribute" in text:
        return ["  This is a numpy array, where a torch tensor is expected."]
    if library == "numpy" and "'Tensor' object has no attribute" in text:
        return ["  This is a torch tensor, where a numpy array is expected."]
    return []
