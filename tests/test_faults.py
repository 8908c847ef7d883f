"""Guards failures by the machine, the caller or a signal: exit codes, sentences, and that nothing is left.

Every command runs as a process of its own; a grading is one of the small assignment.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from bundles import POINTS, RIGHT, hand_in, recorded
from conftest import alive
from small_assignment import NAME, Project
from strict_json import strict_loads
from test_cli import COMMAND, environment, pids_below, wait_for

from grader.errors import AssignmentError, InternalError, UsageError
from grader.files import is_replaced, own_files, write_atomically
from grader.sandbox.stage import PREFIX, Stage, sweep

pytestmark = pytest.mark.long

PATIENCE = 120.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return recorded(tmp_path_factory.mktemp("project"))


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return hand_in(tmp_path / "right", RIGHT)


def run(*words: object, cwd: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    command = [*COMMAND, *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=environment(), text=True, timeout=PATIENCE, check=False, **how)


def points(text: str) -> float:
    return float(sum(row["score"] for row in strict_loads(text)["tests"]))


# where a report goes


def test_an_old_file_keeps_its_mode_and_a_new_one_gets_the_masks(tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("old", "utf-8")
    for mode in (0o600, 0o640, 0o666):
        file.chmod(mode)
        write_atomically(file, "new")
        assert stat.S_IMODE(file.stat().st_mode) == mode
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", "new")
        write_atomically(tmp_path / "told", "new", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "told").stat().st_mode) == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"old", "new", "told"}


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to somebody else, which takes root")
def test_an_old_file_keeps_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.touch()
    os.chown(file, 12345, 54321)
    write_atomically(file, "new")
    assert (file.stat().st_uid, file.stat().st_gid, file.read_text("utf-8")) == (12345, 54321, "new")


@pytest.mark.parametrize("target", ["file", "nothing yet", "link to a file"])
def test_a_link_stays_and_its_target_is_replaced(target: str, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    real = tmp_path / "far" / "results.json"
    if target != "nothing yet":
        real.write_text("a longer text than the new one", "utf-8")
    first = real
    if target == "link to a file":
        first = tmp_path / "first"
        first.symlink_to("far/results.json")
    link = tmp_path / "link"
    link.symlink_to(first)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert first == real or first.is_symlink()
    assert real.read_text("utf-8") == "new"
    assert [path.name for path in real.parent.iterdir()] == ["results.json"]


def reads(open_it: Callable[[], IO[bytes]]) -> Callable[[], bytes]:
    """Read in a thread, as another process would; call the result for what came."""
    got: list[bytes] = []

    def read() -> None:
        with open_it() as stream:
            got.append(stream.read())

    thread = threading.Thread(target=read)
    thread.start()

    def result() -> bytes:
        thread.join(PATIENCE)
        return got[0]

    return result


def test_a_pipe_is_written_to(tmp_path: Path, project: Project, right: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = reads(lambda: pipe.open("rb"))
    done = run("grade", NAME, right, "-o", pipe, cwd=project.root)
    assert done.returncode == 0, done.stderr
    assert points(result().decode()) == POINTS  # one report, without the draft that a file holds meanwhile
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def accepted(server: socket.socket) -> IO[bytes]:
    with server.accept()[0] as connection:
        return connection.makefile("rb")


def test_a_socket_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name may have a hundred characters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        server.listen()
        result = reads(lambda: accepted(server))
        write_atomically(Path("socket"), "new")
        assert result() == b"new"
    assert stat.S_ISSOCK(Path("socket").lstat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a device, which takes root")
def test_a_device_stays_one(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("this container or its file system has no devices")
    assert not is_replaced(device)
    write_atomically(device, "new")
    assert stat.S_ISCHR(device.lstat().st_mode)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to", ["pipe", "file"])
def test_standard_output_by_name_is_written_to(name: str, to: str, project: Project, right: Path) -> None:
    words = ["grade", NAME, right, "-o", name]
    if to == "pipe":
        done = run(*words, cwd=project.root)
        assert (done.returncode, points(done.stdout)) == (0, POINTS)
        return
    file = right.parent / "log"
    file.write_text("before\n", "utf-8")
    with file.open("a", encoding="utf-8") as log:
        assert run(*words, cwd=project.root, stdout=log).returncode == 0
    first, _, rest = file.read_text("utf-8").partition("\n")
    assert (first, points(rest)) == ("before", POINTS)


def test_what_a_shell_hands_over_is_written_to(project: Project, right: Path) -> None:
    command = f'{sys.executable} -m grader grade {NAME} "{right}" -o >(cat)'
    done = subprocess.run(
        ["bash", "-c", command], cwd=project.root, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert points(done.stdout) == POINTS


def test_a_full_disk_is_the_machines_fault(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="/dev/full: No space left on device"):
        write_atomically(Path("/dev/full"), "new")
    with pytest.raises(UsageError, match="Is a directory"):
        write_atomically(tmp_path, "new")
    assert not list(tmp_path.iterdir())


# standard output and error


GRADE = f"grade {NAME} HAND-IN"
WRITING = (
    *("list", "--help", GRADE, f"{GRADE} --format terminal", f"{GRADE} --format csv", f"{GRADE} --format junit"),
    *(f"{GRADE} --format csv -o /dev/stdout", f"record {NAME} --check", "doctor"),
)


@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
@pytest.mark.parametrize("words", WRITING)
def test_an_output_that_takes_nothing_is_the_machines_fault(
    words: str, output: str, project: Project, right: Path
) -> None:
    command = f"{sys.executable} -m grader {words.replace('HAND-IN', str(right))} {output}"
    done = subprocess.run(["sh", "-c", command], cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "can't write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_that_nothing_is_written_to_does_no_harm(project: Project, right: Path) -> None:
    file = right.parent / "results.json"
    command = f"{sys.executable} -m grader grade {NAME} '{right}' -o '{file}' <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=project.root, check=False).returncode == 0
    assert points(file.read_text("utf-8")) == POINTS


@pytest.mark.parametrize("words", [["grade", "nothing", "nothing"], ["frobnicate"], ["list", "--project", "/nowhere"]])
def test_nobody_to_tell_changes_no_code(words: list[str], project: Project) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert run(*words, cwd=project.root, stderr=full).returncode == 2


# what a signal leaves


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["record", "audit"])
def test_a_signal_ends_a_pool_and_all_that_it_started(command: str, number: signal.Signals, tmp_path: Path) -> None:
    project = recorded(tmp_path / "project")
    project.write("testcases/small/variants.toml", SLOW)
    stages = tmp_path / "stages"
    stages.mkdir()
    words = [*COMMAND, command, NAME, "--jobs", "2"]
    if command == "audit":
        for before in ("record", "template"):
            assert run(before, NAME, cwd=project.root).returncode == 0
    with subprocess.Popen(
        words,
        cwd=project.root,
        env=environment(TMPDIR=str(stages)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: process.poll() is not None or any(stages.glob(f"{PREFIX}*/changed")))
        assert process.poll() is None, process.communicate()
        below = pids_below(process.pid)
        process.send_signal(number)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert told == f"grader: stopped by {number.name}\n"
    wait_for(lambda: not any(alive(pid) for pid in below))
    assert not list(stages.iterdir())


SLOW = """
[[variant]]
name = "slow"
credit = 0.0
loses = ["forward"]
file = "line.py"
find = "return scaled + self.offset"
replace = "import time; time.sleep(1.5); return scaled"
hint = "Don't sleep."
"""


def test_an_ignored_hang_up_stays_ignored(project: Project, right: Path) -> None:
    """What nohup starts goes on when the terminal is closed."""
    command = f"trap '' HUP; exec {sys.executable} -m grader grade {NAME} '{right}'"
    with subprocess.Popen(
        ["sh", "-c", command], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: process.poll() is not None or pids_below(process.pid))
        process.send_signal(signal.SIGHUP)
        out, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, points(out)) == (0, POINTS), told


@pytest.fixture
def left(scratch: Path) -> Path:
    """A stage whose process was killed."""
    code = (
        f"import os, tempfile; tempfile.tempdir = {str(scratch)!r}\n"
        "from grader.sandbox.stage import Stage\n"
        "stage = Stage(); (stage.path / 'file').touch(); print(stage.path, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    path = Path(done.stdout.strip())
    assert (path / "file").exists()
    return path


def test_a_sweep_takes_what_the_dead_left_and_nothing_else(left: Path, scratch: Path) -> None:
    (scratch / f"{PREFIX}link").symlink_to("/")
    (scratch / f"{PREFIX}file").touch()
    (scratch / "grader-other").mkdir()
    with Stage() as mine:
        assert not left.exists()
        sweep()
        assert mine.is_dir()
    assert not mine.exists()
    assert {path.name for path in scratch.iterdir()} == {f"{PREFIX}link", f"{PREFIX}file", "grader-other"}


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to somebody else, which takes root")
def test_a_sweep_leaves_other_users_stages(left: Path) -> None:
    os.chown(left, 12345, 12345)
    sweep()
    assert left.exists()


def test_stages_that_are_made_at_once_dont_take_each_other_for_left(scratch: Path) -> None:
    code = (
        f"import tempfile; tempfile.tempdir = {str(scratch)!r}\n"
        "from grader.sandbox.stage import Stage\n"
        "for _ in range(100):\n"
        "    with Stage() as path: (path / 'file').write_text('x')\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    told = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert not list(scratch.iterdir())


# what lies in the current folder


@pytest.mark.parametrize(
    "name",
    ["json", "enum", "argparse", "numpy", "pytest", "rich", "multiprocessing", "tempfile", "tomllib", "__future__"],
)
def test_nothing_is_imported_from_the_current_folder(name: str, project: Project, right: Path) -> None:
    ran = right / "ran"
    (right / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\nraise SystemExit(0)\n", "utf-8")
    for words in (["grade", NAME, right / "line.py"], ["list"], ["record", NAME, "--check", "--jobs", "2"]):
        done = run(*words, "--project", project.root, cwd=right)
        assert done.returncode == 0, done.stderr
        assert not ran.exists(), words


@pytest.mark.parametrize("name", ["grader", "pkgutil", "types", "importlib", "runpy", "json"])
@pytest.mark.parametrize("way", ["command", "-P"])
def test_the_ways_that_the_readme_names_are_safe_from_every_module(
    way: str, name: str, project: Project, right: Path
) -> None:
    """Python imports some of these before it runs `python -m grader`."""
    if way == "-P" and sys.version_info < (3, 11):
        pytest.skip("-P came with Python 3.11")
    script = Path(sys.executable).with_name("grader")
    assert script.is_file()
    start = [script] if way == "command" else [sys.executable, "-P", "-m", "grader"]
    ran = right / "ran"
    (right / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\n", "utf-8")
    words = [*start, "list", "--project", project.root]
    done = subprocess.run(words, cwd=right, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not ran.exists()


# what a colleague's folder holds


def test_own_files_are_files_in_order(tmp_path: Path) -> None:
    for name in ("b/c.py", "b.py", "a/__pycache__/x.pyc", "a/z.py", "b/.pytest_cache/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".#b.py").symlink_to("author@host.1234")  # an editor's lock
    assert list(own_files(tmp_path)) == ["a/z.py", "b/c.py", "b.py"]


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe", "socket", "the folder itself"])
def test_what_isnt_a_file_of_the_folder_is_refused_by_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("key", "utf-8")
    place = root = tmp_path / "root"
    if kind != "the folder itself":
        place = root / "sub" / "thing"
    if kind == "link":
        place.symlink_to(tmp_path / "secret")
    elif kind == "linked folder":
        place.symlink_to(tmp_path)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        monkeypatch.chdir(place.parent)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(place.name)
    else:
        place = root = tmp_path / "link"
        root.symlink_to(tmp_path / "root")
    with pytest.raises(AssignmentError, match=str(place)):
        own_files(root)
