"""Chooses the statements of a notebook that its tests need: definitions, and what those read.

    always      imports, functions, classes, constants, guards around these, attributes set on own classes,
                functions that a call makes of others
    on demand   other assignments, what fills a container, loops that call builtins only, and `exec` of a text that is
                one of these, if a kept definition reads a name that none of the above binds, or if a test asks the
                module for a name (see `load`)
    never       other loops and calls, training, downloads, plots

Nothing is run to decide that. The order stays, so the later of two definitions wins, as it does in a kernel.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from grader.testing.cells.syntax import RUNS_BODY

_BLOCKS = ast.If | ast.Try | ast.With | ast.Match
_LOOPS = ast.For | ast.While | ast.AsyncFor
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_HEAVY = re.compile(
    r"(?i)(?:^|_)(?:train(?!_?test)|fit|learn|download|mount|solve|experiment|run|plot|show|main|sleep|input|urlretrieve"
    r"|urlopen|system|popen|evaluate|benchmark|demo)(?:_|$|er$|ing$)|^(?:train|fit|download|plot|run)[A-Z]"
)
"""Names of functions that train, fetch, draw or wait, rather than make a value that a definition needs."""
_FILLS = frozenset(
    {
        *("append", "extend", "insert", "add", "update", "setdefault", "remove", "discard", "pop", "clear", "sort"),
        *("reverse", "add_argument", "set_defaults"),
    }
)
"""Methods that change a container, or a parser of settings, and do nothing else."""
_CHEAP = frozenset(dir(builtins)) - {"open", "input", "print", "exec", "eval", "__import__", "compile", "breakpoint"}
"""What a loop may call that is kept, beside methods that fill containers and `items()`."""
_MAKES_FUNCTIONS = frozenset({"partial", "vectorize", "lru_cache", "cache", "jit", "njit", "vmap", "script", "wraps"})
_MAIN = re.compile(r"__name__ == '__main__'|'__main__' == __name__")
_LEAVES = frozenset({int, str, type(None), ast.Load, ast.Store})
"""Types of a syntax tree's values that hold no name."""
_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Lambda, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp),
    *(ast.BinOp, ast.BoolOp, ast.Compare, ast.Starred, ast.JoinedStr, ast.FormattedValue),
)


@dataclass(frozen=True)
class Piece:
    """One statement of a cell."""

    cell: int
    """The index of its cell."""
    node: ast.stmt
    binds: frozenset[str]
    reads: frozenset[str]
    """Names that it reads from the module: while it runs, or in a function of it later."""

    @property
    def first(self) -> int:
        """Its first line in the cell, decorators included."""
        decorators = self.node.decorator_list if isinstance(self.node, Definition) else []
        return min([self.node.lineno, *(item.lineno for item in decorators)])

    @property
    def last(self) -> int:
        """Its last line in the cell."""
        return self.node.end_lineno or self.node.lineno


def pieces_of(cell: int, text: str, tree: ast.Module) -> list[Piece]:
    """Return the statements of a cell; raises SyntaxError if Python could never compile it."""
    spans = sorted(_reads_of_functions(text), key=lambda span: span[0])
    lines = [line for line, _ in spans]
    found = []
    for node in tree.body:
        named = _named_inside(node) if ":=" in text else frozenset()
        piece = Piece(cell, node, named.union(_bound(node)), frozenset())
        reads = set(_reads_now(node))
        for _, names in spans[bisect_left(lines, piece.first) : bisect_right(lines, piece.last)]:
            reads |= names
        if (inner := _executed(node)) is not None:
            for item in pieces_of(cell, inner, ast.parse(inner)):
                reads |= item.reads
        found.append(Piece(cell, node, piece.binds, frozenset(reads)))
    return found


def kept_of(pieces: Sequence[Piece], defined: Collection[str] | None = None) -> list[bool]:
    """Return for each statement whether it is kept; definitions of names outside of `defined` aren't."""
    classes = {item.name for piece in pieces for item in definitions(piece.node) if isinstance(item, ast.ClassDef)}
    makers = _MAKES_FUNCTIONS | {item.name for piece in pieces for item in definitions(piece.node) if _is_maker(item)}
    kept = [_always(piece.node, classes) or _makes_function(piece.node, makers) for piece in pieces]
    if defined is not None:
        for index, piece in enumerate(pieces):
            if isinstance(piece.node, Definition) and piece.node.name not in defined:
                kept[index] = False
    certain = {name for piece, keep in zip(pieces, kept, strict=True) if keep for name in piece.binds}
    binders: dict[str, list[int]] = {}
    instead: dict[str, list[int]] = {}  # what may bind a name if nothing else does
    imported = frozenset(
        name for piece in pieces if isinstance(piece.node, ast.Import | ast.ImportFrom) for name in piece.binds
    )
    changed = [_changed(piece.node, imported) for piece in pieces]
    called = [_called_alone(piece.node) for piece in pieces]
    alone = set(called)
    globals_of = {
        item.name: _sets_globals(item) for piece in pieces for item in definitions(piece.node) if item.name in alone
    }
    for index, piece in enumerate(pieces):
        for name in piece.binds | changed[index]:
            binders.setdefault(name, []).append(index)
        for name in _bound_in_loops(piece.node) | globals_of.get(called[index], frozenset()):
            instead.setdefault(name, []).append(index)
    waiting = [
        name
        for piece, keep in zip(pieces, kept, strict=True)
        if keep and (isinstance(piece.node, Definition) or not _is_constant(piece.node))
        for name in piece.reads
    ]
    may_run = cache(lambda index: _on_demand(pieces[index].node) or called[index] in globals_of)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for index in binders.get(name) or instead.get(name, []):
            piece = pieces[index]
            if kept[index]:
                waiting.extend(piece.reads)  # a constant whose name is read
            elif (name not in certain or name in changed[index]) and may_run(index):
                kept[index] = True
                waiting.extend(piece.reads)
    return kept


def binds_late(piece: Piece, name: str) -> bool:
    """Whether a statement that isn't kept may run because somebody asks the module for a name."""
    return name in piece.binds | _changed(piece.node) | _bound_in_loops(piece.node) and _on_demand(piece.node)


def in_main_guard(node: ast.stmt) -> list[ast.stmt] | None:
    """Return what `if __name__ == "__main__":` holds but for calls and loops; None for any other statement.

    In the kernel in which a notebook was written, that is true.
    """
    if not isinstance(node, ast.If) or not _MAIN.fullmatch(ast.unparse(node.test)):
        return None
    return [item for item in node.body if _counts(item)]


def in_text(node: ast.stmt) -> list[ast.stmt] | None:
    """Return what the text of an `exec("...")` holds but for calls and loops; None for any other statement.

    All of it is at the statement's line.
    """
    text = _executed(node)
    if text is None:
        return None
    tree = ast.parse(text)
    for item in ast.walk(tree):
        ast.copy_location(item, node)
    return [item for item in tree.body if _counts(item)]


def _counts(node: ast.stmt) -> bool:
    return _always(node, ()) or (_on_demand(node) and not isinstance(node, ast.Expr))


def binds_of(node: ast.stmt) -> frozenset[str]:
    """Return the names that a statement binds in the module, in loops, too."""
    return frozenset(_bound(node)) | _bound_in_loops(node)


def definitions(node: ast.stmt) -> Iterator[Definition]:
    """The functions and classes that a statement defines in the module, also inside a guard."""
    if isinstance(node, Definition):
        yield node
    elif isinstance(node, ast.If | ast.Try):
        for inner in _blocks(node):
            yield from definitions(inner)


def _always(node: ast.stmt, classes: Collection[str]) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return not _is_check(node)
    if isinstance(node, Definition):
        return True
    if _is_constant(node) or _sets_on_class(node, classes):
        return True
    if any(isinstance(item, Definition) for item in in_text(node) or ()):
        return True
    if isinstance(node, ast.If | ast.Try):
        inner = list(_blocks(node))
        harmless = (ast.Pass, ast.Raise, ast.Expr)
        telling = [item for item in inner if not isinstance(item, harmless)]
        return bool(telling) and all(_always(item, classes) for item in telling) and not is_heavy(node)
    return False


def _is_maker(item: Definition) -> bool:
    """Whether a function returns one that it defines."""
    if not isinstance(item, ast.FunctionDef):
        return False
    inner = {node.name for node in item.body if isinstance(node, Definition)}
    returned = [node.value for node in item.body if isinstance(node, ast.Return)]
    return any(
        isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and value.id in inner) for value in returned
    )


def _makes_function(node: ast.stmt, makers: Collection[str]) -> bool:
    """Whether it gives a name a function that is made of others: `f = partial(g, 2)`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call) or not _is_names(node.targets[0]):
        return False
    called = node.value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in makers and not is_heavy(node)


def _sets_globals(item: Definition) -> frozenset[str]:
    """The names that a function binds in the module, by `global`, if it neither loops nor trains."""
    if not isinstance(item, ast.FunctionDef):
        return frozenset()
    inner = list(ast.walk(item))
    names = frozenset(name for node in inner if isinstance(node, ast.Global) for name in node.names)
    if not names or any(isinstance(node, _LOOPS) for node in inner) or any(map(is_heavy, item.body)):
        return frozenset()
    return names


def _called_alone(node: ast.stmt) -> str:
    """The name of the function that a statement calls, and does nothing else: `setup()`; empty for others."""
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return called.id if isinstance(called, ast.Name) and not _HEAVY.search(called.id) else ""


def _is_check(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether it imports this grader, as the check cells of a handout do."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return any(name.partition(".")[0] == "grader" for name in names)


def _is_constant(node: ast.stmt) -> bool:
    """Whether it gives names a value that is made of literals, names, attributes and lambdas."""
    if isinstance(node, ast.Assign):
        targets: Sequence[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    else:
        return False
    return all(_is_names(target) for target in targets) and node.value is not None and _is_plain(node.value)


def _is_names(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_names(item) for item in target.elts)
    return isinstance(target, ast.Name)


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Lambda):
        return True
    return isinstance(value, _PLAIN) and all(
        _is_plain(inner) for inner in ast.iter_child_nodes(value) if isinstance(inner, ast.expr)
    )


def _sets_on_class(node: ast.stmt, classes: Collection[str]) -> bool:
    """Whether it only sets attributes of the notebook's own classes."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        flat = [item for target in targets for item in (target.elts if isinstance(target, ast.Tuple) else [target])]
        return any(
            isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name) and item.value.id in classes
            for item in flat
        )
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        return (
            isinstance(call.func, ast.Name)
            and call.func.id in ("setattr", "delattr")
            and bool(call.args)
            and isinstance(call.args[0], ast.Name)
            and call.args[0].id in classes
        )
    if not isinstance(node, ast.For):
        return False
    over = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
    if over and isinstance(node.target, ast.Name) and all(isinstance(c, ast.Name) and c.id in classes for c in over):
        classes = {*classes, node.target.id}
    return all(_sets_on_class(inner, classes) for inner in node.body)


def _on_demand(node: ast.stmt) -> bool:
    """Whether a statement may run for the sake of a name that it binds."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return not is_heavy(node)
    if isinstance(node, ast.With) and any("open(" in ast.unparse(item.context_expr) for item in node.items):
        return False  # the file isn't here
    if isinstance(node, _BLOCKS):
        loops = (inner for inner in outside_functions(node) if isinstance(inner, _LOOPS))
        return all(_only_fills(loop) for loop in loops) and not is_heavy(node)
    if isinstance(node, ast.Expr):
        if in_text(node) is not None:
            return True
        return (_filled(node.value) is not None or bool(_named_inside(node))) and not is_heavy(node)
    return isinstance(node, _LOOPS) and _only_fills(node)


def _executed(node: ast.stmt) -> str | None:
    """The text that a statement runs in the module: that of `exec("LIMIT = 3")`, and of nbconvert's `%%time` cells.

    None for any other statement, and if the text isn't Python.
    """
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or call.keywords or not call.args:
        return None
    values = [item.value if isinstance(item, ast.Constant) else None for item in call.args]
    magic = isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"
    if magic and len(values) == 3 and values[0] in RUNS_BODY:
        text = values[2]
    elif isinstance(call.func, ast.Name) and call.func.id == "exec" and len(values) == 1:
        text = values[0]
    else:
        return None
    if not isinstance(text, str):
        return None
    try:
        symtable.symtable(text, "<exec>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return text


def _filled(value: ast.expr) -> str | None:
    """The name of the container that a call fills: `names.append(x)`, `table["a"].add(x)`."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or value.func.attr not in _FILLS:
        return None
    base = value.func.value
    while isinstance(base, ast.Subscript):
        base = base.value
    return base.id if isinstance(base, ast.Name) else None


def _only_fills(node: ast.For | ast.While | ast.AsyncFor) -> bool:
    """Whether a loop calls nothing but builtins and methods of containers: it can't train or fetch anything.

    How often it may go round is limited where it runs.
    """
    known = _CHEAP | {item.name for item in ast.walk(node) if isinstance(item, ast.FunctionDef)}
    for item in ast.walk(node):
        if isinstance(item, ast.AsyncFor | ast.With | ast.AsyncWith | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(item, ast.Call):
            called = item.func
            if isinstance(called, ast.Attribute):
                if called.attr not in _FILLS | {"items", "keys", "values"}:
                    return False
            elif not isinstance(called, ast.Name) or called.id not in known:
                return False
    return True


def is_heavy(node: ast.stmt) -> bool:
    """Whether a statement calls what trains, fetches, draws or waits."""
    for item in outside_functions(node):
        if isinstance(item, ast.Call):
            name = item.func.attr if isinstance(item.func, ast.Attribute) else getattr(item.func, "id", "")
            if _HEAVY.search(name):
                return True
        elif isinstance(item, ast.Await | ast.Yield | ast.YieldFrom):
            return True
    return False


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`, but for what is in functions: that runs when they are called."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        yield item
        inner = item.decorator_list if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) else None
        waiting += ast.iter_child_nodes(item) if inner is None else inner


def _blocks(node: ast.If | ast.Try | ast.With | ast.Match) -> Iterator[ast.stmt]:
    """The statements directly inside of a guard."""
    if isinstance(node, ast.Match):
        for case in node.cases:
            yield from case.body
        return
    yield from node.body
    if isinstance(node, ast.With):
        return
    yield from node.orelse
    if isinstance(node, ast.Try):
        yield from node.finalbody
        for handler in node.handlers:
            yield from handler.body


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds in the module."""
    if isinstance(node, Definition):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
        return
    if isinstance(node, _BLOCKS):
        for inner in _blocks(node):
            yield from _bound(inner)
        return
    if isinstance(node, ast.Expr):
        for inner in in_text(node) or ():
            yield from _bound(inner)
        return
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for item in ast.walk(target):
                if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
                    yield item.id
                elif isinstance(item, ast.Subscript) and ast.unparse(item.value) == "globals()":
                    yield ast.unparse(item.slice).strip("'")


def _bound_in_loops(node: ast.stmt) -> frozenset[str]:
    """The names that loops of a statement bind in the module.

    They count only where nothing else binds them: what training changes has a value before it.
    """
    if not isinstance(node, ast.For | ast.While | _BLOCKS):
        return frozenset()
    found = set()
    for loop in ast.walk(node):
        if isinstance(loop, _LOOPS):
            found |= {
                item.id for item in ast.walk(loop) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
            }
    return frozenset(found)


def _named_inside(node: ast.stmt) -> frozenset[str]:
    """The names that an expression binds in the module: `print(n := 2)`."""
    if isinstance(node, Definition):
        return frozenset()
    return frozenset(item.target.id for item in ast.walk(node) if isinstance(item, ast.NamedExpr))


def _changed(node: ast.stmt, imported: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names whose value a statement changes in place: `table["adam"] = Adam`, `count += 1`, `names.append(x)`.

    `config.size = 3` does, too, unless the name is one of those in `imported`: that sets up a package.
    """
    if isinstance(node, ast.For | ast.While):
        simple = (item for item in ast.walk(node) if isinstance(item, ast.Assign | ast.AugAssign | ast.Expr))
        return frozenset().union(*(_changed(item, imported) for item in simple))
    if isinstance(node, ast.Expr) and (filled := _filled(node.value)) is not None:
        return frozenset({filled})
    found = set()
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            base: ast.expr = target
            attribute = False
            while isinstance(base, ast.Subscript | ast.Attribute):
                attribute |= isinstance(base, ast.Attribute)
                base = base.value
            if not isinstance(base, ast.Name) or (attribute and base.id in imported):
                continue
            if base is not target or isinstance(node, ast.AugAssign):
                found.add(base.id)
    return frozenset(found)


def _reads_now(node: ast.stmt) -> Iterator[str]:
    """Names that a statement reads while it runs: all but those inside of functions, and more rather than less."""
    waiting: list[ast.AST] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += [*item.args.defaults, *(value for value in item.args.kw_defaults if value is not None)]
            if not isinstance(item, ast.Lambda):
                waiting += item.decorator_list
                arguments = (*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs)
                waiting += [argument.annotation for argument in arguments if argument.annotation is not None]
                waiting += [item.returns] if item.returns is not None else []
            continue
        if isinstance(item, ast.Name):
            if isinstance(item.ctx, ast.Load):
                yield item.id
            continue
        for field in item._fields:  # as ast.iter_child_nodes, in half of its time
            value = getattr(item, field, None)
            if isinstance(value, list):
                waiting += [inner for inner in value if isinstance(inner, ast.AST)]
            elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                waiting.append(value)


def _reads_of_functions(text: str) -> list[tuple[int, set[str]]]:
    """For each function, class and comprehension in a cell: its line, and the names that it reads from the module."""
    found = []
    waiting: list[tuple[int, symtable.SymbolTable]] = [
        (child.get_lineno(), child) for child in symtable.symtable(text, "<cell>", "exec").get_children()
    ]
    while waiting:
        line, table = waiting.pop()
        if isinstance(table, symtable.Function):
            names = set(table.get_globals())
        else:
            names = {item.get_name() for item in table.get_symbols() if item.is_global() and item.is_referenced()}
        found.append((line, names))
        waiting += [(line, child) for child in table.get_children()]
    return found


def added_to(item: ast.FunctionDef) -> str | None:
    """The class to which a decorator adds a function, as d2l's `add_to_class(Net)` does, and fastcore's `patch`.

    The latter finds the class in the annotation of the first argument. None without such a decorator.
    """
    for decorator in item.decorator_list:
        if isinstance(decorator, ast.Name) and decorator.id == "patch" and item.args.args:
            owner = item.args.args[0].annotation
            if isinstance(owner, ast.Name):
                return owner.id
        if isinstance(decorator, ast.Call) and len(decorator.args) == 1 and isinstance(decorator.args[0], ast.Name):
            called = decorator.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name == "add_to_class":
                return decorator.args[0].id
    return None


def defined_twice(pieces: Iterable[Piece]) -> dict[str, list[int]]:
    """Return the names that are defined more than once, differently, with the indexes of their cells.

    Functions that become methods of a class before the next one of that name comes all count.
    """
    found: dict[str, list[Piece]] = {}
    for piece in pieces:
        node = piece.node
        if isinstance(node, ast.FunctionDef) and added_to(node) is not None:
            continue
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)):
            for name in piece.reads & found.keys():
                del found[name]
        if not isinstance(node, Definition):
            continue
        if node.name not in found or node.name not in _reads_now(node):  # `class A(A)` continues the first
            found.setdefault(node.name, []).append(piece)
    return {
        name: [piece.cell for piece in places]
        for name, places in found.items()
        if len(places) > 1 and len({ast.dump(piece.node) for piece in places}) > 1
    }
