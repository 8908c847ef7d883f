"""Makes the students' template from the reference: solution regions become a TODO and a NotImplementedError.

A region is between the whole-line comments `# BEGIN SOLUTION` and `# END SOLUTION`. `tokenize` finds them, so that
markers inside string literals don't count. In files that aren't Python, any whole line counts. Comments `# TEMPLATE: `
directly below the first marker hold lines of the template, instead of the error. A region may also hold whole
functions, classes and constants; then the template has nothing in its place but a TODO and such lines.
"""

from __future__ import annotations

import ast
import io
import shutil
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

from grader.assignment import Assignment
from grader.authoring.notebooks import SUFFIX, without_solutions
from grader.authoring.source import FunctionNode, parse, source_lines
from grader.errors import AssignmentError
from grader.files import own_files
from grader.patterns import matches

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
INSTEAD = "# TEMPLATE:"
"""Begins a comment that holds a line of the template."""
_ALIKE = 0.75
"""The least similarity to SOLUTION of a word that is treated as a misspelling of it."""
_TELLING = 12
"""A line of a solution of at most this length reveals nothing."""


@dataclass(frozen=True)
class Region:
    """One solution region: the lines of its two markers, counted from 1."""

    begin: int
    end: int
    instead: tuple[str, ...] = ()
    """Lines of the template in place of the region, without its indentation; empty for the usual ones."""


Stub = Callable[[Region, str], list[str]]
"""Returns the lines that replace a region, given its indentation."""


def regions(file: Path, text: str) -> list[Region]:
    """Return the solution regions of a file; raises AssignmentError if a marker has no partner."""
    found: list[Region] = []
    begin: int | None = None
    instead: list[str] = []
    for line, comment in _comments(file, text):
        bare = comment.strip()
        if bare == BEGIN:
            if begin is not None:
                raise AssignmentError(
                    file, line, f"a second {BEGIN} before the {END} of line {begin}; close that first"
                )
            begin, instead = line, []
        elif bare.startswith(INSTEAD):
            if begin is None or line != begin + len(instead) + 1:
                raise AssignmentError(file, line, f"a {INSTEAD} line must be directly below a {BEGIN}; move it there")
            instead.append(bare.removeprefix(INSTEAD).removeprefix(" "))
        elif bare == END:
            if begin is None:
                raise AssignmentError(file, line, f"{END} without a {BEGIN} before it; write that above the solution")
            found.append(Region(begin, line, tuple(instead)))
            begin = None
        elif _looks_like_marker(bare):
            raise AssignmentError(
                file, line, f"'{bare}' isn't a marker; write exactly {BEGIN} or {END}, alone on its line"
            )
    if begin is not None:
        raise AssignmentError(file, begin, f"{BEGIN} without an {END} after it; write that below the solution")
    return found


def _looks_like_marker(comment: str) -> bool:
    """Whether a comment is a misspelt marker, like `# END_SOLUTON (2 points)`: that would reveal the solution."""
    words = comment.lstrip("# ").upper().replace("_", " ").split()
    return (
        len(words) >= 2
        and words[0] in ("BEGIN", "END", "BEING")
        and SequenceMatcher(None, words[1], "SOLUTION").ratio() > _ALIKE
    )


def _comments(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments that are alone on their line, and those anywhere that look like misspelt markers."""
    if file.suffix != ".py":
        for number, line in enumerate(text.split("\n"), 1):
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
        parse(file, text)  # its error has the line; the tokenizer's often doesn't
        raise AssignmentError(file, None, f"can't be read as Python: {error}") from None


def strip_solution(file: Path, text: str) -> str:
    """Return a file's text for students; raises AssignmentError if it wouldn't parse or would contain a solution."""
    found = regions(file, text)
    if file.suffix != ".py":
        return _without(text, found, lambda region, indent: [f"{indent}# TODO: your answer"])
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
            fact = "without this region, and with the lines that stand in for it, the template doesn't parse"
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


def functions(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
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
            fact = "a solution region must lie inside the body of one function, or hold whole functions, classes and"
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
                    "it stands outside of the region too: change it there",
                )


def build(assignment: Assignment) -> dict[str, str]:
    """Return the template's files: relative path to text."""
    root = assignment.reference
    if not root.is_dir():
        raise AssignmentError(root, None, "there is no reference solution; write it, with solution regions marked")
    files = {}
    count = 0
    for name, file in own_files(root).items():
        given = matches(PurePosixPath(name), assignment.submission.given)
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            if file.suffix == ".py":
                raise AssignmentError(file, None, "isn't UTF-8 text; save it as UTF-8") from None
            continue  # an answer, or data of the course, which `write` copies
        if file.suffix == SUFFIX and not given:
            files[name], in_cells = without_solutions(assignment, file, text)
            count += in_cells
            continue
        found = regions(file, text) if file.suffix == ".py" or not given else []
        if file.suffix != ".py" and not given and not found:
            continue  # what students hand in beside code, such as answers, is theirs to make
        count += len(found)
        files[name] = strip_solution(file, text) if found else text
    if count == 0:
        raise AssignmentError(
            root, None, f"no solution region is marked; put {BEGIN} and {END} around what students write"
        )
    return files


def write(assignment: Assignment) -> list[str]:
    """Rewrite `student_template/<assignment>`; return the relative paths."""
    files = build(assignment)
    shutil.rmtree(assignment.template, ignore_errors=True)
    for name, text in files.items():
        target = assignment.template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    data = given_data(assignment)
    for name, file in data.items():
        target = assignment.template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return [*files, *data]


def has_placeholders(assignment: Assignment) -> bool:
    """Return whether some region has template lines of its own: then code that isn't written may run, and be wrong."""
    return any(
        region.instead
        for file in own_files(assignment.reference).values()
        if file.suffix == ".py"
        for region in regions(file, file.read_text("utf-8"))
    )


def given_data(assignment: Assignment) -> dict[str, Path]:
    """Return the course's own files in the reference that aren't text, which students get as they are."""
    return {
        name: file
        for name, file in own_files(assignment.reference).items()
        if matches(PurePosixPath(name), assignment.submission.given) and not _is_text(file)
    }


def _is_text(file: Path) -> bool:
    try:
        file.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def on_disk(assignment: Assignment) -> dict[str, str]:
    """Return the files of `student_template/<assignment>`, relative path to text; none where there is no folder."""
    if not assignment.template.is_dir():
        return {}
    return {name: file.read_text("utf-8") for name, file in own_files(assignment.template).items() if _is_text(file)}


def drift(assignment: Assignment) -> list[str]:
    """Return how the template on disk differs from one made from the reference, as sentences; empty if it doesn't."""
    wanted, found = build(assignment), on_disk(assignment)
    data, template = given_data(assignment), assignment.template
    return (
        [
            f"{name} differs from the reference's"
            for name, file in data.items()
            if not (template / name).is_file() or (template / name).read_bytes() != file.read_bytes()
        ]
        + [f"{name} is missing from the template" for name in wanted if name not in found]
        + [f"{name} isn't made from the reference" for name in found if name not in wanted]
        + [
            f"{name} differs from what the reference gives"
            for name in wanted
            if name in found and found[name] != wanted[name]
        ]
    )
