"""Submissions that must earn nothing, made from an assignment's own files.

A trivial stub is the template, in which every unwritten function returns the same simple value. A borrowed name is the
template, in which one name from the tests' own modules replaces everything that students write.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from grader.assignment import Assignment

_Answer = Callable[[list[str]], str]
"""Returns the statement of a stub's body, given the names of its function's arguments without self and cls."""


def _first(names: list[str]) -> str:
    return names[0] if names else "None"


STUBS: Mapping[str, _Answer] = {
    "nothing": lambda names: "return None",
    "zero": lambda names: "return 0.0",
    "one": lambda names: "return 1.0",
    "true": lambda names: "return True",
    "first argument": lambda names: f"return {_first(names)}",
    "last argument": lambda names: f"return {names[-1] if names else 'None'}",
    "first argument and all": lambda names: f"return {_first(names)}, ({''.join(f'{name}, ' for name in names)})",
    "all arguments": lambda names: f"return ({''.join(f'{name}, ' for name in names)})",
    "zeros like the argument": lambda names: f"return {_first(names)} * 0",
    "zeros like the argument and all": lambda names: (
        f"return {_first(names)} * 0, ({''.join(f'{name}, ' for name in names)})"
    ),
    "ones like the argument": lambda names: f"return {_first(names)} * 0 + 1",
}
"""The statements of trivial stubs, by name."""


def stubs(template: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each trivial stub: its name, and its files by relative path."""
    for name, answer in STUBS.items():
        yield name, {file: _stubbed(file, text, answer) for file, text in template.items()}


def _stubbed(file: str, text: str, answer: _Answer) -> str:
    if not file.endswith(".py"):
        return text
    lines = text.split("\n")
    for function in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)):
        names = [item.arg for item in (*function.args.posonlyargs, *function.args.args) if item.arg not in _OWNERS]
        for node in ast.walk(function):
            if _is_unwritten(node):
                assert isinstance(node, ast.Raise)
                lines[node.lineno - 1] = " " * node.col_offset + answer(names)
    return "\n".join(lines)


_OWNERS = ("self", "cls")


def _is_unwritten(node: ast.AST) -> bool:
    """Whether a statement raises NotImplementedError, as templates do in place of a solution."""
    return isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc)


def borrowed(assignment: Assignment, template: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the template once for each name of the tests' own modules, which replaces everything that is unwritten."""
    targets = {file: _written_by_students(text) for file, text in template.items() if file.endswith(".py")}
    if not any(targets.values()):
        return
    for module, name in _names(assignment):
        files = dict(template)
        for file, wanted in targets.items():
            imports = "".join(f"from {module} import {name} as {target}\n" for target in wanted)
            files[file] = f"{files[file]}\n{imports}" if imports else files[file]
        yield f"{module}.{name}", files


def _written_by_students(text: str) -> list[str]:
    """The top-level classes and functions of a template that contain unwritten code."""
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and any(map(_is_unwritten, ast.walk(node)))
    ]


def _names(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """The classes and functions of all modules that tests may import, with the module's name."""
    for folder in (assignment.folder, assignment.helpers):
        for file in sorted(folder.glob("*.py")):
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("test"):
                    yield file.stem, node.name
