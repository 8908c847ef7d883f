"""Guards variants.toml: which accepted alternatives and known mistakes a record run keeps, and which it refuses."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from small_assignment import FORWARD, LINE, NAME, SETTINGS, VARIANTS, VARIANTS_FILE, Project

from grader.authoring.record import drift, record, write
from grader.authoring.variants import Patch, load_variants
from grader.errors import AssignmentError
from grader.grade import grade

VALUES = ("test_forward.py::test_values[2.0]", "test_forward.py::test_values[-0.5]")
ONE_NUMBER = "test_forward.py::test_one_number"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(VARIANTS_FILE, VARIANTS)
    return made


def entry(name: str, find: str, replace: str, credit: float = 1.0, **more: str) -> str:
    """One [[variant]] table."""
    lines = [f'name = "{name}"', f"credit = {credit}", 'file = "line.py"', f"find = '{find}'", f"replace = '{replace}'"]
    return "\n".join(["[[variant]]", *lines, *(f"{key} = {text}" for key, text in more.items())]) + "\n"


def refusal(project: Project) -> AssignmentError:
    with pytest.raises(AssignmentError) as caught:
        load_variants(project.load())
    assert caught.value.file == project.file(VARIANTS_FILE).resolve()
    return caught.value


# reading


def test_what_the_file_says(project: Project) -> None:
    first, second = load_variants(project.load())
    assert (first.name, first.credit, first.hint, first.loses) == ("offset-first", Fraction(1), "", ())
    assert first.patches == (Patch("line.py", "return scaled + self.offset", "return self.slope * (x + self.offset)"),)
    assert (second.name, second.credit, second.hint) == ("offset-forgotten", Fraction(0), "Add the offset.")
    assert second.loses == ("forward",)
    assert (first.line, second.line) == (3, 10)


def test_no_file_means_no_variants(project: Project) -> None:
    project.file(VARIANTS_FILE).unlink()
    assert load_variants(project.load()) == []
    project.write(VARIANTS_FILE, "# none yet\n")
    assert load_variants(project.load()) == []


def test_several_patches_and_a_part_of_the_credit(project: Project) -> None:
    project.write(
        VARIANTS_FILE,
        '[[variant]]\nname = "both"\ncredit = 0.3\nhint = "Why."\n'
        '[[variant.patches]]\nfile = "line.py"\nfind = "a"\nreplace = "b"\n'
        '[[variant.patches]]\nfile = "line.py"\nfind = "c"\nreplace = ""\n',
    )
    (variant,) = load_variants(project.load())
    assert variant.credit == Fraction(3, 10)
    assert variant.patches == (Patch("line.py", "a", "b"), Patch("line.py", "c", ""))


MISTAKES: dict[str, tuple[str, str, int | None, str]] = {
    # name: what stands there, what stands there instead, the line that is to be named, words
    "no TOML": ("credit = 1.0", "credit = = 1", 5, "not valid TOML"),
    "an unknown key": ("credit = 1.0", 'credit = 1.0\nhints = "x"', 3, "unknown key 'hints'; allowed: "),
    "no name": ('name = "offset-first"\n', "", 3, "needs a 'name' of lower-case letters, digits and -"),
    "a name with a space": ('"offset-first"', '"offset first"', 3, "needs a 'name' of lower-case letters"),
    "a name with capitals": ('"offset-forgotten"', '"Offset"', 10, "needs a 'name' of lower-case letters"),
    "a name twice": ('"offset-forgotten"', '"offset-first"', 10, "there is another variant 'offset-first'; rename one"),
    "no credit": ("credit = 1.0\n", "", 3, "variant 'offset-first' needs a 'credit' from 0.0 (a known mistake) to 1.0"),
    "a credit over 1": ("credit = 1.0", "credit = 1.5", 3, "needs a 'credit' from 0.0"),
    "a negative credit": ("credit = 1.0", "credit = -1", 3, "needs a 'credit' from 0.0"),
    "a credit that is nan": ("credit = 1.0", "credit = nan", 3, "needs a 'credit' from 0.0"),
    "a credit that is true": ("credit = 1.0", "credit = true", 3, "needs a 'credit' from 0.0"),
    "a credit that is a text": ("credit = 1.0", 'credit = "1"', 3, "needs a 'credit' from 0.0"),
    "a mistake without a hint": ('hint = "Add the offset."\n', "", 10, "needs a 'hint' that tells the student why"),
    "half credit without a hint": ("credit = 1.0", "credit = 0.5", 3, "needs a 'hint' that tells the student why"),
    "a hint that is a number": ('"Add the offset."', "5", 10, "the hint of variant 'offset-forgotten' must be a text"),
    "a mistake that loses nothing": (
        'loses = ["forward"]\n',
        "",
        10,
        "needs 'loses', the parts that lose points by it",
    ),
    "a part that isn't there": ('["forward"]', '["foward"]', 10, "must list parts: backward, forward"),
    "loses that is a text": ('["forward"]', '"forward"', 10, "must list parts: backward, forward"),
    "loses with a list in it": ('["forward"]', '[["forward"]]', 10, "must list parts: backward, forward"),
    "no file": (
        'file = "line.py"\nfind = "return scaled + self.offset"\nreplace = "return scaled"\n',
        "",
        10,
        "'find'",
    ),
    "a find that is a number": ('replace = "return scaled"', "replace = 5", 10, "needs the texts 'file', 'find' and"),
    "no patches": ("credit = 1.0", "credit = 1.0\npatches = []", 3, "needs 'file', 'find' and 'replace', or a list"),
    "patches that are numbers": ("credit = 1.0", "credit = 1.0\npatches = [1]", 3, "needs the texts 'file', 'find'"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_with_the_line_of_its_entry(
    project: Project, old: str, new: str, line: int | None, words: str
) -> None:
    project.edit(VARIANTS_FILE, old, new)
    error = refusal(project)
    assert words in error.message
    assert error.line == line


@pytest.mark.parametrize(
    "text",
    [
        VARIANTS.replace("[[variant]]", "[variant]", 1).partition("\n[[variant]]")[0],
        "variant = 3\n",
        'variant = "text"\n',
        "variant = [1, 2]\n",
        '[variants]\nname = "a"\n',
        'name = "a"\n',
        '[[variants]]\nname = "a"\n',
    ],
    ids=["one bracket", "a number", "a text", "numbers", "another table", "no table", "another list"],
)
def test_a_file_that_is_no_list_of_variants_is_refused(project: Project, text: str) -> None:
    project.write(VARIANTS_FILE, text)
    assert "[[variant]]" in refusal(project).message


@pytest.mark.parametrize("header", ["[[variant]]  # accepted", "[[ variant ]]", '[["variant"]]'])
def test_an_entry_is_found_however_its_header_is_written(project: Project, header: str) -> None:
    project.write(VARIANTS_FILE, VARIANTS.replace("[[variant]]", header, 1))
    assert [variant.line for variant in load_variants(project.load())] == [3, 10]


def test_a_header_inside_a_text_is_no_entry(project: Project) -> None:
    project.write(
        VARIANTS_FILE, VARIANTS.replace('replace = "return scaled"', "replace = '''\n[[variant]]\nreturn scaled'''")
    )
    first, second = load_variants(project.load())
    assert (first.line, second.line) == (3, 10)


def test_a_file_in_another_encoding_is_refused(project: Project) -> None:
    project.file(VARIANTS_FILE).write_bytes(VARIANTS.replace("one accepted", "größer").encode("latin-1"))
    assert "save it as UTF-8" in refusal(project).message


# recording


@pytest.mark.parametrize(
    ("find", "name", "words"),
    [
        ("return scaled - self.offset", "line.py", "occurs 0 times in line.py, and must occur exactly once"),
        ("self.offset", "line.py", "occurs 2 times in line.py, and must occur exactly once"),
        ("return scaled + self.offset", "lines.py", "lines.py"),
        ("return scaled + self.offset", "../small/line.py", "../small/line.py"),
    ],
    ids=["nowhere", "twice", "no such file", "a path above"],
)
def test_a_patch_must_fit_exactly_once(project: Project, find: str, name: str, words: str) -> None:
    project.write(VARIANTS_FILE, entry("other", find, "return 0").replace('file = "line.py"', f'file = "{name}"'))
    with pytest.raises(AssignmentError) as caught:
        record(project.load())
    assert caught.value.file == project.file(VARIANTS_FILE).resolve()
    assert caught.value.line == 1
    assert "'other'" in caught.value.message
    assert words in caught.value.message


def test_what_is_kept_of_a_variant(project: Project) -> None:
    made = record(project.load())
    kept = made.graded.alternatives
    assert set(kept) == {*VALUES, ONE_NUMBER}
    for test in VALUES:
        accepted, mistake = kept[test]
        assert (accepted.variant, accepted.credit, accepted.hint) == ("offset-first", Fraction(1), "")
        assert (mistake.variant, mistake.credit, mistake.hint) == ("offset-forgotten", Fraction(0), "Add the offset.")
        # the same points: the two differ from each other by the offset times the slope
        first, second = (item.observations[0].values["actual"].array for item in (accepted, mistake))
        assert first is not None
        assert second is not None
        assert np.ptp(first - second) < 1e-12
    # parameters and what was published are the reference's, whatever the patch did
    (observation,) = kept[ONE_NUMBER][0].observations
    assert observation.values["published"].array == 7.0
    assert observation.values["actual"].array == 9.0
    assert made.warnings == ()


def test_every_variant_gets_what_it_is_worth(project: Project) -> None:
    project.write(
        VARIANTS_FILE,
        VARIANTS + entry("half", "return scaled + self.offset", "return scaled - self.offset", 0.5, hint='"A minus."'),
    )
    assignment = project.load()
    write(assignment, record(assignment))
    reference = project.file(LINE).read_text("utf-8")
    for line, score in (
        ("return self.slope * (x + self.offset)", 3),
        ("return scaled - self.offset", Fraction(3, 2)),
        ("return scaled", 0),
        ("return scaled - 5 * self.offset", 0),
    ):
        folder = project.root / "submission"
        folder.mkdir(exist_ok=True)
        (folder / "line.py").write_text(reference.replace("return scaled + self.offset", line), "utf-8")
        forward, backward = grade(assignment, folder).parts
        assert forward.score == score, line
        assert backward.score == backward.max_score


def test_a_mistake_that_no_test_sees_is_warned_of(project: Project) -> None:
    find, replace = "return scaled + self.offset", "return self.offset + scaled"
    project.write(VARIANTS_FILE, entry("same", find, replace, 0.0, hint='"Why."', loses='["forward"]'))
    made = record(project.load())
    assert made.graded.alternatives == {}
    assert made.warnings == ("variant 'same' differs from the reference in no test: no test can see it",)


def test_an_accepted_variant_that_no_test_sees_is_as_it_should_be(project: Project) -> None:
    project.write(VARIANTS_FILE, entry("same", "return scaled + self.offset", "return self.offset + scaled"))
    made = record(project.load())
    assert made.graded.alternatives == {}
    assert made.warnings == ()


def test_variants_recorded_in_several_processes_are_the_same(project: Project) -> None:
    lines = [entry(f"plus-{n}", "return scaled + self.offset", f"return scaled + self.offset + {n}") for n in range(4)]
    project.write(VARIANTS_FILE, "\n".join(lines))
    write(project.load(), record(project.load()))
    assert drift(project.load(), record(project.load(), jobs=2)) == []


def test_a_variant_that_does_not_run_is_told_by_another_process_too(project: Project) -> None:
    lines = [entry(f"broken-{n}", "return scaled + self.offset", "return scaled + ofset") for n in range(4)]
    project.write(VARIANTS_FILE, "\n".join(lines))
    with pytest.raises(AssignmentError, match=r"variants.toml:1: .*'broken-0'.*doesn't run"):
        record(project.load(), jobs=2)


@pytest.mark.parametrize("broken", ["return scaled + ofset", "raise NotImplementedError", "return None"])
def test_a_mistake_that_ends_in_an_error_is_seen(project: Project, broken: str) -> None:
    line = entry("broken", "return scaled + self.offset", broken, 0.0, hint='"Why."', loses='["forward"]')
    project.write(VARIANTS_FILE, line)
    assert record(project.load()).warnings == ()


@pytest.mark.parametrize("broken", ["return scaled + ofset", "return [scaled]"])
def test_an_accepted_variant_that_does_not_run_is_not_taken_for_one_without_effect(
    project: Project, broken: str
) -> None:
    project.write(VARIANTS_FILE, entry("broken", "return scaled + self.offset", broken))
    try:
        said = " ".join(record(project.load()).warnings)
    except AssignmentError as error:
        said = error.message
    assert "broken" in said
    assert "no test can see it" not in said


def test_a_variant_does_not_change_the_reference_on_disk(project: Project) -> None:
    before = {file: file.read_bytes() for file in project.root.rglob("*") if file.is_file()}
    record(project.load())
    assert {file: file.read_bytes() for file in project.root.rglob("*") if file.is_file()} == before


def test_a_variant_of_a_second_file_leaves_the_first_as_it_is(project: Project) -> None:
    project.edit(SETTINGS, '["line.py"]', '["*.py"]')
    project.write(f"reference/{NAME}/factors.py", "FACTOR = 1.0\n")
    project.edit(LINE, "import numpy as np", "import numpy as np\nfrom factors import FACTOR")
    project.edit(LINE, "return scaled + self.offset", "return scaled + FACTOR * self.offset")
    text = entry("twice", "FACTOR = 1.0", "FACTOR = 2.0").replace("line.py", "factors.py")
    project.write(VARIANTS_FILE, text)
    made = record(project.load())
    assert made.graded.required == ("factors.py", "line.py")
    assert made.graded.alternatives[ONE_NUMBER][0].observations[0].values["actual"].array == 8.0


def test_a_variant_is_kept_only_where_the_checks_can_tell_it_from_the_reference(project: Project) -> None:
    project.edit(FORWARD, "published=7.0", "published=7.0, rtol=1.0")
    # with so loose a tolerance no variant differs in this test
    assert set(record(project.load()).graded.alternatives) == set(VALUES)
