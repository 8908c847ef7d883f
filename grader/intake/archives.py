"""Detects a file's type by its content, and lists its members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from grader.errors import SubmissionError
from grader.intake import zips
from grader.intake.compression import FILES, unpack
from grader.intake.limits import MIB, Budget
from grader.intake.members import Member, capped, unappended
from grader.intake.notes import Troubles, shown
from grader.intake.tars import is_tar, tar_members

SUFFIXES = (".tar", ".zip", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_SOURCES = (".py", ".toml", ".ipynb")
"""Files that may be handed in as they are."""
_FOREIGN = (
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"%PDF", "a PDF"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
)


_OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".pages", ".numbers", ".key", ".epub")
"""Documents that are zips inside."""
_OF_OFFICE = ("[Content_Types].xml", "mimetype", "Index/Document.iwa", "Index.zip")


def list_archive(data: bytes, name: str, budget: Budget, troubles: Troubles) -> list[Member]:
    """Return the regular files in an archive; for a single source file, return that file.

    Args:
        data: the file's content.
        name: the file's name.
        budget: the budget of this intake.
        troubles: collects the members that can't be files.

    Raises:
        SubmissionError: the file isn't an archive, or it is damaged or too large.
    """
    members = capped(_members(data, name, budget, troubles), name, budget)
    if name.lower().endswith(_OFFICE) and any(str(member.path) in _OF_OFFICE for member in members):
        raise SubmissionError(f"{shown(name)} is a document; hand in the source files, or a .tar, .tar.gz or .zip")
    return members


def _members(data: bytes, name: str, budget: Budget, troubles: Troubles) -> Iterator[Member]:
    if not data:
        raise SubmissionError(f"{shown(name)} is empty (0 bytes); look into it and hand it in again")
    compression = next((kind for kind, method in FILES.items() if data.startswith(method.mark)), None)
    if compression is not None:
        data, name = _unpacked(data, name, compression, budget), PurePosixPath(name).stem
    if data.startswith(zips.MARKS):
        yield from zips.zip_members(data, name, budget, troubles)
    elif is_tar(data):
        yield from tar_members(data, budget, troubles)
    elif unappended(PurePosixPath(name)).suffix.lower() in _SOURCES:
        yield Member(PurePosixPath(name), len(data), lambda: data)
    elif compression is not None:
        raise SubmissionError(
            f"{shown(name)} is a {compression} file with no tar in it; hand in a .tar, .tar.gz or .zip"
        )
    else:
        raise SubmissionError(f"{shown(name)} is {_foreign(data)}; hand in a .tar, .tar.gz or .zip")


def _unpacked(data: bytes, name: str, compression: str, budget: Budget) -> bytes:
    limit = budget.caps.archive_bytes
    try:
        unpacked, whole = unpack(data, FILES[compression], budget, limit + 1)
    except ValueError as error:
        raise SubmissionError(
            f"{shown(name)} can't be unpacked ({shown(error)}); make the archive again and look into it"
        ) from None
    if len(unpacked) > limit:
        raise SubmissionError(f"{shown(name)} unpacks to more than {limit // MIB} MiB; hand in the source files only")
    if not whole:
        raise SubmissionError(f"{shown(name)} is cut short; make the archive again and hand it in whole")
    return unpacked


def _foreign(data: bytes) -> str:
    head = data[:512]
    for mark, what in _FOREIGN:
        if head.startswith(mark):
            return what
    if b'"cells"' in head or b'"nbformat' in head:
        return "a notebook under another name; give it a name that ends in .ipynb"
    return "not an archive that can be read"
