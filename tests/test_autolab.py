"""Guards a grading on Autolab from the lab's four files to the scores that are saved, and the ways to forge them."""

import io
import json
import sys
import tarfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import autolab_emulator as autolab
import pytest
from bundles import RIGHT, hand_in, recorded
from conftest import ROOT
from small_assignment import Project
from strict_json import strict_loads, validate

from grader.authoring import bundle
from grader.export.autolab import to_autolab
from grader.fixtures import Fixtures
from grader.report import LeaderboardRow, PartScore, Report, TestResult
from grader.settings import load_assignment

pytestmark = pytest.mark.long

PROBLEMS = ["Forward", "Backward"]
FULL = {"Forward": 3.0, "Backward": 1.5}
NOTHING = {"Forward": 0.0, "Backward": 0.0}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return recorded(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def lab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    bundle.make_autolab(project.load(), folder)
    return folder / "small"


def packed(folder: Path) -> Path:
    """The one file that a student hands in, by the name that the lab gives it."""
    file = folder.parent / "handin.tar"
    with tarfile.open(file, "w") as archive:
        archive.add(folder, arcname=".")
    return file


def graded(
    lab: Path, tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch, timeout: float = 100.0
) -> autolab.Graded:
    """Hand files in, as `make` of this interpreter grades them, and let Autolab read what came out."""
    monkeypatch.setenv("GRADER_PYTHON", sys.executable)
    handin = packed(hand_in(tmp_path / "handin", files))
    feedback = autolab.run(lab, tmp_path / "autograde", handin, timeout=timeout)
    return autolab.saved(feedback, PROBLEMS)


def test_a_right_hand_in_gets_everything(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = graded(lab, tmp_path, RIGHT, monkeypatch)
    assert result.error == "", result.feedback
    assert result.scores == FULL
    assert result.autoresult is not None
    validate("autolab-scores", strict_loads(result.autoresult))
    page = autolab.page(result.feedback)
    validate("autolab-presentation", page)
    assert "single number" not in result.feedback  # a hidden test's title


def test_a_hand_in_that_cant_be_read_gets_a_sentence(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = graded(lab, tmp_path, {"readme.txt": "nothing"}, monkeypatch)
    assert (result.error, result.scores) == ("", NOTHING)
    assert "line.py" in result.feedback


@pytest.mark.parametrize("broken", ["answers", "questions"])
def test_our_own_fault_leaves_what_a_person_graded(
    broken: str, lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a readable line, Autolab writes zeros over the problems that no machine scores."""
    damaged = tmp_path / "lab"
    damaged.mkdir()
    (damaged / "autograde-Makefile").write_bytes((lab / "autograde-Makefile").read_bytes())
    files = {}
    with tarfile.open(lab / "autograde.tar") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            files[member.name] = stream.read()
    if broken == "answers":
        files["autograde/testcases/small/fixtures/graded.npz"] = b"PK"
    else:
        del files["autograde/testcases/small/fixtures/graded.npz"]
    with tarfile.open(damaged / "autograde.tar", "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    result = graded(damaged, tmp_path, RIGHT, monkeypatch)
    assert (result.error, result.scores) == ("", NOTHING)
    assert "not your hand-in" in result.feedback
    assert "Traceback" not in result.feedback


# forging: each of these is accepted by a grader that lets student code write to its output or live on

FAKE = json.dumps({"scores": {"Forward": 3, "Backward": 1.5}})
ATTACKS = {
    "kills grader and make": f"""
import os, signal
print({FAKE!r}, flush=True)
def parent(pid):
    with open(f"/proc/{{pid}}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
chain = [os.getppid()]
try:
    while b"make" not in open(f"/proc/{{chain[-1]}}/cmdline", "rb").read().split(b"\\0")[0]:
        chain.append(parent(chain[-1]))
except OSError:
    chain = chain[:1]
for pid in reversed(chain):  # up to the make of this run, and no process above it
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""",
    "hangs to the timeout": f"""
import sys
print("\\n" + {FAKE!r}, flush=True)
print("\\n" + {FAKE!r}, file=sys.stderr, flush=True)
while True:
    pass
""",
    "leaves a daemon with our output": f"""
import os, time
try:
    if os.fork() == 0:
        os.setsid()
        while True:
            time.sleep(0.2)
            for fd in range(1, 20):
                try:
                    os.write(fd, b"\\n" + {FAKE!r}.encode() + b"\\n")
                except OSError:
                    pass
except OSError:
    pass
""",
    "appends to the log": f"""
import os, time
os.close(1)
os.close(2)
def append():
    for place in ("..", "../..", "../../..", "@INTO@"):
        try:
            with open(os.path.join(place, "output.log"), "a") as file:
                file.write("\\n" * 5 + {FAKE!r} * 400 + "\\n" + {FAKE!r} + "\\n")
        except OSError:
            pass
append()
try:
    if os.fork() == 0:
        for _ in range(50):
            time.sleep(0.2)
            append()
except OSError:
    pass
""",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_forged_line_is_saved(attack: str, lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ATTACKS[attack].replace("@INTO@", str(tmp_path / "autograde"))
    result = graded(lab, tmp_path, {"line.py": text}, monkeypatch)
    assert result.scores == NOTHING
    assert result.error == "", result.feedback[-2000:]


def test_the_attacks_work_on_a_grader_that_hands_its_output_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test before would prove nothing."""
    lab = tmp_path / "naive"
    lab.mkdir()
    (lab / "autograde-Makefile").write_text(
        f"autograde:\n\t@tar xf handin.tar; {sys.executable} line.py & sleep 1;"
        ' echo; echo \'{"scores": {"Forward": 0, "Backward": 0}}\'; sleep 2\n',
        "utf-8",
    )
    (lab / "autograde.tar").touch()
    forged = []
    for number, (name, text) in enumerate(ATTACKS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = text.replace("@INTO@", str(folder / "autograde"))
        if name == "hangs to the timeout":
            text = text.replace("while True:\n    pass", "import time\ntime.sleep(1.5)\nprint(" + repr(FAKE) + ")")
        text += "\nimport time\ntime.sleep(4)\n" if name == "leaves a daemon with our output" else ""
        result = graded(lab, folder, {"line.py": text}, monkeypatch, timeout=3.0)
        forged += [name] if result.scores == FULL else []
    assert len(forged) >= 2, forged


# the lab


def test_problems_are_the_parts(project: Project, lab: Path) -> None:
    text = (lab / "small.yml").read_text("utf-8")
    names = [json.loads(line.partition("name: ")[2]) for line in text.splitlines() if line.startswith("- name: ")]
    assert names == PROBLEMS == [part.title for part in project.load().parts]
    assert "max_score: 1.5" in text
    assert 'handin_filename: "handin.tar"' in text
    seconds = int(text.partition("autograde_timeout: ")[2].split()[0])
    assert 10 <= seconds <= 900
    assert f"--timeout {seconds}" in (lab / "autograde-Makefile").read_text("utf-8")


def test_the_first_rule_is_the_one_that_autolab_runs(lab: Path) -> None:
    rules = [
        line.partition(":")[0]
        for line in (lab / "autograde-Makefile").read_text("utf-8").splitlines()
        if ":" in line and not line.startswith(("\t", "#")) and "=" not in line
    ]
    assert rules == ["autograde"]


def test_a_manual_part_is_a_problem_and_never_in_the_line(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.edit(
        "testcases/small/assignment.toml", "points = 1.5", "points = 1.5\n[parts.essay]\ntitle = 'Essay'\nmanual = 4"
    )
    yml = bundle.lab_yml(project.load(), Fixtures((), ()), 60)
    assert '- name: "Essay"' in yml
    assert "max_score: 4.0" in yml


def test_the_tar_that_autolab_imports_begins_with_its_folder(project: Project, tmp_path: Path) -> None:
    bundle.make_autolab(project.load(), tmp_path / "lab.tar")
    with tarfile.open(tmp_path / "lab.tar") as archive:
        members = archive.getmembers()
    assert (members[0].name, members[0].isdir()) == ("small", True)
    assert {member.name for member in members[1:]} == {
        f"small/{name}" for name in ("small.yml", "small.rb", "autograde-Makefile", "autograde.tar")
    }


def test_a_labs_name_is_one_that_autolab_takes(project: Project) -> None:
    assert bundle.lab_name(replace(project.load(), name="CMU_11785-hw1.b")) == "cmu11785hw1b"


# what Autolab does with lines


def report(title: str = "Forward", score: Fraction = Fraction(1, 3)) -> Report:
    test = TestResult("test_a.py::t", "a", "T: 12:30", "1", "partial", score, Fraction(2), "visible", "a: b", "c: d")
    return Report("h", "H", (PartScore("a", title, score, Fraction(2)),), (test,))


def test_colons_in_feedback_dont_reach_the_line_that_is_rewritten() -> None:
    result = autolab.saved("printed without a line end" + to_autolab(report()), ["Forward"])
    assert result.error == ""
    assert result.scores["Forward"] == pytest.approx(1 / 3)


def test_a_scoreboard_of_odd_texts_is_taken() -> None:
    values: list[float | str] = ["12:30", 'a"b:c', "é:", 1e300, "x" * 999]
    rows = tuple(LeaderboardRow(f"c{number}", value) for number, value in enumerate(values))
    result = autolab.saved(to_autolab(replace(report(), leaderboard=rows)), ["Forward"])
    assert result.error == ""
    assert result.scoreboard is not None
    assert len(result.scoreboard) == 5
    assert len(result.autoresult or "") < 64 * 1024


def test_a_flood_before_the_lines_leaves_them_whole() -> None:
    output = b"x" * 3_000_000 + to_autolab(report()).encode()
    result = autolab.saved(autolab.elided(output).decode(), ["Forward"])
    assert result.error == ""


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"scores": {"Forwards": 1}}', "no problem"),
        ('{"scores": {"Part 1: Forward": 1}}', autolab.PARSING),
        ('{"scores": {}}', autolab.PARSING),
        ('{"scores": {"Forward": NaN}}', autolab.PARSING),
        ("make: *** [autograde] Error 1", autolab.PARSING),
        ("{scores: {Forward: 1}}", ""),
    ],
)
def test_the_emulator_refuses_what_autolab_refuses(line: str, error: str) -> None:
    assert autolab.saved(f"text\n{line}\n", ["Forward"]).error.startswith(error)


def test_every_homeworks_problems_are_taken() -> None:
    """The names in the line are those of the lab's settings, and survive the rewriting."""
    for folder in sorted((ROOT / "testcases").iterdir()):
        assignment = load_assignment(ROOT, folder.name)
        parts = [part for part in assignment.parts if part.points]
        line = json.dumps({"scores": {part.title: 1 for part in parts}})
        result = autolab.saved(line, [part.title for part in assignment.parts], {"Essay": 3.0})
        assert result.error == ""
        assert result.scores.get("Essay", 3.0) == 3.0
