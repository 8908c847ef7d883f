"""Guards the command line as a shell, a platform's script or a student sees it: exit codes, sentences, files.

Every command runs as a process of its own.
"""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import BONUS, ROOT, Overlay, alive
from strict_json import strict_loads, validate

from grader.assignment import Assignment
from grader.fixtures import Fixtures, load_current, save
from grader.questions import fixtures_file, read_questions
from grader.settings import load_assignment

COMMAND = [sys.executable, "-m", "grader"]
HANGING = {"mytorch/optimizer.py": "while True: pass\n", "mytorch/dropout.py": "while True: pass\n"}
PATIENCE = 120.0
"""How long a test waits for another process before it gives up; nothing is concluded from how long it took."""


def environment(**changes: str) -> dict[str, str]:
    """The caller's environment without what changes colours or widths."""
    return {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS", "CLICOLOR_FORCE")} | changes


def run(*arguments: object, cwd: Path = ROOT, **changes: str) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.run(
        words, cwd=cwd, env=environment(**changes), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def said(result: subprocess.CompletedProcess[str], code: int) -> str:
    """What a command that doesn't do its work says: one `grader: ` sentence, and no traceback."""
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith(("grader: ", "usage: "))
    assert "Traceback" not in result.stderr
    return result.stderr


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own with the one homework, to be changed."""
    for folder in ("reference", "student_template", "testcases"):
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(ROOT / folder / BONUS, tmp_path / "project" / folder / BONUS, ignore=ignored)
    return tmp_path / "project"


# help


def commands() -> list[str]:
    listed = run("--help").stdout.partition("COMMAND\n")[2].partition("\n\n")[0]
    return re.findall(r"^    (\w+)", listed, re.MULTILINE)


def test_help_names_the_commands_and_the_exit_codes() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert {"list", "record", "template", "handout", "check", "grade"} <= set(commands())
    assert "exit codes" in result.stdout


def test_every_command_helps_with_an_example() -> None:
    for command in commands():
        result = run(command, "--help")
        assert result.returncode == 0, command
        assert result.stderr == "", command
        assert "examples:" in result.stdout, command
        assert f"grader {command}" in result.stdout.partition("examples:")[2], command


def test_the_version_is_the_packages() -> None:
    from grader import __version__

    assert run("--version").stdout == f"grader {__version__}\n"


# wrong calls


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["grad"],
        ["grade"],
        ["grade", BONUS],
        ["grade", BONUS, ".", "--format", "xml"],
        ["grade", BONUS, ".", "--what"],
        ["handout", BONUS],
        ["list", "too", "many"],
        *(["grade", BONUS, ".", "--test-seconds", text] for text in ("0", "-1", "ten", "nan", "inf", "1e9", "")),
        *(["grade", BONUS, ".", "--memory-mb", text] for text in ("0", "0.5", "-1", "1e9", "")),
        *([command, BONUS, "--jobs", text] for command in ("record", "audit") for text in ("0", "-1", "two")),
    ],
    ids=lambda arguments: " ".join(arguments[2:]) or " ".join(arguments) or "nothing",
)
def test_a_wrong_call_is_explained(arguments: Sequence[str]) -> None:
    assert "usage: grader" in said(run(*arguments), 2)


@pytest.mark.parametrize(
    "command",
    [["grade", ".", "."], ["grade", ".", "nothing.tar"], ["record"], ["template"], ["handout", "-o", "x.zip"]],
    ids=str,
)
def test_an_unknown_assignment_gets_a_suggestion(command: list[str]) -> None:
    name = "cmu11785_hw1_bonu"
    words = [command[0], name, *command[2:]] if command[0] == "grade" else [command[0], name, *command[1:]]
    assert f"did you mean '{BONUS}'?" in said(run(*words), 2)


@pytest.mark.parametrize("name", ["zzz", "", "..", "/etc", "a\nb"])
def test_a_name_that_is_like_none_gets_the_list(name: str) -> None:
    assert BONUS in said(run("template", name, "--check"), 2)


def test_outside_of_a_project_the_remedy_is_named(tmp_path: Path) -> None:
    assert "--project" in said(run("list", cwd=tmp_path), 2)
    assert run("list", "--project", ROOT, cwd=tmp_path).returncode == 0


def test_a_folder_that_is_no_handout_is_said(tmp_path: Path) -> None:
    assert "isn't an unpacked handout" in said(run("check", tmp_path), 2)


def test_an_unknown_part_gets_the_list(bonus: Assignment) -> None:
    text = said(run("check", bonus.reference, "--assignment", BONUS, "--unjailed", "--part", "adm"), 2)
    assert all(part.name in text for part in bonus.parts)


def test_a_mistake_in_the_assignment_has_its_place(project: Path) -> None:
    toml = project / "testcases" / BONUS / "assignment.toml"
    lines = toml.read_text("utf-8").splitlines()
    row = next(number for number, line in enumerate(lines, 1) if line.startswith("seed"))
    for wrong in ("seed = -1", "seed = = 1", 'seed = "x"'):
        toml.write_text("\n".join([*lines[: row - 1], wrong, *lines[row:]]), "utf-8")
        assert f"assignment.toml:{row}: " in said(run("list", "--project", project), 2)


def test_stale_fixtures_have_their_remedy(project: Path) -> None:
    file = project / "testcases" / BONUS / "test_adam.py"
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    text = said(run("grade", BONUS, project / "reference" / BONUS, "--project", project), 2)
    assert "test_adam.py: changed" in text
    assert f"grader record {BONUS}" in text


@pytest.mark.parametrize("damage", ["missing", "cut", "a text"])
def test_damaged_fixtures_have_their_remedy(damage: str, project: Path) -> None:
    fixtures = project / "testcases" / BONUS / "fixtures"
    if damage == "missing":
        shutil.rmtree(fixtures)
    elif damage == "cut":
        data = (fixtures / "graded.npz").read_bytes()
        (fixtures / "graded.npz").write_bytes(data[: len(data) // 2])
    else:
        (fixtures / "graded.npz").write_text("{", "utf-8")
    text = said(run("grade", BONUS, project / "reference" / BONUS, "--project", project), 2)
    assert f"grader record {BONUS}" in text


# right calls


def test_list_shows_assignments_parts_and_points(bonus: Assignment) -> None:
    result = run("list")
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    for part in bonus.parts:
        row = next(line for line in result.stdout.splitlines() if f" {part.name} " in line and part.title in line)
        assert row.endswith(f"{float(part.points):g}")


def test_template_is_up_to_date() -> None:
    result = run("template", BONUS, "--check")
    assert (result.returncode, result.stdout) == (0, "up to date\n"), result.stderr


def test_template_drift_is_named_and_healed(project: Path) -> None:
    template = project / "student_template" / BONUS
    before = {file: file.read_bytes() for file in sorted(template.rglob("*.py"))}
    (template / "mytorch" / "dropout.py").write_text("pass\n", "utf-8")
    (template / "mytorch" / "loss.py").unlink()
    (template / "mytorch" / "more.py").write_text("", "utf-8")
    result = run("template", BONUS, "--check", "--project", project)
    assert result.returncode == 1
    for name in ("dropout.py", "loss.py", "more.py", f"grader template {BONUS}"):
        assert name in result.stderr
    assert run("template", BONUS, "--project", project).returncode == 0
    assert {file: file.read_bytes() for file in sorted(template.rglob("*.py"))} == before
    assert run("template", BONUS, "--check", "--project", project).returncode == 0


@pytest.mark.long
def test_fixtures_are_up_to_date() -> None:
    result = run("record", BONUS, "--check")
    assert (result.returncode, result.stdout) == (0, "up to date\n"), result.stderr


@pytest.mark.long
def test_fixture_drift_is_named_and_nothing_written(project: Path) -> None:
    assignment = load_assignment(project, BONUS)
    file = fixtures_file(assignment)
    fixtures = load_current(assignment)
    first = fixtures.tests[0]
    save(
        replace(fixtures, tests=(replace(first, points=Fraction(7)), *fixtures.tests[1:])),
        file,
        read_questions(assignment),
    )
    before = file.read_bytes()
    result = run("record", BONUS, "--check", "--project", project)
    assert result.returncode == 1
    assert first.id in result.stderr
    assert f"grader record {BONUS}" in result.stderr
    assert file.read_bytes() == before


def test_check_tells_what_is_missing(bonus: Assignment) -> None:
    result = run("check", bonus.template, "--assignment", BONUS, "--unjailed")
    assert result.returncode == 1, result.stderr
    assert "Not written yet: " in result.stdout
    assert "Hidden tests decide" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_persons_own_options_of_pytest_change_no_check(bonus: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option -x")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    result = run("check", bonus.reference, "--assignment", BONUS, "--unjailed")
    assert result.returncode == 0, result.stderr


def test_check_runs_a_hand_in_unjailed_only_where_that_is_said(overlay: Overlay, tmp_path: Path) -> None:
    """Staff who look into a hand-in are told what runs it in the jail, before any of it runs."""
    ran = tmp_path / "ran"
    hand_in = overlay({"mytorch/optimizer.py": f"open({str(ran)!r}, 'w')\n"})
    text = said(run("check", hand_in, "--assignment", BONUS), 2)
    assert f"grader grade {BONUS} {hand_in} --format terminal" in text
    assert not ran.exists()
    assert run("check", hand_in, "--assignment", BONUS, "--unjailed").returncode == 1
    assert ran.exists()


# grading


def results_of(text: str, answers: Fixtures) -> list[dict[str, Any]]:
    """The rows of a results.json that is valid and complete."""
    results = strict_loads(text)
    validate("gradescope-results", results)
    rows: list[dict[str, Any]] = results["tests"]
    assert [row["extra_data"]["id"] for row in rows] == [test.id for test in answers.tests]
    assert [row["max_score"] for row in rows] == [pytest.approx(float(test.points)) for test in answers.tests]
    return rows


def score(rows: list[dict[str, Any]]) -> float:
    return float(sum(row["score"] for row in rows))


def test_grade_writes_the_report_on_standard_output(bonus: Assignment, answers: Fixtures) -> None:
    result = run("grade", BONUS, bonus.reference)
    assert (result.returncode, result.stderr) == (0, "")
    assert score(results_of(result.stdout, answers)) == pytest.approx(15)


def test_grade_writes_a_file(bonus: Assignment, answers: Fixtures, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text("old", "utf-8")
    file.chmod(0o640)
    result = run("grade", BONUS, bonus.template, "-o", file)
    assert (result.returncode, result.stdout) == (0, "")
    assert "0 of 15 points" in result.stderr
    rows = results_of(file.read_text("utf-8"), answers)
    assert score(rows) == 0
    assert {row["extra_data"]["status"] for row in rows} == {"missing"}
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_grade_heeds_the_callers_mask(bonus: Assignment, answers: Fixtures, tmp_path: Path) -> None:
    """A staff member's 077 closes the results to others, and must not lock the worker out of its own files."""
    file = tmp_path / "results.json"
    before = os.umask(0o077)
    try:
        result = run("grade", BONUS, bonus.reference, "-o", file)
    finally:
        os.umask(before)
    assert result.returncode == 0, result.stderr
    assert score(results_of(file.read_text("utf-8"), answers)) == pytest.approx(15)
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_score_is_the_last_line_for_autolab(bonus: Assignment) -> None:
    """Autolab mixes both streams and reads the last line."""
    result = subprocess.run(
        [*COMMAND, "grade", BONUS, str(bonus.reference), "--format", "autolab"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    presentation, scores = result.stdout.rstrip().splitlines()[-2:]
    validate("autolab-presentation", strict_loads(presentation))
    validate("autolab-scores", strict_loads(scores))
    assert strict_loads(scores)["scores"] == {part.title: float(part.points) for part in bonus.parts}


def test_grade_shows_a_table(bonus: Assignment) -> None:
    result = run("grade", BONUS, bonus.template, "--format", "terminal", COLUMNS="70")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    assert bonus.title in result.stdout
    assert "0 / 15" in result.stdout


@pytest.mark.parametrize("name", ["nothing.tar", "no/folder", "line\nbreak", "\x1b[31mred"])
def test_a_hand_in_that_isnt_there_is_a_wrong_call(name: str, tmp_path: Path) -> None:
    """Nobody handed that in, so nobody gets a zero for it."""
    output = tmp_path / "results.json"
    for words in ([], ["-o", output], ["--format", "prairielearn", "-o", output]):
        text = said(run("grade", BONUS, tmp_path / name, *words), 2)
        assert text == f"grader: there is no file or folder {str(tmp_path / name)!r}; is that its name?\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04", os.urandom(3000), b"\x1f\x8b\x08\x00"], ids=len)
def test_a_hand_in_that_cant_be_read_is_a_report(content: bytes, answers: Fixtures, tmp_path: Path) -> None:
    (tmp_path / "handin.tar").write_bytes(content)
    result = run("grade", BONUS, tmp_path / "handin.tar")
    assert (result.returncode, result.stderr) == (0, "")
    assert score(results_of(result.stdout, answers)) == 0
    assert "handin.tar" in strict_loads(result.stdout)["output"]


@pytest.mark.parametrize("name", ["a\rb", "a\x1b[31mb", "a\nb", "a\u202eb"], ids=ascii)
def test_names_in_a_hand_in_that_cant_be_read_are_made_harmless(name: str, answers: Fixtures, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "handin.tar", "w") as archive:
        info = tarfile.TarInfo(f"mytorch/{name}.py")
        info.size = 11 * 2**20
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    result = run("grade", BONUS, tmp_path / "handin.tar")
    assert (result.returncode, result.stderr) == (0, "")
    results_of(result.stdout, answers)
    told = "".join(str(value) for value in strict_loads(result.stdout)["tests"][0].values())
    assert not set(told) & {"\r", "\x1b", "\u202e"}


def test_a_hand_in_of_other_files_is_a_report(answers: Fixtures, tmp_path: Path) -> None:
    (tmp_path / "essay.txt").write_text("Dear grader", "utf-8")
    result = run("grade", BONUS, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert {row["extra_data"]["status"] for row in results_of(result.stdout, answers)} == {"missing"}


@pytest.mark.parametrize("output", ["no/folder/results.json", "", "/proc/results.json"])
def test_an_output_that_cant_be_written_is_said(output: str, bonus: Assignment, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    text = said(run("grade", BONUS, bonus.reference, "-o", tmp_path / "own" / output), 2)
    assert "can't write" in text
    assert [path.name for path in tmp_path.rglob("*")] == ["own"]


@pytest.mark.parametrize("output", ["no/folder/handout.zip", "no/folder/handout.tar.gz", "taken"])
def test_a_handout_that_cant_be_written_is_said(output: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    said(run("handout", BONUS, "-o", tmp_path / output), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def pids_below(pid: int) -> set[int]:
    """A process's descendants."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = {int(child) for child in task.read_text("ascii").split()}
        except OSError:
            continue
        found |= children
        for child in children:
            found |= pids_below(child)
    return found


def start_hanging(overlay: Overlay, file: Path, *limits: str, **changes: str) -> subprocess.Popen[str]:
    words = [*COMMAND, "grade", BONUS, str(overlay(HANGING)), "-o", str(file), *limits]
    # a job in the background of a shell ignores the interrupt, and so would every process below it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            words, cwd=ROOT, env=environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_failed_report_is_there_before_the_first_test(answers: Fixtures, overlay: Overlay, tmp_path: Path) -> None:
    """Whatever kills the grader, a platform finds a complete report."""
    file = tmp_path / "results.json"
    with start_hanging(overlay, file, "--test-seconds", "2", "--total-seconds", "2") as process:
        wait_for(file.exists)
        early = results_of(file.read_text("utf-8"), answers)
        assert process.poll() is None
        out, err = process.communicate(timeout=PATIENCE)
    assert score(early) == 0
    assert {row["extra_data"]["status"] for row in early} == {"internal"}
    assert (process.returncode, out) == (0, ""), err
    late = results_of(file.read_text("utf-8"), answers)
    assert {row["extra_data"]["status"] for row in late} == {"timeout"}
    assert score(late) == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_grader_that_is_killed_leaves_a_report_and_no_process(
    number: signal.Signals, answers: Fixtures, overlay: Overlay, tmp_path: Path
) -> None:
    file = tmp_path / "results.json"
    stages = tmp_path / "stages"
    stages.mkdir(mode=0o755)
    with start_hanging(overlay, file, "--test-seconds", "100", TMPDIR=str(stages)) as process:
        wait_for(file.exists)
        # the zygote, and its child in which the submission hangs
        wait_for(lambda: len(pids_below(process.pid)) >= 2)
        below = pids_below(process.pid)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in err
    assert score(results_of(file.read_text("utf-8"), answers)) == 0
    wait_for(lambda: not any(alive(pid) for pid in below))
    assert len(list(stages.iterdir())) == (number == signal.SIGKILL)
    # the next grading clears up behind one that couldn't
    assert run("grade", BONUS, tmp_path / "results.json", TMPDIR=str(stages)).returncode == 0
    assert not list(stages.iterdir())


@pytest.mark.parametrize(
    ("package", "call", "extra"), [("rich", ["list"], ""), ("jinja2", ["audit", BONUS], "[class]")]
)
def test_a_missing_package_is_named_with_the_call_that_installs_it(package: str, call: list[str], extra: str) -> None:
    words = ["grader", *call, "--project", str(ROOT)]
    script = f"import sys; sys.modules[{package!r}] = None; sys.argv = {words!r}"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; from grader.__main__ import run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"grader: the package {package} isn't installed for {sys.executable}; "
        f"install it: {sys.executable} -m pip install 'dl-grader{extra}'\n"
    )
