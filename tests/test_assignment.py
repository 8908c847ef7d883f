"""Guards the reading of assignment.toml: its settings, and file, line and next step for every mistake in it."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from small_assignment import BACKWARD, NAME, SETTINGS, TOML, Project

from grader.assignment import Handout, Limits
from grader.errors import AssignmentError, UsageError
from grader.settings import assignment_names, find_project, load_assignment, read_assignment


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def failure(project: Project) -> AssignmentError:
    with pytest.raises(AssignmentError) as caught:
        project.load()
    error = caught.value
    assert error.file == project.file(SETTINGS)
    assert str(error).startswith(f"{error.file}:{error.line}: " if error.line else f"{error.file}: ")
    return error


def test_what_the_file_says(project: Project) -> None:
    assignment = project.load()
    assert (assignment.name, assignment.title, assignment.seed) == (NAME, "A straight line", 7)
    assert assignment.library == "numpy"
    assert assignment.submission.files == ("line.py",)
    assert assignment.submission.path == (".",)
    assert assignment.submission.forbid == ("torch",)
    assert assignment.limits == Limits(test_seconds=20, value_mb=1)
    assert assignment.handout == Handout()
    assert [(part.name, part.title, part.points) for part in assignment.parts] == [
        ("forward", "Forward", 3),
        ("backward", "Backward", Fraction(3, 2)),
    ]
    assert assignment.points == Fraction(9, 2)
    assert assignment.part("backward").points == Fraction(3, 2)
    assert assignment.project == project.root.resolve()
    assert assignment.reference == project.root.resolve() / "reference" / NAME
    assert assignment.template == project.root.resolve() / "student_template" / NAME
    assert [file.name for file in assignment.test_files()] == ["test_forward.py", "test_backward.py"]


def test_points_are_exact_decimals(project: Project) -> None:
    project.edit(SETTINGS, "points = 1.5", "points = 0.1")
    assert project.load().parts[1].points == Fraction(1, 10)


def test_limits_can_be_replaced(project: Project) -> None:
    changed = project.load().with_limits(test_seconds=3.0, total_seconds=None)
    assert changed.limits == Limits(test_seconds=3.0, value_mb=1)


MISTAKES: dict[str, tuple[str, str, str | None, str]] = {
    # name: the text there, the text in its place, a piece of the line that is to be named, words
    "no TOML": ("seed = 7", "seed = = 7", "seed = = 7", "not valid TOML"),
    "a text that isn't closed": ('title = "Forward"', 'title = "Forward', 'title = "Forward', "not valid TOML"),
    "a key twice": ("seed = 7", "seed = 7\nseed = 8", "seed = 8", "not valid TOML"),
    "a table twice": ("[parts.backward]", "[parts.forward]", None, "not valid TOML"),
    "an unknown key": ("seed = 7", "seed = 7\nsede = 7", "sede", "unknown key 'sede'"),
    "an unknown table": ("[limits]", "[limit]", "[limit]", "unknown key 'limit'"),
    "an unknown key of submission": (
        "forbid =",
        "forbidden =",
        "forbidden",
        "unknown key 'forbidden' in [submission]; allowed: ",
    ),
    "an unknown limit": ("test_seconds", "test_second", "test_second", "unknown key 'test_second' in [limits]"),
    "an unknown key of a part": (
        "points = 1.5",
        "points = 1.5\nweight = 2",
        "weight",
        "unknown key 'weight' in [parts.backward]; allowed: ",
    ),
    "no title": ('title = "A straight line"\n', "", None, "needs 'title', a non-empty text"),
    "an empty title": ('"A straight line"', '"  "', 'title = "  "', "needs 'title', a non-empty text"),
    "a title that is a number": ('"A straight line"', "5", "title = 5", "needs 'title', a non-empty text"),
    "no seed": ("seed = 7\n", "", None, "'seed' must be a whole number from 0 to 4294967295"),
    "a negative seed": ("seed = 7", "seed = -1", "seed = -1", "'seed' must be a whole number"),
    "a seed that is too large": ("seed = 7", "seed = 4294967296", "seed =", "'seed' must be a whole number"),
    "a seed that is true": ("seed = 7", "seed = true", "seed =", "'seed' must be a whole number"),
    "another library": ("seed = 7", 'seed = 7\nlibrary = "jax"', "library", "one of numpy, torch, not 'jax'"),
    "no files": ('files = ["line.py"]\n', "", "[submission]", "needs 'files', the list of files that students hand in"),
    "files that are a text": ('files = ["line.py"]', 'files = "line.py"', "files", "'files' must be a list of texts"),
    "files above the folder": ('"line.py"', '"../line.py"', "files", "must be relative, with / and without .."),
    "files from the root": ('"line.py"', '"/etc/line.py"', "files", "must be relative"),
    "files with a backslash": ('"line.py"', r'"nn\\line.py"', "files", "must be relative"),
    "a path above the folder": ("forbid =", 'path = [".."]\nforbid =', "path", "must be relative"),
    "forbid that is a text": ('["torch"]', '"torch"', "forbid", "'forbid' must be a list of texts"),
    "an empty archive name": ("forbid =", 'archive = ""\nforbid =', "archive", "needs 'archive', a non-empty text"),
    "a limit of zero": ("test_seconds = 20", "test_seconds = 0", "test_seconds", "must be a positive number"),
    "a negative limit": ("test_seconds = 20", "test_seconds = -1", "test_seconds", "must be a positive number"),
    "a limit that is nan": ("test_seconds = 20", "test_seconds = nan", "test_seconds", "must be a positive number"),
    "a limit that is inf": ("test_seconds = 20", "test_seconds = inf", "test_seconds", "must be a positive number"),
    "a limit that is a text": ("test_seconds = 20", 'test_seconds = "20"', "test_seconds", "must be a positive number"),
    "a limit that rounds to nothing": ("value_mb = 1", "value_mb = 0.25", "value_mb", "must be"),
    "a runner elsewhere": ("[limits]", '[handout]\nrunner = "run.py"\n[limits]', "runner", "below autograder/"),
    "a runner above": ("[limits]", '[handout]\nrunner = "autograder/../a.py"\n[limits]', "runner", "below autograder/"),
    "a runner that is no Python": (
        "[limits]",
        '[handout]\nrunner = "autograder/a.sh"\n[limits]',
        "runner",
        "a Python file",
    ),
    "a colon in a part's title": ('"Backward"', '"Part 2: Backward"', "[parts.backward]", "has a colon"),
    "two parts of one title but for case": ('"Backward"', '"forWARD"', "[parts.backward]", "each needs its own"),
    "a module of Python's": ('"line.py"', '"statistics.py"', "files =", "is imported as 'statistics'"),
    "a module of the grader's": ('"line.py"', '"numpy.py"', "files =", "is imported as 'numpy'"),
    "a package of Python's": ('"line.py"', '"json/line.py"', "files =", "is imported as 'json'"),
    "a shell's words in the archive": ("forbid =", 'archive = "$(x).tar"\nforbid =', "archive", "letters, digits"),
    "an option in the archive": ("forbid =", 'archive = "-x.tar"\nforbid =', "archive", "letters, digits"),
    "lines in the archive": ("forbid =", 'archive = "a\\nb.tar"\nforbid =', "archive", "letters, digits"),
    "two parts of one title": ('"Backward"', '"Forward"', "[parts.backward]", "each needs its own"),
    "a part without a title": ('title = "Backward"\n', "", "[parts.backward]", "[parts.backward] needs 'title'"),
    "a part without points": ("points = 1.5\n", "", "[parts.backward]", "needs 'points', a number from 0 up"),
    "points that are a text": ("points = 1.5", 'points = "1.5"', "[parts.backward]", "needs 'points'"),
    "negative points": ("points = 1.5", "points = -1", "[parts.backward]", "needs 'points'"),
    "points that are nan": ("points = 1.5", "points = nan", "[parts.backward]", "needs 'points'"),
    "points that are inf": ("points = 1.5", "points = inf", "[parts.backward]", "needs 'points'"),
    "points that are true": ("points = 1.5", "points = true", "[parts.backward]", "needs 'points'"),
    "a part's name with a capital": ("[parts.backward]", "[parts.Backward]", "[parts.Backward]", "lower-case letters"),
    "a part's name with a dash": ("[parts.backward]", "[parts.back-ward]", "[parts.back-ward]", "lower-case letters"),
    "a part that is a number": ("[parts.backward]", "[parts]\nother = 5\n[parts.backward]", None, "must be a table"),
}


@pytest.mark.parametrize(("old", "new", "needle", "words"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_with_its_line(project: Project, old: str, new: str, needle: str | None, words: str) -> None:
    project.edit(SETTINGS, old, new)
    error = failure(project)
    assert words in error.message
    if needle is not None:
        assert error.line == project.line(SETTINGS, needle)


@pytest.mark.parametrize("table", ["limits", "handout"])
def test_a_table_that_is_a_number(project: Project, table: str) -> None:
    project.write(SETTINGS, TOML.replace("[limits]\ntest_seconds = 20\nvalue_mb = 1\n", ""))
    project.edit(SETTINGS, "seed = 7", f"seed = 7\n{table} = 5")
    error = failure(project)
    assert f"'{table}' must be a table, written [{table}]" in error.message
    assert error.line == project.line(SETTINGS, f"{table} = 5")


def test_no_parts_at_all(project: Project) -> None:
    project.write(SETTINGS, TOML[: TOML.index("[parts.forward]")])
    assert "needs at least one table [parts.<name>] with a title and points" in failure(project).message


def test_a_key_of_one_table_is_not_looked_for_in_another(project: Project) -> None:
    project.edit(SETTINGS, "test_seconds = 20", 'test_seconds = 20\ntitle = "Limits"')
    error = failure(project)
    assert "unknown key 'title' in [limits]" in error.message
    assert error.line == project.line(SETTINGS, 'title = "Limits"')


@pytest.mark.parametrize("header", ["[parts.backward]  # half of it", "[ parts.backward ]", '[parts."backward"]'])
def test_a_table_is_found_however_its_header_is_written(project: Project, header: str) -> None:
    project.edit(SETTINGS, "[parts.backward]", header)
    project.edit(SETTINGS, "points = 1.5", "points = -1")
    assert failure(project).line == project.line(SETTINGS, header)


def bom(raw: bytes) -> bytes:
    return b"\xef\xbb\xbf" + raw


def latin1(raw: bytes) -> bytes:
    return raw.replace(b"A straight", "Müller: a".encode("latin-1"))


@pytest.mark.parametrize(("spoil", "words"), [(bom, "TOML"), (latin1, "save it as UTF-8")])
def test_a_file_in_another_encoding(project: Project, spoil: Callable[[bytes], bytes], words: str) -> None:
    project.file(SETTINGS).write_bytes(spoil(TOML.encode()))
    assert words in failure(project).message


def test_windows_line_ends_are_no_mistake(project: Project) -> None:
    project.file(SETTINGS).write_bytes(TOML.replace("\n", "\r\n").encode())
    assert project.load().points == Fraction(9, 2)


def test_a_folder_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match=r"assignment\.toml: can't be read"):
        read_assignment(tmp_path)


def test_a_part_without_its_test_file(project: Project) -> None:
    project.file(BACKWARD).unlink()
    with pytest.raises(AssignmentError, match=r"part 'backward' has no test_backward\.py; write it beside") as caught:
        project.load().test_files()
    assert caught.value.line == project.line(SETTINGS, "[parts.backward]")


# looking for assignments


def test_the_project_is_found_from_anywhere_inside(project: Project, tmp_path: Path) -> None:
    assert find_project(tmp_path / "testcases" / NAME) == tmp_path
    assert find_project(tmp_path) == tmp_path
    assert assignment_names(tmp_path) == [NAME]


def test_no_project_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--project"):
        find_project(tmp_path)


def test_an_unknown_assignment_says_which_one_may_be_meant(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no assignment 'smal' in .*; did you mean 'small'"):
        load_assignment(tmp_path, "smal")
    with pytest.raises(UsageError, match="there are: small"):
        load_assignment(tmp_path, "zzz")
    (tmp_path / "empty" / "testcases").mkdir(parents=True)
    with pytest.raises(UsageError, match="there are: none"):
        load_assignment(tmp_path / "empty", "small")


def test_a_pattern_is_held_against_the_references_files(project: Project) -> None:
    project.edit(SETTINGS, '"line.py"', '"*.py"')
    project.load()
    project.write("reference/small/queue.py", "")
    assert "'queue.py' is imported as 'queue'" in failure(project).message


@pytest.mark.parametrize("name", ["$(x)", "a b", "-a", "a;b", "`x`", "ä"])
def test_a_folders_name_is_plain(project: Project, name: str) -> None:
    folder = project.file("testcases") / name
    project.file("testcases/small").rename(folder)
    with pytest.raises(AssignmentError, match="goes into scripts"):
        read_assignment(folder)
