"""Makes what an instructor uploads: Gradescope's autograder.zip, or Autolab's lab folder.

Both contain the package, the tests and the fixtures: grading needs no more. Of the reference, they contain only the
files that the assignment lends. `manifest.json` lists the files of a bundle and the versions that it was made with.
Two bundles of one project are equal byte for byte.
"""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path, PurePosixPath

import grader
from grader.assignment import Assignment
from grader.authoring.archive import files_below, tar_bytes, zip_bytes
from grader.errors import AssignmentError, UsageError
from grader.files import own_files, write_atomically
from grader.fixtures import Fixtures, digest, load_current, packed
from grader.folders import DATA, HELPERS
from grader.intake.choose import wanted
from grader.questions import GRADED, read_questions

PACKAGE = Path(grader.__file__).resolve().parent
GRADESCOPE_KIT = ("setup.sh", "run_autograder", "Dockerfile", "pyproject.toml", "README.md")
"""Files of the project that make the grading image."""
_LAB_SECONDS = 10, 900
"""The least and the greatest timeout that Autolab accepts."""

_MAKEFILE = """# Autolab runs the first rule. Nothing may be written after the scores, and make itself must end well.
GRADER_PYTHON ?= /opt/grader/bin/python
THREADS = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1

autograde:
\t@tar xf autograde.tar && rm -f autograde.tar
\t@cd autograde && env HOME="$(CURDIR)" $(THREADS) $(GRADER_PYTHON) -s -B -m grader platform autolab "../{handin}" \\
\t  --timeout {timeout} --min-isolation seccomp || true
"""

_RUBY = """require "AssessmentBase.rb"

# Autolab reads the problems from {lab}.yml and the scores from the grader's last line.
module {module}
  include AssessmentBase

  def assessmentInitialize(course)
    super("{lab}", course)
    @problems = []
  end
{maximum}end
"""
_MAXIMUM = """
  # the sum of the problems without extra credit, which may lift a score above it
  def max_score
    {points}
  end
"""


def make_gradescope(assignment: Assignment, output: Path, torch_index: str = "") -> list[str]:
    """Write autograder.zip to `output`; return the names in it.

    Args:
        assignment: the homework.
        output: the file to write.
        torch_index: where setup.sh takes torch from, for homework that needs it; empty for pip's usual place.
    """
    files = grading_files(assignment) | {name: kit(name) for name in GRADESCOPE_KIT}
    if assignment.library == "torch":
        files["NEEDS_TORCH"] = (f"{torch_index}\n" if torch_index else "").encode()
    files["manifest.json"] = manifest(assignment, "gradescope", files)
    _parent(output)
    write_atomically(output, zip_bytes(files, packed=False))
    return sorted(files)


def make_autolab(assignment: Assignment, output: Path) -> list[str]:
    """Write the lab to `output`: a .tar that Autolab imports, or a folder with the same files; return their names."""
    lab = lab_name(assignment)
    files = {f"{lab}/{name}": data for name, data in lab_files(assignment).items()}
    _parent(output)
    if output.suffix == ".tar":
        # Autolab reads the lab's name from the entry of its folder
        write_atomically(output, tar_bytes({f"{lab}/": b""} | files))
    else:
        for name, data in files.items():
            file = output / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, data)
    return sorted(files)


def lab_name(assignment: Assignment) -> str:
    """Return the lab's name. Autolab accepts lower-case letters and digits only, and a letter first."""
    name = re.sub("[^a-z0-9]", "", assignment.name.lower())
    return name if name[:1].isalpha() else f"lab{name}"


def lab_files(assignment: Assignment) -> dict[str, bytes]:
    """Return the four files of a lab."""
    lab = lab_name(assignment)
    inner = grading_files(assignment)
    inner["manifest.json"] = manifest(assignment, "autolab", inner)
    timeout = lab_timeout(assignment)
    makefile = _MAKEFILE.format(handin=assignment.submission.archive, timeout=timeout)
    return {
        "autograde.tar": tar_bytes({f"autograde/{name}": data for name, data in inner.items()}),
        "autograde-Makefile": makefile.encode(),
        f"{lab}.yml": lab_yml(assignment, load_current(assignment), timeout).encode(),
        f"{lab}.rb": lab_rb(assignment).encode(),
    }


def lab_rb(assignment: Assignment) -> str:
    """Return the lab's Ruby module. Autolab sums up all problems to the lab's maximum unless the module has another."""
    lab = lab_name(assignment)
    counted = sum((part.points + part.manual for part in assignment.parts if not part.extra), Fraction(0))
    extra = any(part.extra for part in assignment.parts)
    maximum = _MAXIMUM.format(points=float(counted)) if extra else ""
    return _RUBY.format(lab=lab, module=lab.capitalize(), maximum=maximum)


def lab_timeout(assignment: Assignment) -> int:
    """Return the timeout for Autolab in seconds: the tests' total, and a margin to start and end the grading."""
    least, most = _LAB_SECONDS
    return min(max(math.ceil(assignment.limits.total_seconds * 4 / 3) + 20, least), most)


def lab_yml(assignment: Assignment, fixtures: Fixtures, timeout: int) -> str:
    """Return the lab's settings. JSON texts are valid YAML, so `json.dumps` quotes every string safely."""
    quoted = json.dumps
    lines = [
        "---",
        "general:",
        f"  name: {lab_name(assignment)}",
        f"  display_name: {quoted(assignment.title)}",
        "  description: ''",
        "  category_name: Homework",
        f"  handin_filename: {quoted(assignment.submission.archive)}",
        "  handin_directory: handin",
        "  max_grace_days: 0",
        "  max_submissions: -1",
        "  disable_handins: false",
        "  max_size: 2",
        "  has_svn: false",
        "problems:",
    ]
    for part in assignment.parts:
        lines += [
            f"- name: {quoted(part.title)}",
            "  description: ''",
            f"  max_score: {float(part.points + part.manual)}",
            "  optional: false",
        ]
    lines += ["autograder:", f"  autograde_timeout: {timeout}", "  autograde_image: grader", "  release_score: true"]
    columns = [test.leaderboard for test in fixtures.tests if test.leaderboard is not None]
    if columns:
        board = {"scoreboard": [{"hdr": name} | ({"asc": 1} if order == "asc" else {}) for name, order in columns]}
        lines += ["scoreboard:", "  banner: ''", f"  colspec: {quoted(quoted(board))}"]
    return "\n".join(lines) + "\n"


def grading_files(assignment: Assignment) -> dict[str, bytes]:
    """Return the files that grading reads: the package, the assignment, its fixtures and the files that it lends."""
    fixtures = load_current(assignment)
    # the kit is in an installed package, but beside the package in a checkout; a bundle has it once, beside the package
    package = files_below(PACKAGE, "grader/")
    files = {
        name: data
        for name, data in package.items()
        if not name.startswith(("grader/kit/", "grader/starters/", "grader/schemas/"))
    }
    home = f"testcases/{assignment.name}"
    for name, file in own_files(assignment.folder).items():
        first, *below = PurePosixPath(name).parts
        if first in (HELPERS, DATA) if below else first.endswith(".py") or file == assignment.toml:
            files[f"{home}/{name}"] = file.read_bytes()
    spec = assignment.submission
    lent = [name for name in fixtures.required if wanted(PurePosixPath(name), (*spec.lent, *spec.given))]
    reference = own_files(assignment.reference) if lent else {}
    for name in lent:
        if name not in reference:
            raise AssignmentError(assignment.reference / name, None, "is lent or given, and isn't there; put it back")
        files[f"reference/{assignment.name}/{name}"] = reference[name].read_bytes()
    notebook = assignment.submission.notebook
    if notebook:  # intake compares hand-ins with it: a text that differs is the student's own
        given = assignment.template / notebook
        if not given.is_file():
            raise AssignmentError(given, None, f"isn't there; run: grader template {assignment.name}")
        files[f"student_template/{assignment.name}/{notebook}"] = given.read_bytes()
    # a patch shows lines of the reference, and its results are in the fixtures; so no setting may refer to its file
    hashes = {name: value for name, value in fixtures.hashes.items() if f"{home}/{name}" in files}
    recorded = packed(replace(fixtures, hashes=hashes), read_questions(assignment))
    files[f"{home}/fixtures/{GRADED}"] = recorded
    return files


def manifest(assignment: Assignment, target: str, files: Mapping[str, bytes]) -> bytes:
    """Return the list of a bundle's files with hashes, and the versions that it was made with."""
    value = {
        "assignment": assignment.name,
        "platform": target,
        "points": float(assignment.points),
        "versions": {
            "grader": grader.__version__,
            "python": platform.python_version(),
            "numpy": metadata.version("numpy"),
            "recorded with": dict(load_current(assignment).versions),
        },
        "sha256": {name: digest(data) for name, data in sorted(files.items())},
    }
    return (json.dumps(value, indent=1) + "\n").encode()


def kit(name: str) -> bytes:
    """Return a file that makes the grading image: from the project's root, or from the installed package."""
    for folder in (PACKAGE / "kit", PACKAGE.parent):
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise UsageError(f"this installation has no {name}; install the grader again, or run it from the project's folder")


def _parent(output: Path) -> None:
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}; make it first")
