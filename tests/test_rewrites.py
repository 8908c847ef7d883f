"""Honest rewrites: each changes what it should, computes the same, and an audit finds the test that refuses one."""

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray
from small_assignment import FORWARD, LINE, NAME, VARIANTS_FILE, Project

from grader.authoring import record, template
from grader.authoring.audit import audit
from grader.authoring.rewrites import NAMES, rewrites
from grader.authoring.variants import load_demands
from grader.errors import AssignmentError
from grader.settings import load_assignment

REFERENCE = '''\
"""A small net."""

import numpy as np


def scaled(x, factor):
    """Return x times factor."""
    # BEGIN SOLUTION
    return x * factor
    # END SOLUTION


class Net:
    """W x, its loss and one step."""

    def __init__(self, W):
        """Keep W."""
        self.W = W

    def forward(self, x):
        """Return W x."""
        # BEGIN SOLUTION
        self.hidden_state = x
        self.W += np.zeros(self.W.shape)
        return scaled(self.W @ x, 2.0)
        # END SOLUTION

    def loss(self):
        """Return the loss, and the gradient."""
        # BEGIN SOLUTION
        return (self.hidden_state ** 2).mean(), self.hidden_state.T
        # END SOLUTION
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(LINE, REFERENCE)
    template.write(made.load())
    return made


def ran(text: str) -> list[NDArray[Any]]:
    module = ModuleType("line")
    exec(compile(text, "line.py", "exec"), vars(module))
    rng = np.random.RandomState(1)
    net = module.Net(rng.normal(size=(3, 4)))
    y = net.forward(rng.normal(size=(4, 5)))
    loss, gradient = net.loss()
    return [np.asarray(y), np.asarray(loss).reshape(()), np.asarray(gradient)]


def test_every_rewrite_is_made_and_computes_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "float", float, raising=False)  # numpy 1's, which a grading has too
    made = dict(rewrites(project.load()))
    assert tuple(made) == NAMES
    texts = {next(iter(files.values())) for files in made.values()}
    assert len({ast.dump(ast.parse(text)) for text in texts}) == len(NAMES)
    expected = ran(REFERENCE)
    for name, files in made.items():
        for actual, wanted in zip(ran(files["line.py"]), expected, strict=True):
            np.testing.assert_allclose(actual, wanted, rtol=1e-5, err_msg=name)


def test_only_the_students_own_attributes_get_other_names(project: Project) -> None:
    text = dict(rewrites(project.load()))["other names for own attributes"]["line.py"]
    assert "self.own_hidden_state" in text
    assert "own_W" not in text


def test_what_isnt_a_solution_is_left_alone(project: Project) -> None:
    project.edit(LINE, "        self.W = W\n", "        self.W = W @ np.eye(W.shape[1])\n")
    for name, files in rewrites(project.load()):
        assert "self.W = W @ np.eye(W.shape[1])" in files["line.py"], name


def test_a_test_that_demands_more_than_the_handout_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.edit(FORWARD, '    check("y", line.forward(some_points(rng)))\n', STRICT)

    def audited() -> tuple[str, ...]:
        assignment = project.load()
        record.write(assignment, record.record(assignment, seed="one of the tests' own"))
        template.write(assignment)
        return audit(assignment, journal=tmp_path / "journal.jsonl", jobs=2).failures

    found = [sentence for sentence in audited() if "honest rewrite" in sentence]
    assert len(found) == 1
    assert "results in float32" in found[0]
    assert "test_values" in found[0]
    project.write(
        VARIANTS_FILE, '[[demand]]\nrewrite = "results in float32"\nreason = "The handout asks for float64."\n'
    )
    assert not [sentence for sentence in audited() if "honest rewrite" in sentence]


STRICT = """\
    y = line.forward(some_points(rng))
    check("y", y)
    check("dtype", str(y.dtype))
"""


def test_a_demand_of_an_unknown_rewrite_is_an_error_with_its_line(project: Project) -> None:
    project.write(VARIANTS_FILE, '\n[[demand]]\nrewrite = "results in blue"\nreason = "."\n')
    with pytest.raises(AssignmentError, match=rf"variants.toml:2: .*{NAMES[0]}"):
        load_demands(project.load())
    assert project.load().name == NAME


def test_the_code_of_a_notebook_is_rewritten_as_that_of_files() -> None:
    edition, scripts = (dict(rewrites(load_assignment(ROOT, name))) for name in ("nyu1008_hw3_notebook", "nyu1008_hw3"))
    assert set(edition) == set(scripts)
    assert all(set(files) == {"regularization.py"} for files in edition.values())
