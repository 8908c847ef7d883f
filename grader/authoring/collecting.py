"""Lists the tests of a folder with the places of their functions, by collecting them in another process.

The process imports `grader` from the folder PACKAGE, so that a handout is collected as on a student's machine. It runs
this file: `python collecting.py PACKAGE TESTS RESULT FILE...`.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest


@dataclass(frozen=True)
class Place:
    """A collected test and the function that it runs, below all decorators."""

    id: str
    file: str
    """The file's absolute path; empty for a function that isn't written in Python."""
    line: int
    """The function's first line: that of its first decorator, if it has one."""
    visibility: str


def clean_environment() -> Mapping[str, str]:
    """Return the environment for pytest in another process, without the user's own pytest options."""
    from grader.testing.plugin import OWN_OPTIONS

    mine = (*OWN_OPTIONS, "PYTHONWARNINGS")
    return {key: value for key, value in os.environ.items() if key not in mine} | {"PYTHONDONTWRITEBYTECODE": "1"}


def run_python(arguments: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run Python in a folder with a clean environment; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, f"{done.stdout}{done.stderr}".strip()


def collect(package: Path, tests: Path, files: Sequence[str]) -> tuple[list[Place], str]:
    """Return the tests in some files of the folder `tests`, in order, and the errors of collecting, empty if none.

    Args:
        package: the folder that holds the `grader` package to use.
        tests: the folder that ids are relative to.
        files: relative to it; "." for the whole folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "places.json"
        code, said = run_python([__file__, str(package), str(tests), str(result), *files], Path(folder))
        if not result.is_file():
            return [], said or f"pytest ended with {code}"
        found = json.loads(result.read_text("utf-8"))
    return [Place(**place) for place in found["places"]], "\n".join(found["errors"])


class _Listing:
    """A pytest plugin that records the collected tests and runs none."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.places = [_place(item) for item in session.items]
        return True


def _place(item: pytest.Item) -> Place:
    marked: Any = getattr(item, "obj", None)
    marked = getattr(marked, "__func__", marked)
    function = inspect.unwrap(marked)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    code = getattr(function, "__code__", None)
    return Place(
        item.nodeid,
        str(Path(code.co_filename).resolve()) if code is not None else "",
        code.co_firstlineno if code is not None else 0,
        str(getattr(marked, "__visibility__", "visible")),
    )


def _main(package: str, tests: str, result: str, *files: str) -> None:
    here = str(Path(__file__).parent)
    sys.path[:] = [package, *(entry for entry in sys.path if entry != here)]  # modules of this folder shadow others
    import pytest

    from grader.testing.plugin import TestingPlugin, forget_arguments, pytest_arguments

    forget_arguments()
    listing = _Listing()
    pytest.main(pytest_arguments(Path(tests), list(files)), plugins=[TestingPlugin("numpy"), listing])
    found = {"places": [asdict(place) for place in listing.places], "errors": listing.errors}
    Path(result).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
