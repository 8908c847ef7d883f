"""Runs the main job with the Pythons, numpys and pytests that are supported, each in an environment of its own.

`make matrix` runs every row, `python tests/matrix.py --corners` only the oldest and the newest. The package is
installed as a wheel, in a temporary folder: a course within this checkout would be this checkout. Interpreters are
looked for on the PATH and among pyenv's; one that isn't here is named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OLDEST = ("numpy==1.24.*", "pytest==8.0.*", "rich==13.0.*", "gradescope-utils==0.5.0")
"""The oldest that pyproject.toml allows, for the oldest Python."""
OLD_NUMPY = ("3.11", ("numpy==1.24.*",))
"""The newest Python for which there are wheels of that numpy, with the newest pytest."""
JOBS = 2


@dataclass(frozen=True)
class Row:
    """An environment: a Python, and what is installed beside the package; without demands, the newest."""

    python: str
    version: str
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join((f"Python {self.version}", *self.needs)) + ("" if self.needs else " and the newest packages")


def main() -> int:
    """Run the rows; 1 if one fails or there is none."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corners", action="store_true", help="only the oldest and the newest of each")
    corners = options.parse_args().corners
    rows = list(rows_here())
    if corners:
        rows = [row for row in rows if row == rows[-1] or row.needs == OLDEST]
    if not rows:
        print(f"none of the Pythons {', '.join(PYTHONS)} is here")
        return 1
    with tempfile.TemporaryDirectory(prefix="grader-matrix-") as temporary, ThreadPoolExecutor(JOBS) as pool:
        output = Path(temporary)
        wheel = build_wheel(output)
        homes = [output / str(number) for number in range(len(rows))]
        return 0 if all(list(pool.map(run, rows, homes, [wheel] * len(rows)))) else 1


def rows_here() -> Iterator[Row]:
    """The rows whose interpreter this machine has, the oldest first; the others are named."""
    for version in PYTHONS:
        python = python_of(version)
        if python is None:
            print(f"Python {version} isn't here: left out", flush=True)
            continue
        if version == PYTHONS[0]:
            yield Row(python, version, OLDEST)
        if version == OLD_NUMPY[0]:
            yield Row(python, *OLD_NUMPY)
        yield Row(python, version)


def python_of(version: str) -> str | None:
    """The path of an interpreter of this version; a shim of pyenv's counts only if there is something behind it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [*map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))]
    found = shutil.which(f"python{version}")
    for path in [*candidates, *([found] if found else [])]:
        if subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def build_wheel(output: Path) -> Path:
    """Build the package's wheel."""
    call = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*call, "--wheel-dir", str(output), str(ROOT)], check=True)
    (wheel,) = output.glob("*.whl")
    return wheel


def run(row: Row, home: Path, wheel: Path) -> bool:
    """Install the wheel, make a homework, check and grade it; print and return whether everything works."""
    start = time.monotonic()
    venv, course = home / "venv", home / "course"
    course.mkdir(parents=True)
    grader, python = str(venv / "bin" / "grader"), str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    steps: list[tuple[list[str], str]] = [
        ([row.python, "-m", "venv", str(venv)], ""),
        ([*pip, "install", str(wheel), *row.needs], ""),
        ([grader, "new", "hw1", "--from", "dropout"], "it is recorded and has a template"),
        ([grader, "record", "hw1", "--check"], "up to date"),
        ([grader, "template", "hw1", "--check"], "up to date"),
        ([grader, "handout", "hw1", "-o", "handout"], "wrote handout"),
        ([grader, "grade", "hw1", "reference/hw1", "--format", "terminal"], "6 / 6"),
        ([grader, "grade", "hw1", "student_template/hw1", "--format", "terminal"], "0 / 6"),
        ([python, "-m", "pytest", "-q", "testcases/hw1"], "passed"),
        ([python, "-c", VERSIONS], ""),
    ]
    for call, wanted in steps:
        ended = subprocess.run(call, cwd=course, capture_output=True, text=True, check=False)
        if ended.returncode or wanted not in ended.stdout:
            print(f"{row.name}: {' '.join(call)}\n{ended.stdout}{ended.stderr}\n{row.name}: FAILS", flush=True)
            return False
    print(f"{row.name}: works, with {ended.stdout.strip()} [{time.monotonic() - start:.0f} s]", flush=True)
    return True


VERSIONS = """\
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in ("numpy", "pytest", "rich", "gradescope-utils")), sep=", ")
"""


if __name__ == "__main__":
    sys.exit(main())
