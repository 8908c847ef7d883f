"""Report to text, one small file a platform. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from grader.report import Report


def exporter(name: str) -> Callable[[Report], str]:
    """Return the function that writes the format `name`; only its module is imported: a terminal needs a library."""
    module = import_module(f"grader.export.{'plain' if name == 'json' else name}")
    return cast("Callable[[Report], str]", getattr(module, f"to_{name}"))
