"""The bounds of one intake, and the budget that it draws on while it goes on.

With the caps below an intake handles at most 50,000 entries, moves at most 200 MiB through decompressors, and holds
at most 300 MiB. The worst archives that were found take 6 seconds of processor time: 5 for bzip2, 1 for the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grader.errors import SubmissionError

MIB = 2**20


@dataclass(frozen=True)
class Caps:
    """How much a hand-in may hold, and how much work it may make."""

    archive_bytes: int = 100 * MIB
    """Of a hand-in that is one file."""
    moved_bytes: int = 200 * MIB
    """In and out of decompressors, and out of archives, in all layers together; see `SLOW`."""
    header_bytes: int = 4 * MIB
    """Of a tar's long names and extended headers, in all layers together."""
    entries: int = 50_000
    """What archives and folders list, in all layers together: files, folders, links, and what systems leave there."""
    members: int = 10_000
    """Files of one archive or folder, without what systems leave there."""
    archives: int = 8
    """Archives inside the hand-in that are opened to look for the homework."""
    file_bytes: int = 10 * MIB
    """Of one file that is taken."""
    total_bytes: int = 50 * MIB
    """Of all files that are taken."""


CAPS = Caps()
SLOW = 4
"""How much dearer a byte of bzip2, LZMA or xz is than one of deflate."""


class Budget:
    """What one intake has used up of its caps; each method raises SubmissionError past its cap."""

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
        """Count bytes of a tar's headers about headers."""
        self.headers += count
        if self.headers > self.caps.header_bytes:
            raise SubmissionError(
                f"the archive has more than {self.caps.header_bytes // MIB} MiB of extended headers; "
                "make it again with: tar --format=ustar"
            )

    def entry(self) -> None:
        """Count one more thing that an archive or folder lists."""
        self.entries += 1
        if self.entries > self._entries_limit:
            raise SubmissionError(
                f"the hand-in has more than {self._entries_limit} entries; hand in the source files only"
            )

    def archive(self) -> bool:
        """Count one more archive inside the hand-in; False where it isn't to be opened any more."""
        self.archives += 1
        return self.archives <= self.caps.archives

    @contextmanager
    def half(self) -> Iterator[None]:
        """Allow half of what is left inside the block, so that an archive of data leaves enough for the homework."""
        limits = self._moved_limit, self._entries_limit
        self._moved_limit = self.moved + max(self._moved_limit - self.moved, 0) // 2
        self._entries_limit = self.entries + max(self._entries_limit - self.entries, 0) // 2
        try:
            yield
        finally:
            self._moved_limit, self._entries_limit = limits
