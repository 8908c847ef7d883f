"""Guards whose fault a failed intake is, and that no link leads out of a hand-in.

Bad bytes are the student's fault. A path that doesn't exist or is a link is the caller's. Every error of the machine is
ours, when the hand-in is read and when the clean folder is written. Our fault is never a score.
"""

import errno
import gzip
import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import BONUS, ROOT
from handins import FORMATS, REQUIRED, SPEC, WHOLE, content, members, pack, sentence, take_into, tar_bytes

from grader.errors import GraderError, InternalError, SubmissionError, UsageError
from grader.intake.take import ingest, read_hand_in

GRADER = (sys.executable, "-m", "grader")


def fault(kind: type[GraderError], source: Path, into: Path) -> str:
    """The sentence of the one error that a hand-in must end with."""
    with pytest.raises(GraderError) as caught:
        ingest(source, SPEC, REQUIRED, into)
    assert type(caught.value) is kind, caught.value
    return str(caught.value)


def ours(source: Path, into: Path) -> str:
    text = fault(InternalError, source, into)
    assert ";" in text, "a fact and a next step"
    return text


# the caller's


@pytest.mark.parametrize("name", ["nothing.tar", "a/b/c", "a\0b", "x" * 5000, "file/below"])
def test_a_path_that_doesnt_exist_is_the_callers(name: str, source: Path, into: Path) -> None:
    (source / "file").touch()
    assert "there is no file or folder" in sentence(fault(UsageError, source / name, into), into)


def test_a_pipe_or_device_is_the_callers(source: Path, into: Path) -> None:
    os.mkfifo(source / "handin.tar")  # reading it would wait for ever
    for path in (source / "handin.tar", Path("/dev/zero"), Path("/dev/full")):
        assert "neither a file nor a folder" in fault(UsageError, path, into)


@pytest.mark.parametrize("format", FORMATS)
def test_a_link_is_no_hand_in(format: str, source: Path, into: Path) -> None:
    """A student who owns the folder that is graded could make one to the reference."""
    real = pack(WHOLE, format, source)
    link = source / "link"
    link.symlink_to(real)
    assert "is a link" in fault(UsageError, link, into)
    assert "is a link" in fault(UsageError, Path(f"{link}/"), into)
    (source / "broken").symlink_to("nowhere")
    (source / "loop").symlink_to("loop")
    for name in ("broken", "loop"):
        assert "is a link" in fault(UsageError, source / name, into)


def test_a_link_above_the_hand_in_is_the_callers_own_way(source: Path, into: Path) -> None:
    pack(WHOLE, "folder", source)
    (source / "way").symlink_to(source)
    take_into(source / "way" / "handin.folder", into)
    assert content(into) == WHOLE


# the machine's, in reading


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of its own, in a process that may not read everything; root gives up its rights for the time."""
    folder = Path(tempfile.mkdtemp(prefix="unprivileged-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        (folder / "into").mkdir()
        yield folder
    finally:
        if root:
            os.seteuid(0)
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=True)
        shutil.rmtree(folder)


@pytest.mark.parametrize("format", FORMATS)
def test_a_hand_in_that_may_not_be_read_is_our_fault(format: str, unprivileged: Path) -> None:
    handin = pack(WHOLE, format, unprivileged)
    handin.chmod(0)
    assert "right to read" in ours(handin, unprivileged / "into")


@pytest.mark.parametrize("part", ["mytorch", "mytorch/dropout.py"])
@pytest.mark.parametrize("mode", [0, 0o111, 0o222])
def test_a_part_that_may_not_be_read_is_our_fault(part: str, mode: int, unprivileged: Path) -> None:
    handin = pack(WHOLE, "folder", unprivileged)
    (handin / part).chmod(mode)
    assert "right to read" in ours(handin, unprivileged / "into")


def test_a_folder_that_may_be_listed_alone_is_our_fault(unprivileged: Path) -> None:
    handin = pack(WHOLE, "folder", unprivileged)
    (handin / "mytorch").chmod(0o444)
    assert "mytorch/" in ours(handin, unprivileged / "into")


def test_a_file_that_nobody_wants_may_be_anybodys(unprivileged: Path) -> None:
    handin = pack(WHOLE | {"notes.txt": b"mine"}, "folder", unprivileged)
    (handin / "notes.txt").chmod(0)
    assert take_into(handin, unprivileged / "into").missing == ()


@contextmanager
def once(monkeypatch: pytest.MonkeyPatch, name: str, happen: Callable[[], object], at: str) -> Iterator[None]:
    """Let something happen just before the call of `os.<name>` whose argument ends with `at`."""
    real: Callable[..., object] = getattr(os, name)

    def changed(path: object, *arguments: object, **options: object) -> object:
        if str(path).endswith(at):
            happen()
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, name, changed)
        yield


def fails(number: int) -> Callable[[], object]:
    def fail() -> object:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOMEM, errno.EPERM])
@pytest.mark.parametrize(("name", "format"), [("open", "folder"), ("stat", "folder"), ("open", "zip"), ("stat", "zip")])
def test_every_error_of_the_machine_is_our_fault(
    number: int, name: str, format: str, source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handin = pack(WHOLE, format, source)
    at = "dropout.py" if format == "folder" else handin.name
    with once(monkeypatch, name, fails(number), at):
        assert os.strerror(number) in ours(handin, into)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENOMEM])
def test_a_folder_that_cant_be_listed_is_our_fault(
    number: int, source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handin = pack(WHOLE, "folder", source)
    with once(monkeypatch, "scandir", fails(number), ""):
        assert os.strerror(number) in ours(handin, into)


@pytest.mark.parametrize("gone", ["mytorch/dropout.py", "mytorch"])
@pytest.mark.parametrize("name", ["open", "stat"])
def test_what_vanishes_while_it_is_read_is_our_fault(
    gone: str, name: str, source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handin = pack(WHOLE, "folder", source)
    leaf = gone.rpartition("/")[2]
    with once(monkeypatch, name, lambda: (handin / gone).rename(source / "elsewhere"), f"{leaf}"):
        assert "changed while it was read" in ours(handin, into)


def test_a_file_that_grows_or_shrinks_is_our_fault(source: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handin = pack(WHOLE, "folder", source)
    for size in (1, 10**6):
        with once(monkeypatch, "open", lambda size=size: os.truncate(handin / "hw1/hw1.py", size), "hw1.py"):  # type: ignore[misc]  # bound default
            assert "changed while it was read" in ours(handin, into)


@pytest.mark.parametrize("swapped", ["mytorch", "mytorch/dropout.py", "hw1"])
@pytest.mark.parametrize("name", ["open", "stat"])
def test_a_swap_for_a_link_leads_nowhere(
    swapped: str, name: str, source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it happens: before a folder is opened, before a file is read, and between the two."""
    secret = pack(dict.fromkeys(WHOLE, b"secret = 1\n"), "folder", source).rename(source / "secret")
    for moment in range(8):
        handin = pack(WHOLE, "folder", source)
        calls = 0

        def swap(handin: Path = handin, moment: int = moment) -> None:
            nonlocal calls
            calls += 1
            if calls == moment + 1:
                (handin / swapped).rename(source / f"old-{moment}")
                (handin / swapped).symlink_to(secret / swapped)

        with once(monkeypatch, name, swap, ""), suppress(InternalError):
            ingest(handin, SPEC, REQUIRED, into)
        assert b"secret = 1\n" not in content(into).values()
        assert calls > moment
        shutil.rmtree(handin)
        shutil.rmtree(into)
        into.mkdir(mode=0o700)


def test_a_racing_thread_never_gets_a_link_followed(source: Path, into: Path) -> None:
    secret = pack(dict.fromkeys(WHOLE, b"secret = 1\n"), "folder", source).rename(source / "secret")
    handin = pack(WHOLE, "folder", source)
    (handin / "link").symlink_to(secret / "mytorch")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for first, second in (("mytorch", "kept"), ("link", "mytorch"), ("mytorch", "link"), ("kept", "mytorch")):
                (handin / first).rename(handin / second)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(60):
            with suppress(InternalError):
                ingest(handin, SPEC, REQUIRED, into)
            assert b"secret = 1\n" not in content(into).values()
            shutil.rmtree(into)
            into.mkdir(mode=0o700)
    finally:
        over.set()
        thread.join()


def test_a_folder_swapped_for_a_pipe_doesnt_wait(source: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handin = pack(WHOLE, "folder", source)

    def swap() -> None:
        file = handin / "mytorch/dropout.py"
        if stat.S_ISREG(file.lstat().st_mode):
            file.unlink()
            os.mkfifo(file)

    with once(monkeypatch, "open", swap, "dropout.py"):
        assert "changed while it was read" in ours(handin, into)


def test_no_descriptor_is_left_open(source: Path, into: Path, unprivileged: Path) -> None:
    handin = pack(WHOLE, "folder", unprivileged)
    before = len(os.listdir("/proc/self/fd"))
    take_into(handin, unprivileged / "into")
    shutil.rmtree(unprivileged / "into")
    (unprivileged / "into").mkdir()
    (handin / "mytorch" / "dropout.py").chmod(0)
    ours(handin, unprivileged / "into") if os.geteuid() else None
    assert len(os.listdir("/proc/self/fd")) == before


# the machine's, in writing

HERE = """
import json, resource, sys
from pathlib import Path
from grader.assignment import SubmissionSpec
from grader.errors import GraderError
from grader.intake.take import ingest
source, into, limit, value = sys.argv[1:]
resource.setrlimit(getattr(resource, limit), (int(value), int(value)))
try:
    ingest(Path(source), SubmissionSpec(("*.py",)), ("a.py",), Path(into))
    print(json.dumps(["taken", ""]))
except GraderError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def limited(source: Path, into: Path, limit: str, value: int) -> tuple[str, str]:
    """Take a hand-in in under a limit, in a process of its own."""
    command = [sys.executable, "-c", HERE, str(source), str(into), limit, str(value)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    kind, text = json.loads(done.stdout)
    return kind, text


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_cant_be_written_is_our_fault(format: str, source: Path, tmp_path: Path) -> None:
    handin = pack({"a.py": b"x = 1\n" * 10_000}, format, source)
    assert limited(handin, tmp_path, "RLIMIT_FSIZE", 1000)[0] == "InternalError"


@pytest.mark.parametrize("format", FORMATS)
def test_too_few_open_files_are_our_fault(format: str, source: Path, tmp_path: Path) -> None:
    handin = pack({"a.py": b"x = 1\n"}, format, source)
    kinds = [limited(handin, tmp_path, "RLIMIT_NOFILE", value)[0] for value in range(3, 6)]
    assert set(kinds) <= {"InternalError", "taken"}
    assert kinds[0] == "InternalError"


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("folder", "tar")])
def test_too_little_memory_is_our_fault(format: str, source: Path, tmp_path: Path) -> None:
    """As much as the interpreter has, and a little more: some way on, memory is used up, whatever asks for it."""
    handin = pack({"a.py": os.urandom(2**20) * 2, "b.txt": bytes(30 * 2**20)}, format, source)
    kinds = set()
    for more in (2, 8, 16):
        into = tmp_path / str(more)
        into.mkdir()
        probe = "import grader.intake.take, json; print(open('/proc/self/statm').read().split()[0])"
        pages = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
        size = int(pages.stdout) * resource.getpagesize()
        kind, text = limited(handin, into, "RLIMIT_AS", size + more * 2**20)
        assert kind in ("InternalError", "taken"), text
        kinds.add(kind)
    assert "InternalError" in kinds


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the limits above show the same")
def test_a_folder_that_may_not_be_written_to_is_our_fault(source: Path, tmp_path: Path) -> None:
    (tmp_path / "into").mkdir(mode=0o500)
    text = ours(pack(WHOLE, "zip", source), tmp_path / "into")
    assert "can't be written" in text


def test_a_full_disk_is_not_a_score(tmp_path: Path) -> None:
    """The whole command, with a right hand-in that the folder for temporary files has no room for."""
    handin = tmp_path / "handin"
    shutil.copytree(ROOT / "reference" / BONUS, handin)
    (handin / "mytorch" / "extra.py").write_bytes(b"# much\n" * 10**6)
    full = tmp_path / "full"
    full.mkdir()
    command = [*GRADER, "grade", BONUS, str(handin), "--format", "json", "-o", str(tmp_path / "report.json")]
    script = 'mount -t tmpfs -o size=4m none "$0" && TMPDIR="$0" exec "$@"'
    namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-m"]
    tried = subprocess.run([*namespace, "sh", "-c", script, str(full), "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    done = subprocess.run(
        [*namespace, "sh", "-c", script, str(full), *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "not by a fault of the submission" in done.stderr
    assert "is full" in done.stderr or "No space left" in done.stderr
    assert "points" not in done.stderr


# the student's


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"x" * 2000)[:-9],
        tar_bytes(members(WHOLE))[:3000],
        b"PK\3\4" + bytes(100),
        b"BZh9" + bytes(100),
        b"\xfd7zXZ\0" + bytes(100),
        b"\x1f\x8b\x08\0" + bytes(100),
    ],
    ids=["gzip", "tar", "zip", "bzip2", "xz", "no gzip"],
)
def test_damage_is_the_students(data: bytes, source: Path, into: Path) -> None:
    (source / "handin.bin").write_bytes(data)
    with pytest.raises(SubmissionError):
        take_into(source / "handin.bin", into)


# what is taken in is also what a suite's scan reads


@pytest.mark.parametrize("format", FORMATS)
def test_the_scan_reads_what_is_taken(format: str, source: Path, into: Path) -> None:
    handin = pack(WHOLE | {"notes.txt": b"n"}, format, source)
    assert dict(read_hand_in(handin, SPEC)) == WHOLE
    (source / "link").symlink_to(handin)
    with pytest.raises(UsageError):
        dict(read_hand_in(source / "link", SPEC))


def test_the_scan_keeps_to_the_caps(source: Path) -> None:
    handin = pack(WHOLE, "folder", source)
    os.truncate(handin / "mytorch" / "dropout.py", 2**40)
    with pytest.raises(SubmissionError, match="too large"):
        dict(read_hand_in(handin, SPEC))


def test_a_reader_that_stops_early_leaves_nothing_open(source: Path) -> None:
    handin = pack(WHOLE, "folder", source)
    before = len(os.listdir("/proc/self/fd"))
    assert any(name for name, _ in read_hand_in(handin, SPEC))
    assert len(os.listdir("/proc/self/fd")) == before
