"""What a record run keeps of the last one, and that the fixtures are those of a run that kept nothing."""

import json
from pathlib import Path

import pytest
from small_assignment import BACKWARD, FORWARD, HELPER, LINE, NAME, SETTINGS, VARIANTS, VARIANTS_FILE, Project

from grader.authoring import record, stamp
from grader.cli import main
from grader.fixtures import PUBLIC, digest, packed
from grader.questions import GRADED, fixtures_file

pytestmark = pytest.mark.long

SIGN = """
[[variant]]
name = "wrong-sign"
credit = 0.0
loses = ["backward"]
file = "line.py"
find = "return self.slope * np.asarray(delta)"
replace = "return -self.slope * np.asarray(delta)"
hint = "The slope keeps its sign."
"""


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """The small assignment with three variants, recorded by the command."""
    project = Project(tmp_path)
    project.write(VARIANTS_FILE, VARIANTS + SIGN)
    assert main(["record", NAME, "--project", str(tmp_path), "--jobs", "1"]) == 0
    assert "kept" not in capsys.readouterr().out
    return project


def again(project: Project, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says about kept variants; its fixtures must be those of a whole run, byte by byte."""
    assert main(["record", NAME, "--project", str(project.root), "--jobs", "1"]) == 0
    said = capsys.readouterr().out.strip().split("\n")[1:]
    assignment = project.load()
    whole = record.record(assignment)
    assert fixtures_file(assignment, GRADED).read_bytes() == packed(whole.graded, whole.questions)
    assert fixtures_file(assignment, PUBLIC).read_bytes() == packed(whole.public)
    return "\n".join(said)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (BACKWARD, "Line(3.0)", "Line(5.0)", "0 of 3 variants kept from the last run; 3 run again in backward alone"),
        (
            VARIANTS_FILE,
            '"return scaled"',
            '"return 2 * scaled"',
            "2 of 3 variants kept from the last run; run again: offset-forgotten",
        ),
        (SETTINGS, 'title = "A straight line"', 'title = "Lines"', "3 of 3 variants kept from the last run"),
        (
            LINE,
            "Keep both numbers.",
            "Keep both of the numbers.",
            "0 of 3 variants kept from the last run; run again: offset-first, offset-forgotten, wrong-sign",
        ),
        (
            HELPER,
            "size=(3, 4)",
            "size=(4, 3)",
            "0 of 3 variants kept from the last run; run again: offset-first, offset-forgotten, wrong-sign",
        ),
    ],
    ids=["a test", "a patch", "a title", "the reference", "a module of the tests"],
)
def test_only_what_depends_on_a_change_runs_again(
    project: Project, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, sentence: str
) -> None:
    project.edit(file, old, new)
    assert again(project, capsys) == sentence


def test_a_test_that_imports_from_another_file_depends_on_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit(BACKWARD, "from points import some_points", "from test_forward import some_points")
    again(project, capsys)
    project.edit(FORWARD, "(slope, 0.25)", "(slope, 0.5)")
    assert "run again: offset-first, offset-forgotten, wrong-sign" in again(project, capsys)


def test_variants_come_and_go(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write(VARIANTS_FILE, VARIANTS)
    assert again(project, capsys) == "2 of 2 variants kept from the last run"
    project.write(VARIANTS_FILE, VARIANTS + SIGN)
    assert again(project, capsys) == "2 of 3 variants kept from the last run; run again: wrong-sign"


@pytest.mark.parametrize("name", [PUBLIC, GRADED])
def test_fixtures_that_somebody_changed_are_no_source(
    project: Project, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """As git does with another branch's; the digests are those of the last run's."""
    assignment = project.load()
    kept = stamp.last(assignment)
    file = fixtures_file(assignment, name)
    file.write_bytes(file.read_bytes() + b" ")
    changed = stamp.last(assignment)
    assert kept[name].keys
    assert not changed[name].keys
    assert changed[name].fixtures is None


def test_values_that_no_digest_shows_are_compared(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the reference's own values differ from the recorded ones, nothing of that part is kept."""
    project.edit(BACKWARD, "Line(3.0)", "Line(5.0)")
    record.write(project.load(), record.record(project.load()))
    project.edit(BACKWARD, "Line(5.0)", "Line(3.0)")
    file = project.root / "build" / "record" / f"{NAME}.json"
    state = json.loads(file.read_text("utf-8"))
    runs = state["runs"]
    for name in (PUBLIC, GRADED):
        runs[name]["fixtures"] = digest(fixtures_file(project.load(), name).read_bytes())
    file.write_text(json.dumps(state), "utf-8")
    assert again(project, capsys) == "0 of 3 variants kept from the last run; 3 run again in backward alone"


def test_what_a_check_or_a_fresh_run_finds_is_never_kept(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(SETTINGS, 'title = "A straight line"', 'title = "Lines"')
    for word in ("--check", "--fresh", "--new-seed"):
        assert main(["record", NAME, word, "--project", str(project.root), "--jobs", "1"]) == 0
        assert "kept" not in capsys.readouterr().out
