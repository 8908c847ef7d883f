"""Guards the handout: nothing in it reveals an answer, and everything in it works on its own.

The handout is unpacked into an empty folder. Other processes use it there as its README says. They import the handout's
copy of the package, not the package under test.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles import RIGHT, hand_in, recorded
from conftest import BONUS, ROOT
from small_assignment import NAME

from grader.assignment import Assignment
from grader.authoring.handout import make_handout
from grader.authoring.regions import regions
from grader.authoring.variants import load_variants
from grader.errors import UsageError
from grader.export.terminal import to_terminal
from grader.files import own_files
from grader.fixtures import PUBLIC, Fixtures, load
from grader.grade import grade
from grader.recording import Observation

PATIENCE = 120.0
WRONG = {
    "mytorch/dropout.py": (
        "np.random.binomial(1, self.p, x.shape)",
        "np.random.binomial(1, 1 - self.p, x.shape)",
    ),
    "mytorch/optimizer.py": ("m_hat / np.sqrt(v_hat + self.eps)", "m_hat / (v_hat + self.eps)"),
}
"""File to one mistake: what stands in the reference, and what stands there instead."""


@pytest.fixture(scope="session")
def packed(bonus: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout as students get it."""
    file = tmp_path_factory.mktemp("handout") / "handout.zip"
    make_handout(bonus, file)
    return file


@pytest.fixture
def handout(packed: Path, tmp_path: Path) -> Path:
    """The handout, unpacked."""
    folder = tmp_path / "my homework"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def solved(handout: Path, bonus: Assignment) -> Path:
    """The handout with the reference's files in place of the template's."""
    shutil.copytree(bonus.reference, handout, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return handout


def spoil(folder: Path) -> None:
    for name, (find, replace) in WRONG.items():
        text = (folder / name).read_text("utf-8")
        assert text.count(find) == 1
        (folder / name).write_text(text.replace(find, replace), "utf-8")


def run(folder: Path, *words: str, cwd: Path | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as a student would: nothing set that leads to the package under test."""
    mine = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS")
    environment = {key: value for key, value in os.environ.items() if key not in mine}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        words,
        cwd=cwd or folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def run_runner(folder: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, str(folder / "autograder" / "hw1_autograder" / "runner.py"), *words, cwd=cwd)


def run_pytest(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return run(folder, str(Path(sys.executable).parent / "pytest"), *words, typed=typed)


def total(output: str) -> tuple[float, float]:
    """The score and the maximum of a printed table."""
    found = re.findall(r"Total\s+([\d.]+) / ([\d.]+)", output)
    assert len(found) == 1, output
    return float(found[0][0]), float(found[0][1])


def texts(folder: Path) -> dict[str, str]:
    """Every text file of the handout, by its path."""
    return {
        file.relative_to(folder).as_posix(): file.read_text("utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".npz"
    }


@pytest.fixture(scope="session")
def public_points(answers: Fixtures) -> float:
    return float(sum(test.points for test in answers.tests if test.visibility == "visible"))


# what is in it, and what isn't


def test_it_holds_what_a_student_needs(handout: Path, bonus: Assignment) -> None:
    names = set(texts(handout))
    assert {"README.md", "conftest.py", "create_tarball.sh", "autograder/hw1_autograder/runner.py"} <= names
    template = own_files(bonus.template)
    assert set(template) <= names
    for name in template:
        assert (handout / name).read_bytes() == (bonus.template / name).read_bytes()


def test_it_holds_no_file_of_the_instructors(handout: Path) -> None:
    for name in texts(handout):
        parts = Path(name).parts
        assert not {"sandbox", "authoring", "reference", "__pycache__", ".git"} & set(parts), name
        assert parts[-1] not in ("variants.toml", "grade.py", "verdict.toml"), name


def test_hidden_tests_arent_in_it(handout: Path, answers: Fixtures) -> None:
    hidden = [test for test in answers.tests if test.visibility != "visible"]
    public = [test for test in answers.tests if test.visibility == "visible"]
    assert hidden
    # a function may have the name of a public one in another file
    names = {test.id for test in hidden} | {test.title for test in hidden}
    names |= {test.id.split("::")[1] for test in hidden} - {test.id.split("::")[1] for test in public}
    for file, text in texts(handout).items():
        assert not [name for name in names if name in text], file


def test_graded_fixtures_arent_in_it(handout: Path, bonus: Assignment, answers: Fixtures) -> None:
    given = load(handout / "autograder" / "hw1_autograder" / BONUS / "fixtures" / PUBLIC, bonus)
    ids = {test.id for test in answers.tests if test.visibility == "visible"}
    assert {test.id for test in given.tests} == ids

    def arrays(observations: tuple[Observation, ...]) -> list[bytes]:
        values = [value.array for item in observations for value in item.values.values()]
        return [array.tobytes() for array in values if array is not None and array.size > 1 and np.any(array)]

    secret = {array for test in answers.tests for array in arrays(test.expected)}
    secret |= {
        array
        for items in answers.alternatives.values()
        for item in items
        if item.credit  # a mistake may fail alike with every seed, as by nan everywhere
        for array in arrays(item.observations)
    }
    found = {array for test in given.tests for array in arrays(test.expected)}
    found |= {array for items in given.alternatives.values() for item in items for array in arrays(item.observations)}
    assert found
    assert secret
    assert not found & secret


def test_known_mistakes_arent_in_it(handout: Path, bonus: Assignment) -> None:
    """Their hints are for those who made them."""
    mistakes = [variant for variant in load_variants(bonus) if variant.credit < 1]
    # a mistake that the judge recognises by itself is told in the judge's words
    own = "".join(file.read_text("utf-8") for file in (ROOT / "grader" / "judge").rglob("*.py"))
    told = [variant.hint for variant in mistakes if variant.hint not in own]
    assert len(told) > 10
    for name, text in texts(handout).items():
        for variant in mistakes:
            assert variant.name not in text, name
        for hint in told:
            assert hint not in text, name


def test_no_line_of_the_solution_is_in_it(handout: Path, bonus: Assignment) -> None:
    solution: set[str] = set()
    given: set[str] = set()
    for file in bonus.reference.rglob("*.py"):
        text = file.read_text("utf-8")
        inside = {line for region in regions(file, text) for line in range(region.begin, region.end + 1)}
        for number, line in enumerate(text.splitlines(), 1):
            (solution if number in inside else given).add(line.strip())
    secret = {line for line in solution - given if len(line) > 12}
    assert len(secret) > 10
    for name, text in texts(handout).items():
        if not name.startswith("autograder/grader/"):
            assert not secret & {line.strip() for line in text.splitlines()}, name
        assert "BEGIN SOLUTION" not in text or name.startswith("autograder/grader/"), name


def test_it_names_no_place_of_this_machine(handout: Path) -> None:
    for name, text in texts(handout).items():
        assert str(ROOT) not in text, name
        assert "/root/" not in text, name


@pytest.mark.parametrize("name", ["handout.zip", "handout.tar", "handout.tar.gz", "handout.tgz"])
def test_its_bytes_are_the_same_every_time(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assignment = recorded(tmp_path / "project").load()
    made = []
    for year in (1, 2):
        (tmp_path / str(year)).mkdir()
        file = tmp_path / str(year) / name
        with monkeypatch.context() as patch:
            patch.setattr("time.time", lambda year=year: year * 31_536_000.0)
            make_handout(assignment, file)
        made.append(file.read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("name", ["handout", "handout.tar", "handout.tar.gz", "handout.zip"])
def test_every_form_of_it_holds_the_same(name: str, bonus: Assignment, handout: Path, tmp_path: Path) -> None:
    names = make_handout(bonus, tmp_path / name)
    folder = tmp_path / name
    if "." in name:
        folder = tmp_path / "unpacked"
        if name.endswith(".zip"):
            with zipfile.ZipFile(tmp_path / name) as archive:
                archive.extractall(folder)
        else:
            with tarfile.open(tmp_path / name) as archive_file:
                for info in archive_file:
                    assert info.isreg()
                    assert info.mode in (0o644, 0o755)
                    assert (info.uid, info.gid, info.uname, info.gname) == (0, 0, "", "")
                    (folder / info.name).parent.mkdir(parents=True, exist_ok=True)
                    data = archive_file.extractfile(info)
                    assert data is not None
                    (folder / info.name).write_bytes(data.read())
    assert texts(folder) == texts(handout)
    assert names == sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_folder_that_is_taken_is_left_alone(bonus: Assignment, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError):
        make_handout(bonus, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# the runner


def test_the_runner_says_that_everything_is_missing(handout: Path, public_points: float) -> None:
    result = run_runner(handout, "--all")
    assert (result.returncode, result.stderr) == (1, "")
    assert total(result.stdout) == (0, public_points)
    assert "missing" in result.stdout
    assert not re.search(r"\b(passed|failed|error|crashed|internal)\b", result.stdout)
    assert "not implemented yet: Dropout.forward" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_runner_gives_a_right_solution_all_public_points(solved: Path, public_points: float) -> None:
    result = run_runner(solved, "--all")
    assert (result.returncode, result.stderr) == (0, "")
    assert total(result.stdout) == (public_points, public_points)
    assert "Hidden tests decide" in run_runner(solved).stdout


def test_the_runner_says_what_is_wrong_as_grading_does(solved: Path, bonus: Assignment, public_points: float) -> None:
    spoil(solved)
    result = run_runner(solved, "--all")
    assert (result.returncode, result.stderr) == (1, "")
    assert 0 < total(result.stdout)[0] < public_points
    assert "Hint:" in result.stdout
    report = grade(bonus, solved)
    hints = {test.hint for test in report.tests if test.visibility == "visible" and test.hint}
    assert any(hint in re.sub(r"\s+", " ", result.stdout) for hint in hints)
    for test in report.tests:
        if test.visibility == "visible":
            row = next(line for line in result.stdout.splitlines() if line.split()[:1] == [test.number])
            assert test.status in row, to_terminal(report)
    # the numbers are others, and only here the expected ones are shown
    assert "expected:" in result.stdout
    assert "expected:" not in to_terminal(report)


def test_an_import_of_a_file_that_isnt_handed_in_is_told_before_the_grading(
    solved: Path, bonus: Assignment, public_points: float
) -> None:
    """All public points are there, and the grading has none of that file: so the sentence is needed."""
    module = solved / "mytorch" / "dropout.py"
    module.write_text("from parts.tools import TWO\n\nprint(TWO)\n" + module.read_text("utf-8"), "utf-8")
    (solved / "mytorch" / "parts").mkdir()
    (solved / "mytorch" / "parts" / "tools.py").write_text("TWO = 2\n", "utf-8")
    (solved / "mytorch" / "parts" / "unused.py").write_text("", "utf-8")
    sentence = "Your code imports mytorch/parts/tools.py, and grading can't: only mytorch/*.py, hw1/*.py counts."
    result = run_runner(solved)
    assert total(run_runner(solved, "--all").stdout) == (public_points, public_points)
    assert f"! {sentence}" in re.sub(r"\s+", " ", result.stdout)
    assert sentence in run_pytest(solved).stdout
    messages = {test.message.splitlines()[0] for test in grade(bonus, solved).tests if test.status == "error"}
    left = "mytorch/parts/tools.py was left out: only mytorch/*.py, hw1/*.py counts"
    said = f"the submission imports 'parts', and {left}"
    assert messages == {said}


def test_the_runner_works_from_anywhere_and_for_one_part(solved: Path, bonus: Assignment, tmp_path: Path) -> None:
    result = run_runner(solved, "--part", "adam", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert bonus.part("adam").title in result.stdout
    assert bonus.part("dropout_forward").title not in result.stdout
    result = run_runner(solved, "--part", "adm")
    assert result.returncode == 2
    assert "adam" in result.stderr


def test_the_runner_uses_its_own_copy_of_the_package(solved: Path) -> None:
    file = solved / "autograder" / "grader" / "fixtures.py"
    file.write_text(file.read_text("utf-8") + "\nprint('OWN COPY')\n", "utf-8")
    assert "OWN COPY" in run_runner(solved).stdout
    assert "OWN COPY" in run_pytest(solved, "-s").stdout


def test_the_runner_says_what_isnt_installed(handout: Path) -> None:
    runner = handout / "autograder" / "hw1_autograder" / "runner.py"
    result = run(handout, sys.executable, "-S", "-E", str(runner))  # -S: nothing that was installed is found
    assert result.returncode == 1
    assert "isn't installed" in result.stderr
    assert "-m pip install -r" in result.stderr
    assert "python3 -m venv .venv" in result.stderr
    assert "Traceback" not in result.stderr
    assert (handout / "autograder" / "requirements.txt").is_file()


def test_the_runner_survives_what_students_write(solved: Path) -> None:
    (solved / "mytorch" / "dropout.py").write_text("class Dropout:\n  def forward(self, x:\n", "utf-8")
    (solved / "mytorch" / "optimizer.py").write_text("import sys\nsys.exit(0)\n", "utf-8")
    result = run_runner(solved, "--all")
    assert result.returncode == 1, result.stderr
    assert "mytorch/dropout.py, line 2" in result.stdout
    assert "exit()" in result.stdout
    assert total(result.stdout)[0] == 0


# the hand-in


@pytest.mark.parametrize(("wrong", "points"), [(False, 15), (True, None)])
def test_the_hand_in_that_it_makes_is_graded(
    wrong: bool, points: int | None, solved: Path, bonus: Assignment, tmp_path: Path
) -> None:
    if wrong:
        spoil(solved)
    run_runner(solved)
    result = run(solved, "sh", str(solved / "create_tarball.sh"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    handin = solved / bonus.submission.archive
    assert handin.is_file()
    report = grade(bonus, handin)
    assert not [note for note in report.notes if "has no file" in note or "was found" in note]
    direct = grade(bonus, solved)
    assert report.score == direct.score
    assert [test.status for test in report.tests] == [test.status for test in direct.tests]
    if points is not None:
        assert report.score == points


# plain pytest


def test_plain_pytest_passes_on_a_right_solution(solved: Path, answers: Fixtures) -> None:
    result = run_pytest(solved)
    assert result.returncode == 0, result.stdout
    count = sum(test.visibility == "visible" for test in answers.tests)
    assert f"{count} passed" in result.stdout
    assert "warning" not in result.stdout


def test_plain_pytest_fails_on_the_template(handout: Path) -> None:
    result = run_pytest(handout, "-q")
    assert result.returncode == 1
    assert "not implemented yet: " in result.stdout
    assert "autograder/grader" not in result.stdout
    assert "passed" not in result.stdout


def test_plain_pytest_shows_what_differs(solved: Path) -> None:
    spoil(solved)
    result = run_pytest(solved)
    assert result.returncode == 1
    assert result.stderr == ""
    assert "test_first_step" in result.stdout
    assert "elements differ" in result.stdout
    assert "expected:" in result.stdout
    assert "Hint:" in result.stdout
    # the test's own lines stand in the traceback, ours don't
    assert "check(" in result.stdout
    assert "autograder/grader/" not in result.stdout.replace("\\", "/")


def test_one_test_can_be_run_as_the_report_says(solved: Path, bonus: Assignment) -> None:
    spoil(solved)
    printed = run_runner(solved, "--all").stdout
    commands = [shlex.split(line) for line in re.findall(r"Run it alone: python (.*)", printed)]
    assert commands
    result = run(solved, sys.executable, *commands[0])
    assert f"Fix first: {commands[0][-1]} " in result.stdout, result.stdout


@pytest.mark.parametrize("where", ["student", "check"])
def test_the_debugger_stops_where_it_went_wrong(where: str, solved: Path) -> None:
    spoil(solved)
    file = solved / "mytorch" / "dropout.py"
    if where == "student":
        text = file.read_text("utf-8")
        file.write_text(text.replace("        return delta * self.mask", "        return 1 / 0  # here"), "utf-8")
    test = "test_dropout_backward.py" if where == "student" else "test_adam.py"
    result = run_pytest(solved, "--pdb", "-x", f"autograder/hw1_autograder/{BONUS}/{test}", typed="p __file__\nw\nq\n")
    if where == "student":
        assert f"'{file}'" in result.stdout
        assert "# here" in result.stdout
        assert re.search(r"> .*dropout\.py\(\d+\)backward\(\)", result.stdout)
    else:
        assert re.search(rf"'.*{test}'", result.stdout)


def test_a_students_own_tests_run_too(solved: Path) -> None:
    mine = solved / "autograder" / "hw1_autograder" / BONUS / "test_mine.py"
    mine.write_text(
        "def test_mine(submission, rng, check):\n"
        "    layer = submission.dropout.Dropout(0.5)\n"
        "    check('y', layer.forward(rng.normal(size=(3, 4)), train=False))\n",
        "utf-8",
    )
    result = run_pytest(solved, str(mine))
    assert "1 passed" in result.stdout, result.stdout


def test_the_points_in_the_readme_are_the_assignments(handout: Path, bonus: Assignment) -> None:
    text = (handout / "README.md").read_text("utf-8")
    for part in bonus.parts:
        assert f"{part.title}: {float(part.points):g} points" in text
    for command in re.findall(r"`python3? ([^\s`]+)", text):
        assert command == "-m" or (handout / command).is_file()


def test_the_manifest_has_no_hidden_points(handout: Path) -> None:
    with zipfile.ZipFile(handout / "autograder" / "hw1_autograder" / BONUS / "fixtures" / PUBLIC) as archive:
        assert "questions.json" not in archive.namelist()
        value = json.loads(archive.read("manifest.json"))
    assert {test["visibility"] for test in value["tests"]} == {"visible"}


def test_code_that_doesnt_end_is_stopped_by_the_local_checker_too(tmp_path: Path) -> None:
    project = recorded(tmp_path / "project")
    endless = RIGHT["line.py"].replace("return self.slope * x", "while True:\n            x = x + 1\n        return x")
    folder = hand_in(tmp_path / "code", {"line.py": endless})
    command = ["-m", "grader", "check", str(folder), "--assignment", NAME, "--unjailed", "--project", str(project.root)]
    result = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 1, result.stderr
    assert "stopped after 2 s" in result.stdout
    assert "1.5 / 1.5" in result.stdout  # the part after it
