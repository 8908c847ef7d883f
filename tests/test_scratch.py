"""Guards that a child finds nothing of an earlier one: folders, links, modes, times, disk usage, tasks, users."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Overlay

from grader.assignment import Assignment
from grader.errors import InternalError
from grader.fixtures import load_current
from grader.grade import grade_in
from grader.questions import read_questions
from grader.report import Report
from grader.sandbox import identity, scratch
from grader.sandbox.removal import remove
from grader.sandbox.scratch import Scratch, settle_times
from grader.sandbox.worker import Worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is graded elsewhere")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Scratch]:
    """A work folder, as the worker has it."""
    around = tmp_path / "around"
    around.mkdir()
    folder = Scratch(around, None)
    folder.renew()
    yield folder
    folder.close()


def test_a_work_folder_is_removed_whatever_its_modes_are(made: Scratch) -> None:
    for mode in (0o000, 0o100, 0o200, 0o300, 0o500, 0o700):
        folder = made.path / f"folder{mode}"
        (folder / "inner" / "more").mkdir(parents=True)
        (folder / "inner" / "file").touch(0o000)
        (folder / "inner").chmod(mode)
        folder.chmod(mode)
    made.path.chmod(0o000)
    made.renew()
    assert list(made.path.iterdir()) == []


def test_a_deep_folder_is_removed(made: Scratch) -> None:
    place = os.open(made.path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=place)
        deeper = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)
    made.renew()
    assert list(made.path.iterdir()) == []


def test_a_link_in_the_place_of_the_work_folder_is_not_followed(made: Scratch, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answers.mkdir(0o700)
    (answers / "kept").touch()
    answers.chmod(0o500)
    made.path.rmdir()
    made.path.symlink_to(answers)
    made.renew()
    assert stat.S_IMODE(answers.stat().st_mode) == 0o500
    assert [path.name for path in answers.iterdir()] == ["kept"]
    assert made.path.is_dir()
    assert not made.path.is_symlink()


def test_a_link_in_the_place_of_the_folder_around_is_not_followed(made: Scratch, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / scratch.NAME).mkdir()
    (answers / scratch.NAME / "kept").touch()
    made.path.parent.rename(tmp_path / "moved")
    made.path.parent.symlink_to(answers)
    made.renew()
    assert (answers / scratch.NAME / "kept").exists()


def test_what_is_removed_may_be_a_file_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "absent"):
        remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_that_grows_too_big_is_noticed(made: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "WORK_BYTES", 2**20)
    (made.path / "deep").mkdir()
    (made.path / "deep" / "file").write_bytes(bytes(2**19))
    assert made.excess() == ""
    (made.path / "more").write_bytes(bytes(2**20))
    assert "wrote more than" in made.excess()


def test_many_files_are_noticed(made: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "WORK_FILES", 20)
    for number in range(21):
        (made.path / str(number)).touch()
    assert "20 files" in made.excess()


def test_a_full_disk_is_no_fault_of_the_submission(
    bonus: Assignment, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    with Worker(bonus, read_questions(bonus)) as worker:
        monkeypatch.setattr(scratch, "SPARE_BYTES", 2**62)
        with pytest.raises(InternalError, match="is full"):
            grade_in(worker, load_current(bonus), bonus.reference)


def test_reading_leaves_no_time_of_access(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    file = folder / "inner" / "file"
    file.write_text("x")
    settle_times(folder)
    before = {path: path.stat().st_atime_ns for path in (folder, folder / "inner", file)}
    for path in (folder, folder / "inner"):
        os.listdir(path)
    file.read_text()
    assert {path: path.stat().st_atime_ns for path in before} == before


# through the whole grading

TELLING = """
import os, pathlib
def attack(layer, x):
    got = []
    for place in (os.environ["HOME"], "/tmp", "/var/tmp", "/dev/shm"):
        note = os.path.join(place, "note-of-a-test")
        if os.path.exists(note):
            got.append(place)
        try:
            os.mkdir(note, 0o300)
        except OSError:
            pass
    print("GOT" if got else "NOTHING", got)
"""


def attacked(overlay: Overlay, bonus: Assignment, body: str) -> Path:
    text = (bonus.reference / "mytorch" / "dropout.py").read_text("utf-8")
    hook = """

_right = Dropout.forward
def _forward(self, x, *args, **kwargs):
    attack(self, x)
    return _right(self, x, *args, **kwargs)
Dropout.forward = _forward
"""
    return overlay({"mytorch/dropout.py": text + "\n\n" + textwrap.dedent(body) + hook})


def said(report: Report) -> str:
    return "\n".join(f"{test.output}\n{test.message}" for test in report.tests)


def graded_with_landlock(bonus: Assignment, hand_in: Path, otherwise: str) -> Report:
    """Grade a hand-in; where the worker has no Landlock, skip the test and say what holds `otherwise`."""
    with Worker(bonus, read_questions(bonus)) as worker:
        worker.wait_ready()
        if "landlock" not in worker.layers:
            pytest.skip(f"{otherwise} below landlock")
        return grade_in(worker, load_current(bonus), hand_in)


def test_a_closed_folder_says_nothing_to_the_next_test(bonus: Assignment, overlay: Overlay, nothing_left: None) -> None:
    # a second call in the same test finds what the first one left, and may
    body = TELLING.replace("got = []", "got = []\n    if getattr(attack, 'done', 0): return\n    attack.done = 1")
    report = graded_with_landlock(
        bonus, attacked(overlay, bonus, body), otherwise="folders that all may write to are open"
    )
    assert "NOTHING" in said(report)
    assert "GOT" not in said(report)


def test_a_hidden_package_says_that_it_isnt_allowed(bonus: Assignment, overlay: Overlay) -> None:
    pytest.importorskip("torch")
    body = """
    def attack(layer, x):
        exec(compile("import torch", "/x.py", "exec"), {})
    """
    report = graded_with_landlock(
        bonus, attacked(overlay, bonus, body), otherwise="nothing hides a package's files below landlock"
    )
    assert "torch" in said(report)
    assert "doesn't allow" in said(report)
    assert report.score < report.max_score


@pytest.mark.parametrize("way", ["sys.meta_path.clear()", "sys.meta_path[:] = sys.meta_path[-3:]"])
def test_a_hidden_package_cant_be_read_without_our_finder(way: str, bonus: Assignment, overlay: Overlay) -> None:
    torch = pytest.importorskip("torch")
    body = f"""
    def attack(layer, x):
        import sys
        import importlib.util
        {way}
        try:
            spec = importlib.util.spec_from_file_location("torch", {torch.__file__!r})
            spec.loader.get_source("torch")
            print("GOT", spec)
        except (ImportError, OSError) as error:
            print("REFUSED", error)
    """
    report = graded_with_landlock(
        bonus, attacked(overlay, bonus, body), otherwise="nothing hides a package's files below landlock"
    )
    assert "REFUSED" in said(report)
    assert "GOT" not in said(report)


def test_half_of_few_tasks_is_left_to_others(tmp_path: Path) -> None:
    script = """
        import os, resource
        from grader.sandbox.child.jail import _set_limits, _tasks_of
        uid = os.getuid()
        resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))
        used = _tasks_of(uid)
        if used >= 90:
            used = 0
            import grader.sandbox.child.jail as jail
            jail._tasks_of = lambda uid: 0
        _set_limits(1024, 10, uid, filtered=True)
        print(used + (100 - used) // 2, resource.getrlimit(resource.RLIMIT_NPROC))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    half, _, limit = done.stdout.partition(" ")
    assert limit.strip() == f"({half}, {half})"


def test_plenty_of_tasks_are_left_alone() -> None:
    given = resource.getrlimit(resource.RLIMIT_NPROC)
    if given[0] != resource.RLIM_INFINITY and given[0] < 4096:
        pytest.skip("few tasks are allowed here")
    script = """
        import resource
        from grader.sandbox.child.jail import _set_limits
        _set_limits(1024, 10, 0, filtered=True)
        print(resource.getrlimit(resource.RLIMIT_NPROC))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(given)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user for student code")
def test_gradings_at_once_have_different_users() -> None:
    if identity.worker_user() is None:
        pytest.skip("there is no user grader-worker, or we may not become it; isolation_run.py makes one")
    held = [identity.identity() for _ in range(3)]
    users = [one.user for one in held if one is not None]
    assert users[0] == identity.worker_user() or users[0][0] in identity.MORE_IDS
    assert len(set(users)) == 3
    for one in held:
        assert one is not None
        one.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has powers to lose")
def test_root_without_another_user_has_no_powers_in_a_child(
    bonus: Assignment, overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "WORKER_USER", "nobody-of-this-name")
    body = """
    def attack(layer, x):
        import ctypes, struct
        sets = ctypes.create_string_buffer(24)
        ctypes.CDLL(None).capget(struct.pack("<Ii", 0x20080522, 0), sets)
        bounding = [number for number in range(64) if ctypes.CDLL(None).prctl(23, number, 0, 0, 0) == 1]
        print("POWERS", sets.raw.hex(), bounding)
    """
    with Worker(bonus, read_questions(bonus)) as worker:
        report = grade_in(worker, load_current(bonus), attacked(overlay, bonus, body))
    assert f"POWERS {'00' * 24} []" in said(report)
