"""The audit, through the real pipeline on a small assignment: what it proves, and that it fails when it should."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.assignment import Assignment, load_assignment
from grader.authoring import record, template
from grader.authoring.audit import Audit, audit, summary
from grader.authoring.audit_page import to_page

REFERENCE = '''"""Two functions."""

import numpy as np


def double(x):
    """Return twice x."""
    # BEGIN SOLUTION
    return x * 2
    # END SOLUTION


def scale(x, factor):
    """Return x times factor plus one."""
    # BEGIN SOLUTION
    out = x * factor
    out = out + 1
    return out
    # END SOLUTION
'''
TOML = """title = "Small"
seed = 3
[submission]
files = ["solution.py"]
[limits]
test_seconds = 5
[parts.double]
title = "Double"
points = 1
[parts.scale]
title = "Scale"
points = 2
"""
TEST = """from grader.testing import number, weight


@weight({points})
@number("{number}")
def test_{name}(submission, rng, check):
    \"\"\"{name}\"\"\"
    check("value", submission.solution.{call})
"""
VARIANTS = """
[[variant]]
name = "scale-without-one"
credit = 0.0
loses = ["scale"]
file = "solution.py"
find = "    out = out + 1\\n"
replace = ""
hint = "One is added after the product."

[[variant]]
name = "double-in-float32"
credit = 1.0
file = "solution.py"
find = "return x * 2"
replace = "return (x * 2).astype(np.float32)"
"""


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Assignment]:
    """Build the assignment, with some of its files replaced, and record it."""

    def build(**changed: str) -> Assignment:
        folder, reference = tmp_path / "testcases" / "small", tmp_path / "reference" / "small"
        for path in (folder, reference):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        files = {
            "assignment.toml": TOML,
            "variants.toml": VARIANTS,
            "test_double.py": TEST.format(
                points=1, number="1.1", name="double", call="double(rng.normal(size=(3, 4)))"
            ),
            "test_scale.py": TEST.format(points=2, number="2.1", name="scale", call="scale(rng.normal(size=5), 3.5)"),
        }
        for name, text in {**files, **{key.replace("__", "."): text for key, text in changed.items()}}.items():
            (folder / name).write_text(text, "utf-8")
        (reference / "solution.py").write_text(REFERENCE, "utf-8")
        assignment = load_assignment(tmp_path, "small")
        record.write(assignment, record.record(assignment))
        template.write(assignment)
        return assignment

    return build


def run(assignment: Assignment) -> Audit:
    return audit(assignment, journal=assignment.project / "journal.jsonl", jobs=2)


def test_a_good_assignment_is_proven(small: Callable[..., Assignment]) -> None:
    found = run(small())
    assert found.failures == ()
    assert found.dead_tests() == []
    assert all(not item.lost for item in found.of("accepted"))
    lines = summary(found)
    assert lines[0].startswith("small: proven")
    assert "known mistakes caught: 1 of 1; named to the student: 1" in lines
    page = to_page(found)
    assert page.startswith("<!doctype html>")
    assert "Everything that is expected holds." in page
    assert "src=" not in page


def test_a_test_that_compares_nothing_lets_mutants_survive(small: Callable[..., Assignment]) -> None:
    weak = TEST.format(points=2, number="2.1", name="scale", call="scale(rng.normal(size=5), 3.5).shape[0]")
    variants = VARIANTS[VARIANTS.index('[[variant]]\nname = "double') :]
    found = run(small(test_scale__py=weak, variants__toml=variants))
    open_survivors = [item.mutant.after for item in found.survivors if not item.reason]
    assert "out = out - 1" in open_survivors
    assert any("a mutant survives" in sentence for sentence in found.failures)
    assert "What does not hold" in to_page(found)


def test_removing_a_test_file_makes_the_audit_fail(small: Callable[..., Assignment]) -> None:
    without_scale = TOML[: TOML.index("[parts.scale]")]
    variants = VARIANTS[VARIANTS.index('[[variant]]\nname = "double') :]
    found = run(small(assignment__toml=without_scale, variants__toml=variants))
    assert any("a mutant survives: solution.py" in sentence for sentence in found.failures)


def test_a_mistake_in_another_part_than_declared_fails(small: Callable[..., Assignment]) -> None:
    found = run(small(variants__toml=VARIANTS.replace('loses = ["scale"]', 'loses = ["double"]')))
    assert any("loses points in scale, and should in double" in sentence for sentence in found.failures)


def test_survivors_may_be_declared_equivalent(small: Callable[..., Assignment]) -> None:
    weak = TEST.format(points=2, number="2.1", name="scale", call="scale(rng.normal(size=5) * 0 + 1, 1.0)")
    first = run(small(test_scale__py=weak))
    survivors = {item.mutant.after for item in first.survivors}
    assert survivors == {"out = x / factor"}
    declared = VARIANTS + (
        '\n[[equivalent]]\nfile = "solution.py"\nbefore = "out = x * factor"\nafter = "out = x / factor"\n'
        'reason = "the factor is 1 in this course"\n'
    )
    second = run(small(test_scale__py=weak, variants__toml=declared))
    assert [item.reason for item in second.survivors] == ["the factor is 1 in this course"]


def test_an_interrupted_audit_goes_on_where_it_was(small: Callable[..., Assignment]) -> None:
    assignment = small()
    journal = assignment.project / "journal.jsonl"
    seen: list[str] = []
    audit(assignment, journal=journal, jobs=1, progress=lambda done, total, name: seen.append(name))
    lines = journal.read_text("utf-8").splitlines()
    assert len(seen) == len(lines)
    # as an interruption leaves it: some lines, the last one cut short
    journal.write_text("\n".join(lines[:5]) + "\n" + lines[5][:40], "utf-8")
    again: list[str] = []
    found = audit(assignment, journal=journal, jobs=1, progress=lambda done, total, name: again.append(name))
    assert len(again) == len(lines) - 5
    assert found.failures == ()
    assert all(json.loads(line)["state"] for line in lines)
