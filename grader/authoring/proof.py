"""Proves a written handout: it has exactly the public tests, the reference passes them, and it contains no answer.

Other processes collect and run the tests, with the handout's own copy of the package.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from grader.assignment import Assignment
from grader.authoring.collecting import Place, collect, run_python
from grader.authoring.names import Function
from grader.authoring.notebooks import SUFFIX, code_of, scripts_of
from grader.authoring.regions import regions
from grader.authoring.source import first_line, parse, read_source, source_lines
from grader.authoring.variants import apply_variant, load_variants
from grader.errors import AssignmentError
from grader.files import own_files
from grader.fixtures import Fixtures, TestSpec
from grader.questions import fixtures_file, read_questions
from grader.testing.cells.read import NotebookError

_TELLING = 12
"""A line or a title of at most this length reveals nothing."""
_STATEMENTS = 2
_CHARACTERS = 40
"""A solution with fewer statements, or fewer characters without spaces, occurs in unrelated code too."""
PACKAGE = "autograder"
"""The folder of the handout that holds the package."""


def prove(assignment: Assignment, fixtures: Fixtures, places: Sequence[Place], handout: Path, tests: Path) -> None:
    """Refuse a handout that reveals something hidden or doesn't work.

    Args:
        assignment: the instructor's.
        fixtures: of all tests.
        places: the functions of all tests in the assignment's folder.
        handout: the written folder.
        tests: the folder in it that holds the tests.

    Raises:
        AssignmentError: says what is wrong with it.
    """
    public = [spec.id for spec in fixtures.tests if spec.visibility == "visible"]
    _same_tests(assignment, public, handout, tests)
    texts = _texts(handout)
    given = {name: text for name, text in texts.items() if not name.startswith(f"{PACKAGE}/grader/")}
    _no_hidden_line(assignment, fixtures, places, given)
    _no_hidden_name(assignment, fixtures, handout, tests, given)
    _no_graded_file(assignment, handout, given)
    _no_solution(assignment, texts)
    if public:
        _reference_passes(assignment, handout)


def _texts(handout: Path) -> dict[str, str]:
    """Return every text file of the handout."""
    texts = {}
    for name, file in own_files(handout).items():
        with suppress(UnicodeDecodeError):
            texts[name] = file.read_text("utf-8")
    return texts


def _same_tests(assignment: Assignment, public: Sequence[str], handout: Path, tests: Path) -> None:
    # collect the whole folder, like plain pytest: a file with only hidden tests mustn't be there either
    places, errors = collect(handout / PACKAGE, tests, ["."])
    if errors:
        raise AssignmentError(
            assignment.folder,
            None,
            "the tests in the handout can't be loaded; visible tests may need what was left out with hidden ones, "
            f"so import or name it in a visible test:\n{errors.replace(str(tests), assignment.name)}",
        )
    found = [place.id for place in places]
    hidden = [place.id for place in places if place.visibility != "visible"]
    if sorted(found) != sorted(public) or hidden:
        raise AssignmentError(
            assignment.folder,
            None,
            "the tests in the handout aren't the public ones of the record; write hidden tests as functions of their "
            f"own, then run: grader record {assignment.name}\n"
            f"only in the handout: {', '.join(sorted({*found} - {*public}) or hidden) or 'none'}\n"
            f"only in the record: {', '.join(sorted({*public} - {*found})) or 'none'}",
        )


def _no_hidden_line(
    assignment: Assignment, fixtures: Fixtures, places: Sequence[Place], given: Mapping[str, str]
) -> None:
    """No line of a hidden test's function may be in the handout, unless open code has the same line."""
    visible = {spec.id for spec in fixtures.tests if spec.visibility == "visible"}
    shown = {(place.file, place.line) for place in places if place.id in visible}
    secret = {(place.file, place.line) for place in places if place.id not in visible} - shown
    hidden: list[tuple[Path, int, str]] = []
    elsewhere: set[str] = set()
    for file in assignment.folder.rglob("*.py"):
        text = read_source(file)
        inside = {
            number
            for node in ast.walk(parse(file, text))
            if isinstance(node, Function) and (str(file.resolve()), first_line(node)) in secret
            for number in range(first_line(node), (node.end_lineno or node.lineno) + 1)
        }
        for number, line in enumerate(source_lines(text), 1):
            if number in inside:
                hidden.append((file, number, line.strip()))
            else:
                elsewhere.add(line.strip())
    for text in _given_code(assignment):
        elsewhere |= {line.strip() for line in source_lines(text)}
    open_text = "\n".join(elsewhere)
    for file, number, line in hidden:
        if len(line) > _TELLING and line not in open_text:
            for name, text in given.items():
                if line in text:
                    raise AssignmentError(file, number, f"a line of a hidden test would be in the handout's {name}")


def _given_code(assignment: Assignment) -> Iterator[str]:
    """Yield the reference's files without their solution regions, which students get."""
    for file in own_files(scripts_of(assignment)).values():
        with suppress(UnicodeDecodeError):
            text = file.read_text("utf-8")
            inside = {number for region in regions(file, text) for number in range(region.begin, region.end + 1)}
            yield "\n".join(line for number, line in enumerate(source_lines(text), 1) if number not in inside)


def _no_hidden_name(
    assignment: Assignment, fixtures: Fixtures, handout: Path, tests: Path, given: Mapping[str, str]
) -> None:
    """Neither the title nor the number of a hidden test may be in the folder of tests."""
    shown = [spec for spec in fixtures.tests if spec.visibility == "visible"]
    titles = "\n".join(spec.title for spec in shown)
    folder = tests.relative_to(handout).as_posix()
    for spec in fixtures.tests:
        if spec.visibility == "visible":
            continue
        for name, text in given.items():
            if not name.startswith(f"{folder}/") or name == f"{folder}/assignment.toml":
                continue
            title = len(spec.title) > _TELLING and spec.title not in titles and spec.title in text
            number = spec.number and spec.number not in {other.number for other in shown} and _numbered(spec, text)
            if title or number:
                told = f"title '{spec.title}'" if title else f"number {spec.number}"
                raise AssignmentError(
                    assignment.folder / Path(name).relative_to(folder),
                    next(n for n, line in enumerate(source_lines(text), 1) if not title or spec.title in line),
                    f"the {told} of the hidden test {spec.id} would be in the handout; write that otherwise",
                )


def _numbered(spec: TestSpec, text: str) -> bool:
    return re.search(rf"""number["']?\s*[(:]\s*["']{re.escape(spec.number)}["']""", text) is not None


def _no_graded_file(assignment: Assignment, handout: Path, given: Mapping[str, str]) -> None:
    """Neither the graded fixtures nor their seed may be in any file."""
    file = fixtures_file(assignment)
    data, seed = file.read_bytes(), read_questions(assignment).seed
    for name, copy in own_files(handout).items():
        if copy.read_bytes() == data or seed in given.get(name, ""):
            raise AssignmentError(file, None, f"is secret, and the handout's {name} has it; take it out of the tests")


def _no_solution(assignment: Assignment, texts: Mapping[str, str]) -> None:
    """No solution region of the reference or of an accepted variant may be in any file, however it is laid out."""
    given = {_squeezed("given.py", text) for text in _given_code(assignment)}
    squeezed = {name: _squeezed(name, text) for name, text in texts.items()}
    for file, line, solution in _solutions(assignment):
        if any(solution in text for text in given):
            continue
        for name, text in squeezed.items():
            if solution in text:
                raise AssignmentError(
                    file,
                    line,
                    f"this solution would be in the handout's {name}; students would get it: change it there",
                )


def _solutions(assignment: Assignment) -> Iterator[tuple[Path, int, str]]:
    """File, line and squeezed text of each solution that is long enough to be told from other code."""
    files = [
        (file, file.read_text("utf-8")) for file in own_files(scripts_of(assignment)).values() if file.suffix == ".py"
    ]
    for variant in load_variants(assignment):
        if variant.credit > 0:
            changed = apply_variant(assignment, variant)
            files += [(assignment.reference / name, text) for name, text in changed.items() if name.endswith(".py")]
    for file, text in files:
        try:
            tree, found = ast.parse(text), regions(file, text)
        except (SyntaxError, AssignmentError):
            continue  # a variant that replaces markers; the reference itself was read before
        statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        for region in found:
            inside = [node for node in statements if region.begin < node.lineno <= (node.end_lineno or 0) < region.end]
            nested = {inner for node in inside for inner in ast.walk(node) if inner is not node}
            solution = "".join(_bare(ast.unparse(node)) for node in inside if node not in nested)
            if len(inside) >= _STATEMENTS and len(solution) >= _CHARACTERS:
                yield file, region.begin, solution


def _squeezed(name: str, text: str) -> str:
    """Return a text without whitespace; Python code also without comments and in a normal form."""
    if name.endswith(SUFFIX):
        with suppress(NotebookError):
            name, text = f"{name}.py", code_of(text.encode())
    if name.endswith(".py"):
        with suppress(SyntaxError):
            return _bare(ast.unparse(ast.parse(text)))
    return _bare(text)


def _bare(text: str) -> str:
    return "".join(text.split())


def _reference_passes(assignment: Assignment, handout: Path) -> None:
    """The public tests must pass on the reference inside the handout: nothing that they need was left out."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "handout"
        shutil.copytree(handout, folder)
        for name, file in own_files(assignment.reference).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)
        for last in (False, True):
            code, said = run_python(["-m", "pytest", "-q", "--tb=short", "--color=no"], folder)
            if code == 0:
                return
            if last:  # retried once: a test of speed may fail on a busy machine
                story = "\n".join(said.splitlines()[-40:]).replace(str(folder), "")
                raise AssignmentError(
                    assignment.folder,
                    None,
                    "the reference doesn't pass the public tests in the handout; data and modules are in it if a "
                    f"visible test, or what it imports, names them:\n{story}",
                )
