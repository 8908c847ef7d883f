"""Decides which statements of a test file, or of a module beside it, students get: visible tests and what they use.

The fixtures say which tests are hidden. Collecting the tests says where their functions are. Decorators aren't read.
Names that only hidden tests use are removed with them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from grader.authoring.names import Function, Import, Uses, all_bound, base_name, bound, used_names, uses_of
from grader.authoring.removal import without
from grader.authoring.source import bodies, first_line, parse
from grader.errors import AssignmentError

_HOOKS = ("pytest_", "setup_", "teardown_", "setUp", "tearDown")
"""Names that begin like this are called by pytest or unittest."""


@dataclass(frozen=True)
class Marked:
    """The recorded tests of one file: names and lines of their functions, as pytest collected them."""

    visible: frozenset[str] = frozenset()
    """Names of visible tests, `test_a` or `TestClass.test_a`, and of classes that hold one."""
    hidden: frozenset[str] = frozenset()
    """Names that only hidden tests have."""
    visible_lines: frozenset[int] = frozenset()
    """First lines of functions that a visible test runs."""
    hidden_lines: frozenset[int] = frozenset()
    """First lines of functions that only hidden tests run."""


@dataclass(frozen=True)
class Cut:
    """A file as students get it."""

    text: str
    uses: Uses


def cut(file: Path, text: str, marked: Marked, wanted: Collection[str] | None) -> Cut:
    """Return a file without hidden tests, and without anything that no visible test and no `wanted` name uses.

    Args:
        file: for messages.
        text: with `\\n` at the end of each line.
        marked: the recorded tests whose functions are in this file.
        wanted: names that other files use; None for all of them.

    Raises:
        AssignmentError: a hidden test can't be told from what students get.
    """
    module = _Module(file, text, marked, wanted)
    dropped, replaced = module.decide()
    result = without(file, text, module.tree, dropped, replaced) if dropped or replaced else text
    return Cut(result, uses_of(ast.parse(result)))


@dataclass
class _Module:
    file: Path
    text: str
    marked: Marked
    wanted: Collection[str] | None
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.tree = parse(self.file, self.text)
        self.dropped: set[ast.stmt] = set()
        self.replaced: dict[ast.stmt, str] = {}
        self.hidden_names: set[str] = set()
        functions = [node for node in ast.walk(self.tree) if isinstance(node, Function)]
        self.visible = {node for node in functions if first_line(node) in self.marked.visible_lines}
        self.hidden = {node for node in functions if first_line(node) in self.marked.hidden_lines}

    def decide(self) -> tuple[set[ast.stmt], dict[ast.stmt, str]]:
        """Return the statements to remove, and the imports to shorten."""
        self.drop_hidden(self.tree, "")
        self.drop_what_they_made()
        if self.wanted is not None or self.hidden_names or self.hidden:
            self.drop_unused()
        self.drop_documentation(self.tree)
        gone = {inner for node in self.dropped for inner in ast.walk(node)}
        for node in sorted(self.hidden - gone, key=first_line):
            raise AssignmentError(
                self.file,
                first_line(node),
                f"the hidden test '{node.name}' is made within something that visible tests use too, "
                "and students would get it; write it as a function of its own",
            )
        return self.dropped, self.replaced

    def drop_hidden(self, holder: ast.AST, prefix: str) -> None:
        for body in bodies(holder):
            named = [node.name for node in body if isinstance(node, Function)]
            for node in body:
                names = {prefix + name for name in bound(node)}
                inside = set(ast.walk(node))
                only_hidden = inside & self.hidden and not inside & self.visible
                # of several functions with one name, pytest runs only the last
                shadowed = isinstance(node, Function) and named.count(node.name) > 1 and not inside & self.visible
                if names and names <= self.marked.hidden:
                    self.drop(node, prefix)
                elif names & self.marked.visible:
                    if shadowed:
                        self.drop(node, prefix)
                    elif isinstance(node, ast.ClassDef):
                        self.drop_hidden(node, f"{prefix}{node.name}.")
                elif isinstance(node, Function | ast.ClassDef):
                    if only_hidden:
                        self.drop(node, prefix)
                    elif isinstance(node, ast.ClassDef):
                        self.drop_hidden(node, f"{prefix}{node.name}.")
                else:
                    self.drop_hidden(node, prefix)

    def drop(self, node: ast.stmt, prefix: str) -> None:
        self.dropped.add(node)
        self.hidden_names |= set() if prefix else bound(node)

    def drop_what_they_made(self) -> None:
        """Drop statements that make tests from a removed function, as in a loop over `globals()[name] = make(n)`."""
        while True:
            gone = self.hidden_names - all_bound(self.tree, self.dropped)
            more = {
                node
                for node in self.tree.body
                if node not in self.dropped
                and not isinstance(node, Function | ast.ClassDef | ast.Import | ast.ImportFrom)
                and not set(ast.walk(node)) & self.visible
                and not bound(node) & self.marked.visible
                and any(isinstance(inner, ast.Name) and inner.id in gone for inner in ast.walk(node))
            }
            if not more:
                return
            self.dropped |= more

    def drop_unused(self) -> None:
        """Drop what neither visible tests, nor names that other files use, nor statements that always run can reach."""
        own = all_bound(self.tree, set())
        made_here = own - {name for node in self.tree.body if isinstance(node, Import) for name in bound(node)}
        tests = {name.partition(".")[0] for name in self.marked.visible}
        roots = tests | (own - self.hidden_names if self.wanted is None else set(self.wanted))
        partial = [node for node in self.tree.body if isinstance(node, ast.ClassDef) and self.dropped & set(node.body)]
        members = {item for node in partial for item in node.body}
        units = ({*self.tree.body} | members) - self.dropped
        kept: set[ast.stmt] = set()
        while True:
            gone = {inner for node in (units - kept) | self.dropped for inner in ast.walk(node)}
            # a kept class keeps its head, even if some members are dropped
            nodes = [node for unit in kept for node in ast.walk(unit) if unit not in members and node not in gone]
            nodes += [node for unit in kept & members for node in ast.walk(unit)]
            used = used_names(nodes) | roots
            attributes = used | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            more = {
                unit
                for unit in units - kept
                if (self.member(unit, attributes) if unit in members else self.stays(unit, used, made_here))
            }
            if not more:
                break
            kept |= more
        self.dropped |= units - kept
        self.trim_imports(used)

    def stays(self, node: ast.stmt, needed: set[str], made_here: set[str]) -> bool:
        """Whether a statement stays: something uses it, or it does more than bind names."""
        names = bound(node)
        if isinstance(node, Function):
            return node.name in needed or node.name.startswith(_HOOKS) or _is_fixture_for(node, needed)
        if isinstance(node, ast.ClassDef | ast.Pass):
            return bool(names & needed)
        if isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*"):
            return True
        if names:
            return bool(names & needed) or any(name.startswith(("__", "pytest", "collect_")) for name in names)
        inner = [item for body in bodies(node) for item in body]
        if inner:
            return any(self.stays(item, needed, made_here) for item in inner)
        base = base_name(node)
        return base not in made_here or base in needed

    def member(self, node: ast.stmt, used: set[str]) -> bool:
        """Whether a statement of a class of tests stays: visible tests, what they use, and what pytest calls."""
        names = bound(node)
        return (
            not names
            or bool(names & used)
            or bool(set(ast.walk(node)) & self.visible)
            or any(name.startswith(("__", "pytestmark", *_HOOKS)) for name in names)
            or any(known.endswith(f".{name}") for name in names for known in self.marked.visible)
            or (isinstance(node, Function) and _is_fixture_for(node, used))
        )

    def drop_documentation(self, holder: ast.AST) -> None:
        """Drop the docstring below a constant if the constant is dropped."""
        for body in bodies(holder):
            for before, node in pairwise(body):
                if before in self.dropped and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                    self.dropped.add(node)
                elif isinstance(node, ast.ClassDef):
                    self.drop_documentation(node)

    def trim_imports(self, needed: set[str]) -> None:
        for node in self.tree.body:
            if not isinstance(node, Import) or node in self.dropped or len(node.names) == 1:
                continue
            left = [alias for alias in node.names if (alias.asname or alias.name).partition(".")[0] in needed]
            if len(left) < len(node.names) and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                smaller = (
                    ast.Import(left) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, left, node.level)
                )
                self.replaced[node] = ast.unparse(smaller)


def _is_fixture_for(node: Function, needed: set[str]) -> bool:
    """Whether a pytest fixture is used without its function's name: it is automatic, or has another name."""
    for decorator in node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else True
            if (keyword.arg == "autouse" and value) or (keyword.arg == "name" and value in needed):
                return True
    return False
