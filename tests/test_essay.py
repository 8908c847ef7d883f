"""The essay of nyu1008_hw3: it reaches a person, with the rubric, and no machine gives or takes a point for it."""

import itertools
import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import ROOT

from grader.cli import main
from grader.export import exporter
from grader.grade import grade
from grader.report import Report
from grader.settings import load_assignment

HOMEWORK = load_assignment(ROOT, "nyu1008_hw3")
WORDS = "Every unit has to be useful without the help of any one other unit, so that features are spread. "
ESSAYS = {
    "empty": 'why_dropout_helps = ""\nwhy_batch_norm_helps = ""\n',
    "nonsense": f'why_dropout_helps = "{"bla " * 60}"\nwhy_batch_norm_helps = "{"bla " * 60}"\n',
    "good": f'why_dropout_helps = "{WORDS * 3}"\nwhy_batch_norm_helps = "{WORDS * 4}"\n',
    "no text": "why_dropout_helps = 7\n",
}


def graded(tmp_path: Path, essay: str | None) -> Report:
    """Grade the reference with another essay, or without the table."""
    folder = tmp_path / "submission"
    shutil.copytree(HOMEWORK.reference, folder, ignore=shutil.ignore_patterns("__pycache__"))
    answers = (folder / "answers.toml").read_text("utf-8")
    before = answers[: answers.index("[essay]")]
    (folder / "answers.toml").write_text(before + (f"[essay]\n{essay}" if essay is not None else ""), "utf-8")
    return grade(HOMEWORK, folder)


@pytest.mark.parametrize("essay", [*ESSAYS, None])
def test_no_essay_gains_or_loses_a_point(tmp_path: Path, essay: str | None) -> None:
    report = graded(tmp_path, None if essay is None else ESSAYS[essay])
    assert report.score == report.max_score == 36
    part = next(part for part in report.parts if part.name == "essay")
    assert part.score == part.max_score == 0
    statuses = {test.status for test in report.tests if test.part == "essay"}
    assert (statuses == {"passed"}) == (essay in ("good", "nonsense"))


def test_the_texts_reach_a_person_with_the_rubric(tmp_path: Path) -> None:
    results = json.loads(exporter("gradescope")(graded(tmp_path, ESSAYS["good"])))
    rows = [row for row in results["tests"] if row["extra_data"]["part"] == "essay"]
    assert len(rows) == 2
    for row in rows:
        assert (row["score"], row["max_score"]) == (0, 0)
        shown = " ".join(row["output"].split())
        assert WORDS.strip() in shown
        assert "For the person who grades, 2 points" in shown
    assert results.get("score", sum(row["score"] for row in results["tests"])) == 36


def test_autolab_leaves_the_essay_to_a_person(tmp_path: Path) -> None:
    last = exporter("autolab")(graded(tmp_path, ESSAYS["good"])).strip().splitlines()[-1]
    assert json.loads(last)["scores"] == {"Dropout2d": 14, "BatchNorm2d": 16, "Short Answers": 6}


def test_points_by_a_person_stand_beside_those_of_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert HOMEWORK.points == 36
    assert HOMEWORK.manual_points == Fraction(4)
    assert main(["list", "--project", str(ROOT)]) == 0
    # each line that starts in the first column begins an assignment
    lines = iter(capsys.readouterr().out.splitlines())
    assert next(line for line in lines if line.split()[:1] == [HOMEWORK.name]).endswith("36 + 4 by a person")
    rows = list(itertools.takewhile(lambda line: line.startswith(" "), lines))
    (essay,) = (row for row in rows if row.split()[:2] == ["essay", "Essay"])
    assert essay.endswith("0 + 4 by a person")
