"""Guards bundles: two builds are equal byte for byte, and a bundle is complete and reveals no answer."""

import io
import json
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from bundles import POINTS, RIGHT, hand_in, recorded
from conftest import ROOT
from small_assignment import NAME, Project

from grader.authoring import bundle
from grader.authoring.archive import tar_bytes, zip_bytes
from grader.authoring.notebooks import scripts_of
from grader.errors import AssignmentError, UsageError
from grader.fixtures import digest
from grader.settings import assignment_names, load_assignment

HOMEWORK = assignment_names(ROOT)


def test_every_homework_is_here() -> None:
    assert sorted(folder.name for folder in (ROOT / "student_template").iterdir()) == HOMEWORK


@pytest.mark.parametrize("name", HOMEWORK)
def test_two_bundles_are_equal(name: str, tmp_path: Path) -> None:
    """The second is made from copies with other dates and modes, as another checkout has."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "testcases" / name, copy / "testcases" / name, copy_function=shutil.copyfile)
    submission = load_assignment(ROOT, name).submission
    for lent in submission.lent:  # of the reference, a bundle has these files alone
        file = Path("reference", name, lent)
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, copy / file)
    if submission.notebook:
        folder = Path("student_template", name)
        shutil.copytree(ROOT / folder, copy / folder, copy_function=shutil.copyfile)
    for file in copy.rglob("*"):
        file.chmod(0o700)
    for number, project in enumerate((ROOT, copy)):
        assignment = load_assignment(project, name)
        bundle.make_gradescope(assignment, tmp_path / f"{number}.zip")
        bundle.make_autolab(assignment, tmp_path / f"{number}.tar")
    for suffix in ("zip", "tar"):
        assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()

    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        infos = archive.infolist()
        files = {info.filename: archive.read(info) for info in infos}
    assert [info.filename for info in infos] == sorted(files)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    check_contents(name, files, "gradescope")
    assert {"setup.sh", "run_autograder", "Dockerfile"} <= set(files)
    assert ("NEEDS_TORCH" in files) == (assignment.library == "torch")
    scripts = {info.filename for info in infos if stat.S_IMODE(info.external_attr >> 16) == 0o755}
    assert scripts == {"setup.sh", "run_autograder"}
    assert {stat.S_IMODE(info.external_attr >> 16) for info in infos} == {0o644, 0o755}

    with tarfile.open(tmp_path / "0.tar") as lab:
        outer = {member.name: lab.extractfile(member) for member in lab if member.isfile()}
        inner = outer[f"{bundle.lab_name(assignment)}/autograde.tar"]
        assert inner is not None
        packed = inner.read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = archive.getmembers()
        assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}
        contents = {member.name.removeprefix("autograde/"): archive.extractfile(member) for member in members}
        check_contents(name, {key: stream.read() for key, stream in contents.items() if stream}, "autolab")


def check_contents(name: str, files: dict[str, bytes], platform: str) -> None:
    """The manifest fits, one assignment is there, and of the reference only what it lends: no variant, no student."""
    manifest = json.loads(files["manifest.json"])
    assert (manifest["assignment"], manifest["platform"]) == (name, platform)
    assert {"grader", "numpy", "python"} <= set(manifest["versions"])
    assert manifest["sha256"] == {key: digest(data) for key, data in files.items() if key != "manifest.json"}
    assert {key.split("/")[1] for key in files if key.startswith("testcases/")} == {name}
    submission = load_assignment(ROOT, name).submission
    assert not [key for key in files if key.startswith("tests/")]
    lent = {key for key in files if key.startswith("reference/")}
    assert lent == {f"reference/{name}/{file}" for file in submission.lent}
    # the notebook that students got: what differs from it is theirs
    given = {key for key in files if key.startswith("student_template/")}
    assert given == ({f"student_template/{name}/{submission.notebook}"} if submission.notebook else set())
    assert not [key for key in files if key.endswith(("variants.toml", ".pyc"))]
    solutions = {
        line.strip()
        for file in scripts_of(load_assignment(ROOT, name)).rglob("*.py")
        for line in solution_lines(file.read_text("utf-8"))
        if len(line.strip()) > 25
    }
    assert solutions
    tests = b"\n".join(data for key, data in files.items() if key.startswith("testcases/") and key.endswith(".py"))
    told = {line for line in solutions if line.encode() in b"\n".join(files.values())}
    assert told <= {line for line in solutions if line.encode() in tests}


def solution_lines(text: str) -> list[str]:
    """What stands between the marks of solution regions."""
    lines, inside = [], False
    for line in text.splitlines():
        if "END SOLUTION" in line:
            inside = False
        if inside:
            lines.append(line)
        if "BEGIN SOLUTION" in line:
            inside = True
    return lines


def test_stale_fixtures_are_never_bundled(tmp_path: Path) -> None:
    project = recorded(tmp_path)
    project.write("testcases/small/points.py", "changed = True\n")
    with pytest.raises(AssignmentError, match=f"grader record {NAME}"):
        bundle.make_gradescope(project.load(), tmp_path / "autograder.zip")
    assert not (tmp_path / "autograder.zip").exists()


def test_a_folder_that_isnt_there_is_said(tmp_path: Path) -> None:
    project = recorded(tmp_path)
    for make in (bundle.make_gradescope, bundle.make_autolab):
        with pytest.raises(UsageError, match="make it first"):
            make(project.load(), tmp_path / "no" / "x.zip")


def test_an_index_for_torch_goes_into_the_zip(tmp_path: Path) -> None:
    assignment = load_assignment(ROOT, "eecs498_a3")
    bundle.make_gradescope(assignment, tmp_path / "a.zip", "https://torch.example/cpu")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("NEEDS_TORCH") == b"https://torch.example/cpu\n"


def test_run_autograder_is_one_line_that_replaces_the_shell() -> None:
    """bash reads a script while it runs it: a line that student code appends must never be reached."""
    shebang, command, *rest = (ROOT / "run_autograder").read_text("ascii").splitlines()
    assert shebang.startswith("#!/")
    assert command.startswith("exec /opt/grader/")
    assert rest == []


def test_archives_are_what_their_readers_expect() -> None:
    files = {"b.txt": b"b" * 100, "a/run": b"#!/bin/sh\n"}
    for packed in (True, False):
        with zipfile.ZipFile(io.BytesIO(zip_bytes(files, packed=packed))) as archive:
            assert archive.namelist() == ["a/run", "b.txt"]
            assert stat.S_ISREG(archive.getinfo("a/run").external_attr >> 16)
            assert archive.testzip() is None
        with tarfile.open(fileobj=io.BytesIO(tar_bytes(files, packed=packed))) as lab:
            assert [(member.name, member.mode) for member in lab] == [("a/run", 0o755), ("b.txt", 0o644)]


def test_the_kit_is_in_an_installed_package_too() -> None:
    """Someone who has installed the grader has no checkout."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for name in bundle.GRADESCOPE_KIT:
        assert f'"{name}" = "grader/kit/{name}"' in text


def test_a_small_project_of_ones_own_is_bundled(tmp_path: Path) -> None:
    project: Project = recorded(tmp_path / "elsewhere")
    names = bundle.make_gradescope(project.load(), tmp_path / "autograder.zip")
    assert {"grader/cli.py", "testcases/small/points.py", "testcases/small/fixtures/graded.npz"} <= set(names)


@pytest.mark.parametrize("name", ["prairielearn", "markus", "csv", "junit"])
def test_other_platforms_layouts_are_graded(name: str, tmp_path: Path) -> None:
    """PrairieLearn's folders: the assignment below /grade/tests, the hand-in in /grade/student, and nothing else."""
    grade = tmp_path / "grade"
    project = recorded(tmp_path / "project")
    shutil.copytree(project.file("testcases"), grade / "tests" / "testcases")
    hand_in(grade / "student", RIGHT)
    (grade / "results").mkdir()
    output = grade / "results" / "results.json"
    words = ["grade", NAME, grade / "student", "--project", grade / "tests", "--format", name]
    command = [sys.executable, "-m", "grader", *map(str, words)]
    done = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    text = output.read_text("utf-8")
    if name == "prairielearn":
        assert json.loads(text)["score"] == 1.0
    elif name == "markus":
        rows = [json.loads(line) for line in text.splitlines()]
        assert sum(row["marks_earned"] for row in rows) == POINTS
    else:
        assert "4.5" in text or name == "junit"
        assert "Forward" in text
