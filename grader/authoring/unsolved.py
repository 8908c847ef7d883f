"""Takes the solutions out of one file: each region becomes a TODO and a NotImplementedError.

A region may also hold whole functions, classes and constants; then nothing replaces it but a TODO. Lines that the
author wrote for the template replace the error.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from grader.authoring.regions import Region, regions
from grader.authoring.source import FunctionNode, functions, parse, source_lines
from grader.errors import AssignmentError
from grader.text import BEGIN, INSTEAD, UNANSWERED

_TELLING = 12
"""A line of a solution of at most this length reveals nothing."""
Stub = Callable[[Region, str], list[str]]
"""Returns the lines that replace a region, given its indentation."""


def strip_solution(file: Path, text: str) -> str:
    """Return a file's text for students; raises AssignmentError if it wouldn't parse or would contain a solution."""
    found = regions(file, text)
    if file.suffix != ".py":
        return _without(text, found, lambda region, indent: [f"{indent}{UNANSWERED}"])
    tree = parse(file, text)
    names = {region: _enclosing(file, tree, text, region) for region in found}
    bound = {region: _bound(tree, region) for region in found}

    def stub(region: Region, indent: str) -> list[str]:
        name = names[region]
        todo = f"{indent}# TODO: implement {name if name is not None else ', '.join(bound[region])}"
        return [todo, *_stand_in(region, name, indent)]

    result = _without(text, found, stub)
    try:
        after = ast.parse(result)
    except SyntaxError:
        odd = next((region for region in found if region.instead or names[region] is None), None)
        if odd is not None:
            fact = "without this region, and with the lines in its place, the template doesn't parse"
            raise AssignmentError(
                file, odd.begin, f"{fact}; write below the marker, for example: {INSTEAD} pass"
            ) from None
        after = parse(file, result)
    _check(file, tree, after, text, result, found)
    return result


def _stand_in(region: Region, name: str | None, indent: str) -> list[str]:
    """The lines of code in a region's place: the author's own, or an error with the function's name."""
    if region.instead:
        return [f"{indent}{line}" if line else "" for line in region.instead]
    return [] if name is None else [f'{indent}raise NotImplementedError("{name}")']


def _statements(node: ast.AST) -> list[ast.stmt]:
    """The statements directly in a module or a class; empty for another node."""
    return node.body if isinstance(node, ast.Module | ast.ClassDef) else []


def _bound(tree: ast.Module, region: Region) -> list[str]:
    """The names of the functions, classes and constants that a region defines."""
    names = []
    for node in (item for parent in ast.walk(tree) for item in _statements(parent)):
        if region.begin < node.lineno < region.end:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign):
                targets = [node.target]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.append(node.name)
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names or ["this"]


def without_region(file: Path, text: str, region: Region) -> str:
    """Return a Python file's text in which one solution region is unwritten and all others are complete."""
    name = _enclosing(file, parse(file, text), text, region)
    return _without(text, [region], lambda one, indent: _stand_in(one, name, indent))


def _without(text: str, found: list[Region], stub: Stub) -> str:
    lines = source_lines(text)
    for region in reversed(found):
        marker = lines[region.begin - 1]
        indent = marker[: len(marker) - len(marker.lstrip())]
        lines[region.begin - 1 : region.end] = stub(region, indent)
    return "\n".join(lines)


def _enclosing(file: Path, tree: ast.Module, text: str, region: Region) -> str | None:
    """The qualified name of the innermost function that contains all statements of a region and isn't part of it.

    None if the region holds whole statements of a module or of a class.
    """
    inside = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and region.begin < node.lineno < region.end]
    name, body = None, 0
    for qualified, node in functions(tree):
        whole = all(_within(item, node) for item in inside) if inside else region.end <= (node.end_lineno or 0)
        if node.lineno < region.begin and whole:
            name, body = qualified, node.body[0].col_offset
    if name is None:
        complete = [node for node in inside if (node.end_lineno or 0) < region.end]
        cut = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (
                node.lineno < region.begin <= (node.end_lineno or 0)
                or node.lineno < region.end <= (node.end_lineno or 0)
            )
        ]
        if not inside or len(complete) < len(inside) or cut:
            fact = "a solution region must be inside the body of one function, or hold whole functions, classes and"
            raise AssignmentError(file, region.begin, f"{fact} constants; move its markers")
        return None
    marker = source_lines(text)[region.begin - 1]
    if len(marker) - len(marker.lstrip()) < body:
        raise AssignmentError(file, region.begin, f"indent {BEGIN} like the code that it marks")
    return name


def _within(item: ast.stmt, node: FunctionNode) -> bool:
    return node.lineno < item.lineno and (item.end_lineno or 0) <= (node.end_lineno or 0)


def _outline(tree: ast.Module, found: list[Region]) -> list[tuple[int, str, str, str | None]]:
    """Line, name, arguments and docstring of every function outside the regions, in order."""
    return [
        (node.lineno, name, ast.dump(node.args), ast.get_docstring(node))
        for name, node in functions(tree)
        if not any(region.begin <= node.lineno <= region.end for region in found)
    ]


def _check(file: Path, before: ast.Module, after: ast.Module, text: str, result: str, found: list[Region]) -> None:
    """Demand the reference's names, arguments and docstrings, and that no line of a solution is left."""
    left = iter([facts for _, *facts in _outline(after, [])])
    for place, *facts in _outline(before, found):
        if facts not in left:  # an iterator: those before it are used up, so that the order counts
            raise AssignmentError(
                file,
                place,
                f"the template would lose {facts[0]}, its arguments or its docstring; begin the region below them",
            )
    lines = source_lines(text)
    kept = {line.strip() for line in source_lines(result)}
    commented = {line.lstrip("# ").strip() for line in kept if line.startswith("#")}
    given = {line.strip() for i, line in enumerate(lines, 1) if not any(r.begin <= i <= r.end for r in found)}
    for region in found:
        for number in range(region.begin + 1, region.end):
            line = lines[number - 1].strip()
            if len(line) > _TELLING and ((line in kept and line not in given) or line in commented):
                raise AssignmentError(
                    file,
                    number,
                    "a line of the solution would be left in the template; "
                    "it is outside of the region too: change it there",
                )
