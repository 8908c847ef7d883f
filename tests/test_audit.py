"""Guards the audit, through the real pipeline on a small assignment: its proofs, and that it fails when it should."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from grader.assignment import Assignment
from grader.authoring import record, template
from grader.authoring.audit import audit
from grader.authoring.audit_page import to_page
from grader.authoring.audited import Audit
from grader.authoring.expectations import summary
from grader.settings import load_assignment

pytestmark = pytest.mark.long

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
        record.write(assignment, record.record(assignment, seed="one of the tests' own"))
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


# nothing that students hold earns points


def test_a_handout_that_is_refused_fails_the_audit(
    small: Callable[..., Assignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """tests/test_handout_hidden.py has what is refused."""
    monkeypatch.setattr("grader.authoring.audit.refusal", lambda assignment: f"{assignment.name} shows a hidden test")
    found = run(small())
    assert found.failures == ("the handout is refused: small shows a hidden test",)
    assert "hidden tests and solutions in the handout: it is refused" in summary(found)


def test_a_value_that_is_the_same_with_every_seed_earns_points_by_replay(small: Callable[..., Assignment]) -> None:
    constant = TEST.format(points=1, number="1.1", name="double", call="double(np.arange(3.0))")
    found = run(small(test_double__py=f"import numpy as np\n{constant}"))
    assert "the values in the handout earn 1 points in test_double.py::test_double; draw its inputs from rng" in (
        found.failures
    )
    assert any("values of the handout 1," in line for line in summary(found))


def test_a_number_that_the_course_published_may_be_replayed(small: Callable[..., Assignment]) -> None:
    published = TEST.format(points=1, number="1.1", name="double", call="double(np.array([2.0])), published=[4.0]")
    found = run(small(test_double__py=f"import numpy as np\n{published}"))
    assert found.replayed == {}


@pytest.mark.parametrize(
    ("call", "stub"),
    [
        ("double(0.0 * rng.normal(size=4))", "zeros like the argument"),
        ("double(rng.normal(size=4)).shape[0]", "first argument"),
        ("double(rng.normal(size=2)) is not None", "one"),
    ],
)
def test_a_trivial_stub_that_earns_points_is_named(small: Callable[..., Assignment], call: str, stub: str) -> None:
    found = run(small(test_double__py=TEST.format(points=1, number="1.1", name="double", call=call)))
    assert f"a stub that returns {stub} earns 1 points in test_double.py::test_double" in found.failures


def test_a_name_of_the_tests_own_modules_that_earns_points_is_named(small: Callable[..., Assignment]) -> None:
    found = run(small(stand_ins__py="def mended(x):\n    return x + x\n\n\ndef decoy(x):\n    return 3 * x\n"))
    named = [sentence for sentence in found.failures if "the tests' own" in sentence]
    assert named == [
        "a hand-in that takes all from the tests' own stand_ins.mended earns 1 points in test_double.py::test_double"
    ]


def test_a_test_that_compares_nothing_lets_mutants_survive(small: Callable[..., Assignment]) -> None:
    weak = TEST.format(points=2, number="2.1", name="scale", call="scale(rng.normal(size=5), 3.5).shape[0]")
    variants = VARIANTS[VARIANTS.index('[[variant]]\nname = "double') :]
    found = run(small(test_scale__py=weak, variants__toml=variants))
    open_survivors = [item.mutant.after for item in found.survivors if not item.reason]
    assert "out = out - 1" in open_survivors
    assert any("a mutant survives" in sentence for sentence in found.failures)
    assert "What does not hold" in to_page(found)


SOLUTIONS = {
    "adam": "mytorch/optimizer.py",
    "dropout_forward": "mytorch/dropout.py",
    "dropout_backward": "mytorch/dropout.py",
}
"""Parts of the homework, and the file that each of them tests."""


@pytest.mark.parametrize("part", SOLUTIONS)
def test_removing_any_test_file_of_a_homework_makes_its_audit_fail(tmp_path: Path, part: str) -> None:
    homework = load_assignment(ROOT, "cmu11785_hw1_bonus")
    assert {found.name for found in homework.parts} == set(SOLUTIONS)
    for folder in (homework.folder, homework.reference, homework.template):
        shutil.copytree(folder, tmp_path / folder.relative_to(ROOT), ignore=shutil.ignore_patterns("fixtures"))
    cut = load_assignment(tmp_path, homework.name)
    text = cut.toml.read_text("utf-8")
    table = text[text.index(f"[parts.{part}]") :]
    text = text.replace(table.split("\n\n")[0], "")
    # of the mutants, those of the file that lost its tests: enough to see, and soon done
    cut.toml.write_text(re.sub(r"(?m)^files = .*# the others.*", f'files = ["{SOLUTIONS[part]}"]', text), "utf-8")
    (cut.folder / f"test_{part}.py").unlink()
    # no known mistakes: those of the part couldn't be declared without it, and would only be more that is not caught
    (cut.folder / "variants.toml").unlink()
    cut = load_assignment(tmp_path, homework.name)
    assert part not in {found.name for found in cut.parts}
    record.write(cut, record.record(cut))
    found = run(cut)
    assert any(f"a mutant survives: {SOLUTIONS[part]}" in sentence for sentence in found.failures)
    assert not any("the reference" in sentence for sentence in found.failures)


@pytest.mark.parametrize(("part", "other"), [("double", "scale"), ("scale", "double")])
def test_removing_any_test_file_makes_the_audit_fail(small: Callable[..., Assignment], part: str, other: str) -> None:
    start = TOML.index(f"[parts.{part}]")
    end = TOML.find("[parts.", start + 1)
    accepted = VARIANTS.index('[[variant]]\nname = "double')
    variants = VARIANTS[accepted:] if part == "scale" else VARIANTS
    found = run(small(assignment__toml=TOML[:start] + (TOML[end:] if end > 0 else ""), variants__toml=variants))
    assert {test.part for test in found.fixtures.tests} == {other}
    assert any("a mutant survives: solution.py" in sentence for sentence in found.failures)


def test_after_a_change_of_one_test_file_only_that_one_runs_again(small: Callable[..., Assignment]) -> None:
    assignment = small()
    journal = assignment.project / "journal.jsonl"
    before = run(assignment)
    known = journal.read_text("utf-8").splitlines()
    other = TEST.format(points=1, number="1.1", name="double", call="double(rng.normal(size=(5, 2)))")
    again = run(small(test_double__py=other))
    added = [json.loads(line) for line in journal.read_text("utf-8").splitlines()[len(known) :]]
    assert added
    assert {test for row in added for test in row["outcomes"]} == {"test_double.py::test_double"}
    assert again.failures == ()
    assert [item.lost for item in again.graded] == [item.lost for item in before.graded]


def test_a_mutant_is_run_on_the_tests_that_need_its_region(small: Callable[..., Assignment]) -> None:
    assignment = small()
    found = run(assignment)
    rows = map(json.loads, (assignment.project / "journal.jsonl").read_text("utf-8").splitlines())
    tests = {row["key"]: set(row["outcomes"]) for row in rows}
    mutants = [item.candidate for item in found.graded if item.candidate.mutant]
    assert len(mutants) > 5
    for candidate in mutants:
        assert candidate.mutant
        part = "double" if candidate.mutant.before == "return x * 2" else "scale"
        assert tests[candidate.key] == {f"test_{part}.py::test_{part}"}, candidate.name


@pytest.mark.parametrize("blank", ["", "\n", "\n\n"])
def test_what_is_declared_equivalent_needs_no_new_record_and_no_new_run(
    blank: str, small: Callable[..., Assignment]
) -> None:
    assignment = small()
    run(assignment)
    journal = assignment.project / "journal.jsonl"
    known = journal.read_bytes()
    with (assignment.folder / "variants.toml").open("a", encoding="utf-8") as stream:
        stream.write(blank + '[[equivalent]]\nfile = "solution.py"\nbefore = "return out"\nreason = "none"\n')
    run(assignment)
    assert journal.read_bytes() == known
    assert not record.drift(assignment, record.record(assignment))


@pytest.mark.parametrize("changed", ["reference", "recorded value", "variant"])
def test_nothing_is_kept_of_what_may_have_changed(small: Callable[..., Assignment], changed: str) -> None:
    assignment = small()
    run(assignment)
    journal = assignment.project / "journal.jsonl"
    known = len(journal.read_text("utf-8").splitlines())
    if changed == "reference":
        file = assignment.reference / "solution.py"
        file.write_text(file.read_text("utf-8").replace("as np\n", "as np  # arrays\n"), "utf-8")
    elif changed == "recorded value":
        assignment = small(assignment__toml=TOML.replace("seed = 3", "seed = 4"))
    else:
        file = assignment.folder / "variants.toml"
        file.write_text(file.read_text("utf-8").replace("One is added", "A one is added"), "utf-8")
    record.write(assignment, record.record(assignment))
    found = run(assignment)
    added = journal.read_text("utf-8").splitlines()[known:]
    # another hint concerns the known mistakes alone
    mistakes = len(found.of("mistake"))
    assert len(added) == (mistakes if changed == "variant" else len(found.graded))


HALF = """
[[variant]]
name = "two-for-one"
credit = 0.5
file = "solution.py"
find = "out = out + 1"
replace = "out = out + 2"
hint = "One is added, not two."
"""


def test_a_variant_with_partial_credit_gets_its_share(small: Callable[..., Assignment]) -> None:
    found = run(small(variants__toml=VARIANTS + HALF))
    assert found.failures == ()
    (half,) = found.of("partial")
    assert {test: outcome.lost for test, outcome in half.outcomes.items() if outcome.lost} == {
        "test_scale.py::test_scale": 1.0
    }
    assert "accepted variants with full marks: 1 of 1; variants with partial credit: 1" in summary(found)


def test_a_variant_with_partial_credit_that_no_test_sees_fails(small: Callable[..., Assignment]) -> None:
    unseen = HALF.replace("out = out + 2", "out = 1 + out")
    found = run(small(variants__toml=VARIANTS + unseen))
    assert found.failures == ("the variant 'two-for-one' has credit 0.5, and loses points in no test",)


def test_a_mistake_in_another_part_than_declared_fails(small: Callable[..., Assignment]) -> None:
    found = run(small(variants__toml=VARIANTS.replace('loses = ["scale"]', 'loses = ["double"]')))
    assert any("loses points in scale, and should in double" in sentence for sentence in found.failures)


def test_survivors_may_be_declared_equivalent(small: Callable[..., Assignment]) -> None:
    weak = TEST.format(points=2, number="2.1", name="scale", call="scale(rng.normal(size=5) * 0 + 1, 1.0)")
    first = run(small(test_scale__py=weak))
    survivors = {item.mutant.after for item in first.survivors}
    assert survivors == {"out = x / factor"}
    assert any("no value of any test differs by it" in sentence for sentence in first.failures)
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
    assert all(json.loads(line)["states"] for line in lines)
