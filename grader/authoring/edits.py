"""The small mistakes that Python code invites: another operator, a dropped statement, an axis, a sign.

The changes edit the text at positions from the syntax tree, so that a mutant's diff looks like a person's change.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.authoring.source import Positions

IN_PLACE = "in place or not"
"""The kind of change that is usually correct: an honest student may write either. Such a mutant may survive."""


@dataclass(frozen=True)
class Edit:
    """Replace characters [start, end) of the text."""

    start: int
    end: int
    replacement: str
    kind: str


_ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.Pow: ("**", "*"),
}
_COMPARISON = {
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
_SYMMETRIC = {
    *(
        "add",
        "multiply",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "hypot",
        "logaddexp",
        "logaddexp2",
        "equal",
        "not_equal",
    ),
    *("array_equal", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor"),
}
"""Functions whose first two arguments may be swapped without changing the result."""
_EXCHANGES = {"numpy": {"swapaxes"}, "torch": {"swapaxes", "swapdims", "transpose"}}
"""Methods that exchange two axes, by library: their order has no meaning. numpy's transpose takes a permutation."""


def _over_first_axis(call: ast.Call) -> bool:
    return any(
        keyword.arg == "axis" and isinstance(keyword.value, ast.Constant) and keyword.value.value == 0
        for keyword in call.keywords
    )


def _unknown_dimensions(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the number in each `-1` that reshape gets: to numpy, every negative number is the unknown dimension."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reshape":
        for argument in node.args:
            for part in argument.elts if isinstance(argument, ast.Tuple) else [argument]:
                if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
                    yield part.operand


def _within(part: ast.expr, whole: ast.expr) -> bool:
    """Whether the expression `whole` contains `part`, word for word."""
    wanted = ast.dump(part)
    return any(isinstance(node, ast.expr) and ast.dump(node) == wanted for node in ast.walk(whole))


def edits(text: str, inside: set[int], library: str) -> Iterator[Edit]:
    """Yield the mistakes that a file's text invites on the lines `inside`, for homework of a library."""
    return _Editor(text, inside, library).edits()


class _Editor(Positions):
    """Walks the tree of one file and yields the edits inside its solution regions."""

    def __init__(self, text: str, inside: set[int], library: str) -> None:
        super().__init__(text)
        self.library = library
        self.tree = ast.parse(text)
        self.inside = inside

    def edits(self) -> Iterator[Edit]:
        self.broadcast = {call for node in ast.walk(self.tree) for call in self._broadcast_back(node)}
        # keepdims is a change of its own, not a number to alter
        self.kept = {
            keyword.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "keepdims"
        }
        if self.library == "numpy":
            self.kept |= {number for node in ast.walk(self.tree) for number in _unknown_dimensions(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr | ast.stmt | ast.keyword) and node.lineno in self.inside:
                yield from self._of_node(node)

    def _broadcast_back(self, node: ast.AST) -> Iterator[ast.Call]:
        """Yield reductions as in `x - f(x.max(axis=0, keepdims=True))`: without keepdims the result is the same.

        Broadcasting restores the first axis if the other operand is the array that was reduced.
        """
        if not isinstance(node, ast.BinOp):
            return
        for whole, reduced in ((node.left, node.right), (node.right, node.left)):
            for call in ast.walk(reduced):
                if isinstance(call, ast.Call) and _over_first_axis(call) and _within(whole, call):
                    yield call

    def _of_node(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.BinOp():
                yield from self._operator(node.left, node.right, _ARITHMETIC.get(type(node.op)), "arithmetic operator")
                if isinstance(node.op, ast.MatMult):
                    yield self._swapped(node.left, node.right, "swapped operands of @")
            case ast.Compare(ops=[op]):
                yield from self._operator(node.left, node.comparators[0], _COMPARISON.get(type(op)), "comparison")
            case ast.UnaryOp(op=ast.USub()):
                start, _ = self.span(node)
                yield Edit(start, self.span(node.operand)[0], "", "sign")
            case ast.Constant(value=value) if isinstance(value, int | float | bool) and node not in self.kept:
                yield from self._constant(node, value)
            case ast.Call():
                yield from self._call(node)
            case ast.Attribute(attr="T"):
                start, end = self.span(node)
                yield Edit(start, end, self.source(node.value), "dropped .T")
            case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper)):
                for bound in (lower, upper):
                    if bound is not None and not isinstance(bound, ast.Constant):
                        yield Edit(*self.span(bound), f"({self.source(bound)}) - 1", "off by one")
            case ast.stmt():
                yield from self._statement(node)
            case _:
                pass

    def _operator(self, left: ast.expr, right: ast.expr, swap: tuple[str, str] | None, kind: str) -> Iterator[Edit]:
        if swap is None:
            return
        start, end = self.span(left)[1], self.span(right)[0]
        found = re.search(re.escape(swap[0]), self.text[start:end])
        if found:
            yield Edit(start + found.start(), start + found.end(), swap[1], kind)

    def _swapped(self, first: ast.expr, second: ast.expr, kind: str) -> Edit:
        start, end = self.span(first)[0], self.span(second)[1]
        between = self.text[self.span(first)[1] : self.span(second)[0]]
        return Edit(start, end, f"{self.source(second)}{between}{self.source(first)}", kind)

    def _constant(self, node: ast.Constant, value: float) -> Iterator[Edit]:
        start, end = self.span(node)
        if isinstance(value, bool):
            yield Edit(start, end, str(not value), "constant")
        else:
            yield Edit(start, end, repr(value + 1), "constant")

    def _call(self, node: ast.Call) -> Iterator[Edit]:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        movable = len(node.args) >= 2 and not any(isinstance(argument, ast.Starred) for argument in node.args[:2])
        if movable and called not in _SYMMETRIC and not self._has_no_order(node):
            yield self._swapped(node.args[0], node.args[1], "swapped arguments")
        for keyword in node.keywords:
            start, end = self.span(keyword)
            if keyword.arg == "axis" and isinstance(keyword.value, ast.Constant) and keyword.value.value in (0, 1):
                yield Edit(start, end, f"axis={1 - keyword.value.value}", "axis")
            if keyword.arg == "keepdims" and node not in self.broadcast:
                yield Edit(start, end, "keepdims=False", "keepdims")
        if isinstance(node.func, ast.Name) and node.func.id == "range" and node.args:
            last = node.args[min(len(node.args), 2) - 1]
            yield Edit(*self.span(last), f"({self.source(last)}) - 1", "off by one")

    def _has_no_order(self, node: ast.Call) -> bool:
        """Whether a call of two arguments is the greatest or least of two, or exchanges two axes of its object."""
        if len(node.args) != 2:
            return False
        if isinstance(node.func, ast.Name):
            return node.func.id in ("max", "min")
        return isinstance(node.func, ast.Attribute) and node.func.attr in _EXCHANGES[self.library]

    def _statement(self, node: ast.stmt) -> Iterator[Edit]:
        start, end = self.span(node)
        match node:
            case ast.Assign(targets=[target], value=value):
                yield Edit(start, end, "pass", "dropped statement")
                if (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == "self"
                ):
                    yield Edit(*self.span(target), target.attr, "not stored in self")
                if isinstance(value, ast.BinOp) and self.source(value.left) == self.source(target):
                    sign = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}.get(type(value.op))
                    if sign:
                        yield Edit(start, end, f"{self.source(target)} {sign} {self.source(value.right)}", IN_PLACE)
            case ast.AugAssign(target=target, value=value, op=op):
                yield Edit(start, end, "pass", "dropped statement")
                pair = _ARITHMETIC.get(type(op))
                if pair:
                    name, right = self.source(target), self.source(value)
                    yield Edit(start, end, f"{name} {pair[1]}= {right}", "arithmetic operator")
                    yield Edit(start, end, f"{name} = {right}", "= for an update")
                    yield Edit(start, end, f"{name} = {name} {pair[0]} ({right})", IN_PLACE)
            case ast.Expr(value=ast.Call()):
                yield Edit(start, end, "pass", "dropped statement")
            case ast.Return(value=value) if value is not None:
                yield Edit(start, end, "return None", "returns nothing")
                if not (isinstance(value, ast.Constant) and value.value == 0):  # -0.0 equals 0.0
                    yield Edit(start, end, f"return -({self.source(value)})", "sign")
            case ast.For() | ast.While():
                last = node.body[-1]
                _, stop = self.span(last)
                indent = " " * last.col_offset
                yield Edit(stop, stop, f"\n{indent}break", "loop left early")
            case ast.If(test=test):
                yield Edit(*self.span(test), f"not ({self.source(test)})", "condition turned round")
            case _:
                pass
