"""Guards the gradebooks: what each platform takes, blanks where nothing is certain, and no formula of a student."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from class_sources import below, found, made
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment import Assignment, Part
from grader.classroom.gradebooks.autolab import to_autolab
from grader.classroom.gradebooks.canvas import to_canvas
from grader.classroom.gradebooks.moodle import fill_moodle
from grader.classroom.gradebooks.plain import to_plain
from grader.classroom.gradebooks.summary import to_gradebook, to_problems
from grader.classroom.gradebooks.write import tables
from grader.classroom.points import read_points, with_points
from grader.errors import UsageError
from grader.grade import grade
from grader.gradebook import Entry, Gradebook, HandIn, Student
from grader.report import Report, Status, TestResult, part_scores


def report(forward: Fraction | int = 3, *, kept: Fraction | int = 1, status: Status = "passed") -> Report:
    tests = (
        TestResult("test_f.py::t", "forward", "F", "1", status, Fraction(forward), Fraction(3), "visible"),
        TestResult("test_b.py::t", "backward", "B", "2", "passed", Fraction(1, 2), Fraction(1), "visible"),
    )
    titles = [("forward", "Forward"), ("backward", "=Back, ward"), ("essay", "Essay")]
    parts = part_scores(titles, tests, manual={"backward": Fraction(2), "essay": Fraction(4)})
    return Report("hw1", "Homework 1", parts, tests, kept=Fraction(kept))


def graded(student: Student, value: Report, *others: Student, lateness: timedelta | None = None) -> Entry:
    hand_in = HandIn(student.key, (student, *others), Path("x"), lateness=lateness)
    return Entry(student.key, (student, *others), "graded", value, hand_in=hand_in)


JANE = Student("jane@x.edu", "Doe, Jane", "jane@x.edu", "4711", "4711")
BOB = Student("bob@x.edu", "Bob Ray", "bob@x.edu", "4712")
ZOE = Student("zoe@x.edu", "Zoë Müller", "zoe@x.edu", "4713")
LIN = Student("lin", "Lin", "", "")
BOOK = Gradebook(
    "hw1",
    "Homework 1",
    (
        graded(JANE, report(), ZOE, lateness=timedelta(0)),
        graded(BOB, report(1, kept=Fraction(1, 2))),
        Entry("kim", (Student("kim", "Kim", "kim@x.edu", "4714"),), "not graded", problem="kim.zip can't be read"),
        graded(LIN, report(0, status="internal")),
        Entry("max", (Student("max", "Max", "max@x.edu", "4715"),), "no submission"),
    ),
)


def lines(text: str | bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text if isinstance(text, str) else text.decode(), newline="")))


def test_the_gradebook_has_a_row_for_each_student() -> None:
    """A fault of ours or an absence has no score, and each member of a group has a row of her own."""
    head, *rows = lines(to_gradebook(BOOK))
    assert head[:8] == ["key", "name", "email", "id", "score", "max_score", "status", "late"]
    assert head[8:] == ["Forward", "'=Back, ward", "'=Back, ward (by a person, of 2)", "Essay (by a person, of 4)"]
    assert [row[0] for row in rows] == ["jane@x.edu", "zoe@x.edu", "bob@x.edu", "kim", "lin", "max"]
    assert [row[4:] for row in rows] == [
        ["3.5", "4", "graded", "no", "3", "0.5", "", ""],
        ["3.5", "4", "graded", "no", "3", "0.5", "", ""],
        ["0.75", "4", "graded", "yes", "1", "0.5", "", ""],
        ["", "4", "not graded", "", "", "", "", ""],
        ["", "4", "not graded", "", "", "", "", ""],
        ["", "4", "no submission", "", "", "", "", ""],
    ]


@pytest.mark.parametrize(
    ("rows", "score", "problem"),
    [
        ([("Zoë Müller", "4", "2")], "9.5", ""),
        ([("Doe, Jane", "4", "2"), ("Zoë Müller", "4", "2")], "9.5", ""),
        ([("Doe, Jane", "4", ""), ("Zoë Müller", "", "2")], "9.5", ""),
        (
            [("Doe, Jane", "4", ""), ("Zoë Müller", "3", "2"), ("Bob Ray", "1", "1")],
            "",
            "two numbers of points in essay",
        ),
        ([("Doe, Jane", "4", "")], "", "no points for =Back, ward yet"),
        ([("Bob Ray", "1", "1")], "", "no points for =Back, ward, Essay yet"),
        ([("Doe, Jane", "4", "2"), ("Doe, Jane", "3", "2")], "", "fits more than one row"),
        ([("Nobody", "1", "1")], "", "no points for =Back, ward, Essay yet"),
    ],
)
def test_one_row_of_points_is_enough_for_a_group(
    rows: list[tuple[str, str, str]], score: str, problem: str, bonus: Assignment, tmp_path: Path
) -> None:
    parts = (
        Part("backward", "=Back, ward", Fraction(1), Fraction(2)),
        Part("essay", "Essay", Fraction(0), Fraction(4)),
    )
    homework = replace(bonus, parts=parts)
    text = "".join(f'"{name}",{essay},{back}\n' for name, essay, back in rows)
    (tmp_path / "points.csv").write_text(f'name,Essay,"\'=Back, ward (by a person, of 2)"\n{text}', "utf-8")
    points = read_points(tmp_path / "points.csv", homework)
    assert points is not None
    book, _ = with_points(BOOK, points)
    _, jane, zoe, *_ = lines(to_gradebook(book))
    assert jane[4] == zoe[4] == score
    assert jane[5] == "10", "a person's points are in the maximum from the first number on"
    assert problem in book.entries[0].problem


def test_an_absence_counts_nothing_if_asked() -> None:
    rows = lines(to_gradebook(BOOK, zero_absent=True))[1:]
    assert [row[4] for row in rows] == ["3.5", "3.5", "0.75", "", "", "0"]


def test_problems_have_their_reasons() -> None:
    hand_in = HandIn("eve", (), Path("x"), problem="who?")
    looked_at = Entry("eve", (Student("eve"),), "graded", report(), "near zero", hand_in)
    rows = lines(to_problems(Gradebook("hw1", "", (*BOOK.entries, looked_at, Entry("ann", (LIN,), "not graded")))))
    assert [(row[0], row[4], row[5]) for row in rows[1:]] == [
        ("kim", "not graded", "kim.zip can't be read"),
        ("lin", "not graded", "1 tests failed by the grader's own fault; grade it again"),
        ("eve", "graded", "near zero; who?"),
        ("lin", "not graded", "not graded yet"),
    ]


def test_canvas_takes_ids() -> None:
    head, points, *rows = lines(to_canvas(BOOK, column="HW 1 (98765)"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW 1 (98765)"]
    assert points == ["    Points Possible", "", "", "", "", "4"]
    assert rows[0] == ["Doe, Jane", "4711", "", "", "", "3.5"]
    assert rows[3] == ["Kim", "", "4714", "", "", ""], "Canvas would take a number of the university's for another user"
    assert rows[4] == ["Lin", "", "", "lin", "", ""]
    assert lines(to_canvas(BOOK))[0][-1] == "Homework 1"


def test_autolab_has_a_score_for_each_problem() -> None:
    """In the assignment's order, with the deduction, and a blank where a person scores."""
    upload = to_autolab(BOOK, zero_absent=True)
    assert lines(upload.data) == [
        ["jane@x.edu", "3", "0.5", ""],
        ["zoe@x.edu", "3", "0.5", ""],
        ["bob@x.edu", "0.5", "0.25", ""],
        ["kim@x.edu", "", "", ""],
        ["max@x.edu", "0", "0", ""],
    ]
    assert upload.notes == ("These students have no e-mail address, and aren't in the table: lin.",)


def test_plain_has_who_and_how_much() -> None:
    assert lines(to_plain(BOOK))[:2] == [["key", "id", "email", "score"], ["jane@x.edu", "4711", "jane@x.edu", "3.5"]]


def test_a_class_of_which_nobody_is_graded() -> None:
    book = Gradebook("hw1", "Homework 1", (BOOK.entries[2],), complete=False)
    assert lines(to_gradebook(book))[1][4:] == ["", "", "not graded", ""]
    assert lines(to_canvas(book))[1][-1] == ""
    assert lines(to_autolab(book).data) == [["kim@x.edu"]]


WORKSHEET = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (grade)","Feedback comments"\r\n'
    'Participant 501,"Jane ""JD"" Doe",,jane@x.edu,"Submitted for grading - ",,4.00,Yes,-,\r\n'
    "Participant 502,Bob Ray,,bob@x.edu,Submitted,1.00,4.00,Yes,-,=SUM(A1)\r\n"
    'Participant 503,Kim,,kim@x.edu,Submitted,2.00,4.00,Yes,-,"two\nlines"\r\n'
    "Participant 504,Other,,other@x.edu,No submission,,4.00,Yes,-,\r\n"
)


def test_moodles_worksheet_is_filled_in() -> None:
    filled = fill_moodle(BOOK, WORKSHEET.encode())
    expected = WORKSHEET.replace('g - ",,4.00', 'g - ",3.5,4.00').replace("Submitted,1.00", "Submitted,0.75")
    assert filled.data.decode() == expected
    assert [note for note in filled.notes if "zoe@x.edu" in note]
    assert not [note for note in filled.notes if "max" in note.lower()], "whoever has no score isn't missed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_moodles_worksheet_keeps_its_form(encoding: str, separator: str, end: str) -> None:
    rows = [
        ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung", "Feedback als Kommentar"],
        ["Teilnehmer/in501", "Zoë Müller", "", "é", "", "4,00", "gut"],
    ]

    def text(grade: str) -> str:
        rows[1][4] = grade
        quoted = [[f'"{cell}"' if separator in cell or " " in cell else cell for cell in row] for row in rows]
        return (end or "\r").join(separator.join(row) for row in quoted) + end

    book = Gradebook("hw1", "", (graded(Student("501", "Zoë Müller", "", "501"), report(1)),))
    assert fill_moodle(book, text("").encode(encoding)).data == text("1,5").encode(encoding)
    with pytest.raises(UsageError, match="has no column Punkte"):
        fill_moodle(book, text("").encode(encoding), column="Punkte")
    assert fill_moodle(book, text("").encode(encoding), column="Bewertung").data == text("1,5").encode(encoding)


def test_moodles_teams_get_one_score() -> None:
    worksheet = (
        "Identifier,Full name,Group,Grade\nParticipant 7,A,Team X,\nParticipant 8,B,Team X,\nParticipant 9,C,Y,\n"
    )
    book = Gradebook("hw1", "", (graded(Student("9", "X team", "", "9"), report()),))
    assert fill_moodle(book, worksheet.encode()).data.decode() == worksheet.replace("X team,", "X team,3.5")


def test_moodle_never_guesses() -> None:
    worksheet = (
        b"Identifier,Full name,Grade,Maximum Grade\nParticipant 7,Ann Lee,,100.00\nParticipant 8,Ann Lee,,100.00\n"
    )
    filled = fill_moodle(Gradebook("hw1", "", (graded(Student("x", "Ann Lee"), report()),)), worksheet)
    assert filled.data == worksheet
    assert "fits more than one row of the worksheet" in filled.notes[0]
    two = [graded(Student("7", "Ann Lee", "", "7"), report()), graded(Student("Participant 7"), report(1))]
    filled = fill_moodle(Gradebook("hw1", "", tuple(two)), worksheet)
    assert b"7,Ann Lee,3.5," in filled.data
    assert "another score" in filled.notes[0]
    assert "maximum grade is 100.00, and the assignment's 4" in filled.notes[1]


@pytest.mark.parametrize("data", [b"", b"\n", b"a,b\n1,2\n", b"\xff\xfe", b"\xff\xfe\0", b'"Grade'])
def test_what_is_no_worksheet_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="the worksheet has no column Grade"):
        fill_moodle(BOOK, data)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\r\n"\ufeff'), max_size=12)


@given(
    st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=200, deadline=None)
def test_every_other_byte_of_a_worksheet_stays(body: list[list[str]], separator: str, end: str, encoding: str) -> None:
    """Only the grade's column differs, whatever the others hold, with and without quotes."""

    def written(row: list[str], number: int) -> str:
        plain = number % 2 and not any(sign in cell for cell in row for sign in ",;\t")
        return separator.join(row if plain else [f'"{cell}"' for cell in row])

    head = separator.join(["Identifier", "Full name", "Grade", "Comments"])
    rows = [written([*row[:2], f"mark{number}", row[3]], number) for number, row in enumerate(body)]
    worksheet = (end.join([head, *rows]) + end).encode(encoding)
    people = [Student(f"k{number}", row[1], "", row[0]) for number, row in enumerate(body)]
    book = Gradebook("hw1", "", tuple(graded(person, report()) for person in people))
    data = fill_moodle(book, worksheet).data
    filled = data.decode(encoding)
    back = worksheet.decode(encoding)
    for line, changed in zip(back.split(end), filled.split(end), strict=True):
        if changed != line:
            mark = re.search(r'"?mark\d+"?', line)
            assert mark
            before, after = line[: mark.start()], line[mark.end() :]
            assert changed in {f"{before}{grade}{after}" for grade in ("3.5", "3,5", '"3,5"')}


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1+1",
    "a;=1+1",
    "a\t=1",
    "a\n=1",
    "=cmd|' /C calc'!A0",
]


def _evaluated(cell: str, separators: str) -> bool:
    """Whether a spreadsheet that ends cells at these signs takes any part of a cell for a formula."""
    return any(re.match("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]", part) for part in re.split(f"[{separators}]", cell))


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_formula_of_a_student_is_evaluated(formula: str) -> None:
    _no_formula(formula)


@given(
    st.text(st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20;,\t\n\r '\"a1|!()\u00a0\u200b\ufeff\x0b\x1f"), max_size=12)
)
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_student_is_evaluated(text: str) -> None:
    _no_formula(text)


def _no_formula(text: str) -> None:
    student = Student(f"{text}", text, text, text)
    entry = Entry(
        text, (student,), "not graded", problem=text, hand_in=HandIn(text, (student,), Path("x"), problem=text)
    )
    book = Gradebook("hw1", text, (graded(student, report()), entry))
    for one in tables(book):
        for row in lines(one.data):
            assert not any(_evaluated(cell, "\t;\n\r") for cell in row), (one.name, row)


def test_an_address_with_a_sign_stays_for_autolab() -> None:
    """The platform must know it; nothing in an address can call anything."""
    odd, formula = "+jane-o'hara@x.edu", '=HYPERLINK("http://x.org")@x.edu'
    book = Gradebook("hw1", "", tuple(graded(Student("k", "", email), report()) for email in (odd, formula)))
    assert lines(to_autolab(book).data) == [[odd, "3", "0.5", ""]]


def test_all_tables_are_written() -> None:
    written = list(tables(BOOK, canvas_column="HW (1)", worksheet=WORKSHEET.encode()))
    assert [table.name for table in written] == [
        *("gradebook.csv", "problems.csv", "plain.csv", "canvas.csv", "autolab.csv", "moodle.csv")
    ]
    assert written == list(tables(BOOK, canvas_column="HW (1)", worksheet=WORKSHEET.encode()))
    assert [table.name for table in written if table.notes] == ["autolab.csv", "moodle.csv"]


def test_a_download_becomes_a_gradebook(bonus: Assignment, tmp_path: Path) -> None:
    """From Gradescope's archive through the grader to the table: a group, a template, a damaged and an absent one."""
    people = {101: ["jane", "bob"], 102: ["zoe"], 103: ["kim"]}
    folders = {101: bonus.reference, 102: bonus.template}
    metadata = "".join(
        f"submission_{number}:\n  :submitters:\n" + "".join(f"  - :email: {name}@x.edu\n" for name in names)
        for number, names in people.items()
    )
    tree = {"submission_metadata.yml": metadata.encode()}
    for number, folder in folders.items():
        files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.py")}
        tree |= below(f"submission_{number}", files)
    roster = "name,email\n" + "".join(f"{name.title()},{name}@x.edu\n" for name in ("jane", "bob", "zoe", "kim", "max"))
    classes = found(made(tree, tmp_path), roster=roster)
    entries = [
        *(Entry(one.key, one.students, "graded", grade(bonus, one.path), hand_in=one) for one in classes.hand_ins),
        *classes.problems,
        *(Entry(one.key, (one,), "no submission") for one in classes.absent),
    ]
    rows = lines(to_gradebook(Gradebook(bonus.name, bonus.title, tuple(entries))))
    top = rows[1][5]
    assert [(row[1], row[4], row[6]) for row in rows[1:]] == [
        ("Jane", top, "graded"),
        ("Bob", top, "graded"),
        ("Zoe", "0", "graded"),
        ("Kim", "", "not graded"),
        ("Max", "", "no submission"),
    ]
