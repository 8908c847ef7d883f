"""How honest rewrites change the syntax tree: a class for each other way in which students write."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


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
        new = self._rewritten(node)
        if new is None:
            return node
        self.changed = True
        return ast.copy_location(new, node)

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        """Return what replaces a node; None to leave it."""
        raise NotImplementedError


class Functions(Rewriter):
    """Methods of arrays become functions of the library, operators become calls."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
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


class Loops(Rewriter):
    """Products of matrices are computed row by row."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return ast.Call(ast.Name("_product", ast.Load()), [left, right], [])
            case _:
                return None


class Returned(Rewriter):
    """Everything that a function returns goes through `_returned`, which each rewrite defines in its own way."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Return(value=ast.expr() as value):
                return ast.Return(ast.Call(ast.Name("_returned", ast.Load()), [value], []))
            case _:
                return None


class NewArrays(Rewriter):
    """An update of an attribute makes a new array."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.AugAssign(target=ast.Attribute(value=ast.Name() as owner, attr=name) as target, op=op):
                old = ast.Attribute(owner, name, ast.Load())
                return ast.Assign([target], ast.BinOp(old, op, node.value))
            case _:
                return None


class Renamed(Rewriter):
    """Attributes that are the student's own have other names."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Attribute(value=ast.Name("self"), attr=name) if name in self.context.private:
                return ast.Attribute(node.value, f"own_{name}", node.ctx)
            case _:
                return None


class Keywords(Rewriter):
    """Arguments of the homework's own classes and functions are given by keyword."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Call(func=ast.Name(name), args=args) if name in self.context.parameters and args:
                names = self.context.parameters[name]
                if len(args) > len(names) or any(isinstance(argument, ast.Starred) for argument in args):
                    return None
                given = [ast.keyword(key, value) for key, value in zip(names, args, strict=False)]
                return ast.Call(node.func, [], [*given, *node.keywords])
            case _:
                return None


class OldNumpy(Rewriter):
    """Arrays are made with a name that numpy 2 doesn't have."""

    def _rewritten(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("np" | "numpy"), attr="zeros" | "ones"), args=[_]) if (
                not node.keywords
            ):
                return ast.Call(node.func, node.args, [ast.keyword("dtype", _attribute("np", "float"))])
            case _:
                return None


def _attribute(library: str, name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(library, ast.Load()), name, ast.Load())


def _call(library: str, name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(_attribute(library, name), list(args), [])


def _is_library(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "torch")


def _simple(node: ast.expr) -> bool:
    """Whether a node may be written twice: a name or an attribute of one."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
