"""The charts of a class's page, drawn by matplotlib as SVG that takes its colours from the page.

Equal values make equal bytes. Text stays text, in the reader's own fonts.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grader.classroom.statistics import PartShares
from grader.text import clean_text, cut

WIDTH = 5.2
"""In inches of 72 pixels; not much wider than a phone, which shrinks the letters of a wider chart."""
BINS = 20
FEW_POINTS = 30
"""The most points for which the histogram has a bar for each point."""
LABEL_CHARS = 26
_COLOURS = {"#010101": "currentColor", "#020202": "var(--bar)", "#030303": "var(--mark)", "#040404": "var(--line)"}
"""Colours that stand for the page's own, because matplotlib knows none that change with light and dark."""
TEXT, BAR, MARK, LINE = _COLOURS
_RC: dict[Any, Any] = {  # the type of the names changes with matplotlib's version
    "svg.fonttype": "none",
    "svg.hashsalt": "grader",
    "text.parse_math": False,  # a title's $ is no formula
    "font.size": 11,
    "font.family": "sans-serif",
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": LINE,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
}


def histogram(scores: Sequence[float], max_score: float) -> Markup:
    """Return a histogram of scores with the cumulative share of hand-ins; empty if there is nothing to draw.

    Args:
        scores: the points of each hand-in, at least 0; above `max_score` with extra credit.
        max_score: in points.
    """
    if not scores or max_score <= 0:
        return Markup("")
    top = max(max_score, *scores)
    with _figure(3.3) as (figure, axes):
        axes.hist(list(scores), bins=_edges(top).tolist(), color=BAR, rwidth=0.94)
        axes.set_xlabel("points")
        axes.set_ylabel("hand-ins")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        right = axes.twinx()
        ordered = np.sort(np.asarray(scores, dtype=np.float64))
        places = np.concatenate(([0.0], ordered, [top]))
        share = np.concatenate(([0.0], np.arange(1, ordered.size + 1) / ordered.size * 100, [100.0]))
        last = np.append(places[1:] != places[:-1], True)  # of equal scores, only the last place shows
        right.step(places[last], share[last], where="post", color=MARK, linewidth=1.75)
        right.set_ylim(0, 103)
        right.set_ylabel("hand-ins with at most so many points, %", color=MARK, fontsize=10)
        right.spines["right"].set_color(LINE)
        label = f"Histogram of {len(scores)} scores from 0 to {top:g} points, with the cumulative share"
        return _svg(figure, "histogram", label)


def boxes(parts: Sequence[PartShares]) -> Markup:
    """Return a box for each part: quartiles and median of the share of its points, whiskers at 5 and 95 %."""
    if not parts:
        return Markup("")
    with _figure(0.9 + 0.42 * len(parts)) as (figure, axes):
        axes.boxplot(
            [[100 * share for share in part.shares] for part in parts],
            orientation="horizontal",
            whis=(5, 95),
            showfliers=False,
            patch_artist=True,
            widths=0.6,
            boxprops={"facecolor": BAR, "edgecolor": TEXT},
            medianprops={"color": TEXT, "linewidth": 2.5},
            whiskerprops={"color": TEXT},
            capprops={"color": TEXT},
        )
        labels = [cut(" ".join(clean_text(part.title, 200).split()), LABEL_CHARS).replace("\n", " ") for part in parts]
        axes.set_yticks(range(1, len(parts) + 1), labels)
        axes.invert_yaxis()
        axes.set_xlim(-2, 102)
        axes.set_xlabel("share of the part's points, %")
        axes.spines["right"].set_visible(False)
        medians = "; ".join(f"{part.title}: median {part.spread.median:.0%}" for part in parts)
        return _svg(figure, "boxes", f"Shares of each part's points. {medians}")


def _edges(top: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if top <= FEW_POINTS:
        return np.arange(np.ceil(top) + 2) - 0.5
    return np.linspace(0, top, BINS + 1)


@contextmanager
def _figure(height: float) -> Iterator[tuple[Figure, Axes]]:
    """A figure with one plot, drawn with this module's settings; `height` in inches."""
    with mpl.rc_context(_RC), warnings.catch_warnings():
        # the reader's browser has the letters that the font here may lack
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots()


def _svg(figure: Figure, name: str, label: str) -> Markup:
    """The figure as an element for a page; `name` makes its ids unique there."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].rstrip()
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)  # the style would hold for the whole page
    text = re.sub(r'\b(id=")', rf"\g<1>{name}-", text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub("|".join(_COLOURS), lambda found: _COLOURS[found.group()], text)
    opening = f'<svg role="img" aria-label="{escape(label)}"'
    text = re.sub(r'<svg\b((?: [\w:]+="[^"]*")*?)(?: width="[^"]*"| height="[^"]*")', r"<svg\1", text, count=1)
    return Markup(text.replace("<svg", opening, 1))  # matplotlib escapes texts
