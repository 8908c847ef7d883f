"""Converts a report to text, with one small module for each platform. No module here judges anything."""

from __future__ import annotations

from collections.abc import Callable

from grader.report import Report


def exporter(name: str) -> Callable[[Report], str]:
    """Return the function that writes the format `name`."""
    from grader.export.formats import EXPORTERS  # late: a caller that needs one format imports its module

    return EXPORTERS[name]
