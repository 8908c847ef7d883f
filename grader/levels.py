"""The levels of isolation, by their active layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Level = Literal["none", "basic", "seccomp", "landlock", "full"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the weakest to the strongest; each includes the layers of the levels before it."""
LAYER_OF: dict[Level, str] = {"basic": "basic", "seccomp": "seccomp", "landlock": "landlock", "full": "uid"}
"""The layer that a level adds."""


def level_of(layers: Iterable[str]) -> Level:
    """Return the highest level of which all layers are active."""
    held = set(layers)
    reached: Level = "none"
    for level in LEVELS[1:]:
        if LAYER_OF[level] not in held:
            break
        reached = level
    return reached


def at_least(level: Level, wanted: Level) -> bool:
    """Whether `level` is as strong as `wanted`."""
    return LEVELS.index(level) >= LEVELS.index(wanted)
