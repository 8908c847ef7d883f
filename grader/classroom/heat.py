"""The heat map of a class: hand-ins x tests, as one small picture with a pixel a cell."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from grader.classroom.marks import Marks, name_of, report_of, title_of
from grader.report import Status

NAMES = 60
"""The most hand-ins whose names are shown beside the rows, and the most tests whose numbers are above the columns."""
COLOURS: dict[Status, tuple[int, int, int]] = {
    "passed": (70, 168, 117),
    "partial": (232, 178, 64),
    "failed": (205, 66, 58),
    "missing": (140, 147, 155),
    "error": (148, 62, 138),
    "timeout": (74, 84, 170),
    "crashed": (44, 52, 64),
    "refused": (122, 84, 52),
    "internal": (80, 200, 220),
}
"""Red, green and blue of each status; told apart on light and on dark."""


@dataclass(frozen=True)
class HeatMap:
    """What a template draws."""

    picture: str
    """A PNG as a data URL, a pixel a cell."""
    rows: tuple[str, ...]
    """Names of the hand-ins from top to bottom, the best first; empty if there are too many to be read."""
    columns: tuple[tuple[str, str], ...]
    """Number and title of the tests from left to right, the easiest first."""
    width: float
    """Of a cell, in pixels."""
    height: float
    legend: tuple[tuple[Status, str], ...]
    """The statuses that occur, each with its colour."""
    n: int
    """The number of rows."""


def heat_map(marks: Marks) -> HeatMap | None:
    """Return the heat map; None if nothing was judged."""
    n, k = marks.share.shape
    if not n or not k:
        return None
    statuses = list(COLOURS)
    cells = np.full((n, k), statuses.index("internal"), dtype=np.uint8)
    column = {test.id: index for index, test in enumerate(marks.tests)}
    for row, entry in enumerate(marks.entries):
        for test in report_of(entry).tests:
            cells[row, column[test.id]] = statuses.index(test.status)
    earned = np.nan_to_num(marks.share)
    down = np.lexsort((np.arange(n), -np.round(marks.totals, 9)))
    across = np.lexsort((np.arange(k), -np.round(earned.mean(axis=0), 9)))
    cells = cells[down][:, across]
    return HeatMap(
        picture=_png(cells),
        rows=tuple(name_of(marks.entries[row]) for row in down) if n <= NAMES else (),
        columns=tuple((marks.tests[index].number, title_of(marks.tests[index])) for index in across),
        width=float(np.clip((950 if n <= NAMES else 1100) / k, 4, 36)),
        height=14.0 if n <= NAMES else float(np.clip(800 / n, 0.1, 12)),
        legend=tuple(
            (status, "#" + bytes(COLOURS[status]).hex()) for status in (statuses[at] for at in np.unique(cells))
        ),
        n=n,
    )


def _png(cells: NDArray[np.uint8]) -> str:
    picture = Image.fromarray(cells)
    picture.putpalette([channel for colour in COLOURS.values() for channel in colour])
    buffer = io.BytesIO()
    picture.save(buffer, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
