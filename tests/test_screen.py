"""The one screen: it fits, the first thing to fix is at its end, remarks and blocked tests don't look like failures."""

from dataclasses import replace
from fractions import Fraction

import pytest

from grader.export.gradescope import to_value
from grader.export.screen import ASCII, MOST_LINES, Commands, plain, screen
from grader.export.terminal import signs_for
from grader.markup import page
from grader.report import CheckResult, Report, Status, TestResult, Visibility, part_scores
from grader.summary import Since, summarize

FRAME = "  net.py, line {line}, in step: return x / 0"


def result(
    number: str,
    status: Status = "passed",
    message: str = "",
    *,
    hint: str = "",
    points: int = 1,
    place: str = "",
    part: str = "one",
    checks: tuple[CheckResult, ...] = (),
    visibility: Visibility = "visible",
    variant: str | None = None,
) -> TestResult:
    return TestResult(
        id=f"test_{part}.py::test_{number}",
        part=part,
        title=f"Title of {number}",
        number=number,
        status=status,
        score=Fraction(points if status == "passed" else 0),
        max_score=Fraction(points),
        visibility=visibility,
        message=message,
        hint=hint,
        place=place,
        checks=checks,
        variant=variant,
        command=f"python runner.py {number}",
    )


def report(*tests: TestResult, notes: tuple[str, ...] = ()) -> Report:
    parts = list(dict.fromkeys((test.part, f"Part {test.part}") for test in tests))
    return Report("hw", "A homework", part_scores(parts, tests), tests, notes)


def shown(made: Report, **options: object) -> str:
    return plain(screen(summarize(made), **options))  # type: ignore[arg-type]  # options of several types


def test_the_first_mistake_is_last_and_one_cause_is_told_once() -> None:
    place = "net.py, line 3, in Net.forward"
    text = shown(
        report(
            result("1.1"),
            result(
                "1.2",
                "failed",
                "y: wrong\nyours:    1 2 3\nexpected: 1 2 4",
                place=place,
                hint="only column 2 is wrong",
            ),
            result("1.3", "failed", "z: other numbers", place=place, hint="another"),
            result("1.4", "error", f"ZeroDivisionError: division by zero\n{FRAME.format(line=9)}"),
            result("1.5", "error", f"ZeroDivisionError: division by zero\n{FRAME.format(line=9)}"),
            result("2.1", "missing", "not implemented yet: Net.backward", part="two"),
            result("2.2", "missing", "blocked: first write Net.backward", part="two"),
            result(
                "2.3", "failed", "dx: can't be judged", checks=(CheckResult("dx", False, "", "", True),), part="two"
            ),
            result("2.9", "failed", "a remark", points=0, part="two"),
        ),
        commands=Commands("python runner.py", "python runner.py --all"),
    )
    first = text.index("Fix first: 1.2 Title of 1.2")
    assert text[first:].splitlines()[1] == f"  {place}"
    assert "  expected: 1 2 4" in text[first:]
    assert "  Hint: only column 2 is wrong" in text[first:]
    assert "Probably the same: 1.3" in text[first:]
    assert "Again: python runner.py 1.2" in text[first:]
    assert "Also: 1.4, 1.5 step: ZeroDivisionError" in text[:first]
    assert "Not written yet: Net.backward (for 2.1)" in text[:first]
    assert "Blocked: 2.2, 2.3, first write Net.backward" in text[:first]
    assert "Remarks, without points: 2.9" in text[:first]
    assert "✓✗✗✗✗  1 right, 4 wrong" in text
    assert "·……    1 not written, 2 blocked" in text


@pytest.mark.parametrize(("width", "height"), [(80, 23), (120, 39), (40, 20)])
def test_it_fits_whatever_the_report_holds(width: int, height: int) -> None:
    tests = [
        result(
            f"{part}.{number}",
            "failed",
            "\n".join(["word " * 60] * 30),
            part=f"p{part}",
            hint="long " * 50,
            place=f"f{part}.py, line 1, in g",
        )
        for part in range(20)
        for number in range(30)
    ]
    lines = shown(report(*tests, notes=("note " * 100,) * 5), width=width, height=height).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= min(height, MOST_LINES)
    assert any(line.startswith("Fix first: ") for line in lines)


def test_a_narrow_terminal_keeps_points_and_marks() -> None:
    tests = [result(f"1.{number}", "failed", "wrong") for number in range(4)]
    made = replace(report(*tests), parts=part_scores([("one", "A part with quite a long title")], tests))
    assert "  A part with qui...    0 / 4     ✗✗✗✗" in shown(made, width=40)
    assert "  A part with quite a long title    0 / 4     ✗✗✗✗  4 wrong" in shown(made)


def test_nothing_left_to_do_is_said_and_so_is_progress() -> None:
    done = report(result("1.1"), result("1.2", visibility="hidden"))
    text = shown(done, since=Since("14:02", Fraction(1), (done.tests[0],), ()))
    assert text.endswith("All public points are there.")
    assert "Since 14:02: +1 points, now right: 1.1" in text
    assert "1 of 1 public points" in text
    assert "Hidden tests decide about 1 more points." in text
    assert "1.2" not in text


def test_marks_are_those_that_the_terminal_has() -> None:
    assert signs_for("cp1252") == ASCII == signs_for("ascii") == signs_for(None)
    assert signs_for("utf-8").right == "✓"
    shown(report(result("1.1"), result("1.2", "failed", "x")), signs=ASCII).encode("ascii")


def test_gradescopes_output_begins_with_it_and_rows_dont_repeat_a_sentence() -> None:
    tests = [result(f"1.{number}", "missing", "not implemented yet: f") for number in range(1, 7)]
    tests += [result("2.1", "failed", "y: a", hint="do so"), result("2.2", "failed", "y: b", hint="do so")]
    tests += [
        result("3.1", "failed", "hidden things", visibility="hidden"),
        result("4.1", "failed", "a remark", points=0),
    ]
    value = to_value(report(*tests))
    assert value["output"].startswith("A homework")
    assert "Fix first: 2.1" in value["output"]
    assert "hidden things" not in value["output"]
    outputs = [row.get("output") for row in value["tests"]]
    assert outputs[:6] == ["not implemented yet: f", *["The same as in 1.1."] * 5]
    assert outputs[6:8] == ["y: a\nHint: do so", "y: b\nHint: as in 2.1."]
    assert outputs[8] == "hidden things"
    assert "status" not in value["tests"][9]


def test_a_page_and_a_notebook_show_texts_and_no_markup_of_theirs() -> None:
    made = report(result("1.1", "failed", "<script>alert(1)</script>", hint="<b>", place="<i>.py, line 1, in f"))
    for text in (page(made), made._repr_html_()):
        assert "<script>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "Hint: &lt;b&gt;" in text
    assert "http" not in page(made)
