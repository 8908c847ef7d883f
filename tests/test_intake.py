"""Guards intake: every hand-in, however broken or hostile, becomes a clean folder or one clear sentence.

Real archives are made here and taken in. In every case, nothing may be written outside the target folder, and it may
contain only regular files with mode 0644 that the assignment asked for, complete.
"""

import bz2
import gzip
import lzma
import os
import random
import shutil
import socket
import stat
import struct
import tarfile
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import memory_below
from handins import (
    FORMATS,
    PACKERS,
    REQUIRED,
    SPEC,
    WHOLE,
    Files,
    content,
    guarded,
    member,
    members,
    pack,
    refusal,
    refused,
    sentence,
    take_into,
    taken,
    tar_bytes,
    zip_bytes,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError, UsageError
from grader.intake.limits import CAPS
from grader.intake.take import ingest
from grader.text import clean_text

# right hand-ins, and those that nearly are


@pytest.mark.parametrize("format", FORMATS)
def test_a_complete_hand_in_is_taken_as_it_is(format: str, source: Path, into: Path) -> None:
    intake = take_into(pack(WHOLE, format, source), into)
    assert content(into) == WHOLE
    assert intake.missing == ()
    assert intake.notes == ()


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_kind_of_tar_is_read(format: int, source: Path, into: Path) -> None:
    taken(tar_bytes(members(WHOLE), format), source, into)
    assert content(into) == WHOLE


def test_a_tar_without_its_mark_is_read(source: Path, into: Path) -> None:
    """The oldest form has no 'ustar' in its headers; some tools still write it."""
    data = bytearray(tar_bytes(members({"mytorch/dropout.py": b"x = 1\n"}), tarfile.USTAR_FORMAT))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    taken(bytes(data), source, into)
    assert content(into) == {"mytorch/dropout.py": b"x = 1\n"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_zips_are_read(method: int, source: Path, into: Path) -> None:
    taken(zip_bytes(WHOLE.items(), method), source, into)
    assert content(into) == WHOLE


@pytest.mark.parametrize("name", ["handin", "handin.tar", "handin.zip", "handin.tar.gz", "handin.py", "handin.txt"])
def test_the_content_decides_what_a_file_is(name: str, source: Path, into: Path) -> None:
    taken(zip_bytes(WHOLE.items()), source, into, name)
    assert content(into) == WHOLE


def test_a_single_file_stands_for_the_file_of_its_name(source: Path, into: Path) -> None:
    (source / "dropout.py").write_bytes(b"x = 2\n")
    intake = take_into(source / "dropout.py", into)
    assert content(into) == {"mytorch/dropout.py": b"x = 2\n"}
    assert intake.missing == ("hw1/hw1.py", "mytorch/optimizer.py")
    assert any("dropout.py" in note for note in intake.notes)


def test_a_package_without_its_init_file_lacks_nothing(source: Path, into: Path) -> None:
    """Python takes the folder for a package all the same."""
    intake = ingest(pack(WHOLE, "folder", source), SPEC, [*WHOLE, "mytorch/__init__.py"], into)
    assert not any("__init__" in note for note in intake.notes)


@pytest.mark.parametrize("found", ["mytorch/src/dropout.py", "mytorch/src/Dropout.py", "dropout.py"])
def test_a_misplaced_file_is_found_where_folders_of_ones_own_are_allowed(found: str, source: Path, into: Path) -> None:
    files = WHOLE | {found: WHOLE["mytorch/dropout.py"], "mytorch/own/tools.py": b"own = 1\n"}
    del files["mytorch/dropout.py"]
    spec = SubmissionSpec(files=("mytorch/**/*.py", "hw1/hw1.py"), path=("mytorch", "hw1"))
    ingest(pack(files, "folder", source), spec, REQUIRED, into)
    assert content(into) == WHOLE | {"mytorch/own/tools.py": b"own = 1\n"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("folder", ["handin", "Jane Doe - hw1", "a/b/c", "été/提交"])
def test_a_wrapping_folder_is_looked_through(format: str, folder: str, source: Path, into: Path) -> None:
    wrapped = {f"{folder}/{name}": data for name, data in WHOLE.items()}
    intake = take_into(pack(wrapped, format, source), into)
    assert content(into) == WHOLE
    assert any(folder in note for note in intake.notes)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "found",
    ["mytorch/Dropout.py", "MyTorch/dropout.py", "mytorch/DROPOUT.PY", "mytorch/src/dropout.py", "dropout.py"],
)
def test_a_misspelt_or_misplaced_file_is_found_and_said(format: str, found: str, source: Path, into: Path) -> None:
    files = WHOLE | {found: WHOLE["mytorch/dropout.py"]}
    del files["mytorch/dropout.py"]
    intake = take_into(pack(files, format, source), into)
    assert content(into) == WHOLE
    assert intake.missing == ()
    assert any("mytorch/dropout.py" in note and found in note for note in intake.notes), intake.notes


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("folder", ["", "MyTorch2/"])
def test_the_inside_of_a_folder_is_taken_with_its_other_files(
    format: str, folder: str, source: Path, into: Path
) -> None:
    inside = {name: data for name, data in WHOLE.items() if name.startswith("mytorch/")}
    inside["mytorch/helpers.py"] = b"import numpy\n"
    other = {f"{folder}{name.removeprefix('mytorch/')}": data for name, data in inside.items()}
    intake = take_into(
        pack(other | {"hw1/hw1.py": WHOLE["hw1/hw1.py"], "a/b.py": b"no neighbour"}, format, source), into
    )
    assert content(into) == inside | {"hw1/hw1.py": WHOLE["hw1/hw1.py"]}
    assert any("mytorch/helpers.py" in note and f"{folder}helpers.py" in note for note in intake.notes), intake.notes


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("named", ["HW1 done", "hw1", "work/Hw1/src"])
def test_of_a_whole_courses_folders_the_named_one_counts(format: str, named: str, source: Path, into: Path) -> None:
    other = {f"{folder}/{name}": b"other = 1\n" for folder in ("a", "hw", "hw2") for name in WHOLE}
    mine = {f"{named}/{name}": data for name, data in WHOLE.items()}
    spec = replace(SPEC, folders=("hw1*",))
    intake = ingest(pack(other | mine, format, source), spec, REQUIRED, into)
    assert content(into) == WHOLE
    assert any(f"inside the folder {named}/" in note for note in intake.notes), intake.notes


def test_what_lies_beside_one_misplaced_file_is_left_out(source: Path, into: Path) -> None:
    files = WHOLE | {"old/dropout.py": WHOLE["mytorch/dropout.py"], "old/helpers.py": b"old"}
    del files["mytorch/dropout.py"]
    take_into(pack(files, "zip", source), into)
    assert content(into) == WHOLE


def test_two_candidates_for_one_file_are_no_guess(source: Path, into: Path) -> None:
    files = {"a/dropout.py": b"a = 1\n", "b/dropout.py": b"b = 1\n", "mytorch/optimizer.py": b"c = 1\n"}
    intake = take_into(pack(files, "zip", source), into)
    assert "mytorch/dropout.py" in intake.missing
    assert content(into) == {"mytorch/optimizer.py": b"c = 1\n"}


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_file_is_said(format: str, source: Path, into: Path) -> None:
    files = {name: data for name, data in WHOLE.items() if name != "hw1/hw1.py"}
    intake = take_into(pack(files, format, source), into)
    assert intake.missing == ("hw1/hw1.py",)
    assert content(into) == files


JUNK = (
    "__MACOSX/mytorch/._dropout.py",
    "mytorch/._dropout.py",
    "mytorch/__pycache__/dropout.cpython-311.pyc",
    "mytorch/__pycache__/dropout.py",
    "mytorch/.ipynb_checkpoints/dropout-checkpoint.py",
    ".git/mytorch/dropout.py",
    ".DS_Store",
    "Thumbs.db",
    "tests/conftest.py",
    "conftest.py",
    "sitecustomize.py",
    "mytorch/dropout.pyc",
    "mytorch/dropout.so",
    "hw1/results.json",
)


@pytest.mark.parametrize("format", FORMATS)
def test_junk_is_left_out(format: str, source: Path, into: Path) -> None:
    intake = take_into(pack(dict.fromkeys(JUNK, b"junk") | WHOLE, format, source), into)
    assert content(into) == WHOLE
    assert intake.missing == ()


def test_an_empty_source_file_is_a_file(source: Path, into: Path) -> None:
    intake = take_into(pack(WHOLE | {"mytorch/dropout.py": b""}, "zip", source), into)
    assert content(into)["mytorch/dropout.py"] == b""
    assert intake.missing == ()


@pytest.mark.parametrize("format", FORMATS)
def test_modes_dont_depend_on_the_callers_mask(format: str, source: Path, into: Path) -> None:
    handin = pack(WHOLE, format, source)
    before = os.umask(0o077)
    try:
        take_into(handin, into)
    finally:
        os.umask(before)
    modes = {oct(stat.S_IMODE(path.stat().st_mode)) for path in into.rglob("*")}
    shutil.rmtree(into)  # or `into` would complain too
    assert modes == {"0o644", "0o755"}


# names that lead elsewhere: what leads out is removed, and a file of that place replaces no other

ESCAPES = (
    "../evil.py",
    "../../outside/sentinel.py",
    "mytorch/../../outside/sentinel.py",
    "mytorch/../../../evil.py",
    "/evil.py",
    "//evil.py",
    "/tmp/evil.py",
    "./../evil.py",
    "..",
    "/",
    "",
    "..\\evil.py",
    "mytorch\\..\\..\\evil.py",
    "C:\\mytorch\\dropout.py",
    "C:mytorch/dropout.py",
    "\\\\host\\share\\dropout.py",
)


def unless_added(files: Files) -> Files:
    """The files without mytorch/more.py, which may come from a name that led out."""
    return {name: data for name, data in files.items() if name != "mytorch/more.py"}


LEADS = (
    *("/", "//", "/home/me/hw 1/", "../", "../../", "./../", "x/../", "x/../../", "/../", "../../home/me/", "/./"),
    *(
        "C:/",
        "C:\\",
        "c:\\hw\\",
        "C:\\..\\",
        "/C:/",
        "../C:\\",
        "\\\\host\\share\\",
        "..\\",
        "\\",
        "x\\..\\..\\",
        "//?/C:/hw/",
    ),
)


@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip", "zip in a tar", "tar in a folder"])
@pytest.mark.parametrize("lead", LEADS)
def test_what_leads_out_of_an_archive_is_removed_and_said(lead: str, form: str, source: Path, into: Path) -> None:
    """Also for a folder's worth of backslashes, and whatever comes before the wrapping folder."""
    separator = "\\" if "\\" in lead else "/"
    named = {lead + name.replace("/", separator): data for name, data in WHOLE.items()}
    if "zip" in form:
        data = zip_bytes(named.items())
    else:
        data = tar_bytes(member(name, data) for name, data in named.items())
    if form == "tar.gz":
        data = gzip.compress(data)
    if form == "zip in a tar":
        data = tar_bytes([member("/tmp/inner.zip", data)])
    if form == "tar in a folder":
        (source / "handin").mkdir()
        (source / "handin" / "inner.tar").write_bytes(data)
        intake = take_into(source / "handin", into)
    else:
        intake = taken(data, source, into)
    assert content(into) == WHOLE
    assert intake.missing == ()
    (note,) = [note for note in intake.notes if "lead out of the hand-in" in note and "inner.zip" not in note]
    assert clean_text(next(iter(named)), 100) in note


@pytest.mark.parametrize("lead", ["", "C:\\hw\\", "\\\\host\\hw\\", "..\\"])
def test_a_folder_of_files_with_backslashes_in_their_names_is_a_tree(lead: str, source: Path, into: Path) -> None:
    """Some programs unpack a zip that was made on Windows like this."""
    (source / "handin").mkdir()
    for name, data in WHOLE.items():
        (source / "handin" / (lead + name.replace("/", "\\"))).write_bytes(data)
    take_into(source / "handin", into)
    assert content(into) == WHOLE


@pytest.mark.parametrize("first", [True, False])
def test_a_name_that_leads_out_replaces_no_other(first: bool, source: Path, into: Path) -> None:
    other = [member(f"../{name}", b"other = 1\n") for name in WHOLE]
    notes = taken(tar_bytes([*other, *members(WHOLE)] if first else [*members(WHOLE), *other]), source, into).notes
    assert content(into) == WHOLE
    assert [note for note in notes if "lead out" in note]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "//", "../..", "C:/", "a/.."])
def test_a_name_of_nothing_is_left_out_and_said(name: str, source: Path, into: Path) -> None:
    intake = taken(tar_bytes([*members(WHOLE), member(name)]), source, into)
    assert content(into) == WHOLE
    assert [note for note in intake.notes if "no names of files" in note] or name.endswith("/")


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_in_a_tar_leads_nowhere_else(name: str, source: Path, into: Path) -> None:
    data = tar_bytes([*members(WHOLE), member(name), member(f"{name}/mytorch/more.py")])
    taken(data, source, into)
    assert unless_added(content(into)) == WHOLE


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_in_a_zip_leads_nowhere_else(name: str, source: Path, into: Path) -> None:
    extra = [(text, b"x = 1\n") for text in (name, f"{name}/mytorch/more.py") if text]
    taken(zip_bytes([*WHOLE.items(), *extra]), source, into)
    assert unless_added(content(into)) == WHOLE


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "link"),
        ({"type": tarfile.SYMTYPE, "linkname": "../outside/sentinel.py"}, "link"),
        ({"type": tarfile.SYMTYPE, "linkname": "optimizer.py"}, "link"),
        ({"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}, "link"),
        ({"type": tarfile.LNKTYPE, "linkname": "mytorch/optimizer.py"}, "link"),
        ({"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, "device"),
        ({"type": tarfile.BLKTYPE, "devmajor": 8, "devminor": 0}, "device"),
        ({"type": tarfile.FIFOTYPE}, "pipe"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_isnt_a_file_in_a_tar_is_left_out(changes: dict[str, object], word: str, source: Path, into: Path) -> None:
    files = members({name: data for name, data in WHOLE.items() if name != "mytorch/dropout.py"})
    intake = taken(tar_bytes([*files, member("mytorch/dropout.py", b"", **changes)]), source, into)
    assert intake.missing == ("mytorch/dropout.py",)
    assert any("mytorch/dropout.py" in note and word in note for note in intake.notes)


def test_a_linked_folder_in_a_tar_carries_nothing_out(source: Path, into: Path) -> None:
    link = member("mytorch", b"", type=tarfile.SYMTYPE, linkname="../outside")
    taken(tar_bytes([link, *members(WHOLE), member("mytorch/sentinel.py")]), source, into)
    assert (into / "mytorch").is_dir()
    assert not (into / "mytorch").is_symlink()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK], ids=oct)
def test_what_isnt_a_file_in_a_zip_is_left_out(kind: int, source: Path, into: Path) -> None:
    info = zipfile.ZipInfo("mytorch/dropout.py")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    intake = taken(zip_bytes([(info, b"../outside/sentinel.py"), ("hw1/hw1.py", b"")]), source, into)
    assert intake.files == ("hw1/hw1.py",)
    assert any("mytorch/dropout.py" in note for note in intake.notes)


def test_what_isnt_a_file_in_a_folder_is_left_out(source: Path, into: Path, tmp_path: Path) -> None:
    folder = pack(WHOLE, "folder", source)
    (folder / "mytorch" / "link.py").symlink_to(tmp_path / "outside" / "sentinel.py")
    (folder / "mytorch" / "broken.py").symlink_to("nowhere")
    (folder / "mytorch" / "loop.py").symlink_to("loop.py")
    (folder / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "mytorch" / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listener:
        descriptor = os.open(folder / "mytorch", os.O_PATH)
        listener.bind(f"/proc/self/fd/{descriptor}/socket.py")  # the path itself may be too long for a socket
        os.close(descriptor)
    intake = take_into(folder, into)
    assert content(into) == WHOLE
    for name in ("link.py", "broken.py", "loop.py", "pipe.py", "socket.py"):
        assert any(name in note for note in intake.notes), name


def test_a_hard_link_in_a_folder_becomes_a_copy(source: Path, into: Path) -> None:
    folder = pack(WHOLE, "folder", source)
    os.link(folder / "mytorch" / "dropout.py", folder / "mytorch" / "same.py")
    take_into(folder, into)  # `into` checks the number of links
    assert content(into)["mytorch/same.py"] == WHOLE["mytorch/dropout.py"]


def test_a_device_in_a_folder_is_left_out(source: Path, into: Path) -> None:
    folder = pack(WHOLE, "folder", source)
    try:
        os.mknod(folder / "mytorch" / "zero.py", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")
    take_into(folder, into)
    assert content(into) == WHOLE


def test_special_bits_dont_come_along(source: Path, into: Path) -> None:
    folder = pack(WHOLE, "folder", source)
    for path in folder.rglob("*.py"):
        path.chmod(0o6777)
    take_into(folder, into)  # `into` checks the modes


def test_special_bits_in_archives_dont_come_along(source: Path, into: Path) -> None:
    entries = [member(name, data, mode=0o7777, uid=1234, gid=1234) for name, data in WHOLE.items()]
    taken(tar_bytes(entries), source, into)
    assert all(path.stat().st_uid == os.geteuid() for path in into.rglob("*"))


def test_special_bits_in_zips_dont_come_along(source: Path, into: Path) -> None:
    entries: list[tuple[str | zipfile.ZipInfo, bytes]] = []
    for name, data in WHOLE.items():
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o7777) << 16
        entries.append((info, data))
    taken(zip_bytes(entries), source, into)


# members that contradict each other


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    "names",
    [
        ["mytorch/dropout.py", "mytorch/dropout.py"],
        ["mytorch/dropout.py", "./mytorch/dropout.py", "mytorch//dropout.py", "mytorch/./dropout.py"],
        ["mytorch/dropout.py", "mytorch\\dropout.py"],
        ["mytorch/dropout.py", "mytorch/Dropout.py", "MYTORCH/dropout.py"],
        ["a/mytorch/dropout.py", "b/mytorch/dropout.py"],
    ],
)
@pytest.mark.parametrize("format", ["tar", "zip"])
def test_a_name_may_stand_twice(names: list[str], format: str, source: Path, into: Path) -> None:
    bodies = [(name, f"copy = {number}\n".encode()) for number, name in enumerate(names)]
    if format == "tar":
        data = tar_bytes(member(name, body) for name, body in bodies)
    else:
        data = zip_bytes(bodies)
    taken(data, source, into)
    assert content(into)["mytorch/dropout.py"] in {body for _, body in bodies}


@pytest.mark.parametrize(
    "names",
    [
        ["mytorch", "mytorch/dropout.py"],
        ["mytorch/dropout.py", "mytorch"],
        ["mytorch/dropout.py", "mytorch/dropout.py/mytorch/optimizer.py"],
        ["mytorch/dropout.py/x.py", "mytorch/dropout.py"],
        ["hw1", "hw1/hw1.py", "hw1/hw1.py/hw1/hw1.py"],
    ],
)
@pytest.mark.parametrize("format", ["tar", "zip"])
def test_a_name_may_be_a_file_and_a_folder(names: list[str], format: str, source: Path, into: Path) -> None:
    if format == "tar":
        data = tar_bytes(member(name) for name in names)
    else:
        data = zip_bytes((name, b"x = 1\n") for name in names)
    intake = taken(data, source, into)
    wanted = {name for name in names if name in REQUIRED}
    assert wanted <= set(intake.files)


def test_a_file_and_a_folder_that_are_both_asked_for(source: Path, tmp_path: Path) -> None:
    spec = SubmissionSpec(files=("*", "*/*.py"))
    handin = source / "handin.zip"
    handin.write_bytes(zip_bytes([("a", b"file"), ("a/b.py", b"x = 1\n")]))
    with guarded(tmp_path) as into:
        try:
            ingest(handin, spec, (), into)
            text = "it was taken"
        except SubmissionError as error:
            text = str(error)
        sentence(text, into)


# hostile names

NAMES = {
    "newline": "mytorch/a\nb.py",
    "carriage return": "mytorch/a\rb.py",
    "colours": "mytorch/\x1b[31mred\x1b[0m.py",
    "terminal title": "mytorch/\x1b]0;title\x07.py",
    "direction override": "mytorch/\u202eyp.tuopord.py",
    "tab": "mytorch/\t.py",
    "HTML": "mytorch/<img src=x onerror=alert(1)>.py",
    "not UTF-8": "mytorch/\udcff\udcfe.py",
    "spaces": "mytorch/ .py",
    "pattern": "mytorch/[*?].py",
    "dots": "mytorch/....py",
    "option": "mytorch/-rf.py",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
@pytest.mark.parametrize("format", ["tar", "zip", "folder"])
def test_a_strange_name_harms_nothing(name: str, format: str, source: Path, into: Path) -> None:
    if format == "zip" and "\udcff" in name:
        pytest.skip("a zip's names are decoded with a code page, in which every byte is a character")
    # beside the asked-for files, among them, and as a folder around them
    for index, files in enumerate(
        (
            WHOLE | {name.replace("mytorch", "other"): b"x"},
            WHOLE | {name: b"x"},
            {f"{name}/{k}": v for k, v in WHOLE.items()},
        )
    ):
        place = source / str(index)
        place.mkdir()
        handin = pack(files, format, place)
        with guarded(place) as target:
            intake = take_into(handin, target)
            assert intake.missing == ()
            for note in intake.notes:
                assert "\n" not in note, ascii(note)  # a name can't begin a line of its own


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_strange_name_in_an_error_is_made_harmless(name: str, source: Path, into: Path) -> None:
    """The sentences that name a member go to students and staff as they are."""
    bomb = bytes(11 * 2**20)
    refused(tar_bytes([member(name, bomb)]), source, into)


@pytest.mark.parametrize("name", [name for name in NAMES.values() if "\udcff" not in name])
def test_a_strange_name_in_an_error_about_a_zip_is_made_harmless(name: str, source: Path, into: Path) -> None:
    refused(zip_bytes([(name, bytes(11 * 2**20))]), source, into)
    damaged = zip_bytes([(name, bytes(range(256)) * 40)], zipfile.ZIP_STORED).replace(bytes(range(256)), bytes(256), 1)
    refused(damaged, source, into)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_strange_name_of_the_hand_in_itself_is_made_harmless(name: str, source: Path, into: Path) -> None:
    name = name.replace("mytorch/", "")
    with pytest.raises(UsageError) as caught:
        take_into(source / name, into)
    sentence(str(caught.value), into)
    refused(b"", source, into, name)


def test_a_name_with_a_zero_byte_leads_nowhere(source: Path, into: Path) -> None:
    info = member("mytorch/dropout.py", b"x = 1\n")
    info[0].pax_headers = {"path": "mytorch/dropout.py\0.txt"}
    taken(tar_bytes([*members({"hw1/hw1.py": b""}), info]), source, into)
    assert set(content(into)) <= {"hw1/hw1.py", "mytorch/dropout.py"}


def test_a_zip_name_with_a_zero_byte_leads_nowhere(source: Path, into: Path) -> None:
    data = zip_bytes([("mytorch/dropout.py_x", b"x = 1\n"), ("hw1/hw1.py", b"")]).replace(b".py_x", b".py\0x")
    taken(data, source, into)
    assert set(content(into)) <= {"hw1/hw1.py", "mytorch/dropout.py"}


@pytest.mark.parametrize("format", ["tar", "zip"])
@pytest.mark.parametrize("name", ["mytorch/" + "a" * 300 + ".py", "mytorch/" + "é" * 200 + ".py"])
def test_a_name_too_long_for_a_file_system_is_no_crash(name: str, format: str, source: Path, into: Path) -> None:
    if not refusal(pack(WHOLE | {name: b"x = 1\n"}, format, source), source, into):
        assert content(into) == WHOLE


@pytest.mark.parametrize("format", ["tar", "zip"])
def test_a_path_of_a_thousand_folders_harms_nothing(format: str, source: Path, into: Path) -> None:
    take_into(pack(WHOLE | {"d/" * 5000 + "mytorch/dropout.py": b"x = 1\n"}, format, source), into)
    assert content(into) == WHOLE


# what isn't an archive, and what isn't whole


@pytest.mark.parametrize("name", ["handin.tar", "handin.zip", "handin.tar.gz", "dropout.py"])
def test_an_empty_file_is_refused(name: str, source: Path, into: Path) -> None:
    assert "empty" in refused(b"", source, into, name)


@pytest.mark.parametrize(
    "data", [zip_bytes([]), tar_bytes([]), gzip.compress(tar_bytes([])), bytes(10240)], ids=["zip", "tar", "gz", "0"]
)
def test_an_archive_of_nothing_is_no_crash(data: bytes, source: Path, into: Path) -> None:
    refusal(data, source, into)
    assert content(into) == {}


def test_an_empty_folder_misses_everything(source: Path, into: Path) -> None:
    assert take_into(source, into).missing == REQUIRED


FOREIGN = {
    "a RAR archive": b"Rar!\x1a\x07\x01\x00" + bytes(1000),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(1000),
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n" * 100,
    "a notebook": b'{\n "cells": [\n  {"cell_type": "code", "source": ["import numpy"]}\n ],\n "nbformat": 4\n}\n',
    "a zstd file": b"\x28\xb5\x2f\xfd" + bytes(1000),
    "a bzip2 file with no tar in it": bz2.compress(b"x = 1\n" * 100),
    "a xz file with no tar in it": lzma.compress(b"x = 1\n" * 100),
    "not an archive": random.Random(1).randbytes(5000),
    "not an archive ": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "not an archive  ": b"x",
    "not an archive   ": b"\xff\xfe" + "import numpy".encode("utf-16-le"),
    "not an archive    ": b"\0" * 5,
    "not an archive     ": b"<html><body>Log in to download handin.tar</body></html>",
}


@pytest.mark.parametrize(("what", "data"), FOREIGN.items(), ids=FOREIGN.keys())
def test_a_foreign_file_is_named(what: str, data: bytes, source: Path, into: Path) -> None:
    text = refused(data, source, into, "handin.tar")
    assert what.strip() in text
    assert ".tar" in text
    assert ".zip" in text


def test_a_compressed_file_that_holds_no_tar_is_refused(source: Path, into: Path) -> None:
    refused(gzip.compress(b"x = 1\n" * 1000), source, into)


def cuts(data: bytes) -> list[bytes]:
    """The beginnings of a file, cut at many places."""
    places = {*range(1, 40), *range(40, len(data), max(len(data) // 60, 1)), len(data) - 1}
    return [data[:place] for place in sorted(places) if place < len(data)]


@pytest.mark.parametrize("format", ["tar", "tar.gz", "zip"])
def test_a_cut_archive_gives_whole_files_or_a_sentence(format: str, source: Path, tmp_path: Path) -> None:
    noise = {"mytorch/loss.py": random.Random(2).randbytes(3000), "mytorch/linear.py": b""}
    files = WHOLE | noise
    data = pack(files, format, source).read_bytes()
    sentences = 0
    for number, cut in enumerate(cuts(data)):
        place = tmp_path / str(number)
        place.mkdir()
        with guarded(place) as into:
            if refusal(cut, source, into):
                sentences += 1
            else:
                for name, found in content(into).items():
                    assert found == files[name]
    assert sentences > 30


def patched(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """A zip with some bytes changed in each of its headers that begin with `mark`."""
    result = bytearray(data)
    place = data.find(mark)
    while place >= 0:
        result[place + offset : place + offset + len(value)] = value
        place = data.find(mark, place + 1)
    return bytes(result)


LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
ZIP = zip_bytes([("mytorch/dropout.py", b"x = 1\n" * 50)])


def test_an_encrypted_zip_is_named(source: Path, into: Path) -> None:
    data = patched(patched(ZIP, LOCAL, 6, b"\x01\0"), CENTRAL, 8, b"\x01\0")
    assert "password" in refused(data, source, into)


def test_a_zip_whose_headers_disagree_on_encryption_is_refused(source: Path, into: Path) -> None:
    refused(patched(patched(ZIP, LOCAL, 6, b"\x41\0"), CENTRAL, 8, b"\x40\0"), source, into)


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 95, 97, 99, 65535])
def test_a_zip_with_another_compression_is_refused(method: int, source: Path, into: Path) -> None:
    code = struct.pack("<H", method)
    refused(patched(patched(ZIP, LOCAL, 8, code), CENTRAL, 10, code), source, into)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_said(method: int, source: Path, into: Path) -> None:
    data = bytearray(zip_bytes([("mytorch/dropout.py", random.Random(3).randbytes(2000))], method))
    start = data.find(b"dropout.py") + len("dropout.py")
    for place in range(start + 20, start + 200):
        data[place] ^= 0x5A
    refused(bytes(data), source, into)


@pytest.mark.parametrize("size", [0, 1, 299, 301, 10**6, 2**32 - 2])
def test_a_zip_that_lies_about_sizes_is_refused(size: int, source: Path, into: Path) -> None:
    told = struct.pack("<I", size)
    refused(patched(patched(ZIP, LOCAL, 22, told), CENTRAL, 24, told), source, into)


@pytest.mark.parametrize("size", [0, 1, 10**6, 2**32 - 2])
def test_a_zip_that_lies_about_compressed_sizes_is_no_crash(size: int, source: Path, into: Path) -> None:
    told = struct.pack("<I", size)
    if not refusal(patched(patched(ZIP, LOCAL, 18, told), CENTRAL, 20, told), source, into):
        assert content(into) == {"mytorch/dropout.py": b"x = 1\n" * 50}


def with_checksum(header: bytearray) -> bytes:
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def raw_header(name: str, kind: bytes = b"0", size: bytes = b"%011o\0" % 0) -> bytes:
    """A tar header with any size field; `tarfile` itself would not write it."""
    header = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT)[:512])
    header[124:136] = size.ljust(12, b"\0")
    header[156:157] = kind
    return with_checksum(header)


def base256(size: int) -> bytes:
    """A size as GNU tar writes large ones; negative ones can be written too."""
    return (b"\x80" if size >= 0 else b"\xff") + (size % 2**88).to_bytes(11, "big")


HUGE = {
    "8 GiB": b"77777777777\0",
    "2**40": base256(2**40),
    "2**62": base256(2**62),
    "2**63": base256(2**63),
    "2**87": base256(2**87),
    "-1": base256(-1),
    "-512": base256(-512),
    "-1024": base256(-1024),
    "-2**62": base256(-(2**62)),
    "letters": b"zzzzzzzzzzz\0",
}


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize("size", HUGE.values(), ids=HUGE.keys())
@pytest.mark.parametrize("format", ["tar", "tar.gz"])
def test_a_tar_that_lies_about_sizes_is_no_crash(size: bytes, format: str, source: Path, tmp_path: Path) -> None:
    """Sizes below zero lead backwards in the file, huge ones ask for memory that nobody has."""
    before, after = tar_bytes(members({"hw1/hw1.py": b"x = 1\n"}))[:1024], tar_bytes(members(WHOLE))
    for kind in (b"0", b"5", b"L", b"K", b"x", b"g", b"S", b"V", b"7"):
        data = before + raw_header("mytorch/dropout.py", kind, size) + after
        with guarded(tmp_path) as into, memory_below(16 * 2**20):
            if not refusal(gzip.compress(data) if format == "tar.gz" else data, source, into):
                for name, found in content(into).items():
                    assert found in (WHOLE[name], b"x = 1\n", b""), kind


@pytest.mark.parametrize("kind", ["L", "K", "x", "g"])
def test_a_chain_of_headers_about_headers_is_no_crash(kind: str, source: Path, into: Path) -> None:
    """The standard library follows each by a call inside a call."""
    body = b"a\0" if kind in "LK" else b"9 path=a\n"
    link = raw_header("long", kind.encode(), b"%011o\0" % len(body)) + body.ljust(512, b"\0")
    data = tar_bytes(members({"hw1/hw1.py": b""}))[:512] + link * 3000 + tar_bytes(members(WHOLE))
    refusal(data, source, into)


@pytest.mark.parametrize(
    "headers",
    [
        {"size": "-1"},
        {"size": "99999999999999999999"},
        {"size": "a"},
        {"mtime": "nan"},
        {"path": ""},
        {"path": "/etc/passwd"},
        {"path": "../../outside/sentinel.py"},
        {"linkpath": "/etc/passwd"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "mytorch/dropout.py"},
        {"GNU.sparse.map": "0,1,5,99999999999", "GNU.sparse.size": "99999999999"},
        {"GNU.sparse.map": "x", "GNU.sparse.size": "x"},
        {"GNU.sparse.size": "x"},
        {"GNU.sparse.realsize": "99999999999"},
        {"hdrcharset": "BINARY"},
    ],
    ids=lambda headers: "-".join(headers),
)
def test_extended_headers_of_a_tar_are_not_believed(headers: dict[str, str], source: Path, into: Path) -> None:
    info = member("mytorch/dropout.py", b"x = 1\n", pax_headers=headers)
    refusal(tar_bytes([*members({"hw1/hw1.py": b""}), info]), source, into)


# bombs: every one is bounded, and what it costs is measured


@pytest.mark.usefixtures("small_caps")
def test_a_zip_bomb_is_not_unpacked(source: Path, into: Path) -> None:
    bomb = zip_bytes([("mytorch/dropout.py", bytes(64 * 2**20))])
    assert len(bomb) < 2**17
    with memory_below(2**20):
        assert "64 MiB" in refused(bomb, source, into)


@pytest.mark.usefixtures("small_caps")
def test_a_zip_bomb_that_says_it_is_small_is_not_unpacked(source: Path, into: Path) -> None:
    told = struct.pack("<I", 1000)
    bomb = zip_bytes([("mytorch/dropout.py", bytes(64 * 2**20))])
    bomb = patched(patched(bomb, LOCAL, 22, told), CENTRAL, 24, told)
    with memory_below(2 * 2**20):
        refused(bomb, source, into)


@pytest.mark.usefixtures("small_caps")
def test_a_zip_bomb_of_many_small_files_stops_at_the_cap(source: Path, into: Path) -> None:
    bomb = zip_bytes((f"mytorch/a{number}.py", bytes(2**18)) for number in range(100))
    with memory_below(2 * 2**20):
        assert "too large" in refused(bomb, source, into)
    assert sum(len(data) for data in content(into).values()) <= 2**20


@pytest.mark.usefixtures("small_caps")
def test_a_zip_whose_members_share_their_bytes_stops_at_the_cap(source: Path, into: Path) -> None:
    """Many entries of the list at the end may point at one compressed block."""
    data = zip_bytes([("mytorch/a000.py", bytes(2**18))])
    start = data.find(CENTRAL)
    end = data.find(b"PK\x05\x06")
    central = data[start:end]
    entries = b"".join(central.replace(b"a000", b"a%03d" % number) for number in range(200))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 200, 200, len(entries), start, 0)
    with memory_below(2 * 2**20):
        refused(data[:start] + entries + tail, source, into)


@pytest.mark.usefixtures("small_caps")
def test_a_gzip_bomb_stops_at_the_cap(source: Path, into: Path) -> None:
    bomb = gzip.compress(tar_bytes([member("mytorch/dropout.py", bytes(64 * 2**20))]))
    assert len(bomb) < 2**17
    with memory_below(10 * 2**20):
        assert "unpacks to more than" in refused(bomb, source, into)


@pytest.mark.usefixtures("small_caps")
def test_a_gzip_bomb_in_many_pieces_stops_at_the_cap(source: Path, into: Path) -> None:
    with memory_below(10 * 2**20):
        refused(gzip.compress(bytes(2**20)) * 200, source, into)


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize("format", FORMATS)
def test_a_file_over_the_cap_is_refused(format: str, source: Path, into: Path) -> None:
    handin = pack({"mytorch/dropout.py": random.Random(4).randbytes(2**18 + 1)}, format, source)
    assert "mytorch/dropout.py" in refused(handin, source, into)


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize("format", FORMATS)
def test_large_files_that_nobody_asked_for_cost_nothing(format: str, source: Path, into: Path) -> None:
    data = {"data/train.npz": random.Random(4).randbytes(2**19)}
    take_into(pack(WHOLE | data, format, source), into)
    assert content(into) == WHOLE


@pytest.mark.usefixtures("small_caps")
def test_an_archive_over_the_cap_isnt_opened(source: Path, into: Path) -> None:
    handin = source / "handin.tar"
    with handin.open("wb") as file:
        file.truncate(2**40)  # takes no space on disk
    with memory_below(2**20):
        assert "larger than" in refused(handin, source, into)


def test_a_sparse_file_in_a_folder_isnt_read_into_memory(source: Path, into: Path) -> None:
    folder = pack(WHOLE, "folder", source)
    with (folder / "mytorch" / "dropout.py").open("wb") as file:
        file.truncate(2**40)
    with memory_below(2 * CAPS.file_bytes):
        refused(folder, source, into)


@pytest.mark.parametrize("format", FORMATS)
def test_ten_thousand_and_one_members_are_too_many(format: str, source: Path, into: Path) -> None:
    handin = pack({f"d{number}.txt": b"" for number in range(10_001)}, format, source)
    assert "10000" in refused(handin, source, into)


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("entry", ["d{}/", "__MACOSX/._{}", "{}/.DS_Store"])
def test_folders_and_junk_are_bounded_too(entry: str, format: str, source: Path, into: Path) -> None:
    """They don't count as files of the hand-in, but somebody has to look at each."""
    names = [entry.format(number) for number in range(1001)]
    if format == "folder":
        for name in names:
            (source / "handin" / name).parent.mkdir(parents=True, exist_ok=True)
            (source / "handin" / name).mkdir() if name.endswith("/") else (source / "handin" / name).touch()
        handin = source / "handin"
    elif format == "zip":
        handin = source / "handin.zip"
        handin.write_bytes(zip_bytes((name, b"") for name in names))
    else:
        kinds = {True: tarfile.DIRTYPE, False: tarfile.REGTYPE}
        packed = tar_bytes(member(name, b"", type=kinds[name.endswith("/")]) for name in names)
        handin = source / "handin.tar"
        handin.write_bytes(PACKERS[format.removeprefix("tar.")](packed))
    if format == "folder" and entry.startswith("__MACOSX"):
        assert refusal(handin, source, into) == ""  # a folder of that name isn't looked into at all
    else:
        assert "1000 entries" in refused(handin, source, into)


# arbitrary damage

SMALL = {"hw1/hw1.py": b"x = 1\n", "mytorch/dropout.py": b"y = 2\n" * 30, "mytorch/ünï.py": b"", "a/b/c.txt": b"c"}
SEEDS = {
    "tar": tar_bytes(members(SMALL)),
    "gnu": tar_bytes([*members(SMALL), member("n" * 150 + "/mytorch/dropout.py")], tarfile.GNU_FORMAT),
    "tar.gz": gzip.compress(tar_bytes(members(SMALL)), mtime=0),
    "zip": zip_bytes((zipfile.ZipInfo(name), data) for name, data in SMALL.items()),
    "lzma": zip_bytes(((zipfile.ZipInfo(name), data) for name, data in SMALL.items()), zipfile.ZIP_LZMA),
}


def survive(data: bytes, name: str) -> None:
    """Take something in; the only exception is SubmissionError."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        with guarded(place) as into:
            refusal(data, place, into, name)
            (place / name).unlink()


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", SEEDS)
def test_damaged_archives_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(SEEDS[kind])
    # most of a tar is zeros: aim at what says something
    telling = [place for place, byte in enumerate(damaged) if byte] or [0]
    for _ in range(data.draw(st.integers(1, 5))):
        place = telling[data.draw(st.integers(0, len(telling) - 1))]
        if place < len(damaged):
            damaged[place] = data.draw(
                st.sampled_from([0, 1, 0x20, 0x2F, 0x39, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)
            )
    if data.draw(st.booleans()) and kind in ("tar", "gnu"):
        for start in range(0, len(damaged) - 511, 512):  # else a wrong checksum would hide the damage
            if damaged[start + 257 : start + 262] == b"ustar":
                damaged[start : start + 512] = with_checksum(damaged[start : start + 512])
    survive(bytes(damaged), "handin.bin")


@settings(max_examples=60)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\0", b"Rar!", b"BZh9"]),
    st.sampled_from(["handin.tar", "handin.zip", "dropout.py", "handin"]),
)
def test_arbitrary_bytes_raise_nothing_else(body: bytes, mark: bytes, name: str) -> None:
    survive(mark + body, name)


@pytest.mark.parametrize("pattern", ["mytorch/loss.py", "mytorch/*.py"])
@pytest.mark.parametrize(
    "name",
    [
        *("loss (1).py", "loss(2).py", "Copy of loss.py", "loss - Copy.py", "loss_copy.py", "Loss (1) (2).py"),
        *("loss copy 2.py", "loss (copy).py"),
    ],
)
def test_a_copys_name_is_understood(name: str, pattern: str, tmp_path: Path) -> None:
    handin, into = tmp_path / "handin", tmp_path / "into"
    (handin / "mytorch").mkdir(parents=True)
    into.mkdir()
    (handin / "mytorch" / name).write_text("x = 1\n")
    intake = ingest(handin, SubmissionSpec((pattern,)), ("mytorch/loss.py",), into)
    assert intake.files == ("mytorch/loss.py",)
    assert any("was found as" in note for note in intake.notes)


@pytest.mark.parametrize(
    "name", ["(1)", "copy of ", ". copy", " copy", " - copy", "(copy).py", "copy of copy of .py", "."]
)
def test_a_name_of_nothing_but_a_copys_mark_is_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "handin.zip").write_bytes(zip_bytes([(name, b"x = 1\n"), (f"a/{name}", b"x = 1\n")]))
    (tmp_path / "into").mkdir()
    intake = ingest(tmp_path / "handin.zip", SubmissionSpec(("mytorch/*.py",)), ("mytorch/loss.py",), tmp_path / "into")
    assert intake.files == ()


def test_of_two_copies_none_is_guessed_and_both_are_named(tmp_path: Path) -> None:
    handin, into = tmp_path / "handin", tmp_path / "into"
    for folder in (handin, into):
        folder.mkdir()
    for number in (1, 2):
        (handin / f"loss ({number}).py").write_text("x = 1\n")
    intake = ingest(handin, SubmissionSpec(("loss.py",)), ("loss.py",), into)
    assert intake.files == ()
    assert any("loss (1).py, loss (2).py" in note for note in intake.notes)


def test_a_copy_stands_for_a_file_of_its_own_folder_alone(tmp_path: Path) -> None:
    handin, into = tmp_path / "handin", tmp_path / "into"
    for folder in (handin / "a", into):
        folder.mkdir(parents=True)
    for name in ("util.py", "util (1).py"):
        (handin / "a" / name).write_text("x = 1\n")
    intake = ingest(handin, SubmissionSpec(("a/util.py", "b/util.py")), ("a/util.py", "b/util.py"), into)
    assert (intake.files, intake.missing) == (("a/util.py",), ("b/util.py",))
