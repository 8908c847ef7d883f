"""Makes what students download: the template, the public tests with their fixtures, and a runner. Nothing hidden."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import tempfile
from glob import escape
from importlib import metadata
from pathlib import Path, PurePosixPath

import grader
from grader.assignment import Assignment, Part
from grader.authoring.archive import files_below, tar_bytes, zip_bytes
from grader.authoring.notebooks import SUFFIX, has_notebook, targets
from grader.authoring.proof import PACKAGE, prove
from grader.authoring.shipped import Shipped, marks, places_of, shipped
from grader.authoring.template import build, given_data
from grader.errors import AssignmentError, UsageError
from grader.files import own_files
from grader.fixtures import GIVEN, PUBLIC, Fixtures, digests, load_current, save
from grader.patterns import matches

_ROOMS = ("commands", "testing", "judge", "export", "student")
"""The folders of the package that running public tests needs, besides all modules that aren't in _WITHHELD."""
_WITHHELD = ("grade.py", "conversion.py")

_RUNNER = """# Runs the public tests on the code of this handout: python3 {runner}
# Every Python can read this file, so that an old one gets a sentence.
import os
import sys

if sys.version_info < (3, 10):
    version = ".".join(str(number) for number in sys.version_info[:3])
    sys.exit("This needs Python 3.10 or newer, and %s is Python %s. See the README." % (sys.executable, version))

HANDOUT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), {up}))
sys.path.insert(0, os.path.join(HANDOUT, "autograder"))

try:
    from grader.cli import main

    code = main(["check", HANDOUT] + sys.argv[1:])
except ModuleNotFoundError as error:
    sys.exit(
        "The package %s isn't installed for %s. Make a virtual environment, and install what the tests need, in the "
        "folder %s:\\n  %s" % (error.name, sys.executable, HANDOUT, "\\n  ".join({commands}))
    )
sys.exit(code)
"""

_CONFTEST = '''"""Lets plain `pytest` run the public tests on the code of this handout."""

import sys
from pathlib import Path

HANDOUT = Path(__file__).resolve().parent
sys.path.insert(0, str(HANDOUT / "autograder"))

from grader.student.plugin import serve  # the path comes first


def pytest_configure(config):
    serve(config, HANDOUT)
'''

_SHIM = '''"""Lets a notebook in this folder say: from grader.notebook import check"""

from importlib import import_module
from pathlib import Path

_TESTS = Path(__file__).resolve().parent / "autograder"
__path__ = [str(_TESTS / "grader")]
exec((Path(__path__[0]) / "__init__.py").read_text("utf-8"))
try:
    import_module(__name__ + ".notebook")
except ModuleNotFoundError as error:
    package = str(error.name).partition(".")[0]
    raise ModuleNotFoundError(
        f"{package} isn't installed for this notebook's Python; run this in a cell, then restart the kernel: "
        f"%pip install -r '{_TESTS / 'requirements.txt'}'",
        name=error.name,
    ) from None
'''

_TARBALL = """#!/bin/sh
# Makes the archive for handing in.
set -e
cd "$(dirname "$0")"
tar -cvf {archive} -- {names}
"""

_README = """# {title}

Write the parts marked `TODO` in {files}.
{given}{note}
## Once: a virtual environment

The tests need Python 3.10 or newer. In this folder:

```sh
python3 -m venv .venv
.venv/bin/python -m pip install -r autograder/requirements.txt
. .venv/bin/activate
```

On Windows: `py -m venv .venv`, then `.venv\\Scripts\\activate`, then
`python -m pip install -r autograder/requirements.txt`. After `activate`, the command is `python` everywhere.
Without the environment, some systems refuse to install anything (`externally-managed-environment`).

## Every time

| what | how |
|---|---|
| run the public tests | `python {runner}` |
| see every test and every message | `python {runner} --all` |
| run one test, or all tests of a number | `python {runner} {number}` |
| run one part | `python {runner} --part {part}` |
| run what failed the last time | `python {runner} --failed` |
| run again whenever you save a file | `python {runner} --watch` |
| stop in a debugger where your code fails | `python {runner} --pdb` |
| get the report as a page | `python {runner} --html report.html` |
| run the tests by pytest, also from an editor | `pytest`, `pytest --lf` |
{experiments}| make the hand-in | `sh create_tarball.sh` |

The runner's exit code is 1 while public points are missing, and 0 once all are there.
{hints}
{points}

The public tests are a part of the grading. What you hand in is also run on tests that are not in here.
"""
_HINTS = """
Where your values are those of a known mistake, a hint names it. The hints are in the tests' recording.
"""
_SETUP = (
    "python3 -m venv .venv",
    ".venv/bin/python -m pip install -r autograder/requirements.txt",
    ".venv/bin/python {runner}",
)


def make_handout(assignment: Assignment, output: Path) -> list[str]:
    """Write the handout to `output`: a new folder, or an archive by its ending (.zip, .tar, .tar.gz, .tgz).

    Returns the relative paths of its files.
    """
    suffixes = "".join(output.suffixes[-2:])
    is_tar = suffixes.endswith((".tar.gz", ".tgz", ".tar"))
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}; make it first")
    if not is_tar and output.suffix in (".gz", ".bz2", ".xz", ".zst", ".rar", ".7z"):
        raise UsageError(f"can't write a {output.suffix} file; name a new folder, or end in .zip, .tar or .tar.gz")
    is_folder = not is_tar and output.suffix != ".zip"
    if is_folder and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} exists already; name a new folder, or an archive that ends in .zip or .tar.gz")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        _fill(assignment, root)
        files = files_below(root)
        if is_folder:
            shutil.copytree(root, output, dirs_exist_ok=True)
        elif is_tar:
            output.write_bytes(tar_bytes(files, packed=not suffixes.endswith(".tar")))
        else:
            output.write_bytes(zip_bytes(files))
    return sorted(files)


def refusal(assignment: Assignment) -> str:
    """Return why the assignment's handout would give something away or not work; empty where it is fine."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            _fill(assignment, Path(temporary))
        except AssignmentError as error:
            return str(error)
    return ""


def _fill(assignment: Assignment, root: Path) -> None:
    fixtures = load_current(assignment)
    places = places_of(assignment, fixtures)
    template = build(assignment)
    for name, text in template.items():
        _put(root / name, text)
    for name, file in given_data(assignment).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, root / name)
    runner = PurePosixPath(assignment.handout.runner)
    tests = runner.parent / assignment.name
    _put_tests(assignment, shipped(assignment, marks(assignment.folder, fixtures, places), template), root / tests)
    public = load_current(assignment, PUBLIC)
    if not assignment.handout.hints:
        public = public.without_mistakes()
    save(public, root / tests / assignment.fixtures.name / PUBLIC)
    given = [name for name in files_below(root) if matches(PurePosixPath(name), assignment.submission.given)]
    if given:
        _put(root / tests / assignment.fixtures.name / GIVEN, json.dumps(digests(root, sorted(given)), indent=1) + "\n")
    _put_package(root / PACKAGE / "grader")
    _put(root / PACKAGE / "requirements.txt", "".join(f"{need}\n" for need in _requirements(assignment.library)))
    up = ", ".join(['".."'] * (len(runner.parts) - 1))
    commands = [line.format(runner=runner) for line in _SETUP]
    _put(root / runner, _RUNNER.format(runner=runner, up=up, commands=commands))
    _put(root / "conftest.py", _CONFTEST)
    # pytest splits the line like a shell, and treats each word as a pattern
    _put(
        root / "pytest.ini",
        f"[pytest]\ntestpaths = {shlex.quote(escape(str(tests)))}\n"
        # the handout has its own copy of the grader, whatever is installed
        # pytest's memory for --lf is in the folder that a student needn't look at
        "addopts = --tb=short -rN -p no:grader\ncache_dir = autograder/.pytest_cache\n",
    )
    names = {PurePosixPath(pattern).parts[0] for pattern in assignment.submission.files}
    if has_notebook(assignment):
        _put(root / "grader.py", _SHIM)
        notebooks = {name for name in build(assignment) if name.endswith(SUFFIX)}
        names = {name for name in names if name not in targets(assignment)} | notebooks
    archive = shlex.quote(f"./{assignment.submission.archive}")
    _put(
        root / "create_tarball.sh", _TARBALL.format(archive=archive, names=" ".join(map(_shell_pattern, sorted(names))))
    )
    _put(root / "README.md", _readme(assignment, runner, tests, public))
    prove(assignment, fixtures, places, root, root / tests)


def _put_tests(assignment: Assignment, content: Shipped, tests: Path) -> None:
    for name, text in content.texts.items():
        _put(tests / name, text)
    for name, file in content.data.items():
        (tests / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tests / name)
    _put(tests / "assignment.toml", assignment.toml.read_text("utf-8"))


def _put_package(target: Path) -> None:
    package = Path(grader.__file__).parent
    for name, file in own_files(package).items():
        parts = PurePosixPath(name).parts
        if parts[0] in _ROOMS or (len(parts) == 1 and name not in _WITHHELD):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / name)


def _shell_pattern(pattern: str) -> str:
    """Return a word for `sh` in which only *, ? and [...] are special."""
    return re.sub(r"[^\w*?\[\]!.-]+", lambda found: shlex.quote(found[0]), pattern)


def _requirements(library: str) -> list[str]:
    """Return pip's requirements: those of the grader and those of the homework's library."""
    needs = metadata.requires("dl-grader") or []
    own = [need for need in needs if "extra ==" not in need]
    return own + [need.partition(";")[0] for need in needs if re.search(rf"""extra == ["']{library}["']""", need)]


def _readme(assignment: Assignment, runner: PurePosixPath, tests: PurePosixPath, fixtures: Fixtures) -> str:
    points = [f"- {_plain(part.title)}: {_points(part)}" for part in assignment.parts]
    experiments = [_experiment_row(file, tests) for file in sorted(assignment.experiments.glob("*.py"))]
    return _README.format(
        title=_plain(assignment.title),
        files=", ".join(_code(name) for name in _files(assignment)),
        given=_given(assignment),
        note=f"\n{assignment.handout.note}\n" if assignment.handout.note else "",
        runner=runner,
        part=assignment.parts[0].name,
        experiments="".join(experiments),
        points="\n".join(points),
        number=next((spec.number for spec in fixtures.tests if spec.number), "NUMBER"),
        hints=_HINTS if assignment.handout.hints else "",
    )


def _points(part: Part) -> str:
    points = float(part.points + part.manual)
    by_person = f"{float(part.manual):g} of them " * bool(part.points) + "by a person"
    return (
        f"{points:g} point"
        + "s" * (points != 1)
        + " of extra credit" * part.extra
        + f", {by_person}" * bool(part.manual)
    )


def _given(assignment: Assignment) -> str:
    """A sentence about the course's own files."""
    names = ", ".join(_code(name) for name in assignment.submission.given)
    return f"\nLeave as it is, because the course's own copy is graded: {names}.\n" if names else ""


def _files(assignment: Assignment) -> list[str]:
    """The files in which students write; a pattern where the template has none of its files."""
    if not has_notebook(assignment):
        template = build(assignment)
        marked = [name for name, text in template.items() if text != (assignment.reference / name).read_text("utf-8")]
        asked: list[str] = []
        for pattern in assignment.submission.files:
            if any(matches(PurePosixPath(name), [pattern]) for name in template):
                asked += [name for name in marked if matches(PurePosixPath(name), [pattern])]
            else:
                asked.append(pattern)
        return list(dict.fromkeys(asked))
    notebooks = [name for name in build(assignment) if name.endswith(SUFFIX)]
    return [*notebooks, *(name for name in assignment.submission.files if name not in targets(assignment))]


def _plain(text: str) -> str:
    """Return Markdown that shows the text unchanged, on one line."""
    return re.sub(r"([\\`*_<>\[\]|$~&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Return a text as a Markdown code span, on one line."""
    text = " ".join(text.split())
    fence = "`" * (1 + max([0, *(len(run) for run in re.findall("`+", text))]))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _experiment_row(file: Path, tests: PurePosixPath) -> str:
    """Return the README's row for an experiment, from its docstring's first line; empty for an imported module."""
    summary, colon, _ = (ast.get_docstring(ast.parse(file.read_bytes())) or "").partition(": python3 ")
    if not colon or not summary or "\n" in summary:
        return ""
    command = _code(f"python3 {shlex.quote(f'{tests}/{file.parent.name}/{file.name}')}").replace("|", "\\|")
    return f"| an experiment that {_plain(summary[0].lower() + summary[1:])} | {command} |\n"


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")
