"""Report to text, one small file a platform. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable

from grader.report import Report


def exporter(name: str) -> Callable[[Report], str]:
    """Return the function that writes the format `name`."""
    from grader.export.formats import EXPORTERS  # late: who needs one format names its module

    return EXPORTERS[name]
