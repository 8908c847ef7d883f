"""Guards the record run: the fixtures of a right assignment, and file, line and next step for each mistake in one.

A small assignment is recorded with the real worker; its tests run in another process, as in grading.
"""

import gc
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_assignment import (
    BACKWARD,
    FORWARD,
    HELPER,
    LINE,
    NAME,
    REFERENCE,
    SETTINGS,
    VARIANTS,
    VARIANTS_FILE,
    Project,
)

from grader.authoring.record import Record, drift, record, write
from grader.errors import AssignmentError
from grader.fixtures import (
    PUBLIC,
    Alternative,
    Fixtures,
    TestSpec,
    load,
    load_current,
    packed,
    recorded_hashes,
    save,
)
from grader.grade import grade
from grader.judge.score import replayed
from grader.questions import fixtures_file, read_questions
from grader.recording import Observation, Value

VALUES = "test_forward.py::test_values[2.0]"
OTHER_VALUES = "test_forward.py::test_values[-0.5]"
ONE_NUMBER = "test_forward.py::test_one_number"
GRADIENT = "test_backward.py::test_gradient"
REMEDY = f"run: grader record {NAME}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Record]:
    """The right assignment with its variants, recorded once; tests look at it and leave it as it is."""
    project = Project(tmp_path_factory.mktemp("recorded"))
    project.write(VARIANTS_FILE, VARIANTS)
    return project, record(project.load())


@pytest.fixture
def written(tmp_path: Path, recorded: tuple[Project, Record]) -> tuple[Project, Record]:
    """The same in a folder of the test's own, with its fixtures on disk."""
    project = Project(tmp_path)
    project.write(VARIANTS_FILE, VARIANTS)
    write(project.load(), recorded[1])
    return project, recorded[1]


def mistake(project: Project, name: str) -> AssignmentError:
    """The error of a record run, about this file."""
    with pytest.raises(AssignmentError) as caught:
        record(project.load())
    error = caught.value
    assert error.file == project.file(name).resolve(), error
    return error


# a right assignment


def test_what_is_recorded_of_the_tests(recorded: tuple[Project, Record]) -> None:
    tests = {test.id: test for test in recorded[1].graded.tests}
    assert list(tests) == [VALUES, OTHER_VALUES, ONE_NUMBER, GRADIENT]
    first, second, hidden, gradient = tests.values()
    assert (first.part, first.title, first.number) == ("forward", "Line.forward gives y [2.0]", "1.1.1")
    assert (second.title, second.number) == ("Line.forward gives y [-0.5]", "1.1.2")
    assert (hidden.title, hidden.number) == ("Line.forward of a single number", "1.2")
    assert [test.points for test in tests.values()] == [1, 1, 1, Fraction(3, 2)]
    assert [test.visibility for test in tests.values()] == ["visible", "visible", "hidden", "visible"]
    assert (gradient.part, gradient.sealed) == ("backward", True)
    assert recorded[1].graded.required == ("line.py",)
    assert set(recorded[1].graded.versions) == {"numpy", "python", "pytest"}
    assert recorded[1].warnings == ()


def test_what_is_recorded_of_the_values(recorded: tuple[Project, Record]) -> None:
    tests = {test.id: test for test in recorded[1].graded.tests}
    first, second = tests[VALUES].expected[0].values["actual"], tests[OTHER_VALUES].expected[0].values["actual"]
    assert (first.type, first.dtype) == ("array", "float64")
    assert first.array is not None
    assert second.array is not None
    assert first.array.shape == (3, 4)
    # each case of a test draws numbers of its own
    assert not np.allclose((first.array - 0.25) / 2, (second.array - 0.25) / -0.5)
    (number,) = tests[ONE_NUMBER].expected
    assert number.values["actual"].array == 7.0
    assert number.values["published"].array == 7.0


def test_points_are_shared_exactly_among_cases(project: Project) -> None:
    project.edit(FORWARD, "[2.0, -0.5]", "[2.0, -0.5, 1.0]")
    tests = record(project.load()).graded.tests
    assert [test.points for test in tests] == [Fraction(2, 3)] * 3 + [1, Fraction(3, 2)]


def test_two_records_with_one_seed_are_equal_byte_for_byte(recorded: tuple[Project, Record]) -> None:
    project, first = recorded
    again = record(project.load(), seed=first.questions.seed)
    assert packed(first.graded, first.questions) == packed(again.graded, again.questions)
    assert packed(first.public) == packed(again.public)


def test_what_is_written_is_what_is_read(written: tuple[Project, Record]) -> None:
    project, made = written
    assignment = project.load()
    read = load_current(assignment)
    assert packed(read, read_questions(assignment)) == fixtures_file(assignment).read_bytes()
    assert packed(load_current(assignment, PUBLIC)) == fixtures_file(assignment, PUBLIC).read_bytes()
    assert [replace(test, expected=()) for test in read.tests] == [
        replace(test, expected=()) for test in made.graded.tests
    ]


def test_a_record_that_was_just_made_is_graded_with(written: tuple[Project, Record], tmp_path: Path) -> None:
    project, _ = written
    assignment = project.load()
    assert grade(assignment, assignment.reference).score == Fraction(9, 2)
    wrong = tmp_path / "wrong" / "line.py"
    wrong.parent.mkdir()
    wrong.write_text(REFERENCE.replace("return scaled + self.offset", "return scaled"), "utf-8")
    report = grade(assignment, wrong.parent)
    assert [test.status for test in report.tests] == ["failed", "failed", "failed", "passed"]
    assert report.tests[0].variant == "offset-forgotten"
    assert report.tests[0].hint == "Add the offset."


# decorators


def test_mistakes_with_the_decorators(project: Project) -> None:
    # one project and one edit at a time, each undone after it
    for name, old, new, words in (
        (BACKWARD, "@weight(1.5)\n", "", "test_gradient needs @weight with a number from 0 up"),
        (BACKWARD, "@weight(1.5)", "@weight(-1)", "test_gradient needs @weight"),
        (BACKWARD, "@weight(1.5)", '@weight("1.5")', "test_gradient needs @weight"),
        (BACKWARD, "@weight(1.5)", "@weight(True)", "a test without points says @weight(0)"),
        (BACKWARD, "@weight(1.5)", "@weight(float('nan'))", "test_gradient needs @weight"),
        (BACKWARD, '@number("2.1")\n', "", "test_gradient needs @number, which orders the results"),
        (BACKWARD, '@number("2.1")', '@number("1.2")', "has the number 1.2, which test_one_number has too; change one"),
        (FORWARD, '@visibility("hidden")', '@visibility("secret")', "has the visibility 'secret'; it must be one of"),
    ):
        before = project.file(name).read_text("utf-8")
        project.edit(name, old, new)
        error = mistake(project, name)
        assert words in error.message
        function = "test_one_number" if name == FORWARD else "test_gradient"
        last = project.line(name, f"def {function}")
        assert error.line is not None
        assert last - 3 <= error.line <= last, new
        project.write(name, before)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("nowhere", "test_gradient builds on 'nowhere'; name other parts of this assignment: backward, forward"),
        ("backward", "test_gradient builds on 'backward'; name other parts"),
        ("forward", "no test with points shows backward to be right without those parts; add one"),
    ],
)
def test_a_test_builds_on_other_parts_and_its_own_part_stands_alone(project: Project, part: str, words: str) -> None:
    project.edit(BACKWARD, "from grader.testing import ", "from grader.testing import builds_on, ")
    project.edit(BACKWARD, "@weight(1.5)", f'@builds_on("{part}")\n@weight(1.5)')
    error = mistake(project, BACKWARD)
    assert words in error.message
    assert error.line is not None


def test_an_infinite_weight_is_refused(project: Project) -> None:
    project.edit(BACKWARD, "@weight(1.5)", "@weight(float('inf'))")
    assert "needs @weight" in mistake(project, BACKWARD).message


def test_a_number_that_is_no_text_is_refused_or_made_one(project: Project) -> None:
    project.edit(BACKWARD, '@number("2.1")', "@number(2.1)")
    try:
        numbers = [test.number for test in record(project.load()).graded.tests]
    except AssignmentError as error:
        numbers = [error.message]
    assert all(isinstance(number, str) for number in numbers)


def test_the_number_of_a_case_must_not_be_another_tests_number(project: Project) -> None:
    project.edit(BACKWARD, '@number("2.1")', '@number("1.1.2")')
    error = mistake(project, BACKWARD)
    assert "1.1.2" in error.message
    assert "change one" in error.message


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (SETTINGS, "points = 1.5", "points = 2", "the weights in test_backward.py add up to 1.5, and the part has 2"),
        (BACKWARD, "@weight(1.5)", "@weight(1)", "the weights in test_backward.py add up to 1, and the part has 1.5"),
        (BACKWARD, "def test_gradient", "def gradient", "the weights in test_backward.py add up to 0, and the part"),
    ],
    ids=["the part's points", "a test's weight", "no test at all"],
)
def test_points_that_do_not_add_up(project: Project, name: str, old: str, new: str, words: str) -> None:
    project.edit(name, old, new)
    error = mistake(project, SETTINGS)
    assert words in error.message
    assert "change one of them" in error.message
    assert error.line == project.line(SETTINGS, "[parts.backward]")


def test_weights_that_are_no_binary_fractions_add_up(project: Project) -> None:
    project.edit(SETTINGS, "points = 1.5", "points = 0.3")
    text = project.file(BACKWARD).read_text("utf-8").replace("@weight(1.5)", "@weight(0.1)")
    second = text[text.index("@weight") :].replace("2.1", "2.2").replace("test_gradient", "test_again")
    third = second.replace("2.2", "2.3").replace("test_again", "test_once_more")
    project.write(BACKWARD, f"{text}\n\n{second}\n\n{third}")
    assert sum(test.points for test in record(project.load()).graded.tests) == Fraction(33, 10)


# test files and references that can't be recorded


def test_a_part_without_a_file(project: Project) -> None:
    project.file(BACKWARD).unlink()
    error = mistake(project, SETTINGS)
    assert "part 'backward' has no test_backward.py; write it beside this file" in error.message
    assert error.line == project.line(SETTINGS, "[parts.backward]")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("from points import some_points", "from pointz import some_points", "No module named 'pointz'"),
        ('@weight(1.5)\n@number("2.1")', "@weight(1.5\n@number('2.1')", "'(' was never closed"),
    ],
    ids=["an import", "a syntax error"],
)
def test_a_test_file_that_cannot_be_imported(project: Project, old: str, new: str, words: str) -> None:
    project.edit(BACKWARD, old, new)
    with pytest.raises(AssignmentError, match="the tests can't be collected") as caught:
        record(project.load())
    assert words in str(caught.value)
    # the copy that the worker imported is gone when this is read: the name must be the one that the author knows
    assert "test_backward.py" in str(caught.value)


def test_no_reference(project: Project) -> None:
    project.file(LINE).unlink()
    project.file(LINE).parent.rmdir()
    error = mistake(project, f"reference/{NAME}")
    assert "there is no reference solution; write it" in error.message


BACK = "return self.slope * np.asarray(delta)"
CHECK = 'check("dx", submission.'
END = "some_points(rng)))"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (LINE, BACK, 'raise NotImplementedError("Line.backward")', "(missing):\nnot implemented yet: Line.backward"),
        (LINE, BACK, "return slope * delta", "NameError: name 'slope'"),
        (LINE, BACK, "return {1}", "check 'dx' of test_backward.py::test_gradient: actual is a set"),
        (LINE, BACK, "return [delta, {1}]", "check 'dx[1]' of test_backward.py::test_gradient: actual is a set"),
        (LINE, BACK, "return delta.astype(object)", "object, which can't be compared"),
        (LINE, "def backward", "def backwards", "(error)"),
        (BACKWARD, CHECK, f"assert not submission.line\n    {CHECK}", "(failed)"),
        (BACKWARD, END, f"{END}\n    check('dx', 1.0)", "two checks of this test are named 'dx'"),
        (BACKWARD, END, "some_points(rng)), points=2)", "add up to 2, not to 1.5"),
        (BACKWARD, END, "some_points(rng)), points=1)", "add up to 1, not to 1.5"),
        (BACKWARD, END, "rng.normal(size=(400, 400))))", "MiB, more than a test may return"),
        (BACKWARD, CHECK, f"check.at_least('low', 1.0, 9.0)\n    {CHECK}", "fails check 'low' of"),
    ],
    ids=[
        *("not implemented", "an exception", "a set", "a set in a list", "objects", "another method", "an assertion"),
        *("a check twice", "points over", "points under", "over the cap", "a bound"),
    ],
)
def test_a_reference_that_does_not_pass_is_refused(project: Project, name: str, old: str, new: str, words: str) -> None:
    project.edit(name, old, new)
    error = mistake(project, BACKWARD)
    assert words in error.message
    assert "test_backward.py::test_gradient" in error.message


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (LINE, BACK, 'raise NotImplementedError("Line.backward")'),
        (LINE, BACK, "return {1}"),
        (BACKWARD, END, "some_points(rng)), points=2)"),
        (BACKWARD, END, "some_points(rng)), published=1.0)"),
    ],
    ids=["not implemented", "a set", "points", "published"],
)
def test_a_reference_that_does_not_pass_is_told_with_the_tests_line(
    project: Project, name: str, old: str, new: str
) -> None:
    project.edit(name, old, new)
    error = mistake(project, BACKWARD)
    assert error.line is not None, "no line is named"
    assert project.line(BACKWARD, "@weight") <= error.line <= project.line(BACKWARD, 'check("dx')


def test_a_published_number_must_be_the_references(project: Project) -> None:
    project.edit(FORWARD, "published=7.0", "published=7.1")
    error = mistake(project, FORWARD)
    assert "check 'y' of test_forward.py::test_one_number: the reference gives 7.0, published is 7.1" in error.message


def published(project: Project, *checks: str) -> None:
    """Write a test that checks values against what was published."""
    lines = "".join(f"    check('v{index}', {check})\n" for index, check in enumerate(checks))
    project.write(
        BACKWARD,
        "import numpy as np\n\nfrom grader.testing import number, weight\n\n\n@weight(1.5)\n@number('2.1')\n"
        f'def test_published(check):\n    """Published"""\n{lines}',
    )


def test_numbers_that_agree_with_what_was_published(project: Project) -> None:
    published(
        project,
        "3.4702243556, published=3.4702243556",
        "3.4702243556, published=3.47022, rtol=1e-5",
        "np.array([1.0, 2.0]), published=[1.0, 2.0]",
        "np.array([1.0, 2.0]), published=[1, 2]",
        "3, published=3",
    )
    assert len(record(project.load()).graded.tests[-1].expected) == 5


@pytest.mark.parametrize(
    "check",
    [
        "3.4702243556, published=3.4702",
        "3.4702243556, published=3.48, rtol=1e-5",
        "np.array([1.0, 2.0]), published=[1.0, 2.0, 3.0]",
        "3, published=3.5",
        "np.array([3, 4]), published=[3.0, 4.4]",
    ],
)
def test_numbers_that_do_not_agree_with_what_was_published(project: Project, check: str) -> None:
    published(project, check)
    assert "published is" in mistake(project, BACKWARD).message


# warnings


UNSEALED = '''
import numpy as np

from grader.testing import number, visibility, weight


@weight(0.5)
@number("2.1")
def test_plain(submission):
    """Plain"""
    assert submission.line.Line


@weight(0.5)
@number("2.2")
def test_claim(check):
    """Claim"""
    check.at_least("accuracy", 0.9, 0.5)


@weight(0)
@number("2.3")
def test_remark():
    """Remark"""
    assert True


@weight(0.5)
@number("2.4")
def test_half(check, rng):
    """Half"""
    x = rng.normal(size=(40, 50))
    check.dropout("y", x * np.random.binomial(1, 0.5, x.shape) / 0.5, x=x, keep=0.5)
    check.dropout("z", x * np.random.binomial(1, 0.3, x.shape) / 0.3, x=x, keep=0.3)


@weight(0.5)
@number("2.5")
def test_fixed(submission, check):
    """Fixed"""
    check("y", submission.line.Line(2).forward(np.arange(5.0)))


@weight(0.5)
@number("2.6")
@visibility("hidden")
def test_fixed_and_hidden(submission, check):
    """Fixed, and its values aren't in the handout"""
    check("y", submission.line.Line(3).forward(np.arange(5.0)))
'''


def test_what_is_not_sealed_or_has_no_power_is_warned_of(project: Project) -> None:
    project.write(BACKWARD, UNSEALED)
    project.edit(SETTINGS, "points = 1.5", "points = 2.5")
    made = record(project.load())
    plain, claim, half, fixed = made.warnings
    own_word = "its points (0.5) aren't sealed: the hand-in's own process says that it passed; name the values"
    assert plain.startswith(f"test_backward.py::test_plain: {own_word}")
    assert claim.startswith(f"test_backward.py::test_claim: {own_word}")
    shown = "its points (0.5) aren't sealed: the handout shows the values"
    assert fixed.startswith(f"test_backward.py::test_fixed: {shown}")
    assert half.startswith("test_backward.py::test_half: check 'y' can't tell keep from drop")
    sealed = {test.id.split("::")[1]: test.sealed for test in made.graded.tests if test.part == "backward"}
    assert sealed == {
        "test_plain": False,
        "test_claim": False,
        "test_remark": False,
        "test_half": True,
        "test_fixed": False,
        "test_fixed_and_hidden": True,
    }


def test_a_hidden_data_file_without_its_folder_is_named(project: Project) -> None:
    project.write("testcases/small/data/hidden/xs.txt", "1 2 3")
    project.write(
        BACKWARD,
        "from grader.testing import number, visibility, weight\n\n\n"
        "@weight(1.5)\n@number('2.1')\n@visibility('hidden')\ndef test_xs(submission, check):\n"
        "    check('xs', check.data('xs.txt').read_text())\n",
    )
    assert 'write check.data("hidden/xs.txt"), in a hidden test' in mistake(project, BACKWARD).message


def test_a_reference_that_claims_less_than_all_points_is_refused(project: Project) -> None:
    project.write(
        BACKWARD,
        "from grader.testing import number, partial_credit\n\n\n"
        "@partial_credit(1.5)\n@number('2.1')\ndef test_gradient(submission, set_score=None):\n    '''Claim'''\n"
        "    set_score(0.5)\n",
    )
    assert "test_gradient" in mistake(project, BACKWARD).message


# stale and damaged fixtures


def stale(project: Project) -> AssignmentError:
    with pytest.raises(AssignmentError) as caught:
        load_current(project.load())
    assert REMEDY in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", [FORWARD, BACKWARD, HELPER], ids=lambda name: Path(name).name)
def test_fixtures_are_stale_when_a_file_that_decides_about_them_changed(
    written: tuple[Project, Record], name: str
) -> None:
    project, _ = written
    load_current(project.load())
    project.write(name, project.file(name).read_text("utf-8") + "\n# changed\n")
    error = stale(project)
    assert error.file == project.file(name).resolve()
    assert "changed since the fixtures were recorded" in error.message


@pytest.mark.parametrize(
    ("old", "new"),
    [("seed = 7", "seed = 8"), ('path = ["."]', 'path = ["nn"]'), ('forbid = ["torch"]', "forbid = []")],
    ids=["seed", "path", "forbid"],
)
def test_fixtures_are_stale_when_a_setting_changed_that_tests_depend_on(
    project: Project, recorded: tuple[Project, Record], old: str, new: str
) -> None:
    project.write(VARIANTS_FILE, VARIANTS)
    project.edit(SETTINGS, 'files = ["line.py"]', 'files = ["line.py"]\npath = ["."]')
    write(
        project.load(), replace(recorded[1], graded=replace(recorded[1].graded, hashes=recorded_hashes(project.load())))
    )
    load_current(project.load())
    project.edit(SETTINGS, old, new)
    assert stale(project).file == project.file(SETTINGS).resolve()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "A straight line"', 'title = "A line"'),
        ('title = "Forward"', 'title = "The line"'),
        ("test_seconds = 20", "test_seconds = 30"),
        ("[limits]", "[late]\npercent_per_day = 10\n\n[limits]"),
        ("[limits]", "[rate_limit]\nsubmissions = 3\nhours = 24\n\n[limits]"),
        ("[limits]", '[handout]\nnote = "Read this."\n\n[limits]'),
        ("[limits]", '# a remark\n[audit]\nfiles = ["line.py"]\n\n[limits]'),
    ],
    ids=["title", "title of a part", "limits", "late", "rate_limit", "handout", "audit"],
)
def test_other_settings_need_no_new_record(written: tuple[Project, Record], old: str, new: str) -> None:
    project, made = written
    project.edit(SETTINGS, old, new)
    assert load_current(project.load()).tests[0].id == made.graded.tests[0].id
    assert grade(project.load(), project.load().reference).score == Fraction(9, 2)


def test_fixtures_are_stale_when_the_variants_changed(written: tuple[Project, Record]) -> None:
    project, _ = written
    project.edit(VARIANTS_FILE, "credit = 1.0", 'credit = 0.5\nhint = "Add the offset last."')
    assert stale(project).file == project.file(VARIANTS_FILE).resolve()


@pytest.mark.parametrize("went", [False, True], ids=["came", "went"])
def test_fixtures_are_stale_when_a_module_for_students_came_or_went(project: Project, went: bool) -> None:
    module = f"testcases/{NAME}/helpers/course.py"
    if went:
        project.write(module, "VALUE = 1\n")
    assignment = project.load()
    write(assignment, record(assignment))
    load_current(assignment)
    if went:
        project.file(module).unlink()
    else:
        project.write(module, "VALUE = 1\n")
    assert stale(project).file.name == "course.py"


def test_no_fixtures(project: Project) -> None:
    error = stale(project)
    assert error.file.name == "graded.npz"
    assert "there are no fixtures" in error.message


Members = dict[str, bytes]
"""The files in a file of fixtures."""


def members(change: Callable[[Members], object]) -> Callable[[Path], None]:
    """Damage what is in the file."""

    def spoil(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        change(found)
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in found.items():
                archive.writestr(name, data)

    return spoil


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(found: Members) -> None:
        content = json.loads(found["manifest.json"])
        change(content)
        found["manifest.json"] = json.dumps(content).encode()

    return members(spoil)


def pickled(found: Members) -> None:
    member = io.BytesIO()
    np.save(member, np.array([{}, {}], dtype=object), allow_pickle=True)
    found["a0.npy"] = member.getvalue()


def part(share: float) -> Callable[[Path], object]:
    """The beginning of the file alone."""

    def spoil(file: Path) -> None:
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * share)])

    return spoil


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no file": lambda file: file.unlink(),
    "no arrays": members(lambda found: [found.pop(name) for name in list(found) if name.endswith(".npy")]),
    "no manifest": members(lambda found: found.pop("manifest.json")),
    "an empty manifest": members(lambda found: found.update({"manifest.json": b""})),
    "half a manifest": members(lambda found: found.update({"manifest.json": found["manifest.json"][:500]})),
    "a manifest in another encoding": members(lambda found: found.update({"manifest.json": b'{"x": "\xe9"}'})),
    "a manifest that is a list": members(lambda found: found.update({"manifest.json": b"[]"})),
    "a manifest that is null": members(lambda found: found.update({"manifest.json": b"null"})),
    "another format": manifest(lambda content: content.update(format=99)),
    "no format": manifest(lambda content: content.pop("format")),
    "no tests": manifest(lambda content: content.pop("tests")),
    "a test without points": manifest(lambda content: content["tests"][0].pop("points")),
    "points that are no number": manifest(lambda content: content["tests"][0].update(points="many")),
    "an array that isn't there": manifest(
        lambda content: content["tests"][0]["expected"][0]["values"]["actual"].update(array="a999")
    ),
    "alternatives that are a list": manifest(lambda content: content.update(alternatives=[])),
    "tests that are a table": manifest(lambda content: content.update(tests={"a": 1})),
    "empty": lambda file: file.write_bytes(b""),
    "a text": lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "a merge conflict": lambda file: file.write_text("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n"),
    "half of it": part(0.5),
    "nearly all of it": part(0.97),
    "pickled objects": members(pickled),
}
QUESTIONS: dict[str, Callable[[Path], object]] = {
    **{name: DAMAGES[name] for name in ("no file", "empty", "a text", "half of it", "nearly all of it")},
    "no questions": members(lambda found: found.pop("questions.json")),
    "half of the questions": members(lambda found: found.update({"questions.json": found["questions.json"][:99]})),
    "questions without a seed": members(lambda found: found.update({"questions.json": b'{"visible": {}}'})),
}


@pytest.mark.parametrize("spoil", DAMAGES.values(), ids=list(DAMAGES))
def test_damaged_fixtures_say_what_to_do(written: tuple[Project, Record], spoil: Callable[[Path], object]) -> None:
    project, _ = written
    spoil(fixtures_file(project.load()))
    assert stale(project).file == fixtures_file(project.load())
    gc.collect()  # a file that was left open warns when it is collected


@pytest.mark.parametrize("spoil", QUESTIONS.values(), ids=list(QUESTIONS))
def test_damaged_questions_say_what_to_do(written: tuple[Project, Record], spoil: Callable[[Path], object]) -> None:
    assignment = written[0].load()
    spoil(fixtures_file(assignment))
    with pytest.raises(AssignmentError, match=REMEDY) as caught:
        read_questions(assignment)
    assert caught.value.file == fixtures_file(assignment)


def test_no_wrong_byte_breaks_the_reader(written: tuple[Project, Record]) -> None:
    project, _ = written
    assignment, file = project.load(), fixtures_file(project.load())
    raw = file.read_bytes()
    refused = 0
    for place in range(0, len(raw), 11):
        file.write_bytes(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :])
        try:
            load_current(assignment)
        except AssignmentError as error:
            refused += REMEDY in error.message
    assert refused > len(raw) / 11 / 3
    gc.collect()


# saving and loading


def value(array: NDArray[Any], dtype: str = "", kind: str = "array") -> Value:
    return Value(kind, dtype or array.dtype.name, array)


def test_every_sort_of_value_survives_the_disk(tmp_path: Path) -> None:
    values = {
        "float": value(np.linspace(0, 1, 7)),
        "empty": value(np.zeros((0, 3))),
        "scalar": value(np.asarray(2.5), kind="scalar"),
        "bool": value(np.array([[True], [False]])),
        "complex": value(np.array([1 + 2j], np.complex64)),
        "half": value(np.array([0.5, np.nan, np.inf], np.float16)),
        "brain": value(np.array([0.5], np.float32), "bfloat16", "tensor"),
        "big": value(np.array([2**63], np.uint64)),
        "text": value(np.frombuffer("größer".encode(), np.uint8), kind="text"),
        "fortran": value(np.asfortranarray(np.arange(6.0).reshape(2, 3))),
        "same as float": value(np.linspace(0, 1, 7)),
        "same number as scalar": value(np.array([2.5])),
    }
    item = Observation("check", "equal", values, {"points": 0.1, "rtol": 1e-3})
    spec = TestSpec(
        *("test_a.py::test_b", "a", "Größe", "1", Fraction(1, 3)),
        visibility="after_published",
        tags=("x",),
        hide_errors="no",
        partial=True,
        leaderboard=("loss", "asc"),
        expected=(item,),
        sealed=False,
    )
    other = Alternative("other", Fraction(1, 3), "why", (item,))
    saved = Fixtures((spec,), ("a.py",), {spec.id: (other,)}, {"t.py": "00"}, {"numpy": "2"})
    save(saved, tmp_path / "saved.npz")
    read = load(tmp_path / "saved.npz", Project(tmp_path).load())
    assert replace(read.tests[0], expected=()) == replace(spec, expected=())
    assert (read.required, read.hashes, read.versions) == (saved.required, saved.hashes, saved.versions)
    (alternative,) = read.alternatives[spec.id]
    assert (alternative.variant, alternative.credit, alternative.hint) == ("other", Fraction(1, 3), "why")
    for found in (read.tests[0].expected[0], alternative.observations[0]):
        assert (found.name, found.kind, found.params) == ("check", "equal", item.params)
        for role, before in values.items():
            after = found.values[role]
            assert (after.type, after.dtype, after.text) == (before.type, before.dtype, before.text)
            assert before.array is not None
            assert after.array is not None
            assert (after.array.dtype, after.array.shape) == (before.array.dtype, before.array.shape)
            np.testing.assert_array_equal(after.array, before.array)


def test_a_number_that_json_has_no_word_for_is_not_written(tmp_path: Path) -> None:
    item = Observation("check", "equal", {"actual": value(np.ones(1))}, {"rtol": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        save(Fixtures((TestSpec("t", "a", "t", "1", Fraction(1), expected=(item,)),), ()), tmp_path / "saved.npz")


def test_students_get_visible_tests_with_other_numbers(recorded: tuple[Project, Record]) -> None:
    fixtures = recorded[1].graded
    assert {item.variant for items in fixtures.alternatives.values() for item in items} == {
        "offset-first",
        "offset-forgotten",
    }
    public = recorded[1].public
    assert [test.id for test in public.tests] == [VALUES, OTHER_VALUES, GRADIENT]
    assert set(public.alternatives) == {VALUES, OTHER_VALUES}
    assert {item.variant for items in public.alternatives.values() for item in items} == {
        "offset-first",
        "offset-forgotten",
    }
    assert not any(map(replayed, public.tests, [test for test in fixtures.tests if test.id != ONE_NUMBER]))


# drift


def changed(made: Record, test: str, **fields: Any) -> Record:
    """The same record with other facts about one test."""
    tests = tuple(replace(spec, **fields) if spec.id == test else spec for spec in made.graded.tests)
    return replace(made, graded=replace(made.graded, tests=tests))


def moved(made: Record, test: str, by: float) -> Record:
    (spec,) = (spec for spec in made.graded.tests if spec.id == test)
    (item,) = spec.expected
    actual = item.values["actual"]
    assert actual.array is not None
    other = item._replace(values={**item.values, "actual": actual._replace(array=actual.array + by)})
    return changed(made, test, expected=(other,))


def test_a_fresh_record_has_no_drift(written: tuple[Project, Record]) -> None:
    project, made = written
    assert drift(project.load(), made) == []
    assert drift(project.load(), record(project.load())) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"points": Fraction(2)}, "its points, title, number or visibility changed"),
        ({"title": "Another"}, "its points, title, number or visibility changed"),
        ({"number": "9"}, "its points, title, number or visibility changed"),
        ({"visibility": "hidden"}, "its points, title, number or visibility changed"),
        ({"tags": ("new",)}, "changed"),
        ({"hide_errors": "look it up"}, "changed"),
        ({"expected": ()}, "its checks changed"),
    ],
    ids=lambda item: next(iter(item)) if isinstance(item, dict) else None,
)
def test_drift_finds_what_changed_about_a_test(
    written: tuple[Project, Record], fields: dict[str, Any], words: str
) -> None:
    project, made = written
    (sentence,) = drift(project.load(), changed(made, GRADIENT, **fields))
    assert sentence.startswith(f"{GRADIENT}: ")
    assert words in sentence


def test_drift_finds_another_value(written: tuple[Project, Record]) -> None:
    project, made = written
    (sentence,) = drift(project.load(), moved(made, GRADIENT, 0.5))
    assert sentence.startswith(f"{GRADIENT}: the reference's value of 'dx' changed: 12 of 12 elements differ")


def test_drift_finds_other_parameters_of_a_check(written: tuple[Project, Record]) -> None:
    project, made = written
    item = made.graded.tests[-1].expected[0]
    for params in ({"rtol": 0.5}, {"points": 1.5}):
        assert drift(project.load(), changed(made, GRADIENT, expected=(item._replace(params=params),)))


def test_drift_finds_tests_that_came_or_went(written: tuple[Project, Record]) -> None:
    project, made = written
    fewer = replace(made, graded=replace(made.graded, tests=made.graded.tests[:-1]))
    assert drift(project.load(), fewer) == [f"{GRADIENT} is recorded but not in the test files any more"]
    extra = replace(made.graded.tests[-1], id="test_backward.py::test_new")
    more = replace(made, graded=replace(made.graded, tests=(*made.graded.tests, extra)))
    assert drift(project.load(), more) == ["test_backward.py::test_new isn't recorded"]


def test_drift_finds_other_files(written: tuple[Project, Record]) -> None:
    project, made = written
    other = replace(made.graded, required=("line.py", "more.py"))
    assert drift(project.load(), replace(made, graded=other)) == ["the reference's list of files changed"]
    other = replace(made.graded, hashes={**made.graded.hashes, "test_forward.py": "0"})
    (sentence,) = drift(project.load(), replace(made, graded=other))
    assert "changed since the fixtures were recorded" in sentence


@pytest.mark.parametrize("name", ["gone", "new", "credit", "hint", "values"])
def test_drift_finds_what_changed_about_a_variant(written: tuple[Project, Record], name: str) -> None:
    project, made = written
    items = made.graded.alternatives[VALUES]
    first = items[0]
    (item,) = first.observations
    wrong = item.values["actual"]._replace(array=np.zeros((3, 4)))
    kept = {
        "gone": items[1:],
        "new": (*items, replace(first, variant="brand-new")),
        "credit": (replace(first, credit=Fraction(1, 2)), *items[1:]),
        "hint": (replace(first, hint="Another hint."), *items[1:]),
        "values": (
            replace(first, observations=(item._replace(values={**item.values, "actual": wrong}),)),
            *items[1:],
        ),
    }[name]
    other = replace(made.graded, alternatives={**made.graded.alternatives, VALUES: kept})
    assert drift(project.load(), replace(made, graded=other))


def test_drift_is_told_in_the_order_of_the_tests(written: tuple[Project, Record]) -> None:
    project, made = written
    for test in (GRADIENT, OTHER_VALUES, VALUES, ONE_NUMBER):
        made = changed(made, test, title="Another")
    found = [sentence.split(": ")[0] for sentence in drift(project.load(), made)]
    assert found == [VALUES, OTHER_VALUES, ONE_NUMBER, GRADIENT]


def test_drift_of_a_changed_reference_and_a_changed_test(written: tuple[Project, Record]) -> None:
    project, _ = written
    project.edit(LINE, "return self.slope * np.asarray(delta)", "return 1.01 * self.slope * np.asarray(delta)")
    project.write(BACKWARD, project.file(BACKWARD).read_text("utf-8") + "\n# a remark\n")
    assignment = project.load()
    value_changed, file_changed = drift(assignment, record(assignment))
    assert value_changed.startswith(f"{GRADIENT}: the reference's value of 'dx' changed")
    assert "changed since the fixtures were recorded" in file_changed


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (SETTINGS, 'files = ["line.py"]', 'files = ["lien.py"]', r"files has lien\.py, and the reference has no"),
        (BACKWARD, "def test_gradient(submission", "def test_gradient(submision", "no pytest fixture 'submision'"),
        (BACKWARD, "def test_gradient", "def (", r"testcases/small/test_backward\.py\W+line \d+"),
        (HELPER, "def some_points", "def no_points", "cannot import name 'some_points'"),
    ],
    ids=["a misspelt file", "an unknown fixture", "a syntax error", "an import"],
)
def test_a_slip_of_the_instructors_is_told_in_a_few_lines(
    project: Project, name: str, old: str, new: str, words: str
) -> None:
    project.edit(name, old, new)
    with pytest.raises(AssignmentError, match=words) as caught:
        record(project.load())
    assert len(str(caught.value).splitlines()) < 12
    assert "_pytest" not in str(caught.value)
