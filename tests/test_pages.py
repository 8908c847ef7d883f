"""Guards the text of the pages: equal bytes between runs, nothing hidden on a student's page, everything escaped."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from synthetic_class import HOSTILE, entry, gradebook, made_class, report, result

from grader.classroom.charts import histogram
from grader.classroom.difference import difference
from grader.classroom.marks import marks, report_of
from grader.classroom.mistakes import clusters
from grader.classroom.page import class_page, commands
from grader.export.fit import REPORT_BYTES
from grader.gradebook import Gradebook, HandIn
from grader.pages.render import TEMPLATES, duration, href, percent, points
from grader.pages.student_page import student_page
from grader.report import Visibility
from grader.toml import read_toml

VOID = {"meta", "link", "br", "img", "input", "image", "path", "rect", "use", "hr"}


class Outline(HTMLParser):
    """Counts a page's elements and attributes, and checks that each element is closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == [], "an element isn't closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.ids.update(value for name, value in attrs if name == "id" and value)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.ids.update(value for name, value in attrs if name == "id" and value)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag


def everything(n: int = 40, k: int = 12, *, hostile: bool = True) -> str:
    book, before = made_class(n, k, hostile=hostile), made_class(n, k, seed=1, hostile=hostile)
    return class_page(book, against=difference(before, book), links={"x": "y"}, test_seconds=0.02)


# the class


def test_two_runs_make_equal_bytes() -> None:
    code = "import test_pages, hashlib; print(hashlib.sha256(test_pages.everything().encode()).hexdigest())"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_hostile_names_add_no_element_and_no_attribute() -> None:
    """The page has the same elements as one of harmless names, but for the rows' own folding."""
    hostile, harmless = Outline(everything()), Outline(everything(hostile=False))
    assert hostile.elements == harmless.elements
    assert hostile.attributes == harmless.attributes


def test_no_id_is_used_twice_and_every_link_inside_has_its_place() -> None:
    page = everything()
    outline = Outline(page)
    assert [name for name, count in outline.ids.items() if count > 1] == []
    for target in re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', page):
        assert target in outline.ids


def test_the_page_loads_nothing_and_says_that_it_is_for_staff() -> None:
    page = unescape(everything())
    assert "default-src 'none'" in page
    assert "unsafe-inline" not in page.replace("style-src 'unsafe-inline'", "")
    # names of XML and of a licence in matplotlib's drawings are no addresses to load
    addresses = set(re.findall(r"https?://[^\"'<> ]+", page)) - {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert addresses == set()
    assert "For staff only." in page


def test_no_template_switches_escaping_off() -> None:
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|\bmarkup\b", text, re.IGNORECASE), template


def test_charts_have_the_colours_of_the_page() -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", everything(), re.DOTALL))
    assert "var(--bar)" in drawings
    assert not re.search(r"(fill|stroke): #", drawings), "a fixed colour would be lost in light or in dark"


def test_scores_above_the_maximum_are_in_the_histogram() -> None:
    """Extra credit: the axis goes on to the greatest score, and the line of shares never runs back."""
    scores = [0.0, 8.5, 20.0, 21.0, 22.0, 22.0]
    assert histogram(scores, 20) == histogram(scores, 22)
    assert "Histogram of 6 scores from 0 to 22 points" in histogram(scores, 20)
    many = [4.0 * score for score in scores]  # with a bar for several points
    assert histogram(many, 80) == histogram(many, 88)


def test_two_reasons_are_two_sentences() -> None:
    lost = [
        result(status="missing", message="not found"),
        result("test_a.py::t", status="missing", message="not found"),
    ]
    page = unescape(class_page(gradebook(replace(entry("one", lost), problem="it is late"))))
    assert "it is late; All 2 tests end alike" in page


@pytest.mark.parametrize(
    "book",
    [
        gradebook(),
        gradebook(entry("lost", None)),
        gradebook(entry("one", [result()])),
        gradebook(entry("one", [result(points=0)])),
        gradebook(entry("one", [result(status="internal"), result("test_a.py::t")])),
        replace(gradebook(entry("one", [result()])), complete=False),
        made_class(3, 1),
        made_class(5, 65),
        made_class(61, 2),
    ],
    ids=["nobody", "not graded", "one", "no points", "our fault", "incomplete", "one test", "many tests", "many rows"],
)
def test_a_page_can_be_made_of_any_class(book: Gradebook) -> None:
    page = class_page(book, against=difference(book, book))
    Outline(page)
    assert ("Incomplete." in page) == (not book.complete)
    shown = re.sub(r"data:[^\"]*", "", page[page.index("<main>") : page.index("</main>")])
    assert not re.search(r"\b(nan|inf)\b|\bNone\b(?!:)", shown)


def test_a_small_class_is_told_that_r_is_noise() -> None:
    assert "With 29 hand-ins, r is mostly noise" in class_page(made_class(29, 4))
    assert "mostly noise" not in class_page(made_class(30, 4))


def test_the_command_for_a_variant_works_in_a_shell(tmp_path: Path) -> None:
    """It appends to variants.toml, whatever the hand-in's name is, and what it appends is TOML."""
    test = result("test_adam.py::t", "failed", part="adam", fingerprint="f")
    entries = [
        replace(
            entry(name, [test]), hand_in=HandIn(name, (), Path(f"$(touch {tmp_path}/owned) '; touch {tmp_path}/owned"))
        )
        for name in HOSTILE[:3]
    ]
    found = clusters(marks(gradebook(*entries)))
    command = commands("made_up", found[0])
    folder = tmp_path / "testcases" / "made_up"
    folder.mkdir(parents=True)
    (folder / "variants.toml").write_text('[[variant]]\nname = "first"\n', "utf-8")
    script = f"grader() {{ :; }}\n{command}\n"
    subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, check=True)
    variants = read_toml(folder / "variants.toml")[1]["variant"]
    assert [item["name"] for item in variants] == ["first", ""]
    assert variants[1]["loses"] == ["adam"]
    assert not (tmp_path / "owned").exists()


# a student


SECRETS = ("secret-title", "secret-message", "secret-hint", "secret-output", "secret-variant", "secret-note", "5ec4e7")


def with_secrets(visibility: Visibility) -> str:
    hidden = result(
        "test_a.py::secret-title",
        "failed",
        3,
        Fraction(1, 3),
        title="secret-title",
        message="secret-message",
        hint="secret-hint",
        output="secret-output",
        variant="secret-variant",
        fingerprint="5ec4e7",
    )
    hidden = replace(hidden, visibility=visibility, command="secret-title")
    made = report([result(title="An open test", message="open", status="failed", hint="a hint"), hidden])
    return student_page(replace(made, staff_notes=("secret-note",), isolation="secret-note"))


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published"])
def test_a_student_sees_nothing_of_hidden_tests_but_their_points(visibility: Visibility) -> None:
    page = with_secrets(visibility)
    assert "Hidden tests: 1 of 3 points." in page
    assert "An open test" in page
    assert [secret for secret in SECRETS if secret in page] == []


def test_a_student_sees_message_hint_and_command_of_visible_tests() -> None:
    page = with_secrets("visible")
    assert [secret for secret in SECRETS if secret in page] == [
        "secret-title",
        "secret-message",
        "secret-hint",
        "secret-output",
    ]
    assert "Hidden tests" not in page


def test_a_student_sees_what_late_work_and_a_person_change() -> None:
    made = report([result(points=10)])
    parts = tuple(replace(part, manual=Fraction(5)) for part in made.parts[:1]) + made.parts[1:]
    page = student_page(replace(made, parts=parts, kept=Fraction(9, 10), notes=("Two days late.",)))
    assert "<b>9 of 10</b>points" in page
    assert "<b>10</b>before the deduction for late work" in page
    assert "<b>5</b>more points can be given by a person" in page
    assert "Two days late." in page


def test_our_fault_is_no_zero_on_a_students_page() -> None:
    page = student_page(report([result(status="internal", message="a fault")]))
    assert "It has no score." in page
    assert "0 of 1" not in page


def test_a_students_page_has_a_bound() -> None:
    tests = [result(f"test_a.py::t{at}", "failed", message="\u2603" * 90_000, output="<" * 90_000) for at in range(30)]
    page = student_page(report(tests))
    assert len(page.encode()) <= REPORT_BYTES
    assert page.count("<section") == 30


def test_a_students_page_names_nobody_else() -> None:
    book = made_class(20, 10)
    page = student_page(report_of(book.entries[3]), student="Person 0003 Surname")
    assert "Person 0003" in page
    assert not re.search(r"Person 00(?!03)", page)


@given(st.text(max_size=200))
def test_any_text_is_safe_on_a_page(text: str) -> None:
    plain, strange = (
        report([result(title=word, message=word, hint=word, output=word, number=word, status="failed")])
        for word in ("x", f"x{text}x")
    )
    page = student_page(replace(strange, notes=(text,)), student=f"x{text}")
    assert Outline(page).elements == Outline(student_page(replace(plain, notes=("x",)), student="x")).elements


# the formats of numbers


def test_numbers_are_short_and_never_rounded_to_all_or_nothing() -> None:
    assert [points(value) for value in (Fraction(5, 2), Fraction(1, 3), Fraction(4), 0.0, -0.001, -3.5)] == [
        *("2.5", "0.33", "4", "0", "0", "-3.5"),
    ]
    assert [percent(value) for value in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]
    times = [duration(value) for value in (0.0, 0.0123, 1.0, 119.9, 600, 7200, 3 * 86400)]
    assert times == ["0 ms", "12 ms", "1.0 s", "119.9 s", "10 min", "2.0 h", "3.0 days"]


@pytest.mark.parametrize("path", ["javascript:alert(1)", "//evil.example/x", "/etc/passwd", 'a"b?c#d e.html', "é/x"])
def test_a_link_stays_a_relative_path(path: str) -> None:
    made = href(path)
    assert re.fullmatch(r"\./[^/:?#\"' ][^:?#\"' ]*", made)
