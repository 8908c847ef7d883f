"""Guards the sources of a class against what they may hold: one bad entry costs its own student, and stops no other."""

import errno
import os
import resource
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from class_layouts import LAYOUTS
from class_sources import FILES, PACKED, ZIPPED, below, found, keys, link, made, problems, taken
from conftest import memory_below
from handins import member, tar_bytes, zip_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment import SubmissionSpec
from grader.classroom.sources.crowds import without_crowds
from grader.classroom.sources.find import SOURCES, find
from grader.errors import GraderError, InternalError, UsageError
from grader.gradebook import ClassList
from grader.intake.limits import CAPS

# what a class's archive may hold beside good hand-ins, each of them in one student's entry


def test_a_bomb_costs_its_own_entry(tmp_path: Path) -> None:
    bomb = bytes(90 * 2**20)
    tree = below("alice") | {f"mallory/{number}.py": bomb for number in range(3)} | {"bob.tar": PACKED}
    with memory_below(400 * 2**20):
        classes = found(made(tree, tmp_path))
    assert keys(classes) == ["alice", "bob"]
    assert "mallory" in problems(classes)["mallory"]
    assert "200 MiB" in problems(classes)["mallory"]


def test_a_large_file_that_nobody_asked_for_costs_nothing(tmp_path: Path) -> None:
    """It is judged as in a folder: left out, or too large for the file that it is; never unpacked."""
    tree = below("alice") | {"alice/data.bin": bytes(150 * 2**20)}
    classes = found(made(tree, tmp_path))
    files, notes = taken(classes, "alice")
    assert files == FILES
    assert any("data.bin" in note for note in notes)
    assert sum(file.stat().st_blocks for file in classes.hand_ins[0].path.rglob("*")) < 2**14
    with pytest.raises(GraderError, match=r"150 MiB"):
        taken(found(made(below("bob") | {"bob/hw1/hw1.py": bytes(150 * 2**20)}, tmp_path)), "bob")


def test_links_and_devices_cost_their_own_entry(tmp_path: Path) -> None:
    file = tmp_path / "class.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (below("alice") | {"bob.tar": PACKED}).items():
            archive.writestr(name, data)
        archive.writestr(link("alice/secret.py"), "/etc/passwd")
        archive.writestr(link("mallory.tar"), "/etc/passwd")
        archive.writestr(link("trudy/a.py"), "/etc/passwd")
    classes = found(file)
    assert keys(classes) == ["alice", "bob", "trudy"]
    assert "alice/secret.py is a link" in classes.hand_ins[0].notes[0]
    assert "trudy/a.py is a link" in classes.hand_ins[2].notes[0]
    assert "mallory.tar is a link" in problems(classes)["mallory"]
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_links_and_devices_in_a_folder_cost_their_own_entry(tmp_path: Path) -> None:
    source = made(below("alice"), tmp_path, "folder")
    (source / "mallory.tar").symlink_to("/etc/passwd")
    (source / "trudy").symlink_to(tmp_path)
    os.mkfifo(source / "oscar.tar")
    classes = found(source)
    assert keys(classes) == ["alice"]
    assert set(problems(classes)) == {"mallory", "trudy", "oscar"}
    assert "is a link" in problems(classes)["trudy"]
    assert "pipe" in problems(classes)["oscar"]


def test_a_damaged_member_costs_its_own_entry(tmp_path: Path) -> None:
    file = made(below("alice") | {"bob/hw1.py": b"x" * 1000}, tmp_path)
    data = bytearray(file.read_bytes())
    place = data.index(b"bob/hw1.py") + len("bob/hw1.py")
    data[place : place + 4] = b"\xff\xff\xff\xff"
    file.write_bytes(data)
    classes = found(file)
    assert keys(classes) == ["alice"]
    assert "bob/hw1.py" in problems(classes)["bob"]


def test_hand_ins_that_are_damaged_archives_are_the_intakes(tmp_path: Path) -> None:
    """They are students' mistakes, which the intake explains; reading a source doesn't open them."""
    classes = found(made({"alice.zip": ZIPPED, "bob.zip": ZIPPED[:100], "carl.tar.gz": b""}, tmp_path))
    assert keys(classes) == ["alice", "bob", "carl"]
    with pytest.raises(GraderError, match=r"bob\.zip is cut short"):
        taken(classes, "bob")


def test_paths_that_lead_out_stay_inside(tmp_path: Path) -> None:
    data = tar_bytes([member("../evil.py"), member("/abs.py"), member("alice/../../evil2.py"), member("alice/hw1.py")])
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "class.tar").write_bytes(data)
    classes = found(tmp_path / "x" / "class.tar")
    assert "alice" in keys(classes)
    assert {path.name for path in tmp_path.rglob("*.py")} == {"hw1.py"}


def test_an_archive_of_whole_paths_is_read(tmp_path: Path) -> None:
    data = tar_bytes([member(f"/home/ta/{name}/hw1.py") for name in ("alice", "bob")])
    (tmp_path / "class.tar").write_bytes(data)
    assert keys(found(tmp_path / "class.tar")) == ["alice", "bob"]


def test_names_of_no_file_cost_nobody(tmp_path: Path) -> None:
    data = tar_bytes([member("alice/hw1.py"), member(".."), member("/")])
    (tmp_path / "class.tar").write_bytes(data)
    assert keys(found(tmp_path / "class.tar")) == ["alice"]


def test_a_file_that_is_a_folder_too_costs_its_own_entry(tmp_path: Path) -> None:
    tree = below("alice") | {"mallory/a": b"1", "mallory/a/b": b"2"}
    classes = found(made(tree, tmp_path))
    assert keys(classes) == ["alice"]
    assert "mallory/a is a file and a folder" in problems(classes)["mallory"]


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_download_that_is_cut_short_is_refused(form: str, tmp_path: Path) -> None:
    """Otherwise students would be missing in silence."""
    file = made(below("alice") | {"bob.tar": PACKED}, tmp_path, form)
    data = file.read_bytes()
    cut = data[: data.rindex(b"ustar")] if form == "tar" else data[: len(data) * 2 // 3]
    file.write_bytes(cut[:-700] if form == "tar" else cut)
    with pytest.raises(UsageError, match=r"download it again|unpack it yourself"):
        found(file)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"Rar!", b"\x1f\x8b", b"BZh91AY", bytes(2000)])
def test_what_is_no_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "class.zip"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"class\.zip"):
        found(file)


def test_a_source_without_hand_ins_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="has no hand-in"):
        found(tmp_path / "empty")
    with pytest.raises(UsageError, match="there is no folder or archive nothing"):
        find(tmp_path / "nothing", tmp_path)


def test_concatenated_streams_are_one_archive(tmp_path: Path) -> None:
    import gzip

    data = tar_bytes([member("alice/hw1.py"), member("bob/hw1.py")])
    (tmp_path / "class.tar.gz").write_bytes(gzip.compress(data[:700]) + gzip.compress(data[700:]))
    assert keys(found(tmp_path / "class.tar.gz")) == ["alice", "bob"]


def test_an_unreadable_entry_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the layout, also where a reader looks into the folders of students."""
    listed, opened = os.scandir, os.open

    def refused(path: object) -> bool:
        return "mallory" in os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else False

    def scandir(path: Any = ".") -> Any:
        if refused(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(path)

    def open_file(path: Any, *arguments: Any, **options: Any) -> int:
        if refused(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *arguments, **options)

    tree = below("alice/ps1") | {
        "alice/ps1/timestamp.txt": b"",
        "bob/ps1/timestamp.txt": b"",
        "carl/ps1/timestamp.txt": b"",
    }
    sources = [
        made(tree | {f"mallory{number}/ps1/timestamp.txt": b""}, tmp_path, "folder", f"class{number}")
        for number in range(2)
    ]
    flat = {
        f"{name}_{number}_1{number}_hw1.py": b"x" for number, name in enumerate(("alice", "bob", "mallory", "carl"))
    }
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_file)
    for source, kind in zip(sources, ("nbgrader", "plain"), strict=True):
        classes = found(source, kind=kind)
        spec = SubmissionSpec(("ps1/hw1/*.py", "hw1/*.py"))
        assert without_crowds(classes, spec, ("hw1/hw1.py",), "ps1") == classes, "the grading says what can't be read"
        assert "alice" in keys(classes)
        assert kind == "plain" or "mallory0" in problems(classes)
    classes = found(sources[1], pattern=r"(?P<key>\w+)/ps1")
    assert keys(classes) == ["alice", "bob", "carl"]
    assert "Permission denied" in problems(classes)["mallory1"]
    classes = found(made(flat, tmp_path, "folder", "flat"))
    assert (classes.kind, keys(classes)) == ("canvas", ["0", "1", "3"])
    assert "Permission denied" in problems(classes)["2"]


def test_a_full_disk_is_nobodys_fault(tmp_path: Path) -> None:
    """It stops the reading: a hand-in that isn't written whole must not be graded."""
    source = made(below("alice") | {"bob/hw1/hw1.py": b"#" * 100_000}, tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(InternalError, match=r"hw1\.py can't be written .* make room there"):
            found(source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_archive_that_is_too_large_is_the_intakes(tmp_path: Path) -> None:
    classes = found(made({"alice.tar": PACKED, "bob.tar": bytes(101 * 2**20)}, tmp_path))
    with pytest.raises(GraderError, match=r"bob\.tar is larger than 100 MiB"):
        taken(classes, "bob")


def test_a_platforms_own_file_may_be_larger_than_a_hand_in(tmp_path: Path) -> None:
    line = b"    a: " + bytes(1000).replace(b"\0", b"1") + b"\n"
    data = b"submission_1:\n  :submitters:\n  - :email: a@x.edu\n  :results:\n" + line * 215_000
    assert len(data) > CAPS.moved_bytes
    tree = {"submission_metadata.yml": data, **below("submission_1")}
    assert keys(found(made(tree, tmp_path))) == ["a@x.edu"]


def test_a_damaged_metadata_file_is_refused(tmp_path: Path) -> None:
    file = made({"submission_metadata.yml": b"submission_1:\n" * 100, **below("submission_1")}, tmp_path)
    data = bytearray(file.read_bytes())
    place = data.index(b"submission_metadata.yml") + len("submission_metadata.yml")
    data[place : place + 4] = b"\xff\xff\xff\xff"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml can't be read"):
        found(file)


def test_our_own_folder_is_no_student(tmp_path: Path) -> None:
    source = made(below("alice"), tmp_path, "folder")
    stage = source / "run" / "stage"
    stage.mkdir(parents=True)
    assert keys(find(source, stage)) == ["alice"]


# names: anything that a file system or an archive can hold

names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and len(name.encode("utf-8", "surrogatepass")) < 200
)
raw_names = st.binary(min_size=1, max_size=40).filter(
    lambda name: not set(b"/\0") & set(name) and name not in (b".", b"..")
)


@given(st.lists(names, min_size=1, max_size=6, unique=True), st.sampled_from([*SOURCES, None]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_name_in_an_archive_stops_the_others(
    tmp_path_factory: pytest.TempPathFactory, made_up: list[str], kind: str | None, tarred: bool
) -> None:
    where = tmp_path_factory.mktemp("names")
    files = [(f"{name}/hw1.py", b"x = 1\n") for name in ("alice", *made_up)] + [(name, b"y") for name in made_up]
    if tarred:
        data = tar_bytes([member(name, data) for name, data in files])
    else:
        data = zip_bytes((name.encode("utf-8", "replace").decode(), data) for name, data in files)
    (where / "class").write_bytes(data)
    _check(where / "class", kind)


@given(st.lists(raw_names, min_size=1, max_size=6, unique=True), st.sampled_from([*SOURCES, None]))
@settings(max_examples=150, deadline=None)
def test_no_name_in_a_folder_stops_the_others(
    tmp_path_factory: pytest.TempPathFactory, made_up: list[bytes], kind: str | None
) -> None:
    where = tmp_path_factory.mktemp("names") / "class"
    (where / "alice").mkdir(parents=True)
    for name in made_up:
        if name != b"alice":
            Path(os.fsdecode(os.fsencode(where) + b"/" + name)).write_bytes(b"x = 1\n")
    _check(where, kind)


def _check(source: Path, kind: str | None) -> None:
    before = {path for path in source.parent.rglob("*") if not path.is_relative_to(source)}
    try:
        classes = found(source, kind=kind, roster="name,email\n=alice,alice@x.edu\nBob,bob@x.edu\n")
    except UsageError as error:
        str(error).encode()
        return
    _sound(classes)
    stages = [path for path in source.parent.iterdir() if path.name.startswith("stage-")]
    for path in source.parent.rglob("*"):
        inside = any(path.is_relative_to(stage) for stage in stages)
        assert inside or path.is_relative_to(source) or path in before or path.name == "roster.csv"


def _sound(classes: ClassList) -> None:
    """Keys are unique, sentences and names are text that any file holds, and each hand-in is there."""
    everybody = [*keys(classes), *problems(classes), *(student.key for student in classes.absent)]
    assert len({key.casefold() for key in everybody}) == len(everybody)
    for hand_in in classes.hand_ins:
        assert hand_in.path.exists()
        for text in (hand_in.key, hand_in.version, hand_in.problem, *hand_in.notes, *hand_in.others):
            text.encode()
    for entry in classes.problems:
        assert entry.standing == "not graded"
        assert entry.problem
        entry.problem.encode()
    members = [student.key for hand_in in classes.hand_ins for student in hand_in.students]
    assert len(set(members)) == len(members)


def test_keys_stay_apart(tmp_path: Path) -> None:
    """Two names that differ in bytes that aren't Unicode are two students."""
    source = tmp_path / "class"
    source.mkdir()
    for name in (b"jos\xe9.py", b"jos\xe8.py", "josé.py".encode(), b"jos\xe9", b"a\tb.py"):
        Path(os.fsdecode(os.fsencode(source) + b"/" + name)).write_bytes(b"x = 1\n")
    classes = found(source)
    assert keys(classes) == ["a b", "jos\\xe8", "josé"]
    assert "jos\\xe9" in problems(classes)
    assert PurePosixPath(classes.hand_ins[0].path.name).suffix == ".py" or classes.hand_ins[0].path.is_dir()


def _pristine(layout: str, form: str) -> bytes:
    with tempfile.TemporaryDirectory() as where:
        return made(LAYOUTS[layout][0], Path(where), form).read_bytes()


PRISTINE = {(layout, form): _pristine(layout, form) for layout in LAYOUTS for form in ("zip", "tar")}
edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 8), st.binary(max_size=8)), max_size=8)


@given(st.sampled_from(sorted(PRISTINE)), edits)
@settings(max_examples=300, deadline=None)
def test_no_damage_has_another_end(
    tmp_path_factory: pytest.TempPathFactory, which: tuple[str, str], changes: list[tuple[float, int, bytes]]
) -> None:
    """A download with any bytes changed is read, with what can't be read as problems, or refused as a whole."""
    data = bytearray(PRISTINE[which])
    for place, gone, new in changes:
        start = int(place * len(data))
        data[start : start + gone] = new
    file = tmp_path_factory.mktemp("damaged") / "class"
    file.write_bytes(data)
    _check(file, None)
