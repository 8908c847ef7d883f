"""The one screen about a hand-in: points, a line a part, and what to do first, at the bottom, just above the prompt.

A terminal shows the end of what was printed. So the least important lines come first and are the first to be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.report import TestResult, points_text
from grader.summary import UNWRITTEN, Cause, Since, Summary, extent, is_blocked, labels, place_of

MOST_LINES = 30
"""The most lines of the screen, however tall the terminal is."""
_LEAST_LINES = 20
_USUAL_LINES = 23
"""The lines that a terminal of 24 lines shows above its prompt."""
_PARTS = 9
"""The most lines of parts; with more parts, those with all points share one line."""
_MARKS = 24
"""The most tests of a part that get a mark each."""
_MESSAGE = 8
"""The most lines of the first message."""
_HINT = 3
"""The most lines of its hint."""
_LEAST_MESSAGE = 2
_POINTS = 18
"""The columns of a part's line that its points take, with the gaps around them and a sign that something is cut."""
_TITLE = 12
"""The least columns of its title."""

Span = tuple[str, str]
"""Text, and its style: bold, dim, good, bad, wait or hint; empty for plain text."""
Line = tuple[Span, ...]


@dataclass(frozen=True)
class Signs:
    """Marks for tests, in characters that the terminal can print."""

    right: str = "✓"
    wrong: str = "✗"
    blocked: str = "…"
    unwritten: str = "·"
    more: str = "…"


ASCII = Signs("+", "x", "~", ".", "...")


@dataclass(frozen=True)
class Commands:
    """How a student goes on; empty texts where there is no such command."""

    again: str = ""
    """The command that runs the tests, to which a test's number may be added."""
    everything: str = ""
    """The command that shows all messages."""


def screen(
    summary: Summary,
    *,
    width: int = 80,
    height: int = MOST_LINES,
    since: Since | None = None,
    commands: Commands = Commands(),
    signs: Signs = Signs(),
    counted: str = "public points",
) -> list[Line]:
    """Return the screen's lines, of at most `width` characters and at most `height` lines, but for long commands."""
    most = max(min(height, MOST_LINES), _LEAST_LINES)
    head = [*_head(summary, width, since, counted), (), *_parts(summary, signs, width, most), ()]
    if summary.causes:
        first = _first(summary.causes[0], width, most - len(head), commands, signs)
    elif summary.unwritten:
        place = place_of(summary.unwritten[0].tests[0]).partition(", in ")[0]
        where = f" in {place}" if place else ""
        first = [(("Next: ", "bold"), (f"write {summary.unwritten[0].name}", "wait"), (where, ""))]
    elif summary.complete and summary.max_score:
        first = [((f"All {counted} are there.", "good"),)]
    else:
        first = []
    middle = _middle(summary, width, commands, signs)
    room = most - len(head) - len(first) - 1
    if len(middle) > max(room, 0):
        middle = middle[: max(room, 0)]
    between: list[Line] = [()] if middle and first else []
    lines = [*head, *middle, *between, *first]
    return [_fit(line, width, signs) for line in lines]


def plain(lines: Sequence[Line]) -> str:
    """Return lines without their styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def _head(summary: Summary, width: int, since: Since | None, counted: str) -> list[Line]:
    shown = summary.points if summary.max_score or summary.score else "no"
    score = f"{shown} {counted}{summary.earned_extra}"
    room = width - len(score) - 2
    title = summary.title if len(summary.title) <= room else f"{summary.title[: max(room - 3, 0)]}..."
    lines: list[Line] = [
        ((title, "bold"), (" " * (room - len(title) + 2), ""), (score, "good" if summary.complete else "bold"))
    ]
    lines += [((f"! {note}", "wait"),) for note in summary.notes[:2]]
    said = _since(since)
    if said:
        lines.append(said)
    if summary.hidden:
        more = "more points" if summary.max_score else "points"
        lines.append(((f"Hidden tests decide about {points_text(summary.hidden)} {more}.", "dim"),))
    return lines


def _since(since: Since | None) -> Line:
    if since is None:
        return ()
    spans: list[Span] = [(f"Since {since.when}: ", "dim")]
    if since.points:
        sign = "+" if since.points > 0 else "-"
        spans.append((f"{sign}{points_text(abs(since.points))} points", "good" if since.points > 0 else "bad"))
    if since.right:
        spans.append((f"{', ' if since.points else ''}now right: {labels(since.right)}", "good"))
    if since.wrong:
        spans.append((f"{', ' if len(spans) > 1 else ''}no longer right: {labels(since.wrong)}", "bad"))
    return (*spans, ("nothing changed", "dim")) if len(spans) == 1 else tuple(spans)


def _parts(summary: Summary, signs: Signs, width: int, most: int) -> list[Line]:
    parts = list(summary.parts)
    room = min(_PARTS, most // 2 - (2 if most >= _USUAL_LINES else 4))
    lines: list[Line] = []
    complete = [part.heading for part, _ in parts if part.score == part.max_score]
    if len(parts) > room and len(complete) > 1:
        parts = [(part, tests) for part, tests in parts if part.score != part.max_score]
        lines.append(((f"  {signs.right} ", "good"), (f"{len(complete)} parts have all points", "")))
        room -= 1
    left = len(parts) - room if len(parts) > room else 0
    if left:
        parts, left = parts[: room - 1], left + 1
    marks = max((len(tests) for _, tests in parts if len(tests) <= _MARKS), default=0)
    # a narrow terminal cuts titles and words, never points
    name = min(max((len(part.heading) for part, _ in parts), default=0), 34, max(width - _POINTS - marks, _TITLE))
    for part, tests in parts:
        share = f"{points_text(part.score):>5} / {points_text(part.max_score):<5}"
        style = "good" if part.score == part.max_score else ""
        title = part.heading if len(part.heading) <= name else f"{part.heading[: name - 3]}..."
        lines.append(((f"  {title:<{name}}", style), (share, style), *_marks(tests, signs, marks)))
    if left:
        lines.append(((f"  and {left} more parts", "dim"),))
    return lines


def _marks(tests: Sequence[TestResult], signs: Signs, room: int) -> list[Span]:
    counts: dict[str, int] = {}
    spans: list[Span] = [(" ", "")]
    for test in tests:
        sign, style, word = _mark(test, signs)
        counts[word] = counts.get(word, 0) + 1
        if len(tests) <= _MARKS:
            spans.append((sign, style))
    words = ", ".join(f"{number} {word}" for word, number in counts.items())
    gap = " " * (2 + room - min(len(tests), room)) if len(tests) <= _MARKS else ""
    return [*spans, (f"{gap}{words}", "dim")]


def _mark(test: TestResult, signs: Signs) -> tuple[str, str, str]:
    if test.status == "passed":
        return signs.right, "good", "right"
    if UNWRITTEN.match(test.message.partition("\n")[0]):
        return signs.unwritten, "wait", "not written"
    if is_blocked(test):
        return signs.blocked, "wait", "blocked"
    words = {"partial": "partly right", "missing": "not found", "timeout": "too slow", "internal": "not judged"}
    return signs.wrong, "bad", words.get(test.status, "wrong")


def _middle(summary: Summary, width: int, commands: Commands, signs: Signs) -> list[Line]:
    """Everything beside the first thing to fix, the most important line first."""
    lines: list[Line] = []
    for cause in summary.causes[1:4]:
        line = (("Also: ", "bold"), (f"{labels(cause.tests)} ", ""), (_short(cause), ""))
        lines.append(line)
    if len(summary.causes) > 4:
        rest = [test for cause in summary.causes[4:] for test in cause.tests]
        where = f"  ({commands.everything})" if commands.everything else ""
        lines.append((("Also: ", "bold"), (f"{labels(rest)}{where}", "dim")))
    if summary.unwritten and (summary.causes or len(summary.unwritten) > 1 or len(summary.unwritten[0].tests) > 1):
        few = len(summary.unwritten) < 3
        names = ", ".join(f"{item.name} (for {extent(item.tests)})" if few else item.name for item in summary.unwritten)
        lines.append((("Not written yet: ", "wait"), (names, "")))
    if summary.blocked:
        lines.append((("Blocked: ", "wait"), (f"{labels(summary.blocked)}, {_blocks(summary.blocked)}", "")))
    if summary.remarks:
        lines.append(((f"Remarks, without points: {labels(summary.remarks)}", "dim"),))
    return lines


def _blocks(tests: Sequence[TestResult]) -> str:
    line = tests[0].message.partition("\n")[0]
    return line.removeprefix("blocked: ")


def _short(cause: Cause) -> str:
    """One line about a cause: its function and its hint, or what it is."""
    test = cause.first
    said = test.hint or test.message.partition("\n")[0]
    return f"{cause.place.rpartition(', in ')[2]}: {said}" if cause.place else said


def _first(cause: Cause, width: int, room: int, commands: Commands, signs: Signs) -> list[Line]:
    """What to fix first, in at most `room` lines, if a short message fits in those."""
    test = cause.first
    above: list[Line] = [(("Fix first: ", "bad"), (f"{test.number} {test.title}".strip(), "bold"))]
    if cause.place and cause.place == test.place:
        above.append(((f"  {cause.place}", "bold"),))
    below: list[Line] = []
    if test.hint:
        pieces = _some(_wrapped(f"Hint: {test.hint}", width - 2), _HINT, signs)
        below += [((f"  {piece}", "hint"),) for piece in pieces]
    if cause.tests[1:]:
        below.append((("  Probably the same: ", "dim"), (labels(cause.tests[1:]), "")))
    if test.output.strip():
        last = test.output.strip().splitlines()[-1].strip()
        below.append((("  Printed last: ", "dim"), (last, "")))
    if commands.again:
        # a command is copied, so it is never cut
        command = f"{commands.again} {test.number}".rstrip()
        again, more = f"  Again: {command}", "   (--pdb stops in a debugger)"
        below.append(((again + (more if len(again + more) <= width else ""), "dim"),))
    left = max(min(_MESSAGE, room - len(above) - len(below)), _LEAST_MESSAGE)
    pieces = [piece for line in test.message.split("\n") for piece in _wrapped(line, width - 2)]
    message: list[Line] = [
        ((f"  {piece}", "bold" if cause.place and piece.strip().startswith(cause.place) else ""),)
        for piece in _some(pieces, left, signs)
    ]
    return [*above, *message, *below]


def _some(lines: list[str], most: int, signs: Signs) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], signs.more]


def _wrapped(text: str, width: int) -> list[str]:
    """A line in pieces that fit; the indentation is kept, so that frames look like frames."""
    import textwrap

    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text, width, subsequent_indent=f"{indent}  ", drop_whitespace=True) or [""]


def _fit(line: Line, width: int, signs: Signs) -> Line:
    """A line cut to the width; commands stay whole, because they are copied."""
    if sum(len(text) for text, _ in line) <= width or any(text.startswith("  Again") for text, _ in line):
        return line
    kept: list[Span] = []
    room = width - len(signs.more)
    for text, style in line:
        kept.append((text[:room], style))
        room -= len(text)
        if room <= 0:
            break
    return (*kept, (signs.more, "dim"))
