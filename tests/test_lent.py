"""Files of an earlier homework that an assignment lends to a hand-in without them, also inside a bundle."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import POINTS, RIGHT, autograder, hand_in
from small_assignment import LINE, NAME, SETTINGS, Project

from grader.authoring import record
from grader.errors import AssignmentError
from grader.grade import grade
from grader.settings import load_assignment

SCALE = "reference/small/scale.py"
USES_SCALE = {
    "line.py": "from scale import times\n" + RIGHT["line.py"].replace("self.slope * x", "times(self.slope, x)")
}
LENT = 'lent = ["scale.py"]\n'


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Project]:
    """Makes the small assignment, whose line needs `scale.py` of an earlier homework, and records it."""

    def make(setting: str) -> Project:
        project = Project(tmp_path / "project")
        project.edit(SETTINGS, 'files = ["line.py"]\n', f'files = ["line.py", "scale.py"]\n{setting}')
        project.write(
            SCALE, '"""An earlier homework."""\n\n\ndef times(a, x):\n    """The product."""\n    return a * x\n'
        )
        project.edit(LINE, "import numpy as np\n", "import numpy as np\nfrom scale import times\n")
        project.edit(LINE, "scaled = self.slope * x", "scaled = times(self.slope, x)")
        assignment = project.load()
        record.write(assignment, record.record(assignment))
        return project

    return make


def test_a_hand_in_without_the_file_is_lent_it(made: Callable[[str], Project], tmp_path: Path) -> None:
    project = made(LENT)
    report = grade(project.load(), hand_in(tmp_path / "without", USES_SCALE))
    assert report.score == POINTS
    assert "The submission has no file scale.py; the course's own is used instead." in report.notes


def test_a_file_of_the_students_own_comes_first(made: Callable[[str], Project], tmp_path: Path) -> None:
    own = {"scale.py": "def times(a, x):\n    return a * x + 1\n"}
    report = grade(made(LENT).load(), hand_in(tmp_path / "own", USES_SCALE | own))
    assert {part.name: float(part.score) for part in report.parts} == {"forward": 0.0, "backward": 1.5}
    assert not any("course's own" in note for note in report.notes)


def test_nothing_is_lent_unless_the_assignment_says_so(made: Callable[[str], Project], tmp_path: Path) -> None:
    report = grade(made("").load(), hand_in(tmp_path / "without", USES_SCALE))
    assert report.score == 0
    assert any("has no file scale.py; the tests that need it can't pass" in note for note in report.notes)


def test_what_is_lent_alone_is_no_hand_in(made: Callable[[str], Project], tmp_path: Path) -> None:
    report = grade(made(LENT).load(), hand_in(tmp_path / "empty", {"notes.txt": "sorry"}))
    assert report.score == 0
    assert {test.status for test in report.tests} == {"missing"}


def test_a_bundle_takes_what_is_lent_and_no_more_of_the_reference(
    made: Callable[[str], Project], tmp_path: Path
) -> None:
    source = autograder(made(LENT), tmp_path / "autograder") / "source"
    assert [file.name for file in (source / "reference").rglob("*.py")] == ["scale.py"]
    report = grade(load_assignment(source, NAME), hand_in(tmp_path / "without", USES_SCALE))
    assert report.score == POINTS


def test_a_file_that_isnt_there_cant_be_lent(made: Callable[[str], Project]) -> None:
    with pytest.raises(AssignmentError, match=r"assignment\.toml:\d+: 'lent' has sclae\.py, and the reference has no"):
        made('lent = ["sclae.py"]\n')


def test_what_this_homework_grades_cant_be_lent(made: Callable[[str], Project]) -> None:
    with pytest.raises(AssignmentError, match=r"line\.py has a solution region that this homework grades"):
        made('lent = ["*.py"]\n')


def test_a_reference_that_was_left_behind_is_said(made: Callable[[str], Project], tmp_path: Path) -> None:
    project = made(LENT)
    project.file(SCALE).unlink()
    with pytest.raises(AssignmentError, match=r"scale\.py: can't be lent"):
        grade(project.load(), hand_in(tmp_path / "without", USES_SCALE))


def test_a_folder_in_the_place_of_what_is_lent_is_no_fault_of_ours(
    made: Callable[[str], Project], tmp_path: Path
) -> None:
    project = made(LENT)
    project.edit(SETTINGS, '"scale.py"]\nlent', '"scale.py", "*/*.py"]\nlent')
    record.write(project.load(), record.record(project.load()))
    report = grade(project.load(), hand_in(tmp_path / "odd", USES_SCALE | {"scale.py/times.py": "x = 1\n"}))
    assert report.score < POINTS
    assert any("has no file scale.py; the tests that need it can't pass" in note for note in report.notes)
