"""JUnit's XML, for CI servers: one suite for each part, one case for each test.

The format has no points, and a strict reader refuses properties in a case. So suites have the points as properties, and
a case has its points in its output.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.export.common import explanation, headings
from grader.export.fit import fit
from grader.report import PartScore, Report, TestResult, number
from grader.text import cut

if TYPE_CHECKING:
    from xml.etree import ElementTree as xml

OUTPUT_CHARS = 20_000
_BROKEN = frozenset({"error", "timeout", "crashed", "internal"})
"""Statuses that JUnit calls an error; any other status except passed is a failure."""
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report) -> str:
    """Return the document; it is for staff and shows hidden tests too."""
    return fit(report, _document)


def _document(report: Report) -> str:
    from xml.etree import ElementTree as xml  # late: no other format needs it

    suites = xml.Element("testsuites")
    for part in report.parts:
        # a property's name is there once: some readers keep the properties of all suites together
        _suite(suites, part, [test for test in report.tests if test.part == part.name])
    if report.staff_notes and len(suites):
        text = _legal(cut("\n".join(report.staff_notes), OUTPUT_CHARS))
        xml.SubElement(suites[0], "system-out").text = text
    xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(suites, encoding="unicode") + "\n"


def _suite(suites: xml.Element, part: PartScore, tests: list[TestResult]) -> None:
    from xml.etree import ElementTree as xml

    failed = [test for test in tests if test.status != "passed"]
    suite = xml.SubElement(
        suites,
        "testsuite",
        name=_legal(part.title),
        tests=str(len(tests)),
        failures=str(sum(test.status not in _BROKEN for test in failed)),
        errors=str(sum(test.status in _BROKEN for test in failed)),
        time=f"{sum(test.seconds for test in tests):.3f}",
    )
    properties = xml.SubElement(suite, "properties")
    manual = [("manual", part.manual)] if part.manual else []
    for name, value in (("score", part.score), ("max_score", part.max_score), *manual):
        xml.SubElement(properties, "property", name=f"{part.name}.{name}", value=str(number(value)))
    for test, name in zip(tests, headings(tests), strict=True):
        _case(suite, test, name)


def _case(suite: xml.Element, test: TestResult, name: str) -> None:
    from xml.etree import ElementTree as xml

    case = xml.SubElement(suite, "testcase", classname=_legal(test.part), name=_legal(name), time=f"{test.seconds:.3f}")
    if test.status != "passed":
        kind = "error" if test.status in _BROKEN else "failure"
        first = _legal(test.message.partition("\n")[0])
        xml.SubElement(case, kind, type=test.status, message=cut(first, 300)).text = _legal(
            cut(explanation(test), OUTPUT_CHARS)
        )
    points = f"{number(test.score)} of {number(test.max_score)} points"
    xml.SubElement(case, "system-out").text = _legal(f"{points}\n{cut(test.output, OUTPUT_CHARS)}".rstrip())


def _legal(text: str) -> str:
    """The characters that XML 1.0 allows."""
    return _ILLEGAL.sub("", text)
