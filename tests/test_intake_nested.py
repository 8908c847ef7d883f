"""Guards that the homework is found where students leave it: packed again, beside others, under other names."""

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import BONUS, ROOT
from handins import (
    FORMATS,
    REQUIRED,
    SPEC,
    WHOLE,
    Files,
    content,
    member,
    members,
    pack,
    take_into,
    taken,
    tar_bytes,
    zip_bytes,
)
from strict_json import strict_loads

from grader.assignment import SubmissionSpec
from grader.errors import SubmissionError
from grader.intake.archives import SUFFIXES
from grader.intake.limits import CAPS
from grader.intake.take import ingest

BESIDE: Files = {
    "report.pdf": b"%PDF-1.7\n",
    "README.md": b"read me\n",
    "__MACOSX/._handin.tar": b"\0\5\x16\7",
    ".DS_Store": b"\0\0\0\1Bud1",
}
PACKED: dict[str, Callable[[Files], bytes]] = {
    "handin.tar": lambda files: tar_bytes(members(files)),
    "handin.tar.gz": lambda files: gzip.compress(tar_bytes(members(files))),
    "Handin.TGZ": lambda files: gzip.compress(tar_bytes(members(files))),
    "handin.tar.bz2": lambda files: bz2.compress(tar_bytes(members(files))),
    "handin.tbz2": lambda files: bz2.compress(tar_bytes(members(files))),
    "handin.tar.xz": lambda files: lzma.compress(tar_bytes(members(files))),
    "handin.txz": lambda files: lzma.compress(tar_bytes(members(files))),
    "handin.zip": lambda files: zip_bytes(files.items()),
    "my work/hw 1/handin.tar": lambda files: tar_bytes(members(files)),
}


def test_every_suffix_is_tried() -> None:
    assert {suffix for suffix in SUFFIXES if not any(name.lower().endswith(suffix) for name in PACKED)} == {".tbz"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("beside", [{}, BESIDE], ids=["alone", "beside"])
def test_an_archive_in_a_hand_in_is_found(name: str, format: str, beside: Files, source: Path, into: Path) -> None:
    wrapped = {f"top/{path}": data for path, data in WHOLE.items()}
    handin = pack(beside | {name: PACKED[name](wrapped)}, format, source)
    intake = take_into(handin, into)
    assert content(into) == WHOLE
    assert intake.missing == ()
    assert any(f"in the archive {name}" in note for note in intake.notes)
    assert any("report.pdf" in note for note in intake.notes) == bool(beside)
    assert not any("DS_Store" in note or "MACOSX" in note for note in intake.notes)


def test_two_levels_are_opened_and_no_more(source: Path, into: Path) -> None:
    data = tar_bytes(members(WHOLE))
    for level in range(4):
        (source / str(level)).mkdir()
        (source / str(level) / "report.pdf").touch()
        (source / str(level) / "a.zip").write_bytes(data)
        data = zip_bytes([("a.zip", data)])
    for level in (0, 1):
        assert ingest(source / str(level), SPEC, REQUIRED, source_target(source, level)).missing == ()
    for level in (2, 3):
        intake = ingest(source / str(level), SPEC, REQUIRED, source_target(source, level))
        assert intake.files == ()
        said = "Not opened, because it is too deep inside other archives: a.zip/a.zip/a.zip; "
        assert [note for note in intake.notes if note.startswith(said) and "hand in that archive itself" in note]


def test_archives_that_are_too_deep_are_told_only_if_something_is_missing(source: Path, into: Path) -> None:
    deep = zip_bytes([("b.zip", zip_bytes([("c.zip", zip_bytes(WHOLE.items()))]))])
    intake = take_into(pack({"a.zip": deep, "handin.tar": tar_bytes(members(WHOLE))}, "folder", source), into)
    assert content(into) == WHOLE
    assert not [note for note in intake.notes if "too deep" in note]


def test_the_place_of_the_homework_is_one_sentence(source: Path, into: Path) -> None:
    inner = tar_bytes(members({f"top/{name}": data for name, data in WHOLE.items()}))
    intake = take_into(pack({"a.zip": zip_bytes([("x/b.tar", inner)])}, "folder", source), into)
    assert intake.notes == (
        "The files were found in the archive a.zip/x/b.tar, and taken from there.",
        "The files were found inside the folder top/, and taken from there.",
    )


def test_a_damaged_archive_in_an_archive_is_told_with_its_place(source: Path, into: Path) -> None:
    intake = take_into(pack({"a.zip": zip_bytes([("b.tar.gz", b"\x1f\x8b broken")])}, "folder", source), into)
    assert [note for note in intake.notes if note.startswith("The archive a.zip/b.tar.gz was not taken: ")]


def test_archives_beyond_the_cap_are_told(source: Path, into: Path) -> None:
    beside = {f"{n}.zip": zip_bytes([("notes.txt", b"")]) for n in range(CAPS.archives)}
    intake = take_into(pack(beside | {"x/handin.tar": tar_bytes(members(WHOLE))}, "folder", source), into)
    assert intake.files == ()
    assert [note for note in intake.notes if note.startswith("Not opened") and "x/handin.tar" in note]


@pytest.mark.parametrize("name", ["handin.rar", "x/Handin.7Z"])
def test_an_archive_of_another_kind_is_told_if_something_is_missing(name: str, tmp_path: Path) -> None:
    said = (
        f"Not opened, because only zip and tar are: {name}; if your work is in there, hand it in as a .zip or .tar.gz."
    )
    foreign = {name: b"Rar!\x1a\x07"}
    for place, files in {"alone": foreign, "beside": foreign | WHOLE}.items():
        for folder in ("source", "into"):
            (tmp_path / place / folder).mkdir(parents=True)
        intake = take_into(pack(files, "folder", tmp_path / place / "source"), tmp_path / place / "into")
        assert (said in intake.notes) == (place == "alone"), intake.notes


def test_a_document_is_no_archive(source: Path, into: Path) -> None:
    file = source / "hw1.docx"
    file.write_bytes(zip_bytes([("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"def step(): pass")]))
    with pytest.raises(SubmissionError, match=r"hw1\.docx is a document; hand in the source files"):
        take_into(file, into)
    file.write_bytes(zip_bytes(list(WHOLE.items())))  # a zip under another name
    assert take_into(file, into).missing == ()


def source_target(source: Path, level: int) -> Path:
    folder = source / f"target-{level}"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("format", FORMATS)
def test_loose_files_of_the_homework_win(format: str, source: Path, into: Path) -> None:
    old = tar_bytes(members(dict.fromkeys(WHOLE, b"old = 1\n")))
    intake = take_into(pack(WHOLE | {"handin.tar": old}, format, source), into)
    assert content(into) == WHOLE
    assert any("handin.tar" in note for note in intake.notes)


def test_one_loose_file_that_is_required_wins_too(source: Path, into: Path) -> None:
    take_into(pack({"hw1.py": b"x = 1\n", "a.zip": zip_bytes(WHOLE.items())}, "folder", source), into)
    assert content(into) == {"hw1/hw1.py": b"x = 1\n"}


def test_a_loose_file_that_nothing_requires_gives_way(source: Path, into: Path) -> None:
    take_into(pack({"mytorch/notes.py": b"x = 1\n", "a.zip": zip_bytes(WHOLE.items())}, "folder", source), into)
    assert content(into) == WHOLE


def test_of_several_archives_the_one_with_most_is_taken_and_named(source: Path, into: Path) -> None:
    files = {
        "data.zip": zip_bytes([("train.csv", b"1")]),
        "handin (1).tar.gz": gzip.compress(tar_bytes(members(dict.fromkeys(WHOLE, b"copy = 1\n")))),
        "handin.tar": tar_bytes(members(WHOLE)),
        "a.zip": zip_bytes([("hw1/hw1.py", b"part = 1\n")]),
        "broken.tar.gz": b"\x1f\x8b broken",
        "locked.tar": b"no tar",
    }
    intake = take_into(pack(files, "folder", source), into)
    assert content(into) == WHOLE
    assert any("in the archive handin.tar," in note for note in intake.notes)
    assert [note for note in intake.notes if "was not taken" in note and "broken.tar.gz" in note]


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("incomplete", [True, False])
def test_bombs_beside_the_archive_leave_enough_for_it(incomplete: bool, format: str, source: Path, into: Path) -> None:
    files = {name: data for name, data in WHOLE.items() if not incomplete or name != "hw1/hw1.py"}
    beside = {f"{n}.tar.gz": gzip.compress(bytes(3 * 2**20)) for n in range(3)}
    beside["images.zip"] = zip_bytes((f"{n}.png", b"") for n in range(1200))
    take_into(pack(beside | {"x/handin.tar": tar_bytes(members(files))}, format, source), into)
    assert content(into) == files


def test_archives_alone_that_hold_nothing_are_said(source: Path, into: Path) -> None:
    intake = take_into(pack({"a.tar.gz": b"\x1f\x8b broken"}, "folder", source), into)
    assert intake.files == ()
    assert any("a.tar.gz was not taken" in note for note in intake.notes)


EVERYTHING = SubmissionSpec(files=("*", "*/*", "*/*/*"), path=())


@pytest.mark.parametrize("beside", [{}, BESIDE])
def test_a_suites_hand_in_is_found_in_an_archive_too(beside: Files, source: Path, into: Path) -> None:
    """Its patterns ask for everything, the archive included."""
    ingest(pack(beside | {"h.tar": tar_bytes(members(WHOLE))}, "folder", source), EVERYTHING, (), into)
    assert content(into) == WHOLE


def test_a_suites_archive_beside_code_is_data(source: Path, into: Path) -> None:
    files = {"sol.py": b"x = 1\n", "weights.tar": tar_bytes(members(WHOLE))}
    ingest(pack(files, "folder", source), EVERYTHING, (), into)
    assert content(into) == files


def test_a_single_file_may_be_gzipped(source: Path, into: Path) -> None:
    taken(gzip.compress(b"x = 2\n"), source, into, "dropout.py.gz")
    assert content(into) == {"mytorch/dropout.py": b"x = 2\n"}


# what lies beside the solution costs nothing

BYSTANDERS: dict[str, bytes] = {
    "a log that packs well": zip_bytes([*WHOLE.items(), ("log.csv", bytes(40 * 2**20))]),
    "many of them": zip_bytes([*WHOLE.items(), *((f"log{n}.csv", bytes(8 * 2**20)) for n in range(20))]),
}


def with_member(name: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with one member more, of another method."""

    buffer = io.BytesIO(zip_bytes(WHOLE.items()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, b"beside " * 100, compress_type=method)
    return buffer.getvalue()


BYSTANDERS |= {
    "LZMA": with_member("notes.txt", zipfile.ZIP_LZMA),
    "bzip2": with_member("notes.txt", zipfile.ZIP_BZIP2),
    "a colon": with_member("mytorch: old/notes.txt"),
    "a drive": with_member("C:\\notes.txt"),
    "a backslash": with_member("a\\..\\..\\notes.txt"),
    "a long name": with_member("n" * 3000 + ".txt"),
    "a deep name": with_member("d/" * 300 + "notes.txt"),
    "an absolute name": with_member("/etc/notes.txt"),
}


@pytest.mark.parametrize("data", BYSTANDERS.values(), ids=BYSTANDERS.keys())
def test_what_nobody_wants_costs_nothing(data: bytes, source: Path, into: Path) -> None:
    assert taken(data, source, into).missing == ()
    assert content(into) == WHOLE


@pytest.mark.parametrize("flags", [0x1, 0x41])
@pytest.mark.parametrize("method", [8, 9, 97, 99])
def test_a_locked_member_that_nobody_wants_costs_nothing(flags: int, method: int, source: Path, into: Path) -> None:
    data = bytearray(with_member("notes.txt"))
    for mark, flags_at, method_at, name_at in ((b"PK\3\4", 6, 8, 30), (b"PK\1\2", 8, 10, 46)):
        place = data.find(mark)
        while place >= 0:
            if data[place + name_at :].startswith(b"notes.txt"):
                data[place + flags_at], data[place + method_at] = flags, method
            place = data.find(mark, place + 4)
    taken(bytes(data), source, into)
    assert content(into) == WHOLE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_wanted_is_read_by_every_method_that_there_is(method: int, source: Path, into: Path) -> None:
    large = WHOLE | {"mytorch/large.py": b"x = 1  # much\n" * 200_000}
    taken(zip_bytes(large.items(), method), source, into)
    assert content(into) == large


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "folder", ["HW1: final", "C: work", "CC:", "a:b/c", "back\\slash", "tab\there", "~", "-rf", " "]
)
def test_a_folder_of_any_name_is_looked_through(folder: str, format: str, source: Path, into: Path) -> None:
    take_into(pack({f"{folder}/{name}": data for name, data in WHOLE.items()}, format, source), into)
    assert content(into) == WHOLE


# names twice

DECOMPOSED, COMPOSED = unicodedata.normalize("NFD", "é"), "é"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("pack_all", [tar_bytes, None], ids=["tar", "zip"])
def test_of_one_name_twice_the_last_is_taken_and_said(
    pack_all: Callable[..., bytes] | None, source: Path, into: Path
) -> None:
    bodies = [(name, b"old = 1\n") for name in WHOLE] + [("./hw1//hw1.py", b"older = 1\n")] + list(WHOLE.items())
    data = zip_bytes(bodies) if pack_all is None else pack_all(member(*body) for body in bodies)
    notes = taken(data, source, into).notes
    assert content(into) == WHOLE
    assert [note for note in notes if "more than once" in note and "hw1/hw1.py" in note]


@pytest.mark.parametrize("format", FORMATS)
def test_of_names_that_differ_by_case_the_exact_one_is_taken(format: str, source: Path, into: Path) -> None:
    others = {"Mytorch/dropout.py": b"a = 1\n", "MYTORCH/DROPOUT.PY": b"b = 1\n", "HW1/hw1.py": b"c = 1\n"}
    take_into(pack(others | WHOLE, format, source), into)
    assert content(into) == WHOLE


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("handed", "asked"), [(DECOMPOSED, COMPOSED), (COMPOSED, DECOMPOSED), (COMPOSED, COMPOSED)])
def test_accents_are_one_however_they_are_written(
    format: str, handed: str, asked: str, source: Path, tmp_path: Path
) -> None:
    handin = pack({f"d{handed}/caf{handed}.py": b"x = 1\n"}, format, source)
    name = f"d{asked}/caf{asked}.py"
    intake = ingest(handin, SubmissionSpec((name,)), (name,), tmp_path)
    assert intake.files == (name,)
    assert intake.notes == ()
    assert content(tmp_path) == {name: b"x = 1\n"}


def test_both_spellings_of_an_accent_are_one_name_twice(source: Path, tmp_path: Path) -> None:
    files = {f"caf{DECOMPOSED}.py": b"first = 1\n", f"caf{COMPOSED}.py": b"second = 1\n"}
    for format in FORMATS:
        into = tmp_path / format
        into.mkdir()
        intake = ingest(pack(files, format, source), SubmissionSpec(("*.py",)), (), into)
        assert intake.files == (f"caf{COMPOSED}.py",)
        assert any("more than once" in note for note in intake.notes)


def test_a_name_that_a_mac_doesnt_mark_as_unicode_is_read(source: Path, tmp_path: Path) -> None:
    data = zip_bytes([("ordner-é/x.py", b"x = 1\n")])
    marked = [data.find(b"PK\3\4") + 6, data.find(b"PK\1\2") + 8]
    raw = bytearray(data)
    for place in marked:
        raw[place + 1] &= ~0x8
    (source / "handin.zip").write_bytes(raw)
    assert ingest(source / "handin.zip", SubmissionSpec(("*/*.py",)), (), tmp_path).files == ("ordner-é/x.py",)


# junk

SYSTEMS = (
    *(
        ".DS_Store",
        "Thumbs.db",
        "THUMBS.DB",
        "desktop.ini",
        "._hw1.py",
        "mytorch/._dropout.py",
        "__MACOSX/x",
        "a/.DS_Store",
    ),
    *(".git/config", ".idea/x.xml", ".vscode/settings.json", "mytorch/__pycache__/x.cpython-311.pyc", "old.pyc"),
    *(".venv/lib/x.py", "venv/bin/activate", ".ipynb_checkpoints/x.py", ".pytest_cache/README.md", "node_modules/x.js"),
)


@pytest.mark.parametrize("format", FORMATS)
def test_what_systems_leave_is_not_told(format: str, source: Path, into: Path) -> None:
    intake = take_into(pack(WHOLE | dict.fromkeys(SYSTEMS, b"junk"), format, source), into)
    assert content(into) == WHOLE
    assert intake.notes == ()


def test_a_callers_own_files_are_passed_over(source: Path, into: Path) -> None:
    handin = pack(WHOLE | {"grade.sh": b"#!/bin/sh\n", "tests/hw1/hw1.py": b"x", "a/grade.sh": b""}, "folder", source)
    notes = ingest(handin, SPEC, REQUIRED, into, ignored=["grade.sh", "tests"]).notes
    assert content(into) == WHOLE
    assert notes == ("Left out, because the assignment doesn't ask for it: a/grade.sh.",)


# the whole command


@pytest.mark.parametrize("format", ["prairielearn", "markus"])
def test_platforms_that_hand_over_a_folder_find_the_handouts_tar(format: str, tmp_path: Path) -> None:
    reference = ROOT / "reference" / BONUS
    files = {f.relative_to(reference).as_posix(): f.read_bytes() for f in reference.rglob("*.py")}
    handin = pack(BESIDE | {"handin.tar": tar_bytes(members(files)), "grade.sh": b"#!/bin/sh\n"}, "folder", tmp_path)
    command = [sys.executable, "-m", "grader", "grade", BONUS, str(handin), "--ignore", "grade.sh", "--format", format]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "grade.sh" not in done.stdout
    if format == "prairielearn":
        assert strict_loads(done.stdout)["score"] == 1
    else:
        rows = [strict_loads(line) for line in done.stdout.splitlines()]
        assert {row["status"] for row in rows if row.get("marks_total")} == {"pass"}


@pytest.mark.parametrize("flags", ["-cPf", "-cPzf"])
def test_a_tar_with_absolute_names_has_all_points(flags: str, tmp_path: Path) -> None:
    solution, handin = tmp_path / "home" / "hw", tmp_path / "handin.tar"
    shutil.copytree(ROOT / "reference" / BONUS, solution)
    subprocess.run(["tar", flags, handin, *(solution.iterdir())], check=True)
    report = graded(handin)
    assert report["score"] == report["max_score"]
    assert [note for note in report["notes"] if "lead out of the hand-in" in note]


def test_a_report_says_which_archive_is_too_deep(tmp_path: Path) -> None:
    reference = ROOT / "reference" / BONUS
    data = zip_bytes((f.relative_to(reference).as_posix(), f.read_bytes()) for f in reference.rglob("*.py"))
    for name in ("c.zip", "b.zip", "a.zip"):
        data = zip_bytes([(name, data)])
    (tmp_path / "handin.zip").write_bytes(data)
    report = graded(tmp_path / "handin.zip")
    assert report["score"] == 0
    (note,) = [note for note in report["notes"] if "a.zip/b.zip/c.zip" in note]
    assert note == (
        "Not opened, because it is too deep inside other archives: a.zip/b.zip/c.zip; if your work is in there, hand "
        "in that archive itself."
    )


def graded(handin: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "grader", "grade", BONUS, str(handin), "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    report: dict[str, Any] = strict_loads(done.stdout)
    return report


def test_a_link_is_refused_by_the_whole_command(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT / "reference" / BONUS)
    command = [sys.executable, "-m", "grader", "grade", BONUS, str(tmp_path / "link"), "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is a link" in done.stderr
    assert done.stdout == ""
