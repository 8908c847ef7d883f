"""Makes the students' template from the reference: solution regions become a TODO and a NotImplementedError.

Regions are whole-line comments `# BEGIN SOLUTION` and `# END SOLUTION`, found with `tokenize`, so that a marker inside
a text doesn't count. In files that aren't Python, whole lines are enough.
"""

from __future__ import annotations

import ast
import io
import shutil
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.errors import AssignmentError

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"


@dataclass(frozen=True)
class Region:
    """One solution region: the lines of its two markers, counted from 1."""

    begin: int
    end: int


Stub = Callable[[Region, str], list[str]]
"""The lines that stand in for a region, given its indentation."""
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def regions(file: Path, text: str) -> list[Region]:
    """Return the solution regions of a file; raises AssignmentError where a marker has no partner."""
    found: list[Region] = []
    begin: int | None = None
    for line, comment in _comments(file, text):
        bare = comment.strip()
        if bare == BEGIN:
            if begin is not None:
                raise AssignmentError(
                    file, line, f"a second {BEGIN} before the {END} of line {begin}; close that first"
                )
            begin = line
        elif bare == END:
            if begin is None:
                raise AssignmentError(file, line, f"{END} without a {BEGIN} before it")
            found.append(Region(begin, line))
            begin = None
        elif _looks_like_marker(bare):
            raise AssignmentError(
                file, line, f"'{bare}' isn't a marker; write exactly {BEGIN} or {END}, alone on its line"
            )
    if begin is not None:
        raise AssignmentError(file, begin, f"{BEGIN} without an {END} after it")
    return found


def _looks_like_marker(comment: str) -> bool:
    """A typing mistake in a marker would hand out the solution: `#BEGIN SOLUTION`, `# END SOLUTON`."""
    words = comment.lstrip("# ").upper().split()
    return len(words) == 2 and words[0] in ("BEGIN", "END", "BEING") and words[1].startswith("SOLU")


def _comments(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """The comments that stand alone on their line, and those that only look like markers wherever they stand."""
    if file.suffix != ".py":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip().startswith("#"):
                yield number, line
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                if token.line.strip() == token.string.strip():
                    yield token.start[0], token.string
                elif _looks_like_marker(token.string.strip()):
                    yield token.start[0], f"{token.string} (after code)"
    except (tokenize.TokenError, SyntaxError) as error:
        raise AssignmentError(file, None, f"can't be read as Python: {error}") from None


def strip_solution(file: Path, text: str) -> str:
    """Return a file's text for students; raises AssignmentError where that wouldn't parse or would keep a solution."""
    found = regions(file, text)
    if file.suffix != ".py":
        return _without(text, found, lambda region, indent: [f"{indent}# TODO: your answer"])
    tree = _parse(file, text)
    names = {region: _enclosing(file, tree, region) for region in found}

    def stub(region: Region, indent: str) -> list[str]:
        return [
            f"{indent}# TODO: implement {names[region]}",
            f'{indent}raise NotImplementedError("{names[region]}")',
        ]

    result = _without(text, found, stub)
    _check(file, tree, _parse(file, result), text, result, found)
    return result


def _parse(file: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise AssignmentError(file, error.lineno, f"doesn't parse: {error.msg}") from None


def _without(text: str, found: list[Region], stub: Stub) -> str:
    lines = text.splitlines(keepends=True)
    for region in reversed(found):
        marker = lines[region.begin - 1]
        indent = marker[: len(marker) - len(marker.lstrip())]
        lines[region.begin - 1 : region.end] = [f"{line}\n" for line in stub(region, indent)]
    return "".join(lines)


def _functions(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
    """Every function with its qualified name, outer before inner."""

    def visit(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + child.name, child
                yield from visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, f"{prefix}{child.name}.")
            else:
                yield from visit(child, prefix)

    return visit(tree, "")


def _enclosing(file: Path, tree: ast.Module, region: Region) -> str:
    """The qualified name of the function that a region lies in."""
    name = None
    for qualified, node in _functions(tree):
        if node.lineno < region.begin and region.end <= _last_line(node, region):
            name = qualified
    if name is None:
        raise AssignmentError(file, region.begin, "a solution region must lie inside the body of one function")
    return name


def _last_line(node: FunctionNode, region: Region) -> int:
    """Where a function ends, with an end marker after its last statement counted in."""
    end = node.end_lineno or node.lineno
    return region.end if region.begin <= end <= region.end else end


def _check(file: Path, before: ast.Module, after: ast.Module, text: str, result: str, found: list[Region]) -> None:
    """Names, arguments and docstrings must be the reference's, and no line of a solution may be left."""
    left = dict(_functions(after))
    inner = {name for name, node in _functions(before) if any(r.begin <= node.lineno <= r.end for r in found)}
    for name, node in _functions(before):
        if name in inner:
            continue
        other = left.get(name)
        if (
            other is None
            or ast.dump(other.args) != ast.dump(node.args)
            or ast.get_docstring(other) != ast.get_docstring(node)
        ):
            raise AssignmentError(file, node.lineno, f"the template would lose {name}, its arguments or its docstring")
    lines = text.splitlines()
    kept = {line.strip() for line in result.splitlines()}
    given = {line.strip() for i, line in enumerate(lines, 1) if not any(r.begin <= i <= r.end for r in found)}
    for region in found:
        for number in range(region.begin + 1, region.end):
            line = lines[number - 1].strip()
            if len(line) > 12 and line in kept and line not in given:
                raise AssignmentError(file, number, "a line of the solution would be left in the template")


def build(assignment: Assignment) -> dict[str, str]:
    """Return the template's files: relative path to text."""
    root = assignment.reference
    if not root.is_dir():
        raise AssignmentError(root, None, "there is no reference solution; write it, with solution regions marked")
    files = {}
    count = 0
    for file in sorted(root.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            text = file.read_text("utf-8")
            count += len(regions(file, text)) if file.suffix in (".py", ".toml") else 0
            files[file.relative_to(root).as_posix()] = strip_solution(file, text)
    if count == 0:
        raise AssignmentError(
            root, None, f"no solution region is marked; put {BEGIN} and {END} around what students write"
        )
    return files


def write(assignment: Assignment) -> list[str]:
    """Write `student_template/<assignment>` anew; return the relative paths."""
    files = build(assignment)
    shutil.rmtree(assignment.template, ignore_errors=True)
    for name, text in files.items():
        target = assignment.template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return list(files)


def drift(assignment: Assignment) -> list[str]:
    """Return how the template on disk differs from what the reference gives, as sentences; empty where it doesn't."""
    wanted = build(assignment)
    root = assignment.template
    found = {
        file.relative_to(root).as_posix(): file.read_text("utf-8")
        for file in (sorted(root.rglob("*")) if root.is_dir() else [])
        if file.is_file() and "__pycache__" not in file.parts
    }
    return (
        [f"{name} is missing from the template" for name in wanted if name not in found]
        + [f"{name} isn't made from the reference" for name in found if name not in wanted]
        + [
            f"{name} differs from what the reference gives"
            for name in wanted
            if name in found and found[name] != wanted[name]
        ]
    )
