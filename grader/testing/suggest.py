"""Says what an exception says, with "Did you mean" on every version of Python, and what a None came from."""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

_MEANT = "Did you mean: "


def headline(error: BaseException) -> str:
    """Return an exception's type and text as Python prints them, with its suggestion."""
    printed = traceback.TracebackException(type(error), error, error.__traceback__)
    text = "".join(printed.format_exception_only()).strip()
    if _MEANT in text or "\n" in text:
        return text
    meant = _meant(error)
    return f"{text}. {_MEANT}'{meant}'?" if meant else text


def _meant(error: BaseException) -> str:
    """The known name that is nearest to the misspelt one; Python before 3.12 doesn't tell it to programs."""
    name = getattr(error, "name", None)
    if not isinstance(name, str) or not name:
        return ""
    known: Iterable[str] = ()
    if isinstance(error, NameError):
        frame = _last_frame(error.__traceback__)
        if frame is None:
            return ""
        known = {*frame.f_locals, *frame.f_globals, *vars(builtins)}
        if f"{name}" in _attributes(frame.f_locals.get("self")):
            return f"self.{name}"
    elif isinstance(error, AttributeError):
        known = _attributes(getattr(error, "obj", None))
    import difflib  # needed only for an error message

    shown = [item for item in known if name.startswith("_") or not item.startswith("_")]
    return next(iter(difflib.get_close_matches(name, shown, n=1, cutoff=0.75)), "")


def _attributes(thing: object) -> list[str]:
    try:
        return [] if thing is None else dir(thing)
    except Exception:  # a student's class may define anything
        return []


def _last_frame(trace: TracebackType | None) -> FrameType | None:
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    return frames[-1] if frames else None


def nothing_returned(error: BaseException, frames: Iterable[tuple[FrameType, int]]) -> str:
    """Return the call that returned nothing, if the error is about None; empty if no frame shows such a call.

    Args:
        error: a TypeError or AttributeError.
        frames: of the test and the student, the outermost first, each with its current line.
    """
    try:
        if "NoneType" not in str(error):
            return ""
        for frame, line in reversed(list(frames)):
            call = _call_of_none(frame, line, str(error))
            if call is not None:
                return _name_of(call, frame)
    except Exception:  # a student's object may refuse anything
        return ""
    return ""


def not_unpacked(error: ValueError, trace: TracebackType | None) -> tuple[str, str] | None:
    """Return a call of the test's, and the names for what it returns, if it returned another number of values.

    Only of a line of the tests: a library's own failure to unpack has another cause.
    """
    if "values to unpack" not in str(error):
        return None
    frames = list(traceback.walk_tb(trace))
    frame, line = frames[-1]
    folders = {Path(one.f_code.co_filename).parent for one, _ in frames if is_test(one.f_code.co_filename)}
    tree = _tree(frame.f_code.co_filename) if Path(frame.f_code.co_filename).parent in folders else None
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or node.lineno):
            (target, *_), call = node.targets, node.value
            if isinstance(target, ast.Tuple) and isinstance(call, ast.Call):
                return _name_of(call, frame), ast.unparse(target).strip("()")
    return None


_NEVER_NONE = (
    ast.BinOp | ast.UnaryOp | ast.Compare | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.JoinedStr | ast.ListComp
)
"""Expressions whose value is something: a sum with a None in it is the exception itself."""
_BLOCKS = ast.If | ast.For | ast.While | ast.Try | ast.Match
"""Statements whose parts may run or not."""
_LOOPS = ast.For | ast.While


def _call_of_none(frame: FrameType, line: int, text: str) -> ast.Call | None:
    """The call whose result is None in this frame: unpacked or used at once in this line, or assigned before it."""
    tree = _tree(frame.f_code.co_filename)
    if tree is None:
        return None
    here = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    statement = here[-1] if here else None
    if statement is None:
        return None
    if "cannot unpack" in text and isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        return statement.value
    used = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    empty = {name for name in used if name in frame.f_locals and frame.f_locals[name] is None}
    calls = [call for name in sorted(empty) if (call := _only_call(tree, statement, name)) is not None]
    if calls:
        return calls[0]
    return next(_calls_used_at_once(statement, text), None) if not empty else None


def _only_call(tree: ast.Module, statement: ast.stmt, name: str) -> ast.Call | None:
    """The one call that a name's value in a statement can be from; None where it may be from something else too."""
    above = _ancestors(tree)
    scope = next(node for node in (*above[statement], tree) if isinstance(node, ast.FunctionDef | ast.Module))
    stores = [
        node
        for node in above
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Store)
        and node.id == name
        and next(outer for outer in (*above[node], tree) if isinstance(outer, ast.FunctionDef | ast.Module)) is scope
    ]
    blocks = [node for node in above[statement] if isinstance(node, _BLOCKS)]
    reaching, last = [], None
    for store in sorted(stores, key=lambda node: node.lineno, reverse=True):
        if store.lineno < statement.lineno and last is None:
            reaching.append(store)
            if all(node in blocks for node in above[store] if isinstance(node, _BLOCKS)):
                last = store  # it ran whenever the statement does, so that what is above it doesn't count
    # of a loop that the last one isn't in, the round before counts too, with all that is behind the statement
    loops = [node for node in blocks if isinstance(node, _LOOPS) and (last is None or node not in above[last])]
    reaching += [store for store in stores if store not in reaching and any(loop in above[store] for loop in loops)]
    values = [above[store][0] for store in reaching]
    sources = [getattr(node, "value", None) for node in values if not isinstance(node, ast.AugAssign)]
    sources = [source for source in sources if not isinstance(source, _NEVER_NONE)]
    handed_in = last is None and isinstance(scope, ast.FunctionDef) and name in _parameters(scope)
    plain = not handed_in and all(isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) for node in values)
    calls = [source for source in sources if isinstance(source, ast.Call)]
    if not plain or len(calls) < len(sources) or len({ast.unparse(call) for call in calls}) != 1:
        return None
    return calls[0]


def _parameters(function: ast.FunctionDef) -> set[str]:
    return {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}


def _ancestors(tree: ast.Module) -> dict[ast.AST, list[ast.AST]]:
    """For each node what it is in, the innermost first."""
    above: dict[ast.AST, list[ast.AST]] = {tree: []}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            above.setdefault(child, [node, *above[node]])
    return above


def _calls_used_at_once(statement: ast.stmt, text: str) -> Iterator[ast.Call]:
    """Calls whose result is used for the attribute or index that the error is about: `net.forward(x).shape`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and f"attribute '{node.attr}'" in text:
            yield node.value
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call) and "subscript" in text:
            yield node.value


def _name_of(call: ast.Call, frame: FrameType) -> str:
    """The called function as a student knows it: `Linear.forward` for `layer.forward`."""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        thing = frame.f_locals.get(call.func.value.id)
        if thing is not None and not isinstance(thing, type(sys)):
            return f"{type(thing).__name__}.{call.func.attr}"
    chosen: object = None
    if isinstance(call.func, ast.Name):
        chosen = getattr(frame.f_locals.get(call.func.id), "__name__", None)
    elif isinstance(call.func, ast.Call) and ast.unparse(call.func.func) == "getattr" and len(call.func.args) > 1:
        chosen = frame.f_locals.get(ast.unparse(call.func.args[1]))
    return chosen if isinstance(chosen, str) and chosen.isidentifier() else ast.unparse(call.func)


def _tree(file: str) -> ast.Module | None:
    text = "".join(linecache.getlines(file))
    try:
        return ast.parse(text) if text else None
    except SyntaxError:
        return None


def is_test(file: str) -> bool:
    """Whether a file holds tests."""
    return Path(file).name.startswith("test_")
