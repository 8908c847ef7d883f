"""Makes what students download: the template, the public tests with their fixtures, and a runner. Nothing hidden."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from importlib import metadata
from pathlib import Path, PurePosixPath

import grader
from grader.assignment import Assignment
from grader.authoring.archive import files_below, tar_bytes, zip_bytes
from grader.authoring.template import build
from grader.errors import AssignmentError, UsageError
from grader.fixtures import PUBLIC, load_current, save

_WITHHELD = ("authoring", "sandbox", "platforms", "suite", "kit", "grade.py")
"""What of the package isn't needed to run public tests."""

_RUNNER = '''"""Runs the public tests on the code of this handout: python3 {runner}"""

import sys
from pathlib import Path

HANDOUT = Path(__file__).resolve().parents[{depth}]
REQUIREMENTS = HANDOUT / "autograder" / "requirements.txt"
sys.path.insert(0, str(HANDOUT / "autograder"))

try:
    from grader.cli import main

    code = main(["check", str(HANDOUT), *sys.argv[1:]])
except ModuleNotFoundError as error:
    install = f"{{sys.executable}} -m pip install -r {{REQUIREMENTS}}"
    sys.exit(f"The package {{error.name}} isn't installed. Install what the tests need: {{install}}")
sys.exit(code)
'''

_CONFTEST = '''"""Lets plain `pytest` run the public tests on the code of this handout."""

import sys
from pathlib import Path

HANDOUT = Path(__file__).resolve().parent
sys.path.insert(0, str(HANDOUT / "autograder"))

from grader.local import LocalPlugin  # the path comes first


def pytest_configure(config):
    config.pluginmanager.register(LocalPlugin(HANDOUT))
'''

_TARBALL = """#!/bin/sh
# Makes {archive} for handing in.
set -e
cd "$(dirname "$0")"
tar -cvf {archive} {names}
"""

_README = """# {title}

Write the parts marked `TODO` in {files}.
{note}

| what | how |
|---|---|
| install what the tests need | `python3 -m pip install -r autograder/requirements.txt` |
| run the public tests | `python3 {runner}` |
| run one part | `python3 {runner} --part {part}` |
| stop in a debugger where your code fails | `pytest --pdb` |
{experiments}| make the hand-in | `sh create_tarball.sh` |

{points}

The public tests are a part of the grading. What you hand in is also run on tests that are not in here.
"""


def make_handout(assignment: Assignment, output: Path) -> list[str]:
    """Write the handout to `output`: a new folder, or an archive by its ending (.zip, .tar, .tar.gz, .tgz).

    Returns the relative paths of its files.
    """
    suffixes = "".join(output.suffixes[-2:])
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}; make it first")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        _fill(assignment, root)
        files = files_below(root)
        if output.suffix == ".zip":
            output.write_bytes(zip_bytes(files))
        elif suffixes.endswith((".tar.gz", ".tgz", ".tar")):
            output.write_bytes(tar_bytes(files, packed=not suffixes.endswith(".tar")))
        elif output.suffix in (".gz", ".bz2", ".xz", ".zst", ".rar", ".7z"):
            raise UsageError(f"can't write a {output.suffix} file; name a new folder, or end in .zip, .tar or .tar.gz")
        elif output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UsageError(f"{output} exists already; name a new folder, or an archive that ends in .zip or .tar.gz")
        else:
            shutil.copytree(root, output, dirs_exist_ok=True)
    return sorted(files)


def _fill(assignment: Assignment, root: Path) -> None:
    for name, text in build(assignment).items():
        _put(root / name, text)
    runner = PurePosixPath(assignment.handout.runner)
    tests = runner.parent / assignment.name
    _put_tests(assignment, root / tests)
    package = Path(grader.__file__).parent
    shutil.copytree(package, root / "autograder" / "grader", ignore=shutil.ignore_patterns("__pycache__", *_WITHHELD))
    _put(root / "autograder" / "requirements.txt", "".join(f"{need}\n" for need in _requirements(assignment.library)))
    _put(root / runner, _RUNNER.format(runner=runner, depth=len(runner.parts) - 1))
    _put(root / "conftest.py", _CONFTEST)
    _put(root / "pytest.ini", f"[pytest]\ntestpaths = {tests}\naddopts = -p no:cacheprovider\n")
    names = sorted({PurePosixPath(pattern).parts[0] for pattern in assignment.submission.files})
    _put(root / "create_tarball.sh", _TARBALL.format(archive=assignment.submission.archive, names=" ".join(names)))
    _put(root / "README.md", _readme(assignment, runner, tests))


def _put_tests(assignment: Assignment, tests: Path) -> None:
    """Write the public tests, what they and students need beside them, and the fixtures of the public tests alone."""
    fixtures = load_current(assignment, PUBLIC)
    public = {f"test_{spec.part}.py" for spec in fixtures.tests}
    for file in sorted(assignment.folder.glob("*.py")):
        if not file.name.startswith("test_"):
            _put(tests / file.name, file.read_text("utf-8"))
        elif file.name in public:
            _put(tests / file.name, public_tests(file, file.read_text("utf-8")))
    for folder in (assignment.helpers, assignment.experiments):
        if folder.is_dir():
            shutil.copytree(folder, tests / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    _put(tests / "assignment.toml", assignment.toml.read_text("utf-8"))
    save(fixtures, tests / "fixtures" / PUBLIC)


def _requirements(library: str) -> list[str]:
    """Return what pip has to install: the grader's own requirements, and those of the homework's library."""
    needs = metadata.requires("dl-grader") or []
    own = [need for need in needs if "extra ==" not in need]
    return own + [need.partition(";")[0] for need in needs if re.search(rf"""extra == ["']{library}["']""", need)]


def _readme(assignment: Assignment, runner: PurePosixPath, tests: PurePosixPath) -> str:
    points = [f"- {part.title}: {float(part.points + part.manual):g} points" for part in assignment.parts]
    experiments = [_experiment_row(file, tests) for file in sorted(assignment.experiments.glob("*.py"))]
    return _README.format(
        title=assignment.title,
        files=", ".join(f"`{name}`" for name in assignment.submission.files),
        note=f"\n{assignment.handout.note}\n" if assignment.handout.note else "",
        runner=runner,
        part=assignment.parts[0].name,
        experiments="".join(experiments),
        points="\n".join(points),
    )


def _experiment_row(file: Path, tests: PurePosixPath) -> str:
    """Return the README's row of an experiment, by the first line of its docstring; empty for what others import."""
    summary, colon, _ = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition(": python3 ")
    if not colon or not summary or "\n" in summary:
        return ""
    return (
        f"| an experiment that {summary[0].lower()}{summary[1:]} | `python3 {tests}/{file.parent.name}/{file.name}` |\n"
    )


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")


def public_tests(file: Path, text: str) -> str:
    """Return a test file without its hidden tests, and without what only they used."""
    tree = ast.parse(text)
    dropped: list[ast.stmt] = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef) and _hidden(file, node)
    ]
    while True:
        gone = {id(inner) for node in dropped for inner in ast.walk(node)}
        used = {
            name
            for node in ast.walk(tree)
            if id(node) not in gone
            for name in ([node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else [])
        } | {
            argument.arg
            for node in ast.walk(tree)
            if id(node) not in gone and isinstance(node, ast.FunctionDef)
            for argument in node.args.args
        }
        unused = [node for node in tree.body if id(node) not in gone and not _needed(node, used)]
        if not unused:
            break
        dropped += unused
    lines = text.splitlines(keepends=True)
    for node in sorted(dropped, key=lambda node: -node.lineno):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        del lines[first - 1 : node.end_lineno]
    return _tidy("".join(lines))


def _hidden(file: Path, node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a test's @visibility says anything but "visible"; an expression can't be decided, and is refused."""
    for decorator in node.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and getattr(decorator.func, "id", getattr(decorator.func, "attr", "")) == "visibility"
        ):
            argument = decorator.args[0] if decorator.args else None
            if not isinstance(argument, ast.Constant):
                raise AssignmentError(
                    file, decorator.lineno, "@visibility needs a plain text here, to know what students may have"
                )
            return bool(argument.value != "visible")
    return False


def _needed(node: ast.stmt, used: set[str]) -> bool:
    """Whether a top-level statement stays: a test, a used name, or anything that isn't just a definition."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name.startswith(("test", "Test")) or node.name in used or bool(node.decorator_list)
    if isinstance(node, ast.Assign):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return len(names) < len(node.targets) or any(name in used or name.startswith("__") for name in names)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        return any(name in used or name in ("*", "annotations") for name in names)
    return True


def _tidy(text: str) -> str:
    """At most two blank lines in a row, as everywhere."""
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.rstrip() + "\n"
