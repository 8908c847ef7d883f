"""Honest rewrites: the reference written in other ways that students write, which must keep all points.

Each is made from the syntax tree and computes the same, up to rounding. A rewrite that loses points shows a test that
demands more than the handout promises.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from grader.assignment import Assignment
from grader.authoring.mutants import is_audited
from grader.authoring.notebooks import scripts_of
from grader.authoring.template import on_disk, regions
from grader.files import own_files


@dataclass(frozen=True)
class Module:
    """A Python file of the reference, parsed."""

    name: str
    """Relative to the reference."""
    text: str
    inside: frozenset[int]
    """The lines of its solution regions."""


@dataclass(frozen=True)
class Context:
    """What a rewrite may ask about the assignment."""

    numpy: bool
    """Whether numpy is the homework's library; else torch."""
    private: frozenset[str]
    """Attributes that only solutions use: neither the template nor a test names them."""
    parameters: Mapping[str, tuple[str, ...]]
    """The parameters of each class's constructor and each function that the reference defines once, without self."""


class Rewriter(ast.NodeTransformer):
    """Changes expressions and statements inside the solution regions of one module."""

    def __init__(self, module: Module, context: Context) -> None:
        self.inside = module.inside
        self.context = context
        self.changed = False

    def visit(self, node: ast.AST) -> ast.AST:
        """Rewrite the parts of a node, then the node itself if it is in a solution region."""
        node = self.generic_visit(node)
        if getattr(node, "lineno", 0) not in self.inside:
            return node
        new = self.rewritten(node)
        if new is None:
            return node
        self.changed = True
        return ast.copy_location(new, node)

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        """Return what replaces a node; None to leave it."""
        raise NotImplementedError


class _Functions(Rewriter):
    """Methods of arrays become functions of the library, operators become calls."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        library = "np" if self.context.numpy else "torch"
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return _call(library, "matmul", left, right)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)) if _simple(left):
                return ast.BinOp(left, ast.Mult(), left)
            case ast.Call(func=ast.Attribute(value=value, attr=("sum" | "mean") as name)) if (
                self.context.numpy and not _is_library(value)
            ):
                return ast.Call(_attribute(library, name), [value, *node.args], node.keywords)
            case ast.Attribute(attr="T", value=value) if self.context.numpy:
                return _call(library, "transpose", value)
            case _:
                return None


class _Loops(Rewriter):
    """Products of matrices are computed row by row."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return ast.Call(ast.Name("_product", ast.Load()), [left, right], [])
            case _:
                return None


class _Returned(Rewriter):
    """Everything that a function returns goes through `_returned`, which each rewrite defines in its own way."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Return(value=ast.expr() as value):
                return ast.Return(ast.Call(ast.Name("_returned", ast.Load()), [value], []))
            case _:
                return None


class _NewArrays(Rewriter):
    """An update of an attribute makes a new array."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.AugAssign(target=ast.Attribute(value=ast.Name() as owner, attr=name) as target, op=op):
                old = ast.Attribute(owner, name, ast.Load())
                return ast.Assign([target], ast.BinOp(old, op, node.value))
            case _:
                return None


class _Renamed(Rewriter):
    """Attributes that are the student's own have other names."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Attribute(value=ast.Name("self"), attr=name) if name in self.context.private:
                return ast.Attribute(node.value, f"own_{name}", node.ctx)
            case _:
                return None


class _Keywords(Rewriter):
    """Arguments of the homework's own classes and functions are given by keyword."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Call(func=ast.Name(name), args=args) if name in self.context.parameters and args:
                names = self.context.parameters[name]
                if len(args) > len(names) or any(isinstance(argument, ast.Starred) for argument in args):
                    return None
                given = [ast.keyword(key, value) for key, value in zip(names, args, strict=False)]
                return ast.Call(node.func, [], [*given, *node.keywords])
            case _:
                return None


class _OldNumpy(Rewriter):
    """Arrays are made with a name that numpy 2 doesn't have."""

    def rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("np" | "numpy"), attr="zeros" | "ones"), args=[_]) if (
                not node.keywords
            ):
                return ast.Call(node.func, node.args, [ast.keyword("dtype", _attribute("np", "float"))])
            case _:
                return None


_PRODUCT = """

def _product(left, right):
    if left.ndim != 2 or right.ndim != 2:
        return left @ right
    return {stack}([row @ right for row in left]) if len(left) else left @ right
"""
_MAPPED = """

def _returned(value):
    if type(value) in (tuple, list):
        return type(value)(_returned(item) for item in value)
    if type(value) is dict:
        return {key: _returned(item) for key, item in value.items()}
    return _one(value)


def _one(value):
"""
_COARSE = {
    True: "    import numpy as np\n    coarse = isinstance(value, np.ndarray) and value.dtype == np.float64\n"
    "    return value.astype(np.float32) if coarse else value\n",
}
_ORDER = {
    True: "    import numpy as np\n    return np.asfortranarray(value) if isinstance(value, np.ndarray) else value\n",
}
_NUMBER = {
    True: "    import numpy as np\n    number = isinstance(value, float | np.floating)\n",
    False: "    import torch\n    number = isinstance(value, torch.Tensor) and value.dim() == 0\n"
    "    number = number and value.is_floating_point()\n",
}
_AS_ARRAY = {
    True: "    return np.array(value) if number else value\n",
    False: "    return value.reshape(()) if number else value\n",
}
_AS_ROW = {
    True: "    return np.array([value]) if number else value\n",
    False: "    return value.reshape(1) if number else value\n",
}
_SUBCLASS = """

class {name}({name}):
    pass
"""
_FUNCTION = """

{name} = (lambda written: lambda *args, **options: written(*args, **options))({name})
"""

_Wrapper = Callable[[Context], str]


def _returning(body: Mapping[bool, str], start: Mapping[bool, str] | None = None) -> _Wrapper:
    return lambda context: _MAPPED + (start[context.numpy] if start else "") + body[context.numpy]


KINDS: Mapping[str, tuple[type[Rewriter], _Wrapper]] = {
    "functions in place of methods and operators": (_Functions, lambda context: ""),
    "loops in place of products": (
        _Loops,
        lambda context: (
            ("\n\nimport numpy as np\n" if context.numpy else "\n\nimport torch\n")
            + _PRODUCT.format(stack="np.stack" if context.numpy else "torch.stack")
        ),
    ),
    "results in float32": (_Returned, _returning(_COARSE)),
    "results in another order of memory": (_Returned, _returning(_ORDER)),
    "numbers as arrays without dimensions": (_Returned, _returning(_AS_ARRAY, _NUMBER)),
    "numbers as arrays of one element": (_Returned, _returning(_AS_ROW, _NUMBER)),
    "new arrays for updates": (_NewArrays, lambda context: ""),
    "other names for own attributes": (_Renamed, lambda context: ""),
    "keywords in place of positions": (_Keywords, lambda context: ""),
    "names of numpy 1": (_OldNumpy, lambda context: ""),
}
"""The rewrites: which nodes change, and the text that is added below a changed module."""
NUMPY_ONLY = frozenset({"results in float32", "results in another order of memory", "names of numpy 1"})
"""A tensor's dtype and memory are often promised, for example where a layer works in place."""
DERIVED = "subclasses, and functions made by functions"
NAMES = (*KINDS, DERIVED)


def rewrites(assignment: Assignment) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each rewrite that changes something: its name, and the changed files by path relative to the reference."""
    modules = [
        Module(name, text, _inside(assignment, name, text))
        for name, text in _texts(assignment).items()
        if is_audited(assignment, name)
    ]
    context = _context(assignment, modules)
    for kind, (rewriter, added) in KINDS.items():
        if kind in NUMPY_ONLY and not context.numpy:
            continue
        files = {}
        for module in modules:
            walker = rewriter(module, context)
            tree = ast.fix_missing_locations(walker.visit(ast.parse(module.text)))
            if walker.changed:
                files[module.name] = ast.unparse(tree) + added(context)
        if files:
            yield kind, files
    wrapped = {module.name: module.text + more for module in modules if (more := _derived(module))}
    if wrapped:
        yield DERIVED, wrapped


def _texts(assignment: Assignment) -> dict[str, str]:
    files = own_files(scripts_of(assignment))
    return {name: file.read_text("utf-8") for name, file in files.items() if file.suffix == ".py"}


def _inside(assignment: Assignment, name: str, text: str) -> frozenset[int]:
    found = regions(scripts_of(assignment) / name, text)
    return frozenset(line for region in found for line in range(region.begin + 1, region.end))


def _context(assignment: Assignment, modules: list[Module]) -> Context:
    known = [*on_disk(assignment).values()]
    for folder in (assignment.folder, assignment.helpers):
        known += [file.read_text("utf-8") for file in sorted(folder.glob("*.py"))]
    words = set(re.findall(r"\w+", "\n".join(known)))
    stored: set[str] = set()
    elsewhere: set[str] = set()
    parameters: dict[str, tuple[str, ...]] = {}
    twice = set()
    for module in modules:
        tree = ast.parse(module.text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == "self"
                if not own:
                    elsewhere.add(node.attr)
                elif isinstance(node.ctx, ast.Store):
                    stored.add(node.attr)  # what is only read may be inherited
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                elsewhere.add(node.name)  # a method's name isn't an attribute to rename
        for name, names in _signatures(tree):
            twice |= {name} & set(parameters)
            parameters[name] = names
    private = stored - elsewhere - words
    return Context(
        assignment.library == "numpy",
        frozenset(private),
        {name: names for name, names in parameters.items() if name not in twice},
    )


def _signatures(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name and the parameters of each function and each constructor at a module's top."""
    for node in tree.body:
        function: ast.stmt | None = node
        if isinstance(node, ast.ClassDef):
            function = next((item for item in node.body if getattr(item, "name", "") == "__init__"), None)
        if isinstance(function, ast.FunctionDef) and function.args.vararg is None and not function.args.posonlyargs:
            names = tuple(item.arg for item in function.args.args)
            yield getattr(node, "name", ""), names[1:] if isinstance(node, ast.ClassDef) else names


def _derived(module: Module) -> str:
    """Text that replaces each class with solutions by a subclass, and each function by another that calls it."""
    added = ""
    for node in ast.parse(module.text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and any(
            line in module.inside for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        ):
            form = _SUBCLASS if isinstance(node, ast.ClassDef) else _FUNCTION
            added += form.format(name=node.name)
    return added


def _attribute(library: str, name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(library, ast.Load()), name, ast.Load())


def _call(library: str, name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(_attribute(library, name), list(args), [])


def _is_library(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "torch")


def _simple(node: ast.expr) -> bool:
    """Whether a node may be written twice: a name or an attribute of one."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
