"""A student's evening with a handout: one screen, what failed, loops, Ctrl-C, breakpoints, and other systems."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ROOT
from small_assignment import SETTINGS, VARIANTS, VARIANTS_FILE, Project

from grader.authoring import record
from grader.authoring.collecting import clean_environment
from grader.authoring.handout import make_handout
from grader.export.screen import MOST_LINES

pytestmark = pytest.mark.long

RUNNER = "autograder/runner.py"
FORWARD_BODY = 'raise NotImplementedError("Line.forward")'
RIGHT = "return self.slope * x + self.offset"
NO_OFFSET = "return self.slope * x"
BACKWARD_BODY = 'raise NotImplementedError("Line.backward")'
RIGHT_BACKWARD = "return self.slope * np.asarray(delta)"

WITHOUT_UNIX = """
import importlib.abc, os, signal, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty", "readline"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in ("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty", "readline"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
for name in ("setitimer", "getitimer", "alarm", "SIGALRM", "SIGHUP", "SIGKILL", "pthread_sigmask"):
    if hasattr(signal, name):
        delattr(signal, name)
for name in ("O_CLOEXEC", "fork", "geteuid", "fchown", "fchmod", "fchdir", "chown", "sched_getaffinity", "setsid"):
    if hasattr(os, name):
        delattr(os, name)
"""
"""What Windows lacks; the parts of Python that the standard library itself chose for this system stay."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout of a homework with a known mistake; one loop costs two seconds there."""
    root = tmp_path_factory.mktemp("evening")
    project = Project(root / "project")
    project.write(VARIANTS_FILE, VARIANTS)
    project.edit(SETTINGS, "test_seconds = 20", "test_seconds = 2")
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    make_handout(assignment, root / "handout")
    return root / "handout"


@pytest.fixture
def handout(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "handout"))


def write(handout: Path, forward: str, backward: str = "") -> None:
    """Replace the functions' bodies."""
    file = handout / "line.py"
    text = file.read_text("utf-8").replace(FORWARD_BODY, forward)
    file.write_text(text.replace(BACKWARD_BODY, backward or BACKWARD_BODY), "utf-8")


def run(
    handout: Path,
    *words: str,
    command: Sequence[str] = (RUNNER,),
    stdin: str = "",
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, *words],
        cwd=handout,
        env={**clean_environment(), **(environment or {})},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )


def test_one_screen_says_points_the_first_mistake_its_hint_and_what_isnt_written(handout: Path) -> None:
    write(handout, NO_OFFSET)
    done = run(handout)
    assert done.returncode == 1
    screen = done.stdout
    assert len(screen.splitlines()) <= MOST_LINES
    assert "0 of 3.5 public points" in screen
    assert "Hidden tests decide about 1 more points." in screen
    assert "Fix first: 1.1.1 Line.forward gives y" in screen
    assert "line.py, line 14, in Line.forward" in screen
    assert "expected: " in screen
    assert "Hint: Add the offset." in screen
    assert "Probably the same: 1.1.2" in screen
    assert "Not written yet: Line.backward (for 2.1)" in screen
    assert screen.index("Not written yet") < screen.index("Fix first")
    assert f"Again: {Path(sys.executable).name} {RUNNER} 1.1.1" in screen
    assert "\x1b" not in screen

    installed = run(handout, command=("-I", "-m", "grader", "check")).stdout
    assert "line.py, line 14, in Line.forward" in installed
    assert "autograder/" not in installed

    write_again = (handout / "line.py").read_text("utf-8").replace(NO_OFFSET, RIGHT)
    (handout / "line.py").write_text(write_again, "utf-8")
    failed = run(handout, "--failed")
    assert re.search(r"Since \d\d:\d\d: \+2 points, now right: 1\.1\.1, 1\.1\.2", failed.stdout)
    assert "Next: write Line.backward" in failed.stdout
    only = run(handout, "1.1", "--all")
    assert only.returncode == 0
    assert "2.1" not in only.stdout
    unknown = run(handout, "9.9")
    assert unknown.returncode == 2
    assert "no public test '9.9'; there are: 1.1.1, 1.1.2, 2.1" in unknown.stderr
    page = handout / "page.html"
    for _ in range(2):  # written, then replaced
        assert like_windows(handout, [RUNNER, "--html", str(page)]).returncode == 1
    assert "Not written yet:" in page.read_text("utf-8")


def test_all_public_points_end_with_0(handout: Path) -> None:
    write(handout, RIGHT, RIGHT_BACKWARD)
    done = run(handout)
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("All public points are there.")


def test_plain_pytest_has_a_line_a_failure_and_remembers_the_last(handout: Path) -> None:
    write(handout, NO_OFFSET, RIGHT_BACKWARD)
    first = run(handout, command=("-m", "pytest"))
    assert first.returncode == 1
    line = next(line for line in first.stdout.splitlines() if line.startswith("1.1.1  y: "))
    assert "[line.py, line 14, in Line.forward]" in line
    assert line.endswith("Hint: Add the offset.")
    again = run(handout, "--lf", command=("-m", "pytest"))
    assert "2 failed" in again.stdout
    assert "passed" not in again.stdout.splitlines()[-1]


LOOP = """self.n = 0
        while self.n < 5:
            try:
                self.n = 0
            except:
                pass"""


@pytest.mark.parametrize("program", ["runner", "pytest", "runner without alarms"])
def test_an_endless_loop_that_catches_everything_is_ended_and_its_line_named(program: str, handout: Path) -> None:
    write(handout, LOOP, RIGHT_BACKWARD)
    started = time.monotonic()
    if program == "pytest":
        done = run(handout, command=("-m", "pytest"))
    elif program == "runner":
        done = run(handout)
    else:
        done = like_windows(handout, [RUNNER])
    assert time.monotonic() - started < 60
    assert re.search(r"line\.py, line 1\d, in forward: \S", done.stdout), done.stdout + done.stderr
    assert done.returncode == 1
    if program != "pytest":
        assert "1.5 / 1.5" in done.stdout


def like_windows(handout: Path, words: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as on a system without the parts of Unix that Python's own library can do without."""
    script = (
        f"{WITHOUT_UNIX}\nimport runpy\nsys.argv = {list(words)!r}\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return run(handout, command=("-c", script), environment=environment)


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["cp1252", "ascii"],
)
def test_a_terminal_of_few_characters_gets_them_all(environment: dict[str, str], handout: Path) -> None:
    write(handout, f'print("\\u03b2 = \\u2713")\n        {NO_OFFSET}', RIGHT_BACKWARD)
    for words in ([RUNNER], [RUNNER, "--all"]):
        done = like_windows(handout, words, **environment)
        assert done.returncode == 1, done.stderr
        assert done.stderr == ""
        assert "Add the offset." in done.stdout


@pytest.mark.parametrize("words", [["template", "small", "--check"], ["handout", "small", "-o", "made.zip"], ["list"]])
def test_other_systems_make_handouts_too(words: list[str], made: Path, tmp_path: Path) -> None:
    """All but grading and recording works without what only Unix has."""
    project = shutil.copytree(made.parent / "project", tmp_path / "project")
    if words[0] == "template":
        made_here = run(project, "template", "small", command=("-m", "grader"))
        assert made_here.returncode == 0, made_here.stderr
    # "darwin" for the project's own switches: Python's library has chosen already
    script = f"{WITHOUT_UNIX}\nsys.platform = 'darwin'\nfrom grader.cli import main\nsys.exit(main({words!r}))"
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(project, command=("-c", script), environment=environment)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_shows_what_is_known_and_ends_with_130(handout: Path) -> None:
    write(handout, 'import time\n        open("slow", "w").close()\n        time.sleep(60)')
    text = (handout / "line.py").read_text("utf-8")
    (handout / "line.py").write_text(text.replace("return scaled", ""), "utf-8")
    # the first case is right, and the second one sleeps
    (handout / "line.py").write_text(
        text.replace("import time\n", f"import time\n        if self.slope > 0:\n            {RIGHT}\n"), "utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, RUNNER], cwd=handout, env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (handout / "slow").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "1 of 1 public points" in printed
    assert "! Stopped: 2 tests didn't run." in printed


@pytest.mark.parametrize("stop", ["breakpoint()", "import pdb; pdb.set_trace()"])
def test_a_breakpoint_reaches_the_terminal(stop: str, handout: Path) -> None:
    write(handout, f"{stop}\n        {RIGHT}", RIGHT_BACKWARD)
    done = run(handout, "1.1", stdin="p 'shape is', x.shape\nc\nq\n")
    assert "('shape is', (3, 4))" in done.stdout
    assert done.returncode == 130
    assert "1 of 1 public points" in done.stdout


def test_the_debugger_opens_at_the_first_failure(handout: Path) -> None:
    write(handout, "return 1 / 0")
    done = run(handout, "1.1", "--pdb", stdin="p 'shape is', x.shape\nq\n")
    assert "('shape is', (3, 4))" in done.stdout
    assert "warning" not in done.stdout
    installed = [sys.executable, "-m", "grader", "check", str(handout), "1.1", "--pdb"]
    done = subprocess.run(installed, cwd=ROOT, input="q\n", capture_output=True, text=True, timeout=60)
    assert "ZeroDivisionError" in done.stdout
    assert "warning" not in done.stdout


def test_it_runs_again_when_a_file_changes(handout: Path) -> None:
    write(handout, NO_OFFSET, RIGHT_BACKWARD)
    process = subprocess.Popen(
        [sys.executable, "-u", RUNNER, "--watch"],
        cwd=handout,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    printed = []
    with process.stdout as stream:
        for line in stream:
            printed.append(line)
            if line.startswith("Waiting for a change"):
                if any("All public points" in line for line in printed):
                    break
                time.sleep(0.1)
                text = (handout / "line.py").read_text("utf-8")
                (handout / "line.py").write_text(text.replace(NO_OFFSET, RIGHT), "utf-8")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert any("Hint: Add the offset." in line for line in printed)


def test_a_virtual_environment_inside_the_handout_is_no_student_code(handout: Path) -> None:
    """Its modules aren't forgotten between tests, and its frames aren't shown."""
    write(handout, "return np.dot(x, [1.0, 2.0])", RIGHT_BACKWARD)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", handout / ".venv"], check=True)
    python = next((handout / ".venv").glob("*/python"))
    library = next((handout / ".venv").glob("lib/*/site-packages"))
    for entry in map(Path, [entry for entry in sys.path if entry.endswith("site-packages")]):
        for package in entry.iterdir():
            if package.name.split(".")[0].split("-")[0] in LIBRARIES and not (library / package.name).exists():
                shutil.copytree(package, library / package.name, copy_function=os.link) if package.is_dir() else (
                    os.link(package, library / package.name)
                )
    environment = {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, RUNNER], cwd=handout, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "1.5 / 1.5" in done.stdout
    assert "ValueError: shapes (3,4) and (2,) not aligned" in done.stdout
    assert "site-packages" not in done.stdout
    assert len(re.findall(r"line\.py, line \d+, in forward: return np\.dot", done.stdout)) == 1


LIBRARIES = {
    "gradescope_utils",
    "numpy",
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "rich",
    "markdown_it",
    "mdurl",
    "py",
} | {
    "tomli",
    "exceptiongroup",
    "typing_extensions",
}


def test_two_handouts_in_one_run_of_pytest_dont_disturb_each_other(handout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(handout, other)
    (other / "autograder" / "small" / "points.py").write_text(
        "def some_points(rng):\n    raise RuntimeError('of the other handout')\n", "utf-8"
    )
    write(handout, RIGHT, RIGHT_BACKWARD)
    write(other, RIGHT, RIGHT_BACKWARD)
    tests = [str(folder / "autograder" / "small") for folder in (handout, other)]
    for order in (tests, tests[::-1]):
        done = run(tmp_path, "-p", "no:cacheprovider", *order, command=("-m", "pytest", "-q"))
        assert "3 failed, 3 passed" in done.stdout, done.stdout
        assert done.stdout.count("RuntimeError: of the other handout") >= 3


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8", "3.9"])
def test_an_old_python_gets_a_sentence(version: str, handout: Path) -> None:
    found = sorted(Path("/root/.pyenv/versions").glob(f"{version}.*/bin/python")) if os.access("/root", os.X_OK) else []
    python = str(found[0]) if found else shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run([python, RUNNER], cwd=handout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("This needs Python 3.10 or newer, and ")
    assert len(done.stderr.splitlines()) == 1


def test_hints_stay_with_the_instructor_if_the_assignment_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write(VARIANTS_FILE, VARIANTS)
    project.edit(SETTINGS, "[parts.forward]", "[handout]\nhints = false\n\n[parts.forward]")
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    make_handout(assignment, tmp_path / "handout")
    write(tmp_path / "handout", NO_OFFSET)
    assert "Add the offset" not in run(tmp_path / "handout").stdout
    assert b"offset-forgotten" not in (tmp_path / "handout" / "autograder/small/fixtures/public.npz").read_bytes()
