"""Takes a list, a tuple or a dict apart, so that each value in it is one check."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

MOST_LEAVES = 200
"""Values of one container that are looked at; a hand-in may return any number."""
_DEEPEST = 8
_KEY_CHARS = 40


def is_structure(value: object) -> bool:
    """Whether a value is None or a container that is taken apart."""
    return value is None or isinstance(value, list | tuple | dict)


def outline(value: object, depth: int = 0) -> str:
    """Return a sentence about a value's structure, without the values in it; equal structures have equal sentences.

    A list and a tuple are alike: code may return either.
    """
    if value is None:
        return "None"
    if not is_structure(value) or depth >= _DEEPEST:
        return "a value"
    if isinstance(value, dict):
        items = _entries(value)
        inside = ", ".join(f"{key}: {outline(item, depth + 1)}" for key, item in items)
        return f"a dict of {len(value)} ({inside})" if value else "an empty dict"
    assert isinstance(value, list | tuple)
    inside = ", ".join(outline(item, depth + 1) for item in value[:MOST_LEAVES])
    return f"a sequence of {len(value)} ({inside})" if value else "an empty sequence"


def leaves(value: object, place: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield the place and the value of everything in a container that isn't one itself: `[0]`, `['W']`."""
    if value is None:
        return
    if not is_structure(value) or depth >= _DEEPEST:
        yield place, value
        return
    for key, item in _entries(value):
        yield from leaves(item, f"{place}[{key}]", depth + 1)


def _entries(value: object) -> list[tuple[str, object]]:
    """Short names and values of a container's entries: a dict's in the order of the names."""
    if isinstance(value, dict):
        entries = [(_key(key), item) for key, item in islice(value.items(), MOST_LEAVES)]
        return sorted(entries, key=lambda entry: entry[0])
    assert isinstance(value, list | tuple)
    return [(str(index), item) for index, item in enumerate(value[:MOST_LEAVES])]


def _key(key: object) -> str:
    """A short text for a key; only texts and numbers are shown, because a hand-in's own class may say anything."""
    return repr(key)[:_KEY_CHARS] if type(key) in (str, int, float, bool) else type(key).__name__[:_KEY_CHARS]
