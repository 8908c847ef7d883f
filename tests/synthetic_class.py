"""Makes gradebooks of made-up students: their scores follow from a seed, with strong and weak students, named mistakes,
equal wrong values without a name, late work, groups and hand-ins that failed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np

from grader.gradebook import Entry, Gradebook, HandIn, Student
from grader.report import Report, Status, TestResult, Visibility, part_scores

HOSTILE = (
    '<script>document.title = "owned"</script>',
    '"><img src=x onerror="document.title=`owned`">',
    "{{ 7 * 7 }} {% raw %} </style></title></svg> &amp;",
    "\u202egnp.exe \x1b[31m $x_1$ O'Brien --> ]]>",
)
"""Names that must do nothing."""
HINTS = {
    "adam-no-bias-correction": "The moments start at zero: divide m by 1 - beta1**t and v by 1 - beta2**t.",
    "dropout-not-scaled": "Divide what is kept by the keep probability.",
    "mean-instead-of-sum": "The loss is a mean over the batch, and yours is a sum.",
}


def result(
    id: str = "test_a.py::test_b",
    status: Status = "passed",
    points: Fraction | int = 1,
    share: Fraction | int | None = None,
    *,
    part: str = "a",
    title: str = "A title",
    number: str = "1.1",
    visibility: Visibility = "visible",
    message: str = "",
    hint: str = "",
    variant: str | None = None,
    fingerprint: str = "",
    output: str = "",
    seconds: float = 0.01,
) -> TestResult:
    """One verdict; `share` is the earned share of the points, by default all for a passed test and none otherwise."""
    earned = Fraction(status == "passed") if share is None else Fraction(share)
    return TestResult(
        id=id,
        part=part,
        title=title,
        number=number,
        status=status,
        score=earned * points,
        max_score=Fraction(points),
        visibility=visibility,
        message=message,
        hint=hint,
        variant=variant,
        fingerprint=fingerprint,
        output=output,
        seconds=seconds,
    )


def report(tests: Sequence[TestResult], seconds: float = 1.0) -> Report:
    """A report of the given results, with a part for each name of one."""
    names = dict.fromkeys(test.part for test in tests)
    parts = part_scores([(name, name.capitalize()) for name in names], tests)
    return Report("made_up", "A made-up homework", parts, tuple(tests), seconds=seconds)


def entry(key: str, tests: Sequence[TestResult] | None, name: str = "") -> Entry:
    """A graded entry; one that isn't graded if there are no results."""
    students = (Student(key, name),)
    if tests is None:
        return Entry(key, students, "not graded", problem="the worker's machine went away")
    return Entry(key, students, "graded", report(tests))


def gradebook(*entries: Entry) -> Gradebook:
    """A class."""
    return Gradebook("made_up", "A made-up homework", entries)


def made_class(n: int, k: int, *, seed: int = 0, hostile: bool = False) -> Gradebook:
    """A class of n hand-ins and k tests in five parts, and two entries more without a score."""
    rng = np.random.RandomState(seed)
    skill, hardness = rng.normal(size=n), np.linspace(-2.5, 1.0, k)
    right = skill[:, None] + rng.logistic(size=(n, k)) * 0.6 > hardness[None, :]
    lottery = rng.random_sample((n, k))
    entries = []
    for row in range(n):
        tests = [_made_test(column, k, bool(right[row, column]), float(lottery[row, column])) for column in range(k)]
        if row % 37 == 5:
            tests[-1] = replace(tests[-1], status="timeout", score=Fraction(0), seconds=10.0, fingerprint="")
        entries.append(_made_entry(row, tests, float(2 + 3 * lottery[row, 0]), hostile))
    fault = HandIn("zz-broken", (Student("zz-broken", "Broken Archive"),), Path("hand-ins/zz-broken.zip"))
    entries += [
        Entry("zz-broken", fault.students, "not graded", problem="the worker died three times", hand_in=fault),
        Entry("zz-nothing", (Student("zz-nothing", "Nobody Athome"),), "no submission"),
    ]
    title = "Homework 1 <b>Bonus</b>: Adam & Dropout" if hostile else "Homework 1 Bonus: Adam and Dropout"
    return Gradebook(
        "made_up",
        title,
        tuple(entries),
        isolation="landlock (seccomp, landlock)",
        state="0123456789abcdef" * 4,
        notes=("The source is a folder with one archive a student.",),
    )


def _made_test(column: int, k: int, right: bool, lottery: float) -> TestResult:
    part = f"part_{5 * column // k}"
    where: Visibility = "hidden" if column % 7 == 6 else "visible"
    wrong: Status = ("failed", "failed", "missing", "error", "partial")[int(lottery * 5)]
    name = None if wrong not in ("failed", "partial") else [*HINTS, None][int(lottery * 40) % 4]
    digest = "" if name is not None or wrong == "missing" else f"{column:04x}{int(lottery * 12):012x}"
    return result(
        f"test_{part}.py::test_{column}",
        "passed" if right else wrong,
        1 + column % 3,
        Fraction(1, 2) if wrong == "partial" and not right else None,
        part=part,
        title=f"Layer {column} computes its forward pass, its gradient and its update in place",
        number=f"{5 * column // k + 1}.{column + 1}",
        visibility=where,
        message="" if right else "y: 12 of 64 elements differ; shape (8, 8), float64\nyours:    0.125 0.5 -1.25 3 ...",
        hint="" if right or name is None else HINTS[name],
        variant=None if right else name,
        fingerprint="" if right else digest,
        seconds=0.002 + 0.01 * lottery,
    )


def _made_entry(row: int, tests: Sequence[TestResult], seconds: float, hostile: bool) -> Entry:
    name = HOSTILE[row % len(HOSTILE)] if hostile and row % 3 == 0 else f"Person {row:04d} Surname"
    key = f"person-{row:04d}@example.edu" if not (hostile and row % 3 == 0) else f"{row}{HOSTILE[row % len(HOSTILE)]}"
    students: tuple[Student, ...] = (Student(key, name, key, str(1000 + row)),)
    if row % 50 == 7:
        students = (*students, Student(f"{key}-partner", "A Partner"))
    late = timedelta(hours=5) if row % 10 == 3 else timedelta(0)
    parts = part_scores([(f"part_{index}", f"Part {index}: $x$ layers") for index in range(5)], tests)
    verdict = Report("made_up", "Homework", parts, tuple(tests), seconds=seconds)
    if late:
        verdict = replace(verdict, kept=Fraction(9, 10), notes=("Late work: 90 % of the points count.",))
    return Entry(
        key, students, "graded", verdict, hand_in=HandIn(key, students, Path(f"hand-ins/{key}"), lateness=late)
    )
