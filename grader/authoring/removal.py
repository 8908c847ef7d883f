"""Cuts statements out of Python source text, with the comments that belong to them; all other text stays as it is."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping
from pathlib import Path

from grader.authoring.source import Positions, bodies
from grader.errors import AssignmentError


class _Cutter(Positions):
    """Marks characters as removed, with the comments that belong to them."""

    def __init__(self, text: str, dropped: Collection[ast.stmt], replaced: Mapping[ast.stmt, str]) -> None:
        super().__init__(text)
        self.dropped = set(dropped)
        self.replaced = replaced
        self.removed = bytearray(len(text))
        self.inserted: dict[int, str] = {}

    def remove(self, start: int, end: int) -> None:
        if start < end:
            self.removed[start:end] = b"\1" * (end - start)

    def result(self) -> str:
        pieces = []
        for place, character in enumerate(self.text):
            pieces.append(self.inserted.get(place, ""))
            if not self.removed[place]:
                pieces.append(character)
        return "".join(pieces).strip("\n") + "\n"

    def cut(self, node: ast.AST) -> None:
        for body in bodies(node):
            groups: list[tuple[int, int]] = []
            for index, statement in enumerate(body):
                if statement in self.dropped:
                    first = groups.pop()[0] if groups and groups[-1][1] == index - 1 else index
                    groups.append((first, index))
                elif statement in self.replaced:
                    start, end = self.span(statement)
                    self.remove(start, end)
                    self.inserted[start] = self.replaced[statement]
                else:
                    self.cut(statement)
            for first, last in groups:
                self.cut_group(body, first, last, is_module=isinstance(node, ast.Module))

    def cut_group(self, body: list[ast.stmt], first: int, last: int, *, is_module: bool) -> None:
        """Remove neighbours, the comments above, between and inside them, and those directly below."""
        start, end = self.whole_span(body[first])[0], self.whole_span(body[last])[1]
        if not is_module and (first, last) == (0, len(body) - 1):
            self.remove(start, end)
            self.inserted[start] = "pass"
            return
        line = self._line_start(start)
        before = self.whole_span(body[first - 1])[1] if first else None
        after = self.whole_span(body[last + 1])[0] if last + 1 < len(body) else None
        if after is None or "\n" in self.text[end:after]:
            end = self._below(end, start - line, last=after is None and is_module)
            after = None
        if before is not None and "\n" not in self.text[before:start]:
            self.remove(before, end)
            return
        if before is not None:
            above = self._line_end(before)  # keep a comment on the line of the previous statement
        else:
            above = 0 if is_module else self._above(start)
        if after is not None:
            # keep the indentation for the next statement, which is on the same line
            self.remove(above, line - 1)
            self.remove(start, after)
        else:
            # keep the surplus if there are more empty lines above than below
            more = max(0, self._empty(above) - self._empty(end))
            self.remove(min(above + more, max(line - 1, 0)), end)

    def _empty(self, place: int) -> int:
        """The number of line ends in a row from `place` on."""
        return len(self.text[place:]) - len(self.text[place:].lstrip("\n"))

    def _line_end(self, place: int) -> int:
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found

    def _above(self, start: int) -> int:
        """The end of the last line of code before `start`: only comments and empty lines are between them."""
        place = self._line_start(start)
        while place:
            line = self.text[self._line_start(place - 1) : place - 1].strip()
            if line and not line.startswith("#"):
                return place - 1
            place = self._line_start(place - 1)
        return 0

    def _below(self, end: int, indent: int, *, last: bool) -> int:
        """The end of the comments that belong to the code before `end`: attached, indented deeper, or the last ones."""
        place = stop = self._line_end(end)
        attached = True
        while place < len(self.text):
            line = self.text[place + 1 : self._line_end(place + 1)]
            place = self._line_end(place + 1)
            if not line.strip():
                attached = False
            elif not line.lstrip().startswith("#"):
                break
            elif last or attached or len(line) - len(line.lstrip()) > indent:
                stop = place
        return stop


def without(
    file: Path, text: str, tree: ast.Module, dropped: Collection[ast.stmt], replaced: Mapping[ast.stmt, str]
) -> str:
    """Return a text without some statements and their comments.

    Args:
        file: for messages.
        text: with `\\n` at the end of each line.
        tree: what `text` was parsed to.
        dropped: statements in the bodies of the module, its classes and its branches.
        replaced: statements that get another text, of one line.

    Raises:
        AssignmentError: the result wouldn't parse to exactly the kept statements.
    """
    cutter = _Cutter(text, dropped, replaced)
    cutter.cut(tree)
    result = cutter.result()
    try:
        same = ast.dump(ast.parse(result)) == _expected(tree, dropped, replaced)
    except SyntaxError:
        same = False
    if not same:
        line = min(node.lineno for node in [*dropped, *replaced])
        raise AssignmentError(file, line, "can't be cut out here; write each statement on lines of its own")
    return result


def _expected(tree: ast.Module, dropped: Collection[ast.stmt], replaced: Mapping[ast.stmt, str]) -> str:
    """The dump of the tree without the statements that are cut out."""
    whole = copy.deepcopy(tree)
    twins = dict(zip(ast.walk(tree), ast.walk(whole), strict=True))
    gone = {twins[node] for node in dropped}
    texts = {twins[node]: text for node, text in replaced.items()}
    for node in list(ast.walk(whole)):
        for body in bodies(node):
            left: list[ast.stmt] = []
            for item in body:
                if item not in gone:
                    left += ast.parse(texts[item]).body if item in texts else [item]
            body[:] = left if left or isinstance(node, ast.Module) else [ast.Pass()]
    return ast.dump(whole)
