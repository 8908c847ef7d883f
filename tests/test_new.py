"""New assignments: each starter is right from the first minute, and nothing half-written is left where one can't be."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from grader.assignment import LIBRARIES
from grader.authoring import template
from grader.authoring.audit import audit
from grader.authoring.bundle import make_gradescope
from grader.authoring.handout import make_handout
from grader.authoring.new import KINDS, make_new
from grader.cli import main
from grader.errors import UsageError
from grader.grade import grade
from grader.options import STARTERS
from grader.settings import load_assignment

pytestmark = pytest.mark.long

SCHEMA = json.loads((ROOT / "grader" / "schemas" / "assignment.schema.json").read_text("utf-8"))
EVERY = [(library, kind, notebook) for library in LIBRARIES for kind in STARTERS for notebook in (False, True)]
ALWAYS = [("numpy", "dropout", True), ("torch", "attention", False)]
"""Starters that every test run audits; `make test-starters` audits all."""
AUDITED = EVERY if os.environ.get("GRADER_STARTERS") == "all" else ALWAYS


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one homework, to be copied."""
    return make_new("one", tmp_path_factory.mktemp("course"), kind="dropout").folder


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_command_line_offers_every_starter() -> None:
    assert set(STARTERS) == set(KINDS)
    assert {path.name for path in (ROOT / "grader/starters/torch").iterdir()} == set(STARTERS)


@pytest.mark.parametrize(("library", "kind", "notebook"), AUDITED)
def test_a_starter_is_proven_and_goes_out(library: str, kind: str, notebook: bool, tmp_path: Path) -> None:
    made = make_new("hw1", tmp_path / "course", library=library, kind=kind, notebook=notebook)
    assignment = load_assignment(made.folder, "hw1")
    assert template.drift(assignment) == []
    found = audit(assignment, journal=tmp_path / "journal.jsonl", jobs=2)
    assert found.failures == ()
    make_handout(assignment, tmp_path / "handout.zip")
    make_gradescope(assignment, tmp_path / "autograder.zip")


@pytest.mark.parametrize("kind", sorted(set(STARTERS) - {"dropout"}))
def test_a_starter_is_recorded(kind: str, tmp_path: Path) -> None:
    made = make_new("hw1", tmp_path / "course", kind=kind)
    assert {"testcases/hw1/fixtures/graded.npz", f"student_template/hw1/{kind}.py", ".gitlab-ci.yml"} <= set(made.files)


def test_a_notebook_is_what_students_get_and_hand_in(tmp_path: Path) -> None:
    """Without a cell run and without a solution; their notebook is graded like the modules for which it stands."""
    call = ["new", "hw1", "--notebook", "--from", "mlp", "--project", str(tmp_path / "course")]
    assert main(call) == 0
    assignment = load_assignment(tmp_path / "course", "hw1")
    assert [file.name for file in assignment.reference.iterdir()] == ["hw1.ipynb"]
    content = json.loads((assignment.template / "hw1.ipynb").read_text("utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in content["cells"]}
    assert list(cells) == ["title", "imports", *(f"{word}{part}" for part in ("dropout", "mlp") for word in WORDS)]
    assert cells["imports"] == "from grader.notebook import check\nimport numpy as np"
    assert cells["check-mlp"] == 'check("mlp")'
    assert "raise NotImplementedError" in cells["mlp"]
    assert "END SOLUTION" not in cells["mlp"]
    assert all(cell.get("outputs", []) == [] for cell in content["cells"])
    report = grade(assignment, assignment.reference / "hw1.ipynb")
    assert report.score == report.max_score == assignment.points
    assert {test.status for test in grade(assignment, assignment.template).tests} == {"missing"}


WORDS = ("about-", "", "check-")
"""What the ids of a module's cells begin with."""


def test_a_second_homework_leaves_the_course_as_it_is(course: Path, tmp_path: Path) -> None:
    shutil.copytree(course, tmp_path, dirs_exist_ok=True)
    (tmp_path / "README.md").write_text("Ours\n", "utf-8")
    settings = tmp_path / "testcases" / "one" / "assignment.toml"
    settings.write_text(settings.read_text("utf-8") + "\n# mine\n", "utf-8")
    assert "README.md" in make_new("two", tmp_path, kind="dropout").kept
    assert (tmp_path / "README.md").read_text("utf-8") == "Ours\n"
    assert settings.read_text("utf-8").endswith("# mine\n")


def test_every_setting_is_shown_and_explained(course: Path, tmp_path: Path) -> None:
    """Uncommented, each optional setting is read with the default that the comment shows."""
    shutil.copytree(course, tmp_path, dirs_exist_ok=True)
    before = load_assignment(tmp_path, "one")
    file = tmp_path / "testcases" / "one" / "assignment.toml"
    text = file.read_text("utf-8")
    file.write_text(re.sub(r"(?m)^# (\w+ = |\[)", r"\1", text), "utf-8")
    after = load_assignment(tmp_path, "one")
    assert (after.submission, after.limits, after.handout) == (before.submission, before.limits, before.handout)
    assert (after.audited, after.killed_percent) == (before.audited, before.killed_percent)
    shown = set(re.findall(r"(?m)^#? ?(\w+) = ", text))
    for place in ("", "submission", "limits", "handout", "audit", "late", "rate_limit"):
        table = SCHEMA["properties"][place] if place else SCHEMA
        assert {key for key, value in table["properties"].items() if value.get("type") != "object"} <= shown
    assert after.late is not None
    assert after.rate_limit is not None


@pytest.mark.parametrize(
    ("name", "idea"),
    [
        ("2024 HW", "hw_2024_hw"),
        ("Homework-1", "homework_1"),
        ("../hw1", "hw1"),
        ("class/1", "class_1"),
        ("", "hw1"),
        ("statistics", "hw_statistics"),
        ("é", "hw1"),
        ("a" * 300, "a" * 60),
    ],
)
def test_a_name_that_cant_be_one_gets_a_sentence_with_one_that_can(name: str, idea: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"for example: {idea}$"):
        make_new(name, tmp_path)
    assert tree(tmp_path) == []


def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    before = tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["new", "hw1"]) == 2
    assert "make an empty folder for the course" in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_a_course_within_a_course_and_a_name_that_is_taken_are_refused(tmp_path: Path) -> None:
    (tmp_path / "testcases" / "hw1").mkdir(parents=True)
    with pytest.raises(UsageError, match="is within the course"):
        make_new("hw1", tmp_path / "spring")
    (tmp_path / "reference" / "hw1").mkdir(parents=True)
    (tmp_path / "reference" / "hw1" / "mine.py").touch()
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        make_new("hw1", tmp_path)
    assert tree(tmp_path) == before


def test_a_failure_while_it_is_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        if Path(target).is_relative_to(tmp_path) and Path(target).name == "variants.toml":
            raise OSError(28, "No space left on device")
        copied(source, target)

    monkeypatch.setattr("grader.authoring.new._copy", full)
    with pytest.raises(UsageError, match="No space left"):
        make_new("hw1", tmp_path / "course", kind="dropout")
    assert tree(tmp_path) == []
