"""Guards the roster: tables as platforms export them, and matches that are certain or told."""

from pathlib import Path

import pytest
from class_layouts import gradescope
from class_sources import PACKED, below, found, keys, made, problems
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.roster import Roster, read_roster
from grader.errors import UsageError
from grader.gradebook import Student


def read(tmp_path: Path, data: str | bytes, encoding: str = "utf-8") -> Roster:
    file = tmp_path / "roster.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return read_roster(file)


JANE = Student("jane@x.edu", "Jane Doe", "jane@x.edu", "0123")
TABLES = {
    "gradescope": ("First Name,Last Name,SID,Email,Sections\nJane,Doe,0123,jane@x.edu,A\n", JANE),
    "gradescope roster": ("Name,Email,Role,SID\nJane Doe,jane@x.edu,Student,0123\nTina,t@x.edu,TA,1\n", JANE),
    "canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,HW1 (55)\n    Points Possible,,,,,100\n"
        '"Doe, Jane",4711,0123,jane@x.edu,A,\n"Student, Test",9,,x,A,\n',
        Student("jane@x.edu", "Doe, Jane", "jane@x.edu", "4711", "4711"),
    ),
    "moodle worksheet": (
        "Identifier,Full name,Email address,Status,Grade\nParticipant 777,Jane Doe,jane@x.edu,Submitted,\n",
        Student("Participant 777", "Jane Doe", "jane@x.edu", "777"),
    ),
    "moodle participants": (
        "First name,Last name,Email address,Groups\nJane,Doe,jane@x.edu,Lab 1\n",
        Student("jane@x.edu", "Jane Doe", "jane@x.edu", ""),
    ),
    "classroom_roster": (
        '"identifier","github_username","github_id","name"\n"jdoe","janehub","99","Jane Doe"\n',
        Student("jdoe", "Jane Doe", "", "99"),
    ),
    "students.csv": (
        "username,first_name,last_name,email,section,github_id\njanehub,Jane,Doe,jane@x.edu,A,99\n",
        Student("jane@x.edu", "Jane Doe", "jane@x.edu", "99"),
    ),
    "german": (
        "Vorname;Nachname;Matrikelnummer;E-Mail-Adresse\nJane;Doe;0123;jane@x.edu\n",
        Student("jane@x.edu", "Jane Doe", "jane@x.edu", "0123"),
    ),
    "excel": ("sep=;\r\nName;E-Mail\r\nJane Doe;jane@x.edu\r\n", Student("jane@x.edu", "Jane Doe", "jane@x.edu", "")),
    "tabs": ("name\temail\nJane Doe\tjane@x.edu\n", Student("jane@x.edu", "Jane Doe", "jane@x.edu", "")),
    "addresses": ("jane@x.edu\n", Student("jane@x.edu", "", "jane@x.edu", "")),
    "autolab": ("f26,jane@x.edu,Doe,Jane,SCS,CS,4,L,15213,A\n", Student("jane@x.edu", "", "jane@x.edu", "")),
    "logins": ("login\njdoe\n", Student("jdoe")),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_platforms_are_read(name: str, tmp_path: Path) -> None:
    table, expected = TABLES[name]
    (row,) = read(tmp_path, table).rows
    assert row.student == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    text = f"Name;Email{end}Zoë Müller;zoe@x.edu{end}{end};;{end}Bob “B” Ray;bob@x.edu{end}"
    zoe, bob = read(tmp_path, text, encoding).rows
    assert (zoe.student.name, bob.student.name) == ("Zoë Müller", "Bob “B” Ray")


@pytest.mark.parametrize("data", ["", "\n\n", "score,grade\n1,2\n", "Hello\nWorld\n", b"\0\0\0", b"\xff\xfe\0"])
def test_what_is_no_roster_is_refused(data: str | bytes, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"roster\.csv has no column that identifies students"):
        read(tmp_path, data)


def test_a_field_of_endless_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no CSV"):
        read(tmp_path, "name\n" + "x" * 200_000 + "\n")
    with pytest.raises(UsageError, match="there is no roster"):
        read_roster(tmp_path / "nothing.csv")


CLASS = """\
name,email,sid,github,group
"Doe, Jane",Jane@x.edu,100,janehub,Team A
Bob Ray,bob@x.edu,101,bobby,Team A
Ann Lee,ann.lee@x.edu,102,ann1,Team B
Ann Lee,ann2@x.edu,103,ann2,
Zoë O'Neil-Müller,zoe@x.edu,104,zoehub,
Roy Ann Stone,stone@x.edu,bobby@x.edu,rs,
"""


@pytest.mark.parametrize(
    ("student", "email"),
    [
        (Student("JANE@X.EDU", email="JANE@X.EDU"), "Jane@x.edu"),
        (Student("x", id="101"), "bob@x.edu"),
        (Student("JaneHub"), "Jane@x.edu"),
        (Student("ann.lee"), "ann.lee@x.edu"),
        (Student("x", "Jane Doe"), "Jane@x.edu"),
        (Student("x", "jane  DOE"), "Jane@x.edu"),
        (Student("doejane"), "Jane@x.edu"),
        (Student("raybob"), "bob@x.edu"),
        (Student("Bob Ray"), "bob@x.edu"),
        (Student("x", "Zoe ONeil Muller"), "zoe@x.edu"),
        (Student("x", "Zoë Müller"), ""),
        (Student("x", "Zoe\u0308 O'Neil Müller"), "zoe@x.edu"),
        (Student("jane@elsewhere.org", email="jane@elsewhere.org"), ""),
        (Student("104", "Zoë Someone", id="104"), "zoe@x.edu"),
    ],
)
def test_a_student_is_found(student: Student, email: str, tmp_path: Path) -> None:
    """By e-mail, number, login, the start of an address, or the name however it is ordered; never by half of it."""
    match = read(tmp_path, CLASS).match(student)
    assert [row.student.email for row in match.rows] == ([email] if email else [])
    assert bool(match.problem) == (not email)


@pytest.mark.parametrize(
    "student",
    [
        Student("x", "Ann Lee"),
        Student("jane@x.edu", email="jane@x.edu", id="101"),
        Student("101", "Jane Doe", id="101"),
    ],
)
def test_what_fits_two_is_told(student: Student, tmp_path: Path) -> None:
    match = read(tmp_path, CLASS).match(student)
    assert len(match.rows) == 2
    assert "fits more than one row of the roster roster.csv" in match.problem
    assert all(f"line {row.lines[0]}" in match.problem for row in match.rows)


def test_a_group_is_its_members(tmp_path: Path) -> None:
    roster = read(tmp_path, CLASS)
    members = roster.match(Student("100", "team a", id="100")).rows
    assert [row.student.name for row in members] == ["Doe, Jane", "Bob Ray"]
    tree = below("Team A_100_assignsubmission_file") | below("Ann Lee_103_assignsubmission_file")
    classes = found(made(tree, tmp_path), roster=CLASS)
    assert keys(classes) == ["103", "Jane@x.edu+bob@x.edu"]
    assert [student.key for student in classes.absent] == ["ann.lee@x.edu", "stone@x.edu", "zoe@x.edu"]


def test_a_teams_number_is_no_participants(tmp_path: Path) -> None:
    """Moodle counts both from 1."""
    worksheet = "Identifier,Full name,Email address\nParticipant 7,Jane Doe,jane@x.edu\nParticipant 8,,bob@x.edu\n"
    roster = read(tmp_path, worksheet)
    assert roster.match(Student("7", "Jane Doe", id="7")).rows[0].student.email == "jane@x.edu"
    assert "another name" in roster.match(Student("7", "The Winners", id="7")).problem
    assert roster.match(Student("8", "Participant", id="8")).rows[0].student.email == "bob@x.edu"


def test_a_participant_with_another_name_is_not_absent(tmp_path: Path) -> None:
    """A name that was changed after the download, or that Moodle made fit for a file: there may be a hand-in."""
    worksheet = b"Identifier,Full name\nParticipant 7,Jane Doe\nParticipant 8,Bob Ray\nParticipant 9,Cy\n"
    tree = {
        **below("Jane Smith_7_assignsubmission_file"),
        **below("Bob Ray_8_assignsubmission_file"),
    }
    classes = found(made(tree, tmp_path), roster=worksheet)
    assert [student.name for student in classes.absent] == ["Cy"]
    assert keys(classes) == ["7", "8"]
    assert "has the number of Jane Doe in line 2" in classes.hand_ins[0].problem
    assert "has the number of Jane Doe in line 2" in problems(classes)["7 (2)"]


def test_canvas_own_number_comes_from_canvas_alone(tmp_path: Path) -> None:
    """A class of Gradescope knows the university's number, which means somebody else as Canvas' ID."""
    source = made(gradescope(), tmp_path)
    for roster, canvas in ((TABLES["gradescope"][0], ""), (TABLES["canvas"][0], "4711")):
        jane = found(source, roster=roster).hand_ins[1].students[0]
        assert (jane.id, jane.canvas) == ("0123", canvas)


def test_who_handed_in_nothing_is_told(tmp_path: Path) -> None:
    tree = {"janehub.tar": PACKED, "Ann Lee.tar": PACKED, "stranger.tar": PACKED}
    classes = found(made(tree, tmp_path), roster=CLASS)
    ann, jane, stranger = classes.hand_ins
    assert jane.students == (Student("janehub", "Doe, Jane", "Jane@x.edu", "100"),)
    assert not jane.problem
    assert "not in the roster" in stranger.problem
    assert "more than one row" in ann.problem
    assert [student.key for student in classes.absent] == ["bob@x.edu", "stone@x.edu", "zoe@x.edu"]
    assert set(problems(classes)) == {"ann.lee@x.edu", "ann2@x.edu"}, "one of them handed in, so neither has a 0"


@pytest.mark.parametrize(
    ("kim", "absent"),
    [
        ("Kim,4713,kim7", "4713"),
        ("Kim,,kim7", "kim7"),  # the roster lacks the number
        ("Kim,4713,kim7\nLee,9,lee1", "kim7"),  # it has numbers of another register: it calls Lee 9, and Canvas 4712
    ],
)
def test_an_absent_student_is_called_as_the_source_calls_the_others(kim: str, absent: str, tmp_path: Path) -> None:
    """Otherwise a student who hands in before the next run would be somebody else in it."""
    roster = f"Student,ID,SIS Login ID\nDoe,4711,jane1\n{kim}\n"
    tree = {"doe_4711_90001_hw1.py": b"x = 1\n", "lee_4712_90002_hw1.py": b"x = 2\n"}
    classes = found(made(tree, tmp_path), roster=roster, kind="canvas")
    assert [(student.key, student.name) for student in classes.absent] == [(absent, "Kim")]


def test_one_student_by_two_names_has_two_versions(tmp_path: Path) -> None:
    """A login and an address of one student are one student: nobody can say which hand-in is newer."""
    tree = {"janehub.tar": PACKED, "jane@x.edu.tar": PACKED, "bobby.tar": PACKED}
    classes = found(made(tree, tmp_path), roster=CLASS)
    assert keys(classes) == ["bobby"]
    assert "jane@x.edu.tar, janehub.tar" in next(iter(problems(classes).values()))
    assert "Jane@x.edu" not in {student.key for student in classes.absent}


def test_a_student_of_two_sections_is_one(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "name,email,section\nJane Doe,jane@x.edu,A\nJane Doe,JANE@x.edu,B\n").rows
    assert row.lines == (2, 3)
    assert len(read(tmp_path, "name\nAnn Lee\nAnn Lee\n").rows) == 2, "two students may have one name"


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_roster_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, key: str, name: str
) -> None:
    tmp_path = tmp_path_factory.mktemp("roster")
    for head in ("", "key,name,email,id,group\n"):
        try:
            roster = read(tmp_path, (head + text).encode("utf-8", "surrogatepass"))
        except UsageError:
            continue
        match = roster.match(Student(key, name))
        assert bool(match.problem) == (len(match.rows) != 1 and not match.is_group)
