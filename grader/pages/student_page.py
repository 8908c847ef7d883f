"""A submission's report as a page for its student.

It holds what students see on a platform: the visible tests, and the sum over all others without a title or a message.
"""

from __future__ import annotations

from fractions import Fraction

from grader.export.fit import fit
from grader.pages.render import render
from grader.report import Report


def student_page(report: Report, *, student: str = "") -> str:
    """Return the page of one hand-in, which may be sent to its student.

    Args:
        report: the verdict; the page has nothing of it that is for instructors only.
        student: the student's name, or those of a group.
    """
    return fit(report, lambda report: _page(report, student))


def _page(report: Report, student: str) -> str:
    hidden = [test for test in report.tests if test.visibility != "visible"]
    return render(
        "student.html",
        report=report,
        student=student,
        parts=[
            (part, [test for test in report.tests if test.part == part.name and test.visibility == "visible"])
            for part in report.parts
        ],
        hidden=bool(hidden),
        hidden_score=sum((test.score for test in hidden), Fraction(0)),
        hidden_max=sum((test.max_score for test in hidden), Fraction(0)),
    )
