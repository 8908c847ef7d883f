"""Mutants: each kind of change is made, inside solution regions only, and every mutant is valid Python."""

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from small_assignment import LINE, Project

from grader.assignment import Assignment
from grader.authoring.edits import IN_PLACE
from grader.authoring.mutants import Mutant, mutants
from grader.errors import AssignmentError
from grader.settings import read_assignment

TOML = """
title = "Small"
seed = 1
[submission]
files = ["*.py"]
[audit]
files = ["solution.py"]
[parts.one]
title = "One"
points = 1
"""


def made(tmp_path: Path, body: str, *, given: str = "", toml: str = TOML) -> list[Mutant]:
    folder = tmp_path / "testcases" / "small"
    reference = tmp_path / "reference" / "small"
    folder.mkdir(parents=True)
    reference.mkdir(parents=True)
    (folder / "assignment.toml").write_text(toml, "utf-8")
    inner = "".join(f"        {line}\n" for line in dedent(body).strip().splitlines())
    text = (
        f"import numpy as np\n{given}\n\nclass Thing:\n    def method(self, x, w, n=3):\n        self.given = x + 1\n"
        f"        # BEGIN SOLUTION\n{inner}        # END SOLUTION\n"
    )
    (reference / "solution.py").write_text(text, "utf-8")
    (reference / "other.py").write_text(text, "utf-8")
    assignment: Assignment = read_assignment(folder)
    return mutants(assignment)


@pytest.mark.parametrize(
    ("body", "kind", "after"),
    [
        ("return x + w", "arithmetic operator", "return x - w"),
        ("return x ** 2", "arithmetic operator", "return x * 2"),
        ("return x @ w", "swapped operands of @", "return w @ x"),
        ("return x > 0", "comparison", "return x <= 0"),
        ("return -x", "sign", "return x"),
        ("return x * 2", "constant", "return x * 3"),
        ("return x.sum(axis=0)", "axis", "return x.sum(axis=1)"),
        ("return x.sum(axis=0, keepdims=True)", "keepdims", "return x.sum(axis=0, keepdims=False)"),
        ("return x.T", "dropped .T", "return x"),
        ("return np.dot(x, w)", "swapped arguments", "return np.dot(w, x)"),
        ("self.y = x\nreturn x", "not stored in self", "y = x"),
        ("self.y = x\nreturn x", "dropped statement", "pass"),
        ("return x", "returns nothing", "return None"),
        ("self.y += x", "= for an update", "self.y = x"),
        ("self.y += x", IN_PLACE, "self.y = self.y + (x)"),
        ("w = w + x\nreturn w", IN_PLACE, "w += x"),
        ("for i in range(n):\n    x = x + i\nreturn x", "off by one", "for i in range((n) - 1):"),
        ("if n:\n    x = w\nreturn x", "condition turned round", "if not (n):"),
        ("return x[:n]", "off by one", "return x[:(n) - 1]"),
    ],
)
def test_each_kind_of_change(tmp_path: Path, body: str, kind: str, after: str) -> None:
    assert (kind, after) in {(mutant.kind, mutant.after) for mutant in made(tmp_path, body)}


def test_only_solution_regions_of_audited_files_change(tmp_path: Path) -> None:
    found = made(tmp_path, "return x * w", given="CONSTANT = 1 + 2\n")
    assert found
    assert {mutant.file for mutant in found} == {"solution.py"}
    for mutant in found:
        assert "CONSTANT = 1 + 2" in mutant.text
        assert "self.given = x + 1" in mutant.text


def test_mutants_parse_and_differ_from_each_other(tmp_path: Path) -> None:
    body = "m = 0.9 * x + (1 - 0.9) * w\nself.m = m / (1 - 0.9 ** n)\nreturn np.sqrt(self.m + 1e-8)"
    found = made(tmp_path, body)
    trees = [ast.dump(ast.parse(mutant.text)) for mutant in found]
    assert len(trees) > 15
    assert len(set(trees)) == len(trees)


def test_characters_outside_ascii_do_not_move_the_edits(tmp_path: Path) -> None:
    found = made(tmp_path, 'note = "größer: → Ω"; return x + w')
    assert any(mutant.after == 'note = "größer: → Ω"; return x - w' for mutant in found)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return np.maximum(x, 0)", "swapped arguments"),
        ("return x - x.max(axis=0, keepdims=True)", "keepdims"),
        ("return x - np.log(np.exp(x).sum(axis=0, keepdims=True))", "keepdims"),
        ("return x.reshape(n, -1)", "constant"),
        ("return np.reshape(x, (-1, n))", "constant"),
        ("return 0.0", "sign"),
    ],
)
def test_changes_that_change_nothing_are_not_made(tmp_path: Path, body: str, kind: str) -> None:
    assert kind not in {mutant.kind for mutant in made(tmp_path, body)}


@pytest.mark.parametrize(
    "body",
    [
        "return x - x.max(axis=1, keepdims=True)",
        "return w - x.max(axis=0, keepdims=True)",
        "return 2 * x.max(axis=0, keepdims=True)",
    ],
)
def test_dropped_dimensions_that_can_be_seen_are_mutants(tmp_path: Path, body: str) -> None:
    assert "keepdims" in {mutant.kind for mutant in made(tmp_path, body)}


def test_functions_without_points_are_left_alone(tmp_path: Path) -> None:
    assert made(tmp_path / "one", "return x + w")
    toml = TOML.replace("[parts.one]", 'ungraded = ["Thing.method"]\n[parts.one]')
    assert made(tmp_path / "other", "return x + w", toml=toml) == []


def test_an_unknown_function_without_points_is_an_error_with_its_line(tmp_path: Path) -> None:
    toml = TOML.replace("[parts.one]", 'ungraded = ["Thing.other"]\n[parts.one]')
    with pytest.raises(AssignmentError, match=r"assignment.toml:8: .*no function 'Thing.other'"):
        made(tmp_path, "return x + w", toml=toml)


@pytest.mark.parametrize("odd", ["\f", "\x1c", "\x85", "\u2028"], ids=ascii)
def test_lines_are_counted_as_python_counts_them(odd: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.edit(LINE, "        scaled = self.slope * x\n", f"        scaled = self.slope * x  # é{odd} é\n")
    project.edit(LINE, '"""A line."""\n', f'"""A line{odd}."""\n')
    found = mutants(project.load())
    assert found
    for mutant in found:
        line = project.file(LINE).read_text("utf-8").split("\n")[mutant.line - 1]
        assert mutant.before == line.strip()
        assert mutant.text.split("\n")[mutant.line - 1].strip() == mutant.after
        assert mutant.after != mutant.before
