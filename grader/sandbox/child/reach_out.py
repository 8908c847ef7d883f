"""Whether a hand-in keeps to its own modules, so that its tests can share a process.

A test imports the hand-in's modules anew, so what they keep is gone with them. What a hand-in would put elsewhere (into
a library's module, class or list, into `sys` or builtins, behind a hook) would still be there in the next test. This
module looks for such places in the syntax tree. A hand-in that has one isn't wrong: its tests run alone, each in a
process of its own.

It is no wall: code can hide what it does from it, and so carry state from test to test. `docs/security.md` says why
that earns nothing.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from grader.testing.cells.places import aliased

SOURCE_BYTES = 2**20
"""A file that is larger counts as one that doesn't keep to itself."""
_PLAIN = frozenset(
    {
        *(
            "__future__",
            "abc",
            "argparse",
            "bisect",
            "cmath",
            "collections",
            "contextlib",
            "copy",
            "csv",
            "dataclasses",
            "datetime",
        ),
        *("enum", "fractions", "functools", "glob", "h5py", "heapq", "itertools", "json", "math", "matplotlib"),
        *("numbers", "numpy", "operator", "os", "pandas", "pathlib", "pickle", "PIL", "random", "re", "scipy"),
        *("seaborn", "sklearn", "statistics", "string", "sys", "textwrap", "time", "torch", "torchvision", "tqdm"),
        *("types", "typing", "warnings"),
    }
)
"""Packages whose ordinary use leaves nothing behind, or what `leftovers` puts back. Any other import counts."""
_USED_OF = {
    "sys": frozenset(
        {
            *("argv", "executable", "exit", "float_info", "getrecursionlimit", "getsizeof", "maxsize", "path"),
            *("platform", "setrecursionlimit", "stderr", "stdin", "stdout", "version", "version_info"),
        }
    ),
    "os": frozenset(
        {
            "cpu_count",
            "environ",
            "getcwd",
            "getenv",
            "getpid",
            "listdir",
            "makedirs",
            "mkdir",
            "name",
            "path",
            "remove",
            "sep",
        }
    ),
}
"""What is ordinary use of these two."""
_PUT_BACK = frozenset(
    {"path", "environ", "set_default_dtype", "set_grad_enabled", "set_printoptions", "setrecursionlimit", "set_state"}
)
_BUILTINS = frozenset({"__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "eval", "exec"})
_OF_OBJECTS = frozenset({"getattr", "setattr", "delattr", "vars"})
"""Functions that matter only with something foreign."""
_INNARDS = frozenset(
    {
        *("__bases__", "__builtins__", "__closure__", "__code__", "__defaults__", "__func__", "__getattribute__"),
        *("__globals__", "__kwdefaults__", "__loader__", "__mro__", "__self__", "__spec__", "__subclasses__"),
        *("__wrapped__", "mro"),
    }
)
_CHANGES = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "register"),
        *("remove", "reverse", "setdefault", "sort", "update"),
    }
)
"""Methods that change what they are called on."""
_LEAVES = frozenset({"arg", "attr", "conversion", "ctx", "id", "kind", "level", "module", "op", "ops", "type_comment"})
"""Fields of nodes below which is no node that is looked at."""


def keeps_to_itself(root: Path, helpers: Path | None) -> bool:
    """Whether no file of the hand-in below `root` does what the next test could see; `helpers` are the course's own."""
    files = sorted(root.rglob("*.py"))
    own = {part for file in files for part in file.relative_to(root).with_suffix("").parts}
    own |= {file.stem for file in helpers.glob("*")} if helpers is not None else set()
    return all(_keeps(file, own) for file in files)


def _keeps(file: Path, own: set[str]) -> bool:
    if aliased(file):
        return True  # one of ours, for a notebook of several files
    try:
        text = file.read_bytes()
        if len(text) > SOURCE_BYTES:
            return False
        return not any(_reaches(ast.parse(text), own))
    except (SyntaxError, ValueError):
        return True  # nothing of it runs
    except (OSError, RecursionError, MemoryError):
        return False


def _reaches(tree: ast.Module, own: set[str]) -> Iterator[bool]:
    """Yield True for each place that reaches out of the hand-in's modules."""
    found = _by_type(tree)
    names, attributes = found[ast.Name], found[ast.Attribute]
    foreign: dict[str, str] = {}
    """Name to the foreign package that it comes from: `np` to "numpy", `environ` to "os"."""
    for node in found[ast.Import]:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            if top in own and top not in sys.stdlib_module_names:
                continue
            yield _may_keep(top)
            foreign[alias.asname or top] = top
    modules = {alias.asname or alias.name for node in found[ast.Import] for alias in node.names}
    for node in found[ast.ImportFrom]:
        top = (node.module or "").partition(".")[0]
        if node.level or (top in own and top not in sys.stdlib_module_names):
            continue
        yield _may_keep(top)
        for alias in node.names:
            yield alias.name == "*" or alias.name.startswith("_")
            yield node.module in _USED_OF and alias.name not in _USED_OF[node.module]
            foreign[alias.asname or alias.name] = top
    modules &= set(foreign)
    _follow([*found[ast.Assign], *found[ast.AnnAssign], *found[ast.NamedExpr]], foreign)
    chained = {id(node.value) for node in attributes}
    bound = {node.arg for node in found[ast.arg]} | {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in names:
        yield node.id in _BUILTINS and node.id not in bound
        # a module that is handed on may be changed under another name
        yield node.id in modules and isinstance(node.ctx, ast.Load) and id(node) not in chained
    for node in attributes:
        yield from _attribute(node, foreign)
    for node in found[ast.Subscript]:
        if not isinstance(node.ctx, ast.Load):
            yield _root(node.value) in foreign and not _is_put_back(node.value)
    for node in found[ast.Call]:
        yield from _call(node, foreign, modules)


def _by_type(tree: ast.Module) -> defaultdict[type[ast.AST], list[Any]]:
    """All nodes below `tree`, by their type, in the order of `ast.walk`, which takes twice as long."""
    nodes: list[ast.AST] = [tree]
    found: defaultdict[type[ast.AST], list[Any]] = defaultdict(list)
    for node in nodes:  # it grows meanwhile
        kind = type(node)
        found[kind].append(node)
        for field in kind._fields:
            if field in _LEAVES:
                continue
            value = getattr(node, field, None)
            if isinstance(value, list):
                nodes += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                nodes.append(value)
    return found


def _follow(assigned: Sequence[ast.Assign | ast.AnnAssign | ast.NamedExpr], foreign: dict[str, str]) -> None:
    """Add the names to which something foreign is given: `mean = np.mean`, and then `average = mean`."""
    known = -1
    while known < len(foreign):
        known = len(foreign)
        for node in assigned:
            value = node.value
            if value is None:
                continue
            root = _root(value) if isinstance(value, ast.Name | ast.Attribute) else None
            if root in foreign or (_is_class(value) and _mentions(value, foreign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                origin = foreign.get(root or "", "")
                foreign.update({target.id: origin for target in targets if isinstance(target, ast.Name)})


def _attribute(node: ast.Attribute, foreign: dict[str, str]) -> Iterator[bool]:
    yield node.attr in _INNARDS
    root = _root(node)
    if not isinstance(node.ctx, ast.Load):
        yield root not in ("self", "cls") and _is_class(node.value)
    if root is None:
        yield (not isinstance(node.ctx, ast.Load) or node.attr.startswith("__")) and _mentions(node, foreign)
        return
    if root not in foreign:
        return
    yield not isinstance(node.ctx, ast.Load)
    yield node.attr.startswith("_") and node.attr not in ("__name__", "__version__")
    yield node.attr.startswith(("register_", "set_")) and node.attr not in _PUT_BACK
    if isinstance(node.value, ast.Name) and foreign[root] in _USED_OF and root == foreign[root]:
        yield node.attr not in _USED_OF[foreign[root]]


def _call(node: ast.Call, foreign: dict[str, str], modules: set[str]) -> Iterator[bool]:
    called = node.func
    if isinstance(called, ast.Attribute) and called.attr in _CHANGES:
        inner = called.value
        # `torch.add` is a function of a module
        of_module = isinstance(inner, ast.Name) and inner.id in modules and called.attr != "register"
        yield _root(inner) in foreign and not _is_put_back(inner) and not of_module
    if isinstance(called, ast.Name) and called.id in _OF_OBJECTS and node.args and _mentions(node.args[0], foreign):
        name = node.args[1] if len(node.args) > 1 else None
        plain = isinstance(name, ast.Constant) and not str(name.value).startswith("_")
        yield called.id != "getattr" or not plain


def _may_keep(package: str) -> bool:
    """Whether an import may leave something behind; one that fails can't."""
    if package in _PLAIN:
        return False
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return True


def _is_class(node: ast.expr) -> bool:
    """Whether it is some object's class: `type(x)`, `x.__class__`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "__class__"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type"


def _is_put_back(node: ast.expr) -> bool:
    """Whether it is `sys.path` or `os.environ`, which `leftovers` puts back."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in ("path", "environ")


def _root(node: ast.expr) -> str | None:
    """The name at the start of a chain such as `np.random.seed`; None if it starts otherwise."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _mentions(node: ast.AST, foreign: dict[str, str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in foreign for inner in ast.walk(node))
