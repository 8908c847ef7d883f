"""What courses need beside code: the course's own files, data, files handed in, many values in one check, extra credit.

Each goes from the record to a report, through real processes.
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from grader.assignment import Assignment
from grader.authoring import record, template
from grader.authoring.bundle import grading_files, lab_files
from grader.authoring.collecting import clean_environment
from grader.authoring.handout import make_handout
from grader.authoring.withhold import make_questions
from grader.cli import main
from grader.errors import AssignmentError
from grader.export import exporter
from grader.export.autolab import to_feedback
from grader.fixtures import load_current
from grader.grade import grade
from grader.options import FORMATS
from grader.report import Report
from grader.settings import load_assignment

SETTINGS = """\
title = "Course"
seed = 5
[submission]
files = ["dl/**/*.py", "predictions.npy", "answers.txt"]
given = ["dl/config.py"]
[parts.net]
title = "Net"
points = 4
[parts.bonus]
title = "Bonus"
points = 2
extra = true
"""
NET = '''\
"""A net."""

from dl.config import SCALE
from dl.nn.linear import twice


def outputs(x, table):
    """Return a sum, and a dict of two arrays."""
    # BEGIN SOLUTION
    total = float(x.sum()) * SCALE
    return total, {"double": twice(x), "shifted": x + table, "none": None}
    # END SOLUTION
'''
LINEAR = '''\
"""Deeper."""


# BEGIN SOLUTION
def twice(x):
    """Return twice x."""
    return 2 * x
# END SOLUTION
'''
TEST_NET = '''\
"""Net."""

import numpy as np

from grader.testing import number, visibility, weight


@weight(2)
@number("1.1")
def test_outputs(submission, rng, check):
    """outputs"""
    table = np.load(check.data("table.npy"))
    check("outputs", submission("dl.net").outputs(rng.normal(size=3), table))


@weight(2)
@number("1.2")
@visibility("hidden")
def test_hidden(submission, rng, check):
    """outputs for the hidden table"""
    table = np.load(check.data("hidden/secret_table.npy"))
    check("outputs", submission("dl.net").outputs(rng.normal(size=3), table))
'''
TEST_BONUS = '''\
"""Files that are handed in."""

import numpy as np

from grader.testing import number, weight


@weight(2)
@number("2.1")
def test_predictions(submission, check):
    """predictions.npy"""
    check("predictions", np.load(submission.file("predictions.npy"), allow_pickle=False))
    check("answer", submission.file("answers.txt").read_text("utf-8").strip())
'''


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The assignment, recorded, with its template."""
    root = tmp_path_factory.mktemp("course")
    home, solution = root / "testcases" / "net", root / "reference" / "net"
    for file, text in {
        home / "assignment.toml": SETTINGS,
        home / "test_net.py": TEST_NET,
        home / "test_bonus.py": TEST_BONUS,
        solution / "dl" / "config.py": "SCALE = 3\n",
        solution / "dl" / "net.py": NET,
        solution / "dl" / "nn" / "linear.py": LINEAR,
        solution / "answers.txt": "forty-two\n",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (home / "data" / "hidden").mkdir(parents=True)
    np.save(home / "data" / "table.npy", np.array([1.0, 2.0, 3.0]))
    np.save(home / "data" / "hidden" / "secret_table.npy", np.array([4.0, -5.0, 6.0]))
    np.save(solution / "predictions.npy", np.arange(5))
    assignment = load_assignment(root, "net")
    record.write(assignment, record.record(assignment))
    template.write(assignment)
    return assignment


def hand_in(course: Assignment, into: Path, **changed: str) -> Path:
    """The reference with some files replaced; a key's `__` is a `/`."""
    for file in course.reference.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            target = into / file.relative_to(course.reference)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    for name, text in changed.items():
        (into / (name.replace("__", "/") + ".py")).parent.mkdir(parents=True, exist_ok=True)
        (into / (name.replace("__", "/") + ".py")).write_text(text, "utf-8")
    return into


def checked(handout: Path) -> str:
    """What a student's own check says."""
    call = [sys.executable, "autograder/runner.py"]
    return subprocess.run(call, cwd=handout, capture_output=True, text=True, check=False).stdout


def plain_pytest(handout: Path) -> str:
    """What pytest says without the runner."""
    call = [sys.executable, "-m", "pytest", "-q"]
    return subprocess.run(
        call, cwd=handout, env=clean_environment(), capture_output=True, text=True, check=False
    ).stdout


def scores(report: Report) -> list[float]:
    return [float(test.score) for test in report.tests]


def test_the_reference_has_everything_and_extra_credit_is_beside_the_maximum(
    course: Assignment, tmp_path: Path
) -> None:
    report = grade(course, hand_in(course, tmp_path / "it"))
    assert scores(report) == [2, 2, 2]
    assert [float(points) for points in (report.score, report.max_score, course.points)] == [6, 4, 4]


def test_every_command_of_the_author_counts_extra_credit_beside_the_points(
    course: Assignment, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["record", "--fresh", "--jobs", "1"], ["dev", "--once"], ["audit", "--jobs", "1"]):
        main([words[0], "net", *words[1:], "--project", str(course.project)])
        assert "4 points and 2 of extra credit" in capsys.readouterr().out, words


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_in_a_text_are_no_part_of_the_answer(course: Assignment, tmp_path: Path, end: str) -> None:
    """Students hand their answer in without the lines that mark the reference's."""
    shutil.copytree(course.project, tmp_path / "marked")
    marked = load_assignment(tmp_path / "marked", course.name)
    lines = ["The answer:", "# BEGIN SOLUTION", "forty-two", "# END SOLUTION"]
    (marked.reference / "answers.txt").write_bytes(end.join(lines).encode())
    record.write(marked, record.record(marked))
    template.write(marked)
    assert scores(grade(marked, marked.reference)) == [2, 2, 2]
    of_student = hand_in(marked, tmp_path / "it")
    given = (marked.template / "answers.txt").read_text("utf-8")
    (of_student / "answers.txt").write_text(given.replace("# TODO: your answer", "forty-two"), "utf-8")
    assert scores(grade(marked, of_student)) == [2, 2, 2]
    (of_student / "answers.txt").write_text(given, "utf-8")
    assert scores(grade(marked, of_student)) == [2, 2, 0]
    # the students' own check tells who hasn't answered, because no visible test need ask for it
    handout = tmp_path / "handout"
    make_handout(marked, handout)
    asked = "! Not answered yet, where the text has TODO: answers.txt."
    assert asked in checked(handout)
    (handout / "answers.txt").write_text("forty-two", "utf-8")
    assert asked not in checked(handout)
    # the audit doesn't ask that a test of a text finds nothing in the template
    assert (template.has_placeholders(marked), template.has_placeholders(course)) == (True, False)
    call = [sys.executable, "-m", "pytest", "-q", "testcases/net/test_bonus.py"]
    done = subprocess.run(call, cwd=marked.project, capture_output=True, text=True)
    assert "1 passed" in done.stdout, done.stdout


@pytest.fixture(scope="module")
def with_essay(course: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The same with a part that only a person grades, and that has no file of tests."""
    root = tmp_path_factory.mktemp("essay")
    shutil.copytree(course.project, root, dirs_exist_ok=True)
    file = root / "testcases" / "net" / "assignment.toml"
    essay = '[parts.essay]\ntitle = "Essay"\nmanual = 3\n'
    file.write_text(f"{file.read_text('utf-8')}{essay}", "utf-8")
    assignment = load_assignment(root, "net")
    record.write(assignment, record.record(assignment))
    return assignment


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_person_grades_is_in_every_output_and_in_no_score(
    with_essay: Assignment, tmp_path: Path, name: str
) -> None:
    report = grade(with_essay, hand_in(with_essay, tmp_path / "it"))
    assert [float(points) for points in (report.score, report.max_score, report.manual)] == [6, 4, 3]
    text = exporter(name)(report)
    assert "Essay" in text
    sentence = "Not in this score, because a person grades it: Essay (3 points)."
    if name == "autolab":
        # the bundle's problem, which the line of scores leaves to the person
        assert json.loads(text.strip().split("\n")[-1])["scores"] == {"Net": 4, "Bonus": 2}
        assert sentence in to_feedback(report)
    elif name == "junit":
        assert '<property name="essay.manual" value="3" />' in text
    elif name == "csv":
        head, row = csv.reader(io.StringIO(text))
        assert dict(zip(head, row, strict=True))["Essay"] == ""
    else:
        assert sentence in text.replace("\n", " ")


def test_the_handout_says_what_a_person_grades(with_essay: Assignment, tmp_path: Path) -> None:
    both = replace(with_essay.part("net"), manual=Fraction(1))
    parts = tuple(both if part.name == "net" else part for part in with_essay.parts)
    make_handout(replace(with_essay, parts=parts), tmp_path / "handout")
    about = (tmp_path / "handout" / "README.md").read_text("utf-8")
    lines = ["- Net: 5 points, 1 of them by a person", "- Bonus: 2 points of extra credit"]
    assert "\n".join([*lines, "- Essay: 3 points, by a person"]) in about


def class_of(project: Path, source: Path, run: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grader", "class", "net", str(source), "-o", str(run), "--jobs", "1", *more]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)


def table(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["key"]: row for row in csv.DictReader(stream)}


def test_points_by_a_person_are_read_back_and_count_everywhere(with_essay: Assignment, tmp_path: Path) -> None:
    source, run = tmp_path / "class", tmp_path / "run"
    for name in ("ann", "bob", "cy"):
        hand_in(with_essay, source / name)
    first = class_of(with_essay.project, source, run)
    assert first.returncode == 0, first.stderr
    assert "points.csv: no score has the 3 points that a person gives (Essay); fill them in there" in first.stderr
    essay = "Essay (by a person, of 3)"
    blank = table(run / "points.csv")
    assert [(key, row[essay]) for key, row in blank.items()] == [("ann", ""), ("bob", ""), ("cy", "")]
    assert {row["score"] for row in table(run / "gradebook.csv").values()} == {"6"}

    # as a person's own table: other columns, a decimal comma, another order; and a roster gives nobody a new key
    filled = "name;key;essay;comment\nBob;bob;2,5;fine\nAnn;ann;0;nothing there\n"
    (run / "points.csv").write_text(filled, "utf-8")
    second = class_of(with_essay.project, source, run)
    assert second.returncode == 0, second.stderr
    assert "cy: points by a person are missing, so the score is blank" in second.stderr
    assert "a person must look at 1 of them" in second.stdout
    book = table(run / "gradebook.csv")
    assert {key: (row["score"], row["max_score"], row[essay]) for key, row in book.items()} == {
        "ann": ("6", "7", "0"),
        "bob": ("8.5", "7", "2.5"),
        "cy": ("", "7", ""),
    }
    assert list(table(run / "problems.csv")) == ["cy"]
    assert (run / "points.csv").read_text("utf-8") == filled
    pages = [page.read_text("utf-8") for page in sorted((run / "students").glob("*.html"))]
    assert ["by a person</th>" in page for page in pages] == [True, True, False]
    assert ["Not in this score" in page for page in pages] == [False, False, True]

    # a regrade against the run before compares what the machine judged, and may begin with that run's points
    again = tmp_path / "again"
    again.mkdir()
    shutil.copyfile(run / "points.csv", again / "points.csv")
    third = class_of(with_essay.project, source, again, "--against", str(run))
    assert third.returncode == 0, third.stderr
    assert table(again / "gradebook.csv") == book


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("key,essay\nann,much\n", "line 2: much isn't a number of points for Essay; correct it"),
        ("key,essay\n\nann,3.5\n", "line 3: Essay has 0 to 3 points, not 3.5; correct it"),
        ("key,essay\nann,nan\n", "nan isn't a number of points"),
        ("key,esay\nann,3\n", "has no column for Essay beside one that identifies students"),
        ("essay\n3\n", "has no column for Essay beside one that identifies students"),
        ("", "has no column for Essay"),
    ],
)
def test_a_table_of_points_with_a_mistake_is_refused_before_anything_is_graded(
    with_essay: Assignment, tmp_path: Path, text: str, words: str
) -> None:
    hand_in(with_essay, tmp_path / "class" / "ann")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "points.csv").write_text(text, "utf-8")
    refused = class_of(with_essay.project, tmp_path / "class", tmp_path / "run")
    assert refused.returncode == 2
    assert words in " ".join(refused.stderr.split())


def test_extra_credit_and_a_person_in_autolabs_lab(course: Assignment, with_essay: Assignment) -> None:
    """Autolab sums up the problems' maxima to the lab's, unless the lab's module says what it is."""
    lab = {name: data.decode() for name, data in lab_files(with_essay).items() if name in ("net.yml", "net.rb")}
    problems = re.findall(r'- name: "(\w+)"\n.*\n  max_score: ([\d.]+)', lab["net.yml"])
    assert problems == [("Net", "4.0"), ("Bonus", "2.0"), ("Essay", "3.0")]
    assert re.search(r"  def max_score\n    7\.0\n  end\nend\n\Z", lab["net.rb"])
    assert "max_score\n    4.0\n" in lab_files(course)["net.rb"].decode()


def test_a_part_without_tests_needs_a_person(course: Assignment, tmp_path: Path) -> None:
    shutil.copytree(course.project, tmp_path, dirs_exist_ok=True)
    (tmp_path / "testcases" / "net" / "test_bonus.py").unlink()
    with pytest.raises(AssignmentError, match=r"part 'bonus' has no test_bonus\.py"):
        load_assignment(tmp_path, "net").test_files()


def test_the_courses_copy_counts_whatever_the_hand_in_has(course: Assignment, tmp_path: Path) -> None:
    changed = hand_in(course, tmp_path / "it", dl__config="SCALE = 1000\n", dl__config__extra="")
    (changed / "dl" / "config" / "__init__.py").write_text("SCALE = 9\n", "utf-8")
    report = grade(course, changed)
    assert scores(report) == [2, 2, 2]
    (note,) = [note for note in report.notes if "course's own files count" in note]
    assert "dl/config.py" in note
    assert "dl/config/__init__.py" in note
    shutil.rmtree(changed / "dl" / "config")
    (changed / "dl" / "config.py").unlink()
    assert grade(course, changed).notes == ()
    assert "reference/net/dl/config.py" in grading_files(course)


def test_a_container_is_judged_value_by_value(course: Assignment, tmp_path: Path) -> None:
    wrong = NET.replace("twice(x), ", "twice(x) + 1, ")
    report = grade(course, hand_in(course, tmp_path / "wrong", dl__net=wrong))
    failed = [check.name for check in report.tests[0].checks if not check.passed]
    assert failed == ["outputs[1]['double']"]
    other = NET.replace("return total, {", "return [total, {").replace("None}", "None}]")
    assert scores(grade(course, hand_in(course, tmp_path / "list", dl__net=other))) == [2, 2, 2]
    alone = NET.replace("return total, {", "return {")
    message = grade(course, hand_in(course, tmp_path / "alone", dl__net=alone)).tests[0].message
    assert "outputs: is a dict of 3 (" in message
    assert "should be a sequence of 2 (a value, a dict of 3 (" in message


def test_hidden_data_is_with_hidden_tests_alone(course: Assignment, tmp_path: Path) -> None:
    questions = make_questions(course, load_current(course), "x")
    assert questions.withheld == ("data/hidden/secret_table.npy",)
    make_handout(course, tmp_path / "handout")
    names = {file.relative_to(tmp_path / "handout").as_posix() for file in (tmp_path / "handout").rglob("*")}
    assert "autograder/net/data/table.npy" in names
    own = [name for name in names if not name.startswith("autograder/grader/")]
    assert not [name for name in own if "secret" in name or "answers" in name or "predictions" in name]
    about = (tmp_path / "handout" / "README.md").read_text("utf-8")
    assert "marked `TODO` in `dl/net.py`, `dl/nn/linear.py`, `predictions.npy`, `answers.txt`.\n" in about
    assert "\nLeave as it is, because the course's own copy is graded: `dl/config.py`.\n" in about
    bundled = grading_files(course)
    assert {"testcases/net/data/table.npy", "testcases/net/data/hidden/secret_table.npy"} <= set(bundled)
    # a student's check reads the same data, and the files that are handed in
    hand_in(course, tmp_path / "handout")
    ended = subprocess.run(
        [sys.executable, "autograder/runner.py"], cwd=tmp_path / "handout", capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 of 2 public points + 2 extra\n" in ended.stdout


def test_a_hand_in_without_a_file_misses_only_its_test(course: Assignment, tmp_path: Path) -> None:
    changed = hand_in(course, tmp_path / "it")
    (changed / "predictions.npy").unlink()
    report = grade(course, changed)
    assert [test.status for test in report.tests] == ["passed", "passed", "missing"]
    assert "the submission has no file predictions.npy" in report.tests[2].message


def test_a_hand_in_of_other_files_says_what_it_has(course: Assignment, tmp_path: Path) -> None:
    (tmp_path / "homework.rar").write_bytes(b"Rar!")
    (message,) = {test.message for test in grade(course, tmp_path).tests}
    asked = "answers.txt, dl/net.py, dl/nn/linear.py, predictions.npy"  # and not the course's own dl/config.py
    assert message == f"the hand-in has none of the files that are graded ({asked}); it has homework.rar"


def test_a_given_file_with_other_ends_of_lines_is_the_same_file(course: Assignment, tmp_path: Path) -> None:
    notes = {}
    for name, text in {"windows": "SCALE = 3\r\n", "changed": "SCALE = 4\n"}.items():
        changed = hand_in(course, tmp_path / name)
        (changed / "dl" / "config.py").write_bytes(text.encode())
        notes[name] = [note for note in grade(course, changed).notes if "own files count" in note]
    assert [len(found) for found in notes.values()] == [0, 1]


def test_a_student_is_told_of_a_changed_given_file_before_the_grading(course: Assignment, tmp_path: Path) -> None:
    """Binary ones are in the handout too."""
    shutil.copytree(course.project, tmp_path / "project")
    project = tmp_path / "project"
    settings = project / "testcases" / "net" / "assignment.toml"
    settings.write_text(settings.read_text("utf-8").replace('"dl/config.py"]', '"dl/config.py", "dl/*.npy"]'), "utf-8")
    np.save(project / "reference" / "net" / "dl" / "filters.npy", np.arange(3.0))
    own = load_assignment(project, "net")
    record.write(own, record.record(own))
    handout = tmp_path / "handout"
    make_handout(own, handout)
    config, filters = handout / "dl" / "config.py", handout / "dl" / "filters.npy"

    def told() -> str:
        return "\n".join(line for line in checked(handout).splitlines() if "own dl" in line)

    assert np.array_equal(np.load(filters), np.arange(3.0))
    config.write_bytes(config.read_bytes().replace(b"\n", b"\r\n"))
    assert not told(), "other ends of lines make no other file"
    assert "own dl" not in plain_pytest(handout)
    config.write_text("SCALE = 1000\n", "utf-8")
    sentence = "Grading uses the course's own dl/config.py; yours differs: download it again."
    assert told() == f"! {sentence}"
    assert sentence in plain_pytest(handout).splitlines()
    filters.unlink()
    assert "own dl/config.py, dl/filters.npy;" in told()


def test_a_changed_data_file_is_drift(course: Assignment, tmp_path: Path) -> None:
    file = course.data / "hidden" / "secret_table.npy"
    before = file.read_bytes()
    try:
        np.save(file, np.zeros(3))
        with pytest.raises(AssignmentError, match=r"secret_table\.npy: changed since the fixtures were recorded"):
            grade(course, hand_in(course, tmp_path / "it"))
    finally:
        file.write_bytes(before)


def test_a_file_of_the_reference_that_no_pattern_takes_is_named(course: Assignment) -> None:
    left = course.reference / "notes.py"
    left.write_text("x = 1\n", "utf-8")
    try:
        with pytest.raises(AssignmentError, match=r"the reference has notes\.py, and no pattern of 'files' takes it"):
            record.record(course)
    finally:
        left.unlink()


def test_a_folder_of_hand_ins_is_not_one(
    course: Assignment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for student in ("ada", "ben", "cem"):
        hand_in(course, tmp_path / "class" / student)
    call = ["grade", "net", str(tmp_path / "class"), "--project", str(course.project), "--format", "json"]
    assert main(call) == 2
    said = capsys.readouterr().err
    assert "holds 3 hand-ins (ada, ben, cem)" in said
    assert "grader class net" in said
    call[2] = str(tmp_path / "class" / "ben")
    assert main(call) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 6


@pytest.mark.parametrize("packed", [False, True], ids=["folders", "archives"])
def test_a_folder_of_several_downloads_is_not_a_class(course: Assignment, tmp_path: Path, packed: bool) -> None:
    for homework in ("hw1", "hw2"):
        for student in ("ada", "ben", "cem", "dan", "eve"):
            hand_in(course, tmp_path / "downloads" / homework / student)
        if packed:
            folder = tmp_path / "downloads" / homework
            shutil.make_archive(str(folder), "zip", folder)
            shutil.rmtree(folder)
    refused = class_of(course.project, tmp_path / "downloads", tmp_path / "run")
    assert refused.returncode == 2
    assert "hw1" in refused.stderr
    assert "isn't one student's: it holds 5 hand-ins (ada, ben, cem, dan, eve)" in refused.stderr
    # among hand-ins, such an entry costs no other, and is nobody's score
    hand_in(course, tmp_path / "downloads" / "zoe")
    for version in ("first", "second", "final"):
        hand_in(course, tmp_path / "downloads" / "yan" / version)
    graded = class_of(course.project, tmp_path / "downloads", tmp_path / "run")
    assert graded.returncode == 0, graded.stderr
    rows = csv.DictReader(io.StringIO((tmp_path / "run" / "gradebook.csv").read_text("utf-8")))
    assert {row["key"]: (row["status"], row["score"]) for row in rows} == {
        "hw1": ("not graded", ""),
        "hw2": ("not graded", ""),
        "yan": ("graded", "6"),
        "zoe": ("graded", "6"),
    }
    told = (tmp_path / "run" / "problems.csv").read_text("utf-8")
    assert "it holds 5 hand-ins (ada, ben, cem, dan, eve)" in told
    assert "yan holds 3 hand-ins (final, first, second), and at most one of them was graded" in told


def test_of_a_clone_of_the_whole_course_the_named_assignment_is_graded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    homework = load_assignment(ROOT, "cs231n_a2")
    for number in (1, 2, 3):
        shutil.copytree(homework.reference, tmp_path / "clone" / f"assignment{number}")
        if number != 2:
            (tmp_path / "clone" / f"assignment{number}" / "cs231n" / "layers.py").write_text("", "utf-8")
    assert main(["grade", homework.name, str(tmp_path / "clone"), "--project", str(ROOT), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == homework.points


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("@partial_credit(4)\n@number('1.1')\ndef test_a(submission, check):\n    pass\n", "doesn't take the argument"),
        ("@partial_credit(4)\n@number('1.1')\ndef test_a(submission, set_score):\n    pass\n", "never calls set_score"),
        (
            "@weight(4)\n@number('1.1')\ndef test_a(submission, check):\n\n    check('x', 1)\n    check('y', {3})\n",
            "check 'y' of test_net.py::test_a: actual is a set",
        ),
    ],
    ids=["no argument", "no call", "a type"],
)
def test_an_authors_slip_is_told_at_the_authors_line(body: str, words: str, tmp_path: Path) -> None:
    home = tmp_path / "testcases" / "net"
    home.mkdir(parents=True)
    settings = SETTINGS[: SETTINGS.index("[parts.bonus]")].replace('given = ["dl/config.py"]\n', "")
    (home / "assignment.toml").write_text(settings, "utf-8")
    text = f"from grader.testing import number, partial_credit, weight\n\n\n{body}"
    (home / "test_net.py").write_text(text, "utf-8")
    (tmp_path / "reference" / "net" / "dl").mkdir(parents=True)
    (tmp_path / "reference" / "net" / "dl" / "net.py").write_text("x = 1\n", "utf-8")
    with pytest.raises(AssignmentError, match=words) as caught:
        record.record(load_assignment(tmp_path, "net"))
    assert caught.value.file.name == "test_net.py"
    line = 9 if "check('y'" in body else 4
    assert caught.value.line == line


def test_a_record_run_after_which_nothing_changed_ends_at_once(
    course: Assignment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["record", "net", "--project", str(course.project), "--jobs", "1"]
    assert main(call) == 0
    first = capsys.readouterr().out
    with monkeypatch.context() as patched:
        patched.setattr(record, "record", lambda *_, **__: pytest.fail("it is recorded again"))
        assert main(call) == 0
        assert "nothing changed since" in capsys.readouterr().out
    assert "recorded 3 tests" in first
    answer = course.reference / "answers.txt"
    answer.write_text("forty-three\n", "utf-8")
    try:
        assert main(call) == 0
        assert "nothing changed" not in capsys.readouterr().out
    finally:
        answer.write_text("forty-two\n", "utf-8")


def test_a_reference_that_draws_without_a_seed_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "testcases" / "net"
    home.mkdir(parents=True)
    settings = SETTINGS[: SETTINGS.index("[parts.bonus]")].replace('given = ["dl/config.py"]\n', "")
    (home / "assignment.toml").write_text(settings, "utf-8")
    (home / "test_net.py").write_text(
        "from grader.testing import number, weight\n\n\n@weight(4)\n@number('1.1')\n"
        "def test_a(submission, rng, check):\n    check('y', submission('dl.net').noisy(rng.normal(size=3)))\n",
        "utf-8",
    )
    (tmp_path / "reference" / "net" / "dl").mkdir(parents=True)
    (tmp_path / "reference" / "net" / "dl" / "net.py").write_text(
        "import numpy as np\n\n\ndef noisy(x):\n    return x + np.random.default_rng().normal(size=3)\n", "utf-8"
    )
    with pytest.raises(AssignmentError, match="Draw from rng, or seed what draws"):
        record.record(load_assignment(tmp_path, "net"))
