"""The package as people install it: a wheel in an environment of its own, used in a folder that isn't this checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    call = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(call, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment; its dependencies are those of the tests."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    packages = next(home.glob("lib/python*/site-packages"))
    # a path in a .pth file is added as it is: the checkout that is installed there in place isn't found through it
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)], check=True)
    return home / "bin"


def test_a_wheel_has_what_an_owner_and_an_editor_look_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        facts = archive.read(metadata).decode()
    assert {"grader/py.typed", "grader/kit/setup.sh", "grader/starters/course/assignment.toml"} <= set(names)
    assert any(name.endswith("LICENSE") for name in names)
    assert "License-Expression: MIT" in facts
    assert not [name for name in names if name.startswith(("tests/", "testcases/", "reference/"))]


def test_a_course_of_ones_own_from_new_to_a_platforms_score(bin_folder: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GRADER"))}

    def call(program: str, *words: str, folder: Path = course, code: int = 0) -> str:
        ended = subprocess.run(
            [bin_folder / program, *words], cwd=folder, env=clean, check=False, text=True, capture_output=True
        )
        assert ended.returncode == code, f"{program} {words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    place = call("python", "-c", "import grader; print(grader.__file__)")
    assert Path(place.strip()).is_relative_to(bin_folder.parent)
    call("grader", "new", "hw1", "--from", "dropout")
    assert "hw1" in call("grader", "list", folder=course / "testcases")  # found from below, too
    assert "up to date" in call("grader", "template", "hw1", "--check")

    # a student's evening
    call("grader", "handout", "hw1", "-o", str(tmp_path / "handout"))
    said = call("python", "autograder/runner.py", folder=tmp_path / "handout", code=1)
    assert "Next: write Dropout.forward in dropout.py" in said
    for file in (course / "reference" / "hw1").iterdir():
        (tmp_path / "handout" / file.name).write_bytes(file.read_bytes())
    assert "4 / 4" in call("grader", "check", folder=tmp_path / "handout")

    # both platforms; the grading as Gradescope starts it runs from the bundle
    call("grader", "bundle", "hw1", "--platform", "autolab", "-o", str(tmp_path / "lab"))
    call("grader", "bundle", "hw1", "--platform", "gradescope", "-o", str(tmp_path / "autograder.zip"))
    source = tmp_path / "autograder" / "source"
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(source)
    assert (source / "setup.sh").is_file()
    assert not (source / "grader" / "starters").exists()
    handed_in = tmp_path / "autograder" / "submission"
    handed_in.mkdir()
    (handed_in / "dropout.py").write_bytes((course / "reference" / "hw1" / "dropout.py").read_bytes())
    call("python", "-m", "grader", "platform", "gradescope", "--root", str(tmp_path / "autograder"), folder=source)
    results = json.loads((tmp_path / "autograder" / "results" / "results.json").read_text("utf-8"))
    assert sum(test["score"] for test in results["tests"]) == 6
