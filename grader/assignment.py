"""The noun `Assignment`: the checked contents of assignment.toml, which `settings` reads.

Every stage reads it. It imports no large library, because grading starts its worker before it loads numpy.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath

from grader.errors import AssignmentError
from grader.folders import DATA, HELPERS
from grader.policy import LatePolicy, RateLimit
from grader.toml import line_of

LIBRARIES = ("numpy", "torch")


@dataclass(frozen=True)
class Part:
    """Tests graded as one problem: the file `test_<name>.py`."""

    name: str
    """The stem of the test file without `test_`."""
    title: str
    """The title that students and Autolab see; without colons, because Autolab rewrites the line that holds it."""
    points: Fraction
    """The required sum of the weights of the part's tests."""
    manual: Fraction = Fraction(0)
    """Points that a person gives in addition; the grader never scores these."""
    extra: bool = False
    """Whether the part is extra credit: its points are a bonus, and don't count in the maximum."""


@dataclass(frozen=True)
class SubmissionSpec:
    """Which files a submission may hold and how they are imported."""

    files: tuple[str, ...]
    """Relative POSIX patterns; `*` matches inside one folder level."""
    path: tuple[str, ...] = (".",)
    """Folders that go on `sys.path`, in order."""
    forbid: tuple[str, ...] = ()
    """Packages whose import is refused."""
    archive: str = "handin.tar"
    """The name of the hand-in that `create_tarball.sh` makes; letters, digits, `_`, `.` and `-`."""
    lent: tuple[str, ...] = ()
    """Patterns of files, for example of an earlier homework, that the reference lends to a submission without them."""
    given: tuple[str, ...] = ()
    """Patterns of the course's own files: the reference's always count, and a submission's are left out."""
    notebook: str = ""
    """The notebook that may stand for all missing Python files; empty if each has its own, of the same name."""
    folders: tuple[str, ...] = ()
    """Names of folders: of several that hold the files, as in a whole course's clone, one below such a folder counts.
    `*` stands for any characters, and case doesn't matter."""
    modules: tuple[str, ...] = ()
    """For a suite: the modules that it imports from the hand-in, and for which a notebook may stand."""

    @property
    def asked(self) -> tuple[str, ...]:
        """The patterns of all files that a hand-in may hold."""
        return (*self.files, *self.given)

    def is_named(self, folder: PurePosixPath) -> bool:
        """Whether a folder of a hand-in, or one above it, has a name of `folders`."""
        return any(fnmatch.fnmatchcase(part.lower(), name.lower()) for name in self.folders for part in folder.parts)

    def module_names(self, file: PurePosixPath) -> set[str]:
        """Return the names by which a file can be imported, with dots for packages; empty for other files."""
        if file.suffix != ".py":
            return set()
        plain = file.parent if file.name == "__init__.py" else file.with_suffix("")
        return {".".join(plain.relative_to(entry).parts) for entry in self.path if plain.is_relative_to(entry)} - {""}


@dataclass(frozen=True)
class Limits:
    """The limits of one submission; the judge enforces them."""

    test_seconds: float = 10.0
    """Wall time of one test."""
    total_seconds: float = 120.0
    """Wall time of all tests together."""
    memory_mb: int = 512
    """Address space that a test may use in addition to that of the libraries, in MiB."""
    output_kb: int = 32
    """Captured output kept for one test, in KiB; the rest is counted and dropped."""
    value_mb: int = 64
    """Bytes of observed values that one test may send, in MiB."""
    programs: bool = False
    """Whether student code may start programs and processes, inside the jail's other walls."""

    def replaced(self, **changes: float | None) -> Limits:
        """Return the same limits with some replaced; a value of None keeps a limit."""
        given = {name: value for name, value in changes.items() if value is not None}
        return replace(self, **given)  # type: ignore[arg-type]  # one dict, several field types


@dataclass(frozen=True)
class Handout:
    """The layout of the folder that students download."""

    runner: str = "autograder/runner.py"
    """The script that runs the local checker; empty if there is no handout, as for a suite."""
    note: str = ""
    """Markdown text for the handout's README, in addition to its generated text."""
    hints: bool = True
    """Whether the handout names known mistakes in public tests; students can then read the hints in its recording."""


@dataclass(frozen=True)
class Assignment:
    """One homework."""

    name: str
    title: str
    seed: int
    library: str
    folder: Path
    """`testcases/<name>`: assignment.toml, test files, variants, fixtures."""
    submission: SubmissionSpec
    limits: Limits
    parts: tuple[Part, ...]
    handout: Handout = field(default_factory=Handout)
    audited: tuple[str, ...] = ("**",)
    """Patterns of the reference's files whose solution regions the audit changes. Files of an earlier homework don't
    belong here, because they aren't graded again and no test would detect a mistake in them."""
    late: LatePolicy | None = None
    """The deduction for late work, if the platform itself makes none."""
    rate_limit: RateLimit | None = None
    """How often a student may hand in."""
    ungraded: tuple[str, ...] = ()
    """Functions that students write and that carry no points, as `Class.method`: no test loses points by them."""
    killed_percent: Fraction = Fraction(97)
    """The percentage of mutants, without those declared equivalent, that an audit demands to lose points."""
    named_percent: Fraction = Fraction(95)
    """The percentage of known mistakes of which an audit demands that a hint tells the student."""

    @property
    def project(self) -> Path:
        """The folder that holds `testcases/`, `reference/` and `student_template/`."""
        return self.folder.parent.parent

    @property
    def reference(self) -> Path:
        """The instructor's solution."""
        return self.project / "reference" / self.name

    @property
    def template(self) -> Path:
        """The generated student template."""
        return self.project / "student_template" / self.name

    @property
    def toml(self) -> Path:
        """The file that this object was read from."""
        return self.folder / "assignment.toml"

    @property
    def fixtures(self) -> Path:
        """The folder of what `record` made: a file of graded fixtures and one of public fixtures."""
        return self.folder / "fixtures"

    @property
    def helpers(self) -> Path:
        """The course's own files that a submission may import and tests may read; may be absent.

        In an assignment, these are modules for students. In a suite, they are all of its files: its tests are among
        them, because it has no texts of tests that are made for the worker.
        """
        return self.folder / HELPERS

    @property
    def data(self) -> Path:
        """Files that tests read by `check.data`; those in its folder `hidden` are for hidden tests. May be absent."""
        return self.folder / DATA

    @property
    def experiments(self) -> Path:
        """Scripts that students run on their own code, and what those import; may be absent."""
        return self.folder / "experiments"

    @property
    def points(self) -> Fraction:
        """The maximum of the assignment, without extra credit."""
        return sum((part.points for part in self.parts if not part.extra), Fraction(0))

    @property
    def extra_points(self) -> Fraction:
        """The points of extra credit."""
        return sum((part.points for part in self.parts if part.extra), Fraction(0))

    @property
    def worth(self) -> str:
        """The points of all tests, in words: extra credit is beside the maximum."""
        extra = f" and {float(self.extra_points):g} of extra credit" if self.extra_points else ""
        return f"{float(self.points):g} points{extra}"

    @property
    def manual_points(self) -> Fraction:
        """The points that a person can give in addition."""
        return sum((part.manual for part in self.parts), Fraction(0))

    def part(self, name: str) -> Part:
        """Return the part called `name`."""
        return next(part for part in self.parts if part.name == name)

    def test_files(self) -> list[Path]:
        """Return the parts' test files in the order of the parts.

        Each must exist, but for a part that only a person grades.
        """
        files = []
        for part in self.parts:
            file = self.folder / f"test_{part.name}.py"
            if file.is_file():
                files.append(file)
            elif part.points or not part.manual:
                line = line_of(self.toml.read_text("utf-8"), "parts", part.name)
                raise AssignmentError(
                    self.toml, line, f"part '{part.name}' has no {file.name}; write it beside this file"
                )
        return files

    def with_limits(self, **changes: float | None) -> Assignment:
        """Return the same assignment with some limits replaced; a value of None keeps a limit."""
        return replace(self, limits=self.limits.replaced(**changes))
