"""Guards the questions of a worker: no hidden test beside visible ones, and no value that only a record run needs."""

import ast
import os
import textwrap
from pathlib import Path

import pytest
from small_assignment import BACKWARD, FORWARD, HELPER, LINE, NAME, REFERENCE, Project

from grader.authoring.record import record, write
from grader.authoring.withhold import without_given
from grader.errors import AssignmentError
from grader.fixtures import load_current
from grader.grade import grade
from grader.levels import Level
from grader.questions import read_questions
from grader.sandbox.worker import Worker

SECRET = "what-only-the-hidden-test-knows"

LOOKS_AROUND = """
import gc, glob, os, types

def look():
    found = []
    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType and SPELT in repr(thing.__code__.co_consts):
            found.append(f"memory: {thing.__name__}")
    for file in glob.glob(f"{os.path.dirname(os.getcwd())}/**/*.py", recursive=True):
        try:
            text = open(file).read()
        except OSError:
            continue
        if SPELT in text:
            found.append(f"file: {file}")
    return found

SPELT = "-".join(["what", "only", "the", "hidden", "test", "knows"])
print("LOOKED", look())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("level", ["full", "landlock", "seccomp"])
def test_no_child_of_a_visible_test_has_a_hidden_one(project: Project, level: Level, tmp_path: Path) -> None:
    if level == "seccomp" and os.geteuid() == 0:
        pytest.skip("below Landlock, modes of files keep tests apart, and those don't bind root")
    project.edit(
        FORWARD,
        '"""Line.forward of a single number"""',
        f'"""Line.forward of a single number"""\n    "{SECRET}"\n    secret = "{SECRET}"',
    )
    project.edit(FORWARD, "forward(2.0)", "forward(2.0 if secret else 0.0)")
    assignment = project.load()
    write(assignment, record(assignment))
    handin = tmp_path / "handin"
    handin.mkdir()
    (handin / "line.py").write_text(LOOKS_AROUND + REFERENCE, "utf-8")
    report = grade(assignment, handin, level=level)
    assert report.score == report.max_score
    for test in report.tests:
        assert "LOOKED" in test.output
        if test.visibility == "visible":
            assert "LOOKED []" in test.output, test.output
    # what looks around finds the hidden test where it is run: else this test would show nothing
    (hidden,) = (test for test in report.tests if test.visibility == "hidden")
    assert "memory: test_one_number" in hidden.output


FRAMES = """
import sys

def frames():
    frame = sys._getframe()
    while frame is not None:
        print("FRAME", frame.f_code.co_name, repr(frame.f_locals)[:5000])
        frame = frame.f_back

frames()
"""


def test_no_child_has_the_secret_seed(project: Project, tmp_path: Path) -> None:
    """With it, the inputs of hidden tests could be computed by whoever knows their ids."""
    assignment = project.load()
    write(assignment, record(assignment))
    handin = tmp_path / "handin"
    handin.mkdir()
    (handin / "line.py").write_text(FRAMES + REFERENCE, "utf-8")
    report = grade(assignment.with_limits(), handin)
    output = "".join(test.output for test in report.tests)
    assert "FRAME run_child" in output
    assert read_questions(assignment).seed not in output


def test_a_worker_holds_no_number_that_a_check_is_judged_by(project: Project) -> None:
    made = record(project.load())
    assert "published=7.0" in project.file(FORWARD).read_text("utf-8")
    held = "\n".join([*made.questions.visible.values(), *made.questions.hidden.values()])
    assert "published=None" in held
    assert "7.0" not in held


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("check('y', f(x), rtol=1e-3)", "check('y', f(x), rtol=None)"),
        ("check.dropout('y', y, x=x, keep=0.5, again=z)", "check.dropout('y', y, x=None, keep=None, again=z)"),
        ("check('größe', 'ß', atol=1)", "check('größe', 'ß', atol=None)"),
        (
            "check('y', y,\n      published=[1,\n        2],\n      points=2)",
            "check('y', y,\n      published=None\n,\n      points=None)",
        ),
        ("check('y', check_again(x=1))", "check('y', check_again(x=1))"),
        ("other('y', x=1)", "other('y', x=1)"),
        ("check.at_least('n', n, 3)", "check.at_least('n', n, 3)"),
    ],
    ids=range(7),
)
def test_what_checks_are_given_is_none_in_a_workers_copy(text: str, wanted: str) -> None:
    changed = without_given(text)
    assert changed == wanted
    ast.parse(changed)
    assert changed.count("\n") == text.count("\n")


def test_the_lines_below_keep_their_numbers() -> None:
    text = textwrap.dedent(
        """
        def test(check):
            check("a", 1, published=[
                1,
                2,
            ], rtol=(
                1e-3
            ))
            "\N{LINE SEPARATOR} \f"
            assert False
        """
    )
    before, after = ast.parse(text), ast.parse(without_given(text))
    assert [node.lineno for node in ast.walk(before) if isinstance(node, ast.Assert)] == [
        node.lineno for node in ast.walk(after) if isinstance(node, ast.Assert)
    ]


def test_a_given_value_that_draws_is_refused(project: Project) -> None:
    """A grading doesn't evaluate it, so every later draw would be another."""
    project.edit(
        BACKWARD,
        '    check("dx", submission.line.Line(3.0).backward(some_points(rng)))\n',
        "    before = some_points(rng)\n"
        "    check('first', submission.line.Line(3.0).backward(before), rtol=1e-5 + 0 * rng.rand())\n"
        "    check('second', submission.line.Line(3.0).backward(some_points(rng)))\n",
    )
    with pytest.raises(AssignmentError, match="may neither draw nor change anything") as caught:
        record(project.load())
    assert caught.value.file == project.file(BACKWARD).resolve()


def test_a_reference_that_isnt_seeded_is_refused(project: Project) -> None:
    project.edit(
        LINE,
        "        return self.slope * np.asarray(delta)",
        "        return self.slope * np.asarray(delta) + np.random.default_rng().normal()",
    )
    with pytest.raises(AssignmentError, match="seed what draws"):
        record(project.load())


def test_tests_that_are_collected_and_not_recorded_are_told(project: Project) -> None:
    """As where another release of pytest would name them anew."""
    assignment = project.load()
    write(assignment, record(assignment))
    fixtures = load_current(assignment)
    with Worker(assignment, read_questions(assignment)) as worker:
        visible = [test.id for test in fixtures.tests if test.visibility == "visible"]
        hidden = [test.id for test in fixtures.tests if test.visibility != "visible"]
        worker.demand(visible, hidden)
        with pytest.raises(AssignmentError, match=f"grader record {NAME}"):
            worker.demand(visible[:-1], hidden)
        with pytest.raises(AssignmentError, match="test_nowhere"):
            worker.demand(visible, [*hidden, "test_forward.py::test_nowhere"])
        with pytest.raises(AssignmentError, match="test_one_number"):
            worker.demand([*visible, *hidden], [])


def test_the_id_of_a_case_has_all_of_a_long_text(project: Project) -> None:
    """Releases of pytest differ in how they shorten it, and the id seeds the test's inputs."""
    long = "a text of more than a hundred letters, " * 4
    project.edit(FORWARD, '"slope", [2.0, -0.5]', f'("slope", "text"), [(2.0, "é" + {long!r}), (-0.5, "")]')
    project.edit(
        FORWARD,
        "def test_values(submission, rng, check, slope)",
        "def test_values(submission, rng, check, slope, text)",
    )
    ids = [test.id for test in record(project.load()).graded.tests]
    assert ids[0] == f"test_forward.py::test_values[2.0-\\xe9{long}]"


def test_a_module_that_tests_share_is_held_by_both(project: Project) -> None:
    project.edit(FORWARD, "forward(2.0), published=7.0)", "forward(2.0 + 0 * some_points(rng).sum()), published=7.0)")
    project.edit(FORWARD, "def test_one_number(submission, check)", "def test_one_number(submission, rng, check)")
    made = record(project.load())
    assert Path(HELPER).name in made.questions.visible
    assert Path(HELPER).name in made.questions.hidden
