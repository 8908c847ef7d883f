"""Runs the commands of the pages' shell blocks, line by line, in a small course; those that aren't run have a reason.

Placeholders stand for what the pages say: NAME and A are a homework, SOURCE and `submissions` are hand-ins of a class.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from test_docs import PAGES

from grader.authoring.new import make_new

pytestmark = pytest.mark.long

ELSEWHERE = {
    r"make |\.venv/": "CI runs these targets",
    r"python3 -m venv|(python3 -m )?pip install": "needs a network; tests/test_installed.py installs a wheel",
    r"grader dev ": "runs until it is interrupted; tests/test_dev.py interrupts it",
    r"dask |ssh |openssl |chmod |kubectl |#SBATCH": "needs other machines; tests/test_class_failures.py has a cluster",
    r"grader class .*(--dask|--scheduler-file)": "needs a cluster; tests/test_class_failures.py grades on one",
    r"docker ": "needs Docker and an image; `make test-container` runs containers",
}
"""Beginnings of lines that aren't run, and why."""
NAMES = [
    (r"\b(NAME|A)\b", "hw1"),
    (r"\bSOURCE\b", "submissions"),
    (r"\bRUN\b", "build/run"),
    (r"/opt/grader/bin/", ""),
    (r"/path/to/project|/grade/tests", "."),
    (r"/grade/results", "results"),
    (r"/grade/student|(?<=hw1 )\.(?= --project)", "reference/hw1"),
]
SUITE = """\
import unittest

import dropout


class T(unittest.TestCase):
    def test_a(self):
        dropout.Dropout(0.5)
"""


def lines_of(page: Path) -> list[str]:
    """The lines of a page's shell blocks, without comments; those that a backslash joins are one."""
    blocks = re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page.read_text("utf-8"))
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").split("\n")]
    return [line for line in lines if line and not re.match(r"#( |!)", line)]


def reason(line: str) -> str:
    return next((why for start, why in ELSEWHERE.items() if re.match(start, line)), "")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with two homework and hand-ins in the layouts that the pages name."""
    course = tmp_path_factory.mktemp("docs") / "course"
    make_new("hw1", course, kind="dropout")
    for place in ("testcases", "reference", "student_template"):
        shutil.copytree(course / place / "hw1", course / place / "hw2")
    solution = (course / "reference" / "hw1" / "dropout.py").read_bytes()
    files = [f"{name}/{who}/dropout.py" for name in ("submissions_1", "submissions_2") for who in ("ada", "ben")]
    files += ["submissions/ada/final/dropout.py", "submissions/ben/final/dropout.py"]
    files += ["submissions/hw1_7_attempt_2026-10-20-12-00-00_dropout.py"]
    for name in files:
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_bytes(solution)
    (course / "roster.csv").write_text("key,submitted\nada,2026-10-20 20:00 Z\nben,2026-10-22 20:00 Z\n", "utf-8")
    with zipfile.ZipFile(course / "handin.zip", "w") as archive:
        archive.writestr("dropout.py", solution)
    shutil.make_archive(str(course / "handin"), "tar", course / "reference" / "hw1")
    (course / "my_tests").mkdir()
    (course / "my_tests" / "test_a.py").write_text(SUITE, "utf-8")
    programs = course.parent / "bin"
    programs.mkdir()
    safe = "-P" if sys.version_info >= (3, 11) else ""
    (programs / "grader").write_text(f'#!/bin/sh\nexec "{sys.executable}" {safe} -m grader "$@"\n', "utf-8")
    (programs / "grader").chmod(0o755)
    return course


def run(line: str, folder: Path, programs: Path) -> None:
    for pattern, value in NAMES:
        line = re.sub(pattern, value, line)
    home = folder.parent / "home"
    (home / ".local/share/bash-completion/completions").mkdir(parents=True, exist_ok=True)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(home), "SLURM_ARRAY_TASK_ID": "1"}
    ended = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if page.name != "first-homework.md" and [line for line in lines_of(page) if not reason(line)]
    ],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_a_pages_commands_run(page: Path, course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    if page.name == "README.md":  # it makes the course
        folder.mkdir()
    else:
        shutil.copytree(course, folder)
    for line in lines_of(page):
        if not reason(line):
            run(line, folder, course.parent / "bin")


def test_the_tutorials_commands_run_in_their_order(course: Path, tmp_path: Path) -> None:
    """From an empty folder; what students hand in comes last."""
    lines = lines_of(ROOT / "docs" / "first-homework.md")
    assert lines[0] == "mkdir my_course && cd my_course"
    folder = tmp_path / "my_course"
    folder.mkdir()
    for line in lines[1:]:
        if line.startswith("grader class"):
            shutil.copytree(folder / "reference" / "hw1", folder / "submissions" / "ada")
            shutil.copytree(folder / "student_template" / "hw1", folder / "submissions" / "ben")
        if not reason(line):
            run(line, folder, course.parent / "bin")
    made = {"handout.zip", "autograder.zip", "hw1.tar", "build/run/report.html", "build/audit/hw1.html"}
    assert [name for name in made if not (folder / name).is_file()] == []


def test_each_reason_is_still_needed() -> None:
    lines = [line for page in PAGES for line in lines_of(page)]
    assert [start for start in ELSEWHERE if not any(re.match(start, line) for line in lines)] == []
