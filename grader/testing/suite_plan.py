"""How a suite is run: the judge makes it from the suite's text, and the jailed child follows it."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.testing.plugin import LEAN

PYTEST_ENDED = "pytest ended with"
"""Begins the message of a test that pytest didn't come to, for a reason that is in the suite."""
SKIPPED = "switched off by the suite's own skip"
TO_FAIL = "marked to fail by the suite itself"
MARKS = ("points", "weight", "score", "value", "max_score", "worth", "pts")
"""Names by which suites call decorators or marks of their own that say a test's points."""
TREE = "tree"
"""The folder beside the hand-in's that holds the merged tree."""


@dataclass(frozen=True)
class Plan:
    """How a suite is run."""

    name: str = ""
    """The name under which the suite's own folder can be imported; empty if it can't."""
    starts: Mapping[str, str] = field(default_factory=dict)
    """Test file to the folder in which its tests are started, if that isn't the suite's."""
    pytest: tuple[str, ...] = ()
    """Files whose tests need pytest."""
    plugins: tuple[str, ...] = ()
    """The plugins of pytest that these ask for."""
    wanted: tuple[str, ...] = ()
    """The modules that the suite imports from hand-ins."""
    together: bool = False
    """Whether the tests run one after another in one process, as in the suite's own runner."""

    def load_plugins(self) -> None:
        """Import the installed plugins, before a hand-in can have a module of such a name."""
        for name in self.plugins:
            if name not in LEAN:
                importlib.import_module(name)


def is_points(value: object) -> bool:
    """Whether a value may be a test's points."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def folder_with(tree: Path, name: str) -> Path | None:
    """Return the folder below a tree, relative to it, that alone has a module which isn't on top; None if none has.

    A course's own runner, which isn't used here, puts such folders on the path.
    """
    if (tree / name).is_dir() or (tree / f"{name}.py").is_file():
        return None
    found = {file.parent.relative_to(tree) for file in tree.rglob(f"{name}.py")}
    return found.pop() if len(found) == 1 else None
