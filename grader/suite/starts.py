"""In which folder a suite's tests are started: the one from which the relative paths in their text lead to files."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from grader.suite.scan import Scan

PATH_CHARS = 200


def starts_of(folder: Path, scan: Scan) -> dict[str, str]:
    """Return test file to folder, relative to the suite's, where it isn't the suite's own."""
    starts = {}
    for name in scan.files:
        file = folder / name
        paths = {text for text in _texts(scan.constants.tree(file)) if _may_be_path(text)}
        votes: Counter[Path] = Counter()
        for place in (folder, *reversed([p for p in file.parents if p.is_relative_to(folder) and p != folder])):
            votes[place] += sum((place / text).exists() for text in paths)
        best = max(votes, key=lambda place: (votes[place], -len(place.parts)))
        if best != folder:
            starts[name] = best.relative_to(folder).as_posix()
    return starts


def _texts(tree: ast.Module) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _may_be_path(text: str) -> bool:
    short = 0 < len(text) <= PATH_CHARS and text.isprintable()
    return short and not text.startswith("/") and ("." in text or "/" in text) and text not in (".", "..", "./", "../")
