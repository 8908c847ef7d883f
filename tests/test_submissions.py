"""Grades every sample submission through the real pipeline and compares the result with its declared verdict.

A sample is a folder `tests/submissions/<assignment>/<name>/` whose files are laid over the reference, beside a
`verdict.toml`:

    about = "wrong: one line on what it does"
    lost  = ["dropout_forward"]     parts that lose points; every other part keeps all of them
    zero  = ["dropout_forward"]     of these, parts that get nothing (optional)
    score = { single_layer = 3 }    of these, the points that are left of parts (optional)
    hint  = "keep and drop"         stands in a message or hint of a test in each lost part (optional)
    throughout = "rand, not randn"  stands in the hint of every test that loses points (optional)
    without = ["mytorch/loss.py"]   files of the reference that are left out (optional)
    like = "in_place"               another sample, which is laid over the reference first (optional)
    replace = [["mlp.py", "a", "b"]]  what stands once in a file of these two, and what replaces it (optional)
    [notebook]                      a file of these as a notebook, a statement a cell, in its place (optional)
    of = "mlp.py"
    name = "hw1.ipynb"              the notebook's name
    before = ["%matplotlib inline"] cells before those of the file, and `after` them (optional)
    style = "colab"                 which program saved it; see `notebooks.from_script` (optional)
    note = "cell 2"                 stands in a note of the report (optional)
    template = true                 the file itself stays, as in the students' template (optional)
"""

import contextlib
import functools
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from notebooks import from_script

from grader.fixtures import Fixtures, load_current
from grader.grade import grade_in
from grader.questions import read_questions
from grader.report import Report
from grader.sandbox.worker import Worker
from grader.settings import assignment_names, load_assignment

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS = {"about", "lost", "zero", "score", "hint", "throughout", "without", "like", "replace", "notebook"}
SAMPLES = sorted(file.parent for file in (ROOT / "tests" / "submissions").glob("*/*/verdict.toml"))


def verdict_of(sample: Path) -> dict[str, Any]:
    verdict: dict[str, Any] = tomllib.loads((sample / "verdict.toml").read_text("utf-8"))
    return verdict


def lay_over(reference: Path, sample: Path, into: Path) -> Path:
    verdict = verdict_of(sample)
    if "like" in verdict:
        lay_over(reference, sample.parent / verdict["like"], into)
    else:
        shutil.copytree(reference, into, ignore=shutil.ignore_patterns("__pycache__"))
    for name in verdict.get("without", []):
        (into / name).unlink()
    for name, old, new in verdict.get("replace", []):
        text = (into / name).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        (into / name).write_text(text.replace(old, new), "utf-8")
    if "notebook" in verdict:
        as_notebook(reference, into, **verdict["notebook"])
    shutil.copytree(sample, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("verdict.toml"))
    return into


def as_notebook(
    reference: Path,
    into: Path,
    of: str,
    name: str,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    style: str = "",
    note: str = "",
    template: bool = False,
) -> None:
    (into / name).write_bytes(from_script((into / of).read_text("utf-8"), list(before), list(after), style))
    if template:
        shutil.copyfile(ROOT / "student_template" / reference.name / of, into / of)
    elif name != of:
        (into / of).unlink()


def test_every_sample_declares_what_can_be_looked_at() -> None:
    """A misspelt key, or a hint where nothing is lost, would be passed over in silence."""
    assert {sample.parent.name for sample in SAMPLES} == set(assignment_names(ROOT))
    for sample in SAMPLES:
        verdict = verdict_of(sample)
        assert {"about", "lost"} <= set(verdict) <= KEYS, sample
        assert {*verdict.get("zero", []), *verdict.get("score", {})} <= set(verdict["lost"]), sample
        assert verdict["lost"] or not {"hint", "throughout"} & set(verdict), sample
        assert "like" not in verdict or "like" not in verdict_of(sample.parent / verdict["like"]), sample


@pytest.fixture(scope="module")
def workers() -> Iterator[Callable[[str], tuple[Worker, Fixtures]]]:
    """One worker an assignment for all its samples: importing torch takes longer than grading does."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def worker_of(name: str) -> tuple[Worker, Fixtures]:
            assignment = load_assignment(ROOT, name)
            worker = stack.enter_context(Worker(assignment, read_questions(assignment)))
            return worker, load_current(assignment)

        yield worker_of


def demand(sample: Path, report: Report) -> None:
    """Raise AssertionError unless a report is as the sample declares."""
    verdict = verdict_of(sample)
    lost = {part.name for part in report.parts if part.score < part.max_score}
    wrong = [(test.id, test.status, test.message, test.hint) for test in report.tests if test.status != "passed"]
    assert lost == set(verdict["lost"]), wrong
    left = dict.fromkeys(verdict.get("zero", []), 0) | verdict.get("score", {})
    assert left.items() <= {part.name: float(part.score) for part in report.parts}.items(), wrong
    if "hint" in verdict:
        for name in lost:
            told = "\n".join(f"{test.message}\n{test.hint}" for test in report.tests if test.part == name)
            assert verdict["hint"] in told, wrong
    if "throughout" in verdict:
        assert all(verdict["throughout"] in test.hint for test in report.tests if test.score < test.max_score), wrong
    assert verdict.get("notebook", {}).get("note", "") in "\n".join(report.notes), report.notes
    if not lost:
        assert report.score == report.max_score


each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}-{sample.name}")


@each_sample
def test_declared_verdict(sample: Path, workers: Callable[[str], tuple[Worker, Fixtures]], tmp_path: Path) -> None:
    worker, fixtures = workers(sample.parent.name)
    demand(sample, grade_in(worker, fixtures, lay_over(worker.assignment.reference, sample, tmp_path / "submission")))


@pytest.mark.long
@each_sample
def test_declared_verdict_if_each_test_runs_alone(
    sample: Path, workers: Callable[[str], tuple[Worker, Fixtures]], tmp_path: Path
) -> None:
    """A test that passes beside others passes alone."""
    worker, fixtures = workers(sample.parent.name)
    source = lay_over(worker.assignment.reference, sample, tmp_path / "submission")
    alone = grade_in(worker, fixtures, source, together=False)
    demand(sample, alone)
    if verdict_of(sample)["lost"]:
        beside = grade_in(worker, fixtures, source)
        assert [(test.id, test.status) for test in beside.tests] == [(test.id, test.status) for test in alone.tests]
