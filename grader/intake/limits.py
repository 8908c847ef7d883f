"""The caps of one intake, and the budget that counts its use of them.

With the caps below, an intake handles at most 50,000 entries, moves at most 200 MiB through decompressors, and holds
at most 300 MiB. The worst known archives take 6 seconds of processor time: 5 for bzip2, 1 for the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grader.errors import SubmissionError

MIB = 2**20


@dataclass(frozen=True)
class Caps:
    """The limits of a hand-in's size and of the work that it causes."""

    archive_bytes: int = 100 * MIB
    """Size of a hand-in that is one file."""
    moved_bytes: int = 200 * MIB
    """Bytes into and out of decompressors, and out of archives, in all nested archives together; see `SLOW`."""
    header_bytes: int = 4 * MIB
    """Bytes of long names and extended headers of tars, in all nested archives together."""
    entries: int = 50_000
    """Entries in all nested archives and folders together: files, folders, links and junk of operating systems."""
    members: int = 10_000
    """Files of one archive or folder, without junk of operating systems."""
    archives: int = 8
    """Archives inside the hand-in that are searched for the homework."""
    file_bytes: int = 10 * MIB
    """Size of one file that is taken."""
    notebook_bytes: int = 40 * MIB
    """Size of one notebook, most of which are the pictures that its cells showed."""
    total_bytes: int = 50 * MIB
    """Size of all files that are taken, together."""


CAPS = Caps()
SLOW = 4
"""The cost of a byte of bzip2, LZMA or xz, relative to a byte of deflate."""


class Budget:
    """Counts an intake's use of its caps; `move`, `header` and `entry` raise SubmissionError past their cap."""

    def __init__(self, caps: Caps = CAPS) -> None:
        self.caps = caps
        self.moved = 0
        self.headers = 0
        self.entries = 0
        self.archives = 0
        self._moved_limit = caps.moved_bytes
        self._entries_limit = caps.entries

    def move(self, count: int, weight: int = 1) -> None:
        """Count bytes that go into or out of a decompressor, or out of an archive."""
        self.moved += count * weight
        if self.moved > self._moved_limit:
            limit = self._moved_limit // MIB
            raise SubmissionError(f"the hand-in unpacks to more than {limit} MiB; hand in the source files only")

    def header(self, count: int) -> None:
        """Count bytes of a tar's long names and extended headers."""
        self.headers += count
        if self.headers > self.caps.header_bytes:
            raise SubmissionError(
                f"the archive has more than {self.caps.header_bytes // MIB} MiB of extended headers; "
                "make it again with: tar --format=ustar"
            )

    def entry(self) -> None:
        """Count one more entry of an archive or folder."""
        self.entries += 1
        if self.entries > self._entries_limit:
            raise SubmissionError(
                f"the hand-in has more than {self._entries_limit} entries; hand in the source files only"
            )

    def archive(self) -> bool:
        """Count one more archive inside the hand-in; False if it exceeds the cap and mustn't be opened."""
        self.archives += 1
        return self.archives <= self.caps.archives

    @contextmanager
    def half(self) -> Iterator[None]:
        """Allow the block half of the rest, so that an archive of data leaves enough budget for the homework."""
        limits = self._moved_limit, self._entries_limit
        self._moved_limit = self.moved + max(self._moved_limit - self.moved, 0) // 2
        self._entries_limit = self.entries + max(self._entries_limit - self.entries, 0) // 2
        try:
            yield
        finally:
            self._moved_limit, self._entries_limit = limits
