"""A hand-in that travels to another machine is taken in there as it would be here, and isn't made larger on its way."""

import os
from pathlib import Path

import pytest
from handins import REQUIRED, SPEC, members, tar_bytes

from grader.classroom.packing import pack, unpack
from grader.errors import GraderError, UsageError
from grader.intake.limits import MIB
from grader.intake.take import ingest

FILES = {"hw1/hw1.py": b"class MLP: ...\n", "mytorch/dropout.py": b"class Dropout: ...\n"}


def taken(source: Path, into: Path) -> object:
    """The files that the intake takes with their contents, and its notes; or why it refuses the hand-in."""
    into.mkdir(parents=True)
    try:
        intake = ingest(source, SPEC, REQUIRED, into)
    except GraderError as error:
        return str(error)
    return {name: (into / name).read_bytes() for name in intake.files}, intake.notes


def folder(place: Path) -> Path:
    """A hand-in with everything that isn't a plain file."""
    for name, data in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    with (place / "mytorch/model.bin").open("wb") as file:
        file.truncate(300 * MIB)
    with (place / "mytorch/huge.bin").open("wb") as file:
        file.truncate(2**40)
    (place / "hw1/link.py").symlink_to("/etc/passwd")
    (place / "hw1/above").symlink_to("..")
    os.mkfifo(place / "hw1/pipe.py")
    (place / ".git").mkdir()
    (place / ".git/config").write_bytes(b"[core]")
    Path(os.fsdecode(os.fsencode(place) + b"/mytorch/\xff.py")).write_bytes(b"")
    (place / "empty").mkdir()
    return place


def test_a_folder_is_taken_in_alike(tmp_path: Path) -> None:
    source = folder(tmp_path / "jane")
    pieces = pack(source)
    assert sum(len(piece.data) for piece in pieces) < 1000
    assert b"root:" not in b"".join(piece.data for piece in pieces)
    (tmp_path / "there").mkdir()
    unpack(pieces, tmp_path / "there" / "jane")
    here, there = taken(source, tmp_path / "a"), taken(tmp_path / "there/jane", tmp_path / "b")
    assert here == there
    assert isinstance(here, tuple)
    assert set(FILES) <= set(here[0])


@pytest.mark.parametrize("size", [0, 300 * MIB])
def test_an_archive_is_taken_in_alike(tmp_path: Path, size: int) -> None:
    source = tmp_path / "jane.tar"
    source.write_bytes(tar_bytes(members(FILES)))
    if size:
        os.truncate(source, size)
    pieces = pack(source)
    assert sum(len(piece.data) for piece in pieces) < 100_000
    (tmp_path / "there").mkdir()
    unpack(pieces, tmp_path / "there" / source.name)
    assert taken(source, tmp_path / "a") == taken(tmp_path / "there" / source.name, tmp_path / "b")


def test_an_archive_inside_travels_whole(tmp_path: Path) -> None:
    source = tmp_path / "jane"
    source.mkdir()
    (source / "handin.tar").write_bytes(tar_bytes(members({**FILES, "data.bin": bytes(11 * MIB)})))
    (tmp_path / "there").mkdir()
    unpack(pack(source), tmp_path / "there" / "jane")
    here = taken(source, tmp_path / "a")
    assert here == taken(tmp_path / "there/jane", tmp_path / "b")
    assert isinstance(here, tuple)
    assert set(FILES) <= set(here[0])


def test_what_isnt_there_any_more_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="isn't there"):
        pack(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="isn't a file or a folder"):
        pack(tmp_path / "link")
