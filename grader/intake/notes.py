"""Sentences about a hand-in for the student, limited in number and length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from grader.text import clean_text

NAME_CHARS = 120
SHOWN = 5
"""The greatest number of names in one sentence."""
SENTENCES = 12
"""The greatest number of sentences of one kind; each sentence names one file of the assignment."""

Trouble = Literal["outside", "unnamed", "long", "link", "device", "sparse", "damaged"]
_SAID: dict[Trouble, str] = {
    "outside": "These names lead out of the hand-in; the slashes, drives and '..' that do were removed",
    "unnamed": "These are no names of files, and were left out",
    "long": "These names are too long or too deep for a file, and were left out",
    "link": "These are links, which aren't followed, and were left out",
    "device": "These are no regular files but a device, pipe or socket, and were left out",
    "sparse": "These are sparse files, and were left out",
    "damaged": "The archive is damaged or cut short here, and what comes after it couldn't be read",
}


def shown(name: object) -> str:
    """Return a name from a hand-in in printable form: on one line, without control characters, not too long."""
    return " ".join(clean_text(str(name), NAME_CHARS).split())


def listed(names: Sequence[object], count: int | None = None) -> str:
    """Return the first names, and the number of the others; `count` is the total."""
    count = len(names) if count is None else count
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    return ", ".join(map(shown, names[:SHOWN])) + more


class Troubles:
    """Collects members that can't be taken: the first names of each kind, and a count."""

    def __init__(self) -> None:
        self._names: dict[Trouble, list[str]] = {kind: [] for kind in get_args(Trouble)}
        self._counts: dict[Trouble, int] = dict.fromkeys(self._names, 0)

    def add(self, kind: Trouble, name: object) -> None:
        """Record that this member is left out."""
        self._counts[kind] += 1
        if len(self._names[kind]) < SHOWN:
            self._names[kind].append(shown(name))

    def sentences(self) -> list[str]:
        """One sentence for each kind that occurred."""
        return [f"{_SAID[kind]}: {listed(names, self._counts[kind])}." for kind, names in self._names.items() if names]


def each(sentences: Sequence[str]) -> list[str]:
    """The first sentences of one kind, and a note about the number of the others."""
    more = len(sentences) - SENTENCES
    return [*sentences[:SENTENCES], *([f"({more} more sentences like this one.)"] if more > 0 else [])]
