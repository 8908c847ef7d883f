"""Guards handouts with hidden tests that are marked in unusual ways: they contain none of them, or are refused.

Each handout is of the small assignment, recorded by the real pipeline, with other test files.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_assignment import BACKWARD, FORWARD, HELPER, NAME, SETTINGS, VARIANTS, VARIANTS_FILE, Project

from grader.authoring import record
from grader.authoring.collecting import clean_environment, collect
from grader.authoring.handout import make_handout
from grader.authoring.shipped import marks
from grader.errors import AssignmentError, GraderError
from grader.fixtures import PUBLIC, load, load_current, recorded_hashes, save
from grader.questions import GRADED, fixtures_file, read_questions

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent
TESTS = f"autograder/{NAME}"
FOLDER = f"testcases/{NAME}"

FORWARD_TESTS = '''\
"""The line itself."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import sealed
from points import SHOWN, secret_points, some_points

from grader.testing import number, weight
from grader.testing import visibility as seen

HERE = Path(__file__).parent
hidden = seen("hidden")
SECRETS = []
"""SECRET: a description of a constant."""
for place in range(3):
    SECRETS.append(place)


def helped(function):
    """SECRET helper that hides."""
    return hidden(function)


@weight(0.5)
@number("1.1")
@pytest.mark.parametrize("slope", [2.0, -0.5], ids=["up", "down"])
def test_values(submission, rng, check, slope):
    """Line.forward gives y"""
    x = some_points(rng) + np.load(HERE / "helpers" / "shown.npz")["x"] + SHOWN
    check("y", submission.line.Line(slope, 0.25).forward(x))


# SECRET: a comment above
@weight(0.25)
@number("1.2")
@hidden
def test_marked(submission, check):
    """SECRET title of one"""
    # \f SECRET \u2028 in a comment
    x = np.load(HERE / "helpers" / "sealed.npz")["x"] + sealed.OFFSET
    check("y", submission.line.Line(3.0, 1.0).forward(x))
# SECRET: a comment below

# SECRET: a comment between

@weight(0.25)
@number("1.3")
@seen("after_due_date")
def test_later(submission, check, rng): check("y", submission.line.Line(3.0, len(SECRETS)).forward(secret_points(rng)))


class TestMore:
    """Methods."""

    OFFSET = 0.125  # SECRET

    @weight(0.5)
    @number("1.4")
    def test_offset(self, submission, rng, check):
        """Line.forward adds an offset"""
        check("y", submission.line.Line(1.0, 7.5).forward(some_points(rng)))

    @weight(0.25)
    @number("1.5")
    @helped
    def test_more(self, submission, rng, check):
        """SECRET title of another"""
        package = importlib.import_module("deep.inner")
        check("y", submission.line.Line(1.0, self.OFFSET + package.MORE).forward(some_points(rng)))


def make(slope):
    """SECRET factory."""

    def test(submission, rng, check):
        check("y", submission.line.Line(slope).forward(some_points(rng)))

    test.__doc__ = f"SECRET title {slope}"
    return number(f"1.{slope + 5}")(weight(0.125)(hidden(test)))


for made in (1, 2):
    globals()[f"test_made_{made}"] = make(made)
'''

BACKWARD_TESTS = '''\
"""Its gradient."""

from points import some_points

from grader.testing import number, weight


@weight(1.5)
@number("2.1")
def test_gradient(submission, rng, check):
    """Line.backward gives the gradient"""
    from shown_only import times

    check("dx", submission.line.Line(3.0).backward(times(some_points(rng))))
'''

POINTS = '''\
"""Inputs for the tests."""

import sealed

SHOWN = 0.5


def some_points(rng):
    return rng.normal(size=(3, 4))


def secret_points(rng):
    """SECRET points."""
    return rng.normal(size=(5, 6)) + sealed.OFFSET
'''


def write_tests(project: Project) -> None:
    """The small assignment with hidden tests of every kind; all that students mustn't get has the word SECRET."""
    project.edit(SETTINGS, "points = 3\n", "points = 2\n")
    project.write(FORWARD, FORWARD_TESTS)
    project.write(BACKWARD, BACKWARD_TESTS)
    project.write(HELPER, POINTS)
    project.write(f"{FOLDER}/sealed.py", '"""SECRET"""\n\nOFFSET = 0.75\n')
    project.write(f"{FOLDER}/shown_only.py", "def times(x):\n    return 2 * x\n")
    project.write(f"{FOLDER}/helpers/deep/__init__.py", '"""SECRET"""\n')
    project.write(f"{FOLDER}/helpers/deep/inner.py", '"""SECRET"""\n\nMORE = 0.5\n')
    project.write(f"{FOLDER}/helpers/for_students.py", '"""Nobody imports it here."""\n')
    project.write(f"{FOLDER}/notes.txt", "SECRET\n")
    for name in ("shown", "sealed"):
        buffer = io.BytesIO()
        np.savez(buffer, x=np.full((3, 4), 0.5))
        project.file(f"{FOLDER}/helpers/{name}.npz").write_bytes(buffer.getvalue())


def recorded(project: Project) -> Project:
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("hidden"))
    write_tests(made)
    return recorded(made)


@pytest.fixture(scope="module")
def handout(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handout") / "handout"
    make_handout(project.load(), folder)
    return folder


def refusal(project: Project, tmp_path: Path) -> str:
    with pytest.raises(AssignmentError) as caught:
        make_handout(recorded(project).load(), tmp_path / "handout")
    assert not (tmp_path / "handout").exists()
    return str(caught.value)


# what is given out


def test_no_word_of_a_hidden_test_is_given_out(project: Project, handout: Path) -> None:
    hidden = [spec for spec in load_current(project.load()).tests if spec.visibility != "visible"]
    assert len(hidden) == 5
    for file in handout.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert b"SECRET" not in data, file
            assert not [spec.id for spec in hidden if spec.id.encode() in data], file


def test_modules_and_data_of_hidden_tests_alone_stay_behind(handout: Path) -> None:
    names = {file.relative_to(handout / TESTS).as_posix() for file in (handout / TESTS).rglob("*") if file.is_file()}
    assert names == {
        *("test_forward.py", "test_backward.py", "points.py", "shown_only.py"),
        *("helpers/shown.npz", "helpers/for_students.py"),
        *("assignment.toml", "fixtures/public.npz"),
    }
    text = (handout / TESTS / "points.py").read_text("utf-8")
    assert "secret_points" not in text
    assert "some_points" in text


def test_the_public_tests_are_collected_from_it_and_no_other(project: Project, handout: Path) -> None:
    places, errors = collect(handout / "autograder", handout / TESTS, ["."])
    assert errors == ""
    visible = [spec.id for spec in load_current(project.load()).tests if spec.visibility == "visible"]
    assert sorted(place.id for place in places) == sorted(visible)
    assert {spec.id for spec in load(handout / TESTS / "fixtures" / PUBLIC, project.load()).tests} == set(visible)


# what is refused


def test_cases_of_one_function_cant_be_hidden_apart(project: Project) -> None:
    assignment = project.load()
    fixtures = load_current(assignment)
    tests = tuple(
        replace(spec, visibility="hidden") if spec.id.endswith("test_values[down]") else spec for spec in fixtures.tests
    )
    places, _ = collect(ROOT, assignment.folder, ["test_forward.py", "test_backward.py"])
    line = project.line(FORWARD, "@weight(0.5)")
    with pytest.raises(AssignmentError, match=rf"test_forward\.py:{line}: the hidden test .*\[down\] can't be cut out"):
        marks(assignment.folder, replace(fixtures, tests=tests), places)


MADE_BY_EXEC = """

exec("def test_made(submission, check):\\n    check('z', submission.line.Line(3.0).forward(5.0))")
globals()["test_made"] = weight(1)(number("1.9")(visibility("hidden")(globals()["test_made"])))
"""
HIDDEN = '@weight(1)\n@number("1.2")\n@visibility("hidden")\n'


@pytest.mark.parametrize(
    ("edits", "said"),
    {
        "made by exec": (
            [
                (SETTINGS, "points = 3\n", "points = 4\n"),
                (FORWARD, "published=7.0)\n", f"published=7.0){MADE_BY_EXEC}"),
            ],
            ["test_forward.py", "test_made can't be cut out"],
        ),
        "a module that is named by nobody": (
            [
                (FORWARD, "from points import some_points\n", "import importlib\n"),
                (FORWARD, "some_points(rng)", 'importlib.import_module("poi" + "nts").some_points(rng)'),
                (BACKWARD, "from points import some_points\n", "import importlib\n"),
                (BACKWARD, "some_points(rng)", 'importlib.import_module("poi" + "nts").some_points(rng)'),
            ],
            ["doesn't when it runs as in a grading", "No module named 'points'"],
        ),
        "a title in a module": (
            [(HELPER, '"""Inputs for the tests."""', '"""Inputs. Line.forward of a single number is hidden."""')],
            ["points.py:1", "title 'Line.forward of a single number'"],
        ),
        "a line in a setting": (
            [
                (
                    SETTINGS,
                    "seed = 7\n",
                    'seed = 7\n# check("y", submission.line.Line(3.0, 1.0).forward(2.0), published=7.0)\n',
                )
            ],
            ["test_forward.py:23", "a line of a hidden test would be in the handout's", "assignment.toml"],
        ),
        "the solution in a module": (
            [
                (
                    HELPER,
                    "    return rng.normal(size=(3, 4))\n",
                    "    return rng.normal(size=(3, 4))\n\n\nclass Twin:\n    def forward(self, x):\n"
                    "        scaled = (self.slope * x)  # laid out anew\n\n        return scaled+self.offset\n",
                ),
                (FORWARD, "from points import some_points", "from points import Twin, some_points"),
                (FORWARD, "    line = submission", "    assert Twin\n    line = submission"),
            ],
            ["line.py:16: this solution would be in the handout's", "points.py"],
        ),
        "an accepted variant in a helper": (
            [
                (
                    HELPER,
                    "    return rng.normal(size=(3, 4))\n",
                    "    return rng.normal(size=(3, 4))\n\n\nclass Twin:\n    def forward(self, x):\n"
                    "        scaled = self.slope * x\n        return self.slope * (x + self.offset)\n",
                ),
                (FORWARD, "from points import some_points", "from points import Twin, some_points"),
                (FORWARD, "    line = submission", "    assert Twin\n    line = submission"),
            ],
            ["line.py:16: this solution would be in the handout's", "points.py"],
        ),
    }.values(),
    ids=lambda value: None,
)
def test_what_would_give_something_away_is_refused(
    edits: list[tuple[str, str, str]], said: list[str], tmp_path: Path
) -> None:
    project = Project(tmp_path / "project")
    project.write(VARIANTS_FILE, VARIANTS)
    for name, old, new in edits:
        project.edit(name, old, new)
    message = refusal(project, tmp_path)
    for words in said:
        assert words in message


def test_a_secret_seed_in_a_test_is_refused(tmp_path: Path) -> None:
    project = recorded(Project(tmp_path / "project"))
    seed = read_questions(project.load()).seed
    project.edit(HELPER, "size=(3, 4)", f"size=(3, 4) if '{seed}' else 1")
    assert "graded.npz: is secret, and the handout's" in refusal(project, tmp_path)


# texts of the instructor's in files that are run


def test_no_text_of_the_settings_is_interpreted(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    assignment = recorded(project).load()
    trap = "$(touch trap) `touch trap`; touch trap & '\" \\ *|<b>"
    names = ["line.py", "$(touch trap) `a';touch trap.py", "-rf.py", "it's.py", "ü two.py"]
    spec = replace(
        assignment.submission,
        files=(*names[:2], "-*.py", "it's.p?", "ü two.[p]y"),
        archive="x;touch trap $(touch trap) '.tar",
    )
    parts = tuple(replace(part, title=f"{part.title} {trap}") for part in assignment.parts)
    assignment = replace(assignment, title=f"A line\n{trap}\n# more", submission=spec, parts=parts)
    for name in (GRADED, PUBLIC):
        file = fixtures_file(assignment, name)
        questions = read_questions(assignment) if name == GRADED else None
        save(replace(load(file, assignment), hashes=recorded_hashes(assignment)), file, questions)
    folder = tmp_path / "handout"
    make_handout(assignment, folder)
    for name in names[1:]:
        (folder / name).write_text("x = 1\n", "utf-8")
    done = subprocess.run(["sh", "create_tarball.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list(folder.rglob("trap"))
    with tarfile.open(folder / spec.archive) as archive:
        assert sorted(archive.getnames()) == sorted(names)
    readme = (folder / "README.md").read_text("utf-8")
    assert readme.startswith("# A line \\$(touch trap) \\`touch trap\\`; touch trap \\& ")
    assert "\n# more" not in readme
    assert "`` $(touch trap) `a';touch trap.py ``" in readme


# built on what isn't written yet


def test_a_net_says_which_layer_blocks_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.add_layer()
    folder = tmp_path / "handout"
    make_handout(recorded(project).load(), folder)
    command = [sys.executable, str(folder / "autograder" / "runner.py"), "--all"]

    def run() -> str:
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        return done.stdout

    printed = run()
    assert "not implemented yet: Line.forward" in printed
    assert "blocked" not in printed
    line = folder / "line.py"
    text = line.read_text("utf-8")
    line.write_text(
        text.replace('raise NotImplementedError("Line.forward")', "return self.add(self.slope * x)"), "utf-8"
    )
    printed = run()
    assert "blocked: first write Line.add" in printed
    assert "error" not in printed


def test_other_tests_than_the_recorded_ones_are_refused(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "project")
    assignment = recorded(other).load()
    stale = load_current(assignment)
    places, _ = collect(ROOT, assignment.folder, ["test_forward.py"])
    assert {place.id for place in places} < {spec.id for spec in stale.tests}
    other.edit(FORWARD, "def test_one_number", "def test_another_number")
    with pytest.raises(GraderError, match="changed since the fixtures were recorded"):
        make_handout(other.load(), tmp_path / "handout")
