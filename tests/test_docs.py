"""Follows the instructors' page: the smallest assignment on it works unchanged."""

import re
from pathlib import Path

from conftest import ROOT

from grader.assignment import load_assignment
from grader.authoring import record, template
from grader.authoring.audit import audit
from grader.grade import grade


def test_the_smallest_assignment_is_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "instructors.md").read_text("utf-8")
    section = page.split("## The smallest assignment\n")[1].split("\n## ")[0]
    files = re.findall(r"`((?:reference|testcases)/\S+)`:\n\n```\w+\n(.*?)```", section, re.S)
    assert len(files) == 3
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assignment = load_assignment(tmp_path, "mean")
    record.write(assignment, record.record(assignment))
    template.write(assignment)
    assert grade(assignment, assignment.reference).score == 2
    assert {test.status for test in grade(assignment, assignment.template).tests} == {"missing"}
    assert audit(assignment, journal=tmp_path / "journal.jsonl", jobs=1).failures == ()
