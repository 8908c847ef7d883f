"""Compiles each text of a module once in a process, in which many tests import it anew."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

CODES: dict[tuple[bytes, str], CodeType] = {}
"""By the text and the path of a file."""


class CompiledOnce(SourceFileLoader):
    """Loads a module from its file; a text that was compiled before, at the same path, isn't compiled again."""

    # typeshed has it as the static method of a base class; the import system's own is called with these words
    def source_to_code(self, data: Any, path: Any, **options: Any) -> CodeType:  # type: ignore[override]
        """Return the code of a module's text. Code can't be changed, so sharing it carries nothing."""
        key = (bytes(data), str(path))
        if key not in CODES:
            CODES[key] = super().source_to_code(data, path, **options)
        return CODES[key]
