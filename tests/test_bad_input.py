"""What an instructor can get wrong: one sentence with the next step each, and nothing half-written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SUITE = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 1)\n"


def called(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Call the command in a folder, with more variables in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *words],
        cwd=folder,
        env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a hand-in, a class of two, and a suite."""
    for name in ("it", "class/ada", "class/ben"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "sol.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_a.py").write_text(SUITE, "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["2024 HW", "../hw1", "statistics", "é", ""])
@pytest.mark.parametrize("words", [["new"], ["new", "--notebook"]])
def test_a_name_that_cant_be_one(name: str, words: list[str], tmp_path: Path) -> None:
    ended = called(tmp_path, *words, name)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "can't be a folder, a Python module and a lab of Autolab" in ended.stderr
    assert "for example: " in ended.stderr
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "words", "sentence"),
    [
        (["thesis/chapter.tex"], ["new", "hw1"], "make an empty folder for the course and run this in it"),
        (["testcases/one/x"], ["new", "hw1", "--project", "inner"], "run this there, or name a folder outside with"),
        (["testcases/hw1/x"], ["new", "hw1"], "is there already; choose another name, or remove what is there"),
        (["file"], ["new", "hw1", "--project", "file"], "is a file; name a folder with --project"),
        ([], ["audit", "hw1"], "run the command inside the project or name it with --project"),
    ],
    ids=["not empty", "a course in a course", "a name that is taken", "a file", "no course"],
)
def test_a_folder_that_cant_be_one(before: list[str], words: list[str], sentence: str, tmp_path: Path) -> None:
    for name in before:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    was = tree(tmp_path)
    ended = called(tmp_path, *words)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert sentence in ended.stderr
    assert tree(tmp_path) == was


@pytest.mark.parametrize("words", [["grade", "it", "-o", "results.json"], ["class", "class", "-o", "run"]])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SUITE.replace("TestCase)", "TestCase"), "test_a.py:4: isn't Python"),
        (f"import nump\n{SUITE}", ""),
        (f"{SUITE}\n\nassert 1 + 1 == 3, 'a slip'\n", "test_a.py: can't be loaded, with or without a hand-in"),
        (f"import sol\n\nassert sol.x == 3\n{SUITE}", ""),
    ],
    ids=["not Python", "a module that may be the student's", "its own error", "the student's error"],
)
def test_a_suite_that_cant_be_loaded(text: str, sentence: str, words: list[str], place: Path) -> None:
    """Its own fault is never a student's score; what a hand-in may lack, or has wrong, costs the student."""
    (place / "suite" / "test_a.py").write_text(text, "utf-8")
    was = tree(place)
    ended = called(place, words[0], "--suite", "suite", *words[1:])
    if not sentence:
        assert ended.returncode == 0
        return
    assert sentence in ended.stderr
    if words[0] == "grade":
        assert ended.returncode == 2
        assert ended.stderr.strip().split("\n")[-1].startswith("grader: ")
        # before the first test, a platform's file says that nothing is graded yet
        assert [name for name in tree(place) if name not in was] in ([], ["results.json"])
    else:
        assert ended.returncode in (2, 3)
        assert not (place / "run" / "gradebook.csv").exists()


def test_a_cluster_that_doesnt_answer(place: Path) -> None:
    was = tree(place)
    words = ["class", "--suite", "suite", "class", "-o", "run", "--dask", "tcp://127.0.0.1:9"]
    ended = called(place, *words, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s")
    assert ended.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in ended.stderr.strip().split("\n")[-1]
    assert "start one first" in ended.stderr
    assert tree(place) == was


@pytest.mark.skipif(os.geteuid() != 0, reason="setup.sh is for root, and says so to anybody else")
def test_an_image_is_not_half_made_without_a_network(tmp_path: Path) -> None:
    for name in ("setup.sh", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    environment |= {"GRADER_VENV": str(tmp_path / "venv"), "GRADER_PYTHON": sys.executable}
    ended = subprocess.run(
        ["bash", str(tmp_path / "setup.sh")], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 1
    last = ended.stderr.strip().split("\n")[-1]
    assert last.startswith("setup.sh: packages can't be installed")
    assert "PIP_INDEX_URL" in last
    assert not (tmp_path / "venv").exists()


def test_a_new_homework_needs_no_network(tmp_path: Path) -> None:
    """Nor do its template, handout and bundle; in a namespace without an interface."""
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace may be made here")
    for words in (
        ["new", "hw1", "--from", "dropout"],
        ["handout", "hw1", "-o", "handout"],
        ["bundle", "hw1", "--platform", "gradescope"],
    ):
        call = ["unshare", "--net", sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-m", "grader"]
        ended = subprocess.run([*call, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "autograder.zip").is_file()
