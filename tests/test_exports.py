"""Guards the exports: every format is valid for its platform, reveals no answer, and is the same every time.

Hypothesis builds reports with the strangest texts that the judge allows; others come from grading wrong submissions.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import numpy as np
import pytest
from conftest import Overlay, check_complete
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from strict_json import strict_loads, validate

from grader.assignment import Assignment
from grader.errors import AssignmentError
from grader.export import exporter
from grader.export.autolab import to_autolab, to_feedback
from grader.export.csv import class_csv, to_csv
from grader.export.formats import EXPORTERS
from grader.export.gradescope import to_gradescope
from grader.export.junit import to_junit
from grader.export.markus import HIDDEN, to_markus
from grader.export.plain import to_json
from grader.export.prairielearn import to_prairielearn
from grader.export.terminal import render, to_terminal
from grader.fixtures import Fixtures
from grader.grade import grade
from grader.judge.compare import _number
from grader.options import FORMATS
from grader.report import STATUSES, VISIBILITIES, LeaderboardRow, PartScore, Report, TestResult, part_scores
from grader.settings import read_assignment
from grader.text import clean_text

MANY = settings(max_examples=40)


def clean_board(text: str) -> str:
    """A text on the leaderboard, as the decoder leaves it."""
    return clean_text(text, 200)


# what the judge lets through: no control characters but newline and tab, no lone surrogates
texts = st.text(max_size=60).map(lambda text: clean_text(text, 200))
words = st.sampled_from(
    [
        "",
        "<b>bold</b><script>alert(1)</script>",
        "Part 1: Attention 12:30",
        "naïve 提交 🎓",
        "[red]x[/red]",
        "a\n\n\tb",
        "x" * 300,
    ]
)
some_text = texts | words
titles = some_text.map(lambda text: " ".join(text.split()) or "untitled")
# a part's title may hold no colon: `test_titles_that_autolab_cant_take` says who sees to it
part_titles = titles.map(lambda text: text.replace(":", "").strip()[:200].strip().lstrip("_") or "part")
points = st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 3), Fraction("0.75"), Fraction(5, 2), Fraction(100)])


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report as the judge makes them: scores within their maximum, one id and one number a test."""
    names = [f"part{number}" for number in range(draw(st.integers(1, 3)))]
    part_names = draw(st.lists(part_titles, min_size=len(names), max_size=len(names), unique=True))
    tests = []
    for index in range(draw(st.integers(1, 5))):
        part, maximum, status = draw(st.sampled_from(names)), draw(points), draw(st.sampled_from(STATUSES))
        share = {"passed": Fraction(1), "partial": draw(st.sampled_from([Fraction(1, 3), Fraction(1, 2)]))}
        tests.append(
            TestResult(
                id=f"test_{part}.py::test_{index}",
                part=part,
                title=draw(titles),
                number=f"{index + 1}.{draw(st.integers(1, 9))}",
                status=status,
                score=maximum * share.get(status, Fraction(0)),
                max_score=maximum,
                visibility=draw(st.sampled_from(VISIBILITIES)),
                message="" if status == "passed" else draw(some_text),
                hint="" if status == "passed" else draw(some_text),
                variant=draw(st.none() | st.just("adam-no-root")),
                command=draw(st.sampled_from(["", 'pytest "autograder/a b/test.py::test"'])),
                output=draw(some_text),
                tags=tuple(draw(st.lists(titles, max_size=3))),
                seconds=draw(st.floats(0, 1e5)),
                memory_mb=draw(st.floats(0, 1e5)),
            )
        )
    rows = st.builds(
        LeaderboardRow, titles, st.floats(-1e6, 1e6) | titles.map(clean_board), st.sampled_from(["asc", "desc"])
    )
    return Report(
        assignment="homework",
        title=draw(titles),
        parts=part_scores(list(zip(names, part_names, strict=True)), tests),
        tests=tuple(tests),
        notes=tuple(draw(st.lists(some_text, max_size=3))),
        staff_notes=tuple(draw(st.lists(some_text, max_size=3))),
        leaderboard=tuple(draw(st.lists(rows, max_size=3))),
        isolation=draw(st.sampled_from(["", "full (basic, seccomp, landlock, uid)"])),
        seconds=draw(st.floats(0, 86_000)),
    )


def one_test(**changes: Any) -> Report:
    """A report of one test that lost its points."""
    test = TestResult(
        "test_a.py::test",
        "a",
        "A title",
        "1",
        "failed",
        Fraction(0),
        Fraction(2),
        "visible",
        "is wrong",
        "mind the sign",
    )
    test = replace(test, **changes)
    return Report("homework", "Homework", (PartScore("a", "Part A", test.score, test.max_score),), (test,))


# Gradescope


@MANY
@given(reports())
def test_gradescope_takes_every_report(report: Report) -> None:
    text = to_gradescope(report)
    assert text.isascii()
    results = strict_loads(text)
    validate("gradescope-results", results)
    assert "score" not in results  # a total of our own would silently win over the tests
    assert len(results["tests"]) == len(report.tests)
    for row, test in zip(results["tests"], report.tests, strict=True):
        assert (row["name"], row["number"]) == (test.title, test.number)
        assert row["score"] == pytest.approx(float(test.score))
        assert row["max_score"] == pytest.approx(float(test.max_score))
        failed = "failed" if test.max_score else None  # a remark isn't a failure
        assert row.get("status") == ("passed" if test.status == "passed" else failed)
        assert row["visibility"] == test.visibility
        assert row["extra_data"]["status"] == test.status
        assert (row["extra_data"]["id"], row["extra_data"]["part"]) == (test.id, test.part)
        assert ("hint" in row["extra_data"]) == (test.visibility == "visible")
        assert "\r" not in row.get("output", "")
    assert [(row["name"], row["value"], row["order"]) for row in results.get("leaderboard", [])] == [
        (row.name, row.value, row.order) for row in report.leaderboard
    ]


@pytest.mark.parametrize("field", ["output", "message"])
def test_gradescope_gets_a_megabyte_cut_in_the_middle(field: str) -> None:
    long = "head\n" + "line of output é\n" * 60_000 + "tail"
    (row,) = strict_loads(to_gradescope(one_test(**{field: long})))["tests"]
    validate("gradescope-results", {"tests": [row]})
    assert 50_000 < len(row["output"]) <= 100_000
    assert "head" in row["output"]
    assert row["output"].endswith("tail") or field == "message"


def test_gradescope_gets_long_notes_cut_too() -> None:
    results = strict_loads(to_gradescope(replace(one_test(), notes=("note " * 1000,) * 1000)))
    validate("gradescope-results", results)


def test_html_stays_text_on_gradescope() -> None:
    results = strict_loads(to_gradescope(one_test(output="<img src=x onerror=alert(1)>")))
    (row,) = results["tests"]
    assert results["test_output_format"] == "text"
    assert row.get("output_format", "text") == "text"
    assert row.get("name_format", results.get("test_name_format", "text")) == "text"


def test_standard_output_of_the_grader_is_for_staff() -> None:
    assert strict_loads(to_gradescope(one_test()))["stdout_visibility"] == "hidden"


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "passed"])
def test_every_other_status_is_failed_on_gradescope_and_kept_beside(status: str) -> None:
    (row,) = strict_loads(to_gradescope(one_test(status=status)))["tests"]
    assert row["status"] == "failed"
    assert row["extra_data"]["status"] == status


def test_a_test_without_points_has_a_score_and_a_status() -> None:
    """A row with neither was once shown as failed."""
    results = strict_loads(to_gradescope(one_test(status="passed", max_score=Fraction(0))))
    validate("gradescope-results", results)
    assert results["tests"][0]["score"] == results["tests"][0]["max_score"] == 0
    assert results["tests"][0]["status"] == "passed"


# Autolab


def rewritten(line: str) -> str:
    """What Autolab does to the last line before it parses it."""
    return re.sub(r"([a-zA-Z0-9]+):", r'"\1":', line)


def lines_of(report: Report) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two last lines, parsed; the text has nothing else, begins a line of its own and ends with a line end."""
    text = to_autolab(report)
    assert text.isascii()
    assert text.startswith("\n")
    assert text.endswith("\n")
    presentation, scores = text.split("\n")[1:-1]
    assert strict_loads(rewritten(scores)) == strict_loads(scores)
    return strict_loads(presentation), strict_loads(scores)


@MANY
@given(reports())
def test_autolab_takes_every_report(report: Report) -> None:
    presentation, scores = lines_of(report)
    validate("autolab-presentation", presentation)
    validate("autolab-scores", scores)
    # a part without points here is a person's to score: what the line doesn't name, Autolab leaves alone
    parts = [part for part in report.parts if part.max_score] or report.parts
    assert list(scores["scores"]) == [part.title for part in parts]
    for part in parts:
        assert scores["scores"][part.title] == pytest.approx(float(part.score))
    assert len(scores.get("scoreboard", [])) == len(report.leaderboard)
    # a stage or an entry that is named and isn't there breaks Autolab's page
    assert presentation["_presentation"] == "semantic"
    assert set(presentation["stages"]) == {key for key in presentation if not key.startswith("_")} - {"stages"}
    assert set(scores["scores"]) <= set(presentation["_scores_order"]) <= {part.title for part in report.parts}
    for stage in presentation["stages"]:
        assert set(presentation[stage]["_order"]) == set(presentation[stage]) - {"_order"}
    rows = sum(len(presentation[stage]) - 1 for stage in presentation["stages"])
    assert rows == sum(test.visibility == "visible" for test in report.tests)


@MANY
@given(reports())
def test_hidden_tests_say_nothing_on_autolab(report: Report) -> None:
    """Everything that is printed there, students see."""
    secret = replace(
        report,
        tests=tuple(
            test
            if test.visibility == "visible"
            else replace(test, title="SECRET", message="SECRET", hint="SECRET", output="SECRET", tags=("SECRET",))
            for test in report.tests
        ),
        staff_notes=("SECRET",),
    )
    assert "SECRET" not in to_autolab(secret)


def test_output_isnt_printed_on_autolab() -> None:
    assert "printed by the submission" not in to_autolab(one_test(output="printed by the submission"))


# the leaderboard: the submission's own claim, as the channel lets it through

CLAIMS = [
    0.0,
    -0.0,
    1e-320,
    1.7e308,
    -1.7e308,
    2.0**53 + 1,
    *map(clean_board, ("", "12:30", "a\nb\tc", "é" * 500, "<b>")),
]


@pytest.mark.parametrize("value", CLAIMS, ids=lambda value: repr(value)[:12])
def test_every_claim_on_the_leaderboard_is_taken(value: float | str) -> None:
    report = replace(one_test(), leaderboard=(LeaderboardRow("Column: 1", value), LeaderboardRow("other", 1.0, "asc")))
    validate("gradescope-results", strict_loads(to_gradescope(report)))
    _, scores = lines_of(report)
    validate("autolab-scores", scores)
    assert len(scores["scoreboard"]) == 2
    assert strict_loads(to_json(report))["leaderboard"][0]["value"] == value


@pytest.mark.parametrize(
    "title",
    [
        "Part: one",
        "",
        "   ",
        " Adam",
        "Adam ",
        "_scores",
        "_presentation",
        "stages",
        "A\\nB",
        "A\\tB",
        "A\\u0000B",
        "A" * 256,
    ],
)
def test_titles_that_autolab_cant_take_are_refused_when_they_are_read(title: str, tmp_path: Path) -> None:
    """The exporter writes titles as they are, so the assignment's reader must see to it, with the line."""
    folder = tmp_path / "homework"
    folder.mkdir()
    (folder / "assignment.toml").write_text(
        f'title = "H"\nseed = 1\n[submission]\nfiles = ["a.py"]\n[parts.a]\ntitle = "{title}"\npoints = 1\n', "utf-8"
    )
    with pytest.raises(AssignmentError) as caught:
        read_assignment(folder)
    assert re.search(r"assignment\.toml:[56]: ", str(caught.value))


# plain JSON


@MANY
@given(reports())
def test_plain_json_holds_the_whole_report(report: Report) -> None:
    text = to_json(report)
    assert text.isascii()
    value = strict_loads(text)
    assert value["score"] == pytest.approx(float(report.score))
    assert value["max_score"] == pytest.approx(float(report.max_score))
    assert [test["id"] for test in value["tests"]] == [test.id for test in report.tests]
    for row, test in zip(value["tests"], report.tests, strict=True):
        for key in ("status", "title", "number", "visibility", "message", "hint", "variant", "output", "part"):
            assert row[key] == getattr(test, key)


@pytest.mark.parametrize("name", ["gradescope", "autolab", "json"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_isnt_a_number_is_never_written(name: str, value: float) -> None:
    """No platform takes it, and one of them would take nothing else for it."""
    report = replace(one_test(), leaderboard=(LeaderboardRow("x", value),))
    with pytest.raises(ValueError, match="JSON"):
        exporter(name)(report)


# PrairieLearn


def shown(test: TestResult) -> bool:
    return test.visibility == "visible"


@MANY
@given(reports())
def test_prairielearn_takes_every_report(report: Report) -> None:
    text = to_prairielearn(report)
    assert text.isascii()
    value = strict_loads(text)
    if not report.graded:  # no attempt is taken for a fault of ours
        assert value["gradable"] is False
        assert value["format_errors"]
        return
    assert value["gradable"] is True
    assert isinstance(value["score"], float)
    assert 0 <= value["score"] <= 1
    if report.max_score:
        assert value["score"] == pytest.approx(float(report.score / report.max_score))
    # a row without points would put the display of all of them off
    assert all({"name", "points", "max_points"} <= set(row) for row in value["tests"])
    assert sum(row["points"] for row in value["tests"]) == pytest.approx(float(report.score))
    assert sum(row["max_points"] for row in value["tests"]) == pytest.approx(float(report.max_score))
    assert len(value["tests"]) == sum(map(shown, report.tests)) + any(not shown(test) for test in report.tests)
    keys = {"name", "description", "points", "max_points", "message", "output", "images"}
    assert all(set(row) <= keys and isinstance(row["name"], str) for row in value["tests"])


def test_prairielearns_file_stays_below_its_cap() -> None:
    """A longer one fails the job."""
    one = replace(one_test().tests[0], output="é" * 100_000, message="m" * 100_000)
    report = replace(one_test(), tests=tuple(replace(one, id=f"t{number}") for number in range(200)))
    text = to_prairielearn(report)
    assert 100_000 < len(text) <= 2**20
    assert len(strict_loads(text)["tests"]) == 200


def test_prairielearn_gets_what_is_kept_of_late_work() -> None:
    report = replace(one_test(status="passed", score=Fraction(2)), kept=Fraction(3, 4))
    assert strict_loads(to_prairielearn(report))["score"] == 0.75


def test_prairielearn_gets_the_share_of_all_points_with_extra_credit() -> None:
    """The platform's score is at most 1, so all of the points are the question's, and the bonus is the assessment's."""
    (test,) = one_test(status="passed", score=Fraction(2)).tests
    bonus = replace(test, id="bonus", part="bonus", score=Fraction(0), max_score=Fraction(1))
    for earned, share in ((0, 2 / 3), (1, 1.0)):
        tests = (test, replace(bonus, score=Fraction(earned)))
        parts = part_scores([("a", "A"), ("bonus", "Bonus")], tests, ["bonus"])
        value = strict_loads(to_prairielearn(Report("homework", "Homework", parts, tests)))
        assert value["score"] == pytest.approx(share)
        assert sum(row["points"] for row in value["tests"]) == 2 + earned


# MarkUs


@MANY
@given(reports())
def test_markus_takes_every_report(report: Report) -> None:
    text = to_markus(report)
    assert text.isascii()
    # any object on standard output counts, so each line is one, and nothing stands between them
    rows = [strict_loads(line) for line in text.splitlines()]
    tests = [row for row in rows if "name" in row]
    assert rows[len(tests) :] == [row for row in rows if set(row) == {"overall_comment"}]
    for row in tests:
        assert set(row) == {"name", "output", "marks_earned", "marks_total", "status", "time"}
        assert row["marks_total"] > 0
        assert 0 <= row["marks_earned"] <= row["marks_total"]
        assert row["status"] in ("pass", "partial", "fail", "error")
        assert type(row["time"]) is int
        assert (row["status"] == "pass") == (row["marks_earned"] == row["marks_total"])
    if not report.graded:
        assert not tests
        return
    assert sum(row["marks_earned"] for row in tests) == pytest.approx(float(report.score))
    assert sum(row["marks_total"] for row in tests) == pytest.approx(float(report.max_score))


# JUnit


@MANY
@given(reports())
def test_junit_is_one_suite_a_part(report: Report) -> None:
    tree = xml.fromstring(to_junit(report).partition("\n")[2])
    assert tree.tag == "testsuites"
    assert [suite.get("name") for suite in tree] == [part.title for part in report.parts]
    for suite, part in zip(tree, report.parts, strict=True):
        cases = suite.findall("testcase")
        mine = [test for test in report.tests if test.part == part.name]
        assert {"name", "tests", "failures", "errors"} <= set(suite.attrib)
        assert int(suite.get("tests", "-1")) == len(cases) == len(mine)
        assert int(suite.get("failures", "-1")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "-1")) == len(suite.findall("testcase/error"))
        properties = {item.get("name"): item.get("value") for item in suite.findall("properties/property")}
        assert float(properties[f"{part.name}.max_score"] or "nan") == pytest.approx(float(part.max_score))
        for case, test in zip(cases, mine, strict=True):
            assert case.get("classname") == test.part
            assert (len(case.findall("failure")) + len(case.findall("error")) == 0) == (test.status == "passed")
            assert [child.tag for child in case if child.tag == "properties"] == []  # a strict reader refuses those


def test_what_xml_cant_hold_is_left_out() -> None:
    report = one_test(message="a\x00b\ufffe<&>", output="\x0b]]>", title="t\x01")
    (case,) = xml.fromstring(to_junit(report).partition("\n")[2]).iter("testcase")
    assert case.get("name") == "1 t"
    assert "ab<&>" in (case.findtext("failure") or "")
    assert "]]>" in (case.findtext("system-out") or "")


# CSV


@MANY
@given(st.lists(st.tuples(texts, reports()), min_size=1, max_size=3))
def test_csv_has_one_row_a_hand_in(named: list[tuple[str, Report]]) -> None:
    head_report = named[0][1]
    same = [(name, replace(report, parts=head_report.parts)) for name, report in named]
    rows = list(csv.reader(io.StringIO(class_csv(same))))
    assert len(rows) == len(named) + 1
    assert {len(row) for row in rows} == {len(head_report.parts) + 4}
    for row, (_, report) in zip(rows[1:], same, strict=True):
        assert not report.graded or float(row[1]) == pytest.approx(float(report.score))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t"))]


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "-2", "+3", '=cmd|" /C calc"!A0'])
def test_a_cell_is_never_a_formula(name: str) -> None:
    (_, row) = csv.reader(io.StringIO(class_csv([(name, one_test())])))
    assert row[0] == f"'{name}"


def test_one_hand_in_is_a_table_too() -> None:
    report = replace(one_test(), submission="anna.zip", staff_notes=("Not sealed.",))
    assert to_csv(report).splitlines() == ["submission,score,max_score,Part A,notes", "anna.zip,0,2,0,Not sealed."]
    assert to_csv(one_test()).splitlines()[1].startswith("homework,")


def test_junit_says_each_property_once_and_has_the_notes_for_the_staff() -> None:
    parts = tuple(PartScore(name, name.upper(), Fraction(0), Fraction(1)) for name in "abc")
    report = replace(one_test(), parts=parts, staff_notes=("Not sealed.",))
    tree = xml.fromstring(to_junit(report).partition("\n")[2])
    names = [item.get("name") for item in tree.iter("property")]
    assert len(names) == len(set(names)) == 6
    assert tree.findtext("testsuite/system-out") == "Not sealed."


def test_every_column_of_autolabs_scoreboard_has_a_value() -> None:
    columns: Any = (("Loss", "asc"), ("Accuracy", "desc"), ("Seconds", "asc"))
    report = replace(one_test(), columns=columns, leaderboard=(LeaderboardRow("Accuracy", 0.5),))
    board = strict_loads(to_autolab(report).splitlines()[-1])["scoreboard"]
    assert board == ["1e+300 (not measured)", 0.5, "1e+300 (not measured)"]
    assert strict_loads(to_autolab(replace(report, leaderboard=())).splitlines()[-1])["scoreboard"][1].startswith(
        "-1e+300"
    )


def test_what_cant_be_graded_at_all_costs_no_attempt_on_prairielearn() -> None:
    report = replace(one_test(), taken=False, notes=("the hand-in has none of the files that are graded: hw.py",))
    value = strict_loads(to_prairielearn(report))
    assert value == {"gradable": False, "format_errors": [report.notes[0]]}


# late work


def test_gradescope_gets_a_total_only_where_something_is_taken_off() -> None:
    passed = one_test(status="passed", score=Fraction(2))
    assert "score" not in strict_loads(to_gradescope(passed))
    late = strict_loads(to_gradescope(replace(passed, kept=Fraction(9, 10))))
    validate("gradescope-results", late)
    assert late["score"] == 1.8
    assert late["tests"][0]["score"] == 2


@pytest.mark.parametrize("name", ["prairielearn", "markus", "autolab"])
def test_formats_that_students_read_whole_say_nothing_of_hidden_tests(name: str) -> None:
    report = one_test(visibility="hidden", title="SECRET", message="SECRET", hint="SECRET", output="SECRET")
    assert "SECRET" not in exporter(name)(report)


# the terminal


def table_of(report: Report, width: int) -> str:
    """The report without what stands below the table, where lines stay as long as they are, to be copied."""
    file = io.StringIO()
    quiet = tuple(replace(test, message="", hint="", output="", command="") for test in report.tests)
    render(replace(report, tests=quiet), Console(file=file, width=width, color_system=None))
    return file.getvalue()


@MANY
@given(reports())
def test_the_terminal_gets_plain_text_in_a_pipe(report: Report) -> None:
    text = to_terminal(report)
    assert "\x1b" not in text
    assert all(cell_len(line) <= 100 for line in table_of(report, 100).splitlines())
    flat = re.sub(r"\s+", "", text)
    for test in report.tests:
        assert test.status in text
        if test.status != "passed":
            assert re.sub(r"\s+", "", test.message) in flat
            assert re.sub(r"\s+", "", test.hint) in flat


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    title = "A title of a test that is longer than most terminals are wide, and says a lot about what it does"
    table = table_of(one_test(title=title), width)
    assert all(cell_len(line) <= width for line in table.splitlines())
    assert "failed" in table
    assert "0 / 2" in table


def test_markup_in_a_title_is_text() -> None:
    text = to_terminal(
        one_test(title="[bold]x[/bold] [/]", message="[link=file:///etc/passwd]y[/link]", hint="[blink]z")
    )
    assert "[bold]x[/bold] [/]" in text
    assert "[link=file:///etc/passwd]y[/link]" in text
    assert "[blink]z" in text


def test_colours_come_with_a_terminal_only() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    render(one_test(), Console(file=plain, width=80))
    render(one_test(), Console(file=coloured, width=80, force_terminal=True, color_system="standard"))
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[" in coloured.getvalue()


# the same, for a real submission: every part of it wrong in some way

WRONG_ADAM = """
import numpy as np

class adam:
    def __init__(self, model, beta1=0.9, beta2=0.999, eps=1e-8):
        self.model, self.lr, self.t = model, model.lr, 0

    def step(self):
        self.t += 1
        print("printed by the submission <b>")
        for layer in self.model.linear_layers:
            layer.W = layer.W - 2 * self.lr * layer.dW
            layer.b = layer.b - self.lr
"""
WRONG_DROPOUT = """
class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, x):
        raise ValueError("\\x1b[31mred <script> \\u202e\\0" + "x" * 10**6)

    def forward(self, x, train=True):
        return 3 * x

    def backward(self, delta):
        return None
"""


@pytest.fixture
def wrong(overlay: Overlay) -> Path:
    return overlay({"mytorch/optimizer.py": WRONG_ADAM, "mytorch/dropout.py": WRONG_DROPOUT})


def test_a_wrong_submission_is_told_no_hidden_answer(bonus: Assignment, answers: Fixtures, wrong: Path) -> None:
    report = grade(bonus, wrong)
    results = check_complete(report, answers)
    assert report.score < 2

    told = {row["extra_data"]["id"]: json.dumps(row) for row in results["tests"]}
    presentation, scores = lines_of(report)
    validate("autolab-presentation", presentation)
    validate("autolab-scores", scores)
    autolab = to_autolab(report)
    seen = 0
    for test in answers.tests:
        if test.visibility == "visible":
            continue
        assert "expected:" not in told[test.id]
        assert test.title not in autolab
        for item in test.expected:
            for value in item.values.values():
                if value.array is None or value.dtype != "float64" or value.type == "text":
                    continue
                for number in value.array.reshape(-1)[:50]:
                    if abs(number) > 1e-12 and abs(number - round(number, 3)) > 1e-9:
                        seen += 1
                        for text in (told[test.id], autolab):
                            assert _number(np.float64(number)) not in text
                            assert repr(float(number)) not in text
    assert seen > 100


def test_a_wrong_submission_is_told_what_is_wrong(bonus: Assignment, wrong: Path) -> None:
    report = grade(bonus, wrong)
    text = to_terminal(report)
    for test in report.tests:
        if test.visibility == "visible" and test.status != "passed":
            assert test.message, test.id
            assert test.command, test.id
            assert test.message.splitlines()[0] in text
    visible = [test for test in report.tests if test.visibility == "visible" and test.part == "adam"]
    assert not any("expected:" in test.message for test in visible)
    assert any(test.command in text for test in visible)
    assert "printed by the submission" in text


def test_two_gradings_differ_in_times_only(bonus: Assignment, wrong: Path) -> None:
    def graded() -> str:
        value = strict_loads(to_json(grade(bonus, wrong)))
        resources = value.pop("resources")
        assert set(resources) == {"seconds", "tests"}
        return json.dumps(value)

    assert graded() == graded()


@pytest.mark.parametrize(
    "make", [to_gradescope, to_autolab, to_prairielearn, to_markus, to_junit, to_csv, to_json, to_terminal]
)
def test_an_export_depends_on_the_report_alone(make: Callable[[Report], str]) -> None:
    assert make(one_test()) == make(one_test())


# whole reports


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_report_is_bounded_and_keeps_its_rows(name: str) -> None:
    """However many texts there are, and however many bytes a character takes where it is written."""
    one = one_test(output="🎓" * 30_000, message="m" * 50_000, hint="é" * 50_000).tests[0]
    tests = tuple(replace(one, id=f"t{number}", title=f"Title {number}", number="") for number in range(60))
    notes = tuple(f"link{number} is a link, not a regular file, and was left out." for number in range(9_990))
    report = replace(one_test(), tests=tests, notes=notes, staff_notes=notes)
    text = exporter(name)(report)
    assert len(text.encode()) <= 2**20
    assert name == "csv" or all(f"Title {number}" in text for number in range(60))
    assert "notes more" in text or name in ("autolab", "junit", "csv")
    assert len(to_feedback(report)) <= 500_000
    assert "scores" in strict_loads(to_feedback(report).splitlines()[-1])


def test_short_texts_stay_whole_beside_a_flood() -> None:
    flood = one_test(output="x" * 5_000_000).tests[0]
    short = replace(one_test(message="this is why").tests[0], id="b", output="said")
    value = strict_loads(to_json(replace(one_test(), tests=(flood, short))))
    assert (value["tests"][1]["message"], value["tests"][1]["output"]) == ("this is why", "said")


@pytest.mark.parametrize("titles", [["Adds"] * 3, ["Adds", "Adds (2)", "Adds"], ["Relu", "ReLU"], ["_order", "_order"]])
def test_equal_titles_lose_no_row(titles: list[str]) -> None:
    one = one_test().tests[0]
    tests = tuple(replace(one, id=str(at), title=title, number="") for at, title in enumerate([*titles, HIDDEN]))
    tests += (replace(one, id="hidden", visibility="hidden"),)
    report = replace(one_test(), tests=tests)
    names = [strict_loads(line)["name"] for line in to_markus(report).splitlines()]
    assert len({name.casefold() for name in names}) == len(tests)
    stage = strict_loads(to_autolab(report).splitlines()[1])["Part A"]
    assert len([key for key in stage if not key.startswith("_")]) == len(tests) - 1


def test_formats_are_those_of_the_command_line() -> None:
    assert set(EXPORTERS) == set(FORMATS)
