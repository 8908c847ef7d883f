"""Guards the sources of a class: each platform's layout is recognised and read, and one bad entry stops no other."""

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from class_layouts import LAYOUTS, METADATA, autolab, canvas, gradescope, moodle, nbgrader, plain, prairielearn
from class_sources import FILES, PACKED, ZIPPED, below, found, keys, made, problems, taken
from conftest import memory_below
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.sources.crowds import with_doubts
from grader.classroom.sources.find import SOURCES
from grader.classroom.sources.gradescope import records
from grader.errors import UsageError
from grader.gradebook import Student

FORMS = ("folder", "zip", "tar", "tar.gz", "tar.xz")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised(layout: str, form: str, tmp_path: Path) -> None:
    """From a folder and from every archive: the same students, and the intake takes each hand-in."""
    tree, expected = LAYOUTS[layout]
    classes = found(made(tree, tmp_path, form))
    assert classes.kind == layout.split()[0]
    assert classes.why
    assert keys(classes) == expected
    for hand_in in classes.hand_ins:
        assert not hand_in.path.is_symlink()
        files, notes = taken(classes, hand_in.key) if hand_in.key not in ("eve", "frank") else ({}, ())
        assert not any("inside the folder" in note for note in notes if hand_in.key not in ("Bob Ray",))
        assert all(files[name] == FILES[name] for name in files)
        assert files or hand_in.key in ("eve", "frank")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_can_be_named(layout: str, tmp_path: Path) -> None:
    tree, expected = LAYOUTS[layout]
    classes = found(made(tree, tmp_path), kind=layout.split()[0])
    assert keys(classes) == expected
    assert classes.why == "--source says so"


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_wrong_name_stops_nothing(layout: str, kind: str, tmp_path: Path) -> None:
    """Another layout finds nothing, or hand-ins that the intake can open: it never fails in another way."""
    try:
        classes = found(made(LAYOUTS[layout][0], tmp_path), kind=kind)
    except UsageError:
        return
    assert all(hand_in.path.exists() for hand_in in classes.hand_ins)


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the known ones are gradescope, "):
        found(made(plain(), tmp_path), kind="blackboard")


def test_gradescope_tells_people_times_and_versions(tmp_path: Path) -> None:
    classes = found(made(gradescope(), tmp_path))
    group, single = classes.hand_ins
    assert single.students == (Student("jane@x.edu", "Jane Doe", "jane@x.edu", "0123"),)
    assert single.submitted == datetime(2026, 10, 20, 22, 34, 12, 123456, timezone.utc)
    assert single.submitted.utcoffset() == timedelta(hours=-7)
    assert single.version.startswith("submission_101 of 2026-10-20")
    assert single.others == ("submission_99 of 2026-10-19 15:34:12.000000000 Z",)
    assert [student.name for student in group.students] == ['Bob "B" Ray', "Zoë O'Neil"]
    assert [student.id for student in group.students] == ["", ""]
    assert not classes.problems
    assert taken(classes, "jane@x.edu")[0] == FILES


def test_gradescope_tells_what_is_in_one_place_only(tmp_path: Path) -> None:
    tree = gradescope() | below("assignment_5_export/submission_103")
    tree = {name: data for name, data in tree.items() if "submission_102" not in name}
    classes = found(made(tree, tmp_path), roster="email\njane@x.edu\nbob@x.edu\nzoe@x.edu\nlate@x.edu\n")
    assert keys(classes) == ["jane@x.edu", "submission_103"]
    assert "isn't in the metadata" in classes.hand_ins[1].problem
    assert "submission_102" in problems(classes)["bob@x.edu+zoe@x.edu"]
    assert [student.key for student in classes.absent] == ["late@x.edu"], "a lost folder isn't an absence"


def test_a_name_alone_is_no_identity(tmp_path: Path) -> None:
    """Two students of one name, without numbers and addresses, are two."""
    text = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: Ann Lee\n  :created_at: 2026-01-0{n} 00:00:00 Z\n" for n in (1, 2)
    )
    tree = {"submission_metadata.yml": text.encode(), **below("submission_1"), **below("submission_2")}
    assert keys(found(made(tree, tmp_path))) == ["Ann Lee (submission_1)", "Ann Lee (submission_2)"]


def test_gradescope_without_metadata_has_numbers(tmp_path: Path) -> None:
    tree = {name: data for name, data in gradescope().items() if "metadata" not in name}
    classes = found(made(tree, tmp_path))
    assert (classes.kind, keys(classes)) == ("gradescope", ["submission_101", "submission_102"])
    assert all(hand_in.problem for hand_in in classes.hand_ins)


@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        (METADATA.replace("  - :name: Bob", "  - {:name: Bob"), "submission_102"),
        (METADATA.replace("submission_102:\n", "submission_102: [\n"), "submission_102"),
        (METADATA.replace(":email: jane@x.edu", ":email: *nothing"), "submission_101"),
    ],
)
def test_a_damaged_record_costs_its_own_hand_in(damage: str, lost: str, tmp_path: Path) -> None:
    classes = found(made(gradescope(damage), tmp_path))
    assert len(classes.hand_ins) == 1
    assert lost in problems(classes)[lost]


def test_an_alias_into_results_is_followed() -> None:
    text = "submission_1:\n  :results:\n    :who: &1 jane@x.edu\n  :submitters:\n  - :email: *1\n"
    assert dict(records(text.encode()))["submission_1"][":submitters"] == [{":email": "jane@x.edu"}]


@given(
    outputs=st.lists(st.text(max_size=200), min_size=1, max_size=4),
    name=st.text(min_size=1, max_size=30).map(str.strip),
)
@settings(max_examples=150, deadline=None)
def test_no_output_hides_a_record(outputs: list[str], name: str) -> None:
    """Whatever a hand-in printed: all records are found, with their own submitters."""
    import yaml

    results = {"tests": [{"output": text} for text in outputs], ":results:": outputs}
    record = {
        ":submitters": [{":name": name, ":email": "a@x.edu"}],
        ":results": results,
        ":history": [{":results": results}],
    }
    data = yaml.safe_dump({"submission_1": record, "submission_2": record}, allow_unicode=True).encode()
    read = dict(records(data))
    assert list(read) == ["submission_1", "submission_2"]
    for value in read.values():
        assert value[":submitters"][0][":email"] == "a@x.edu"


def test_metadata_of_many_attempts_needs_no_memory_of_its_size() -> None:
    results = b"  :results:\n    tests:\n" + b"".join(b"    - output: %d\n" % number for number in range(60_000))
    data = b"".join(b"submission_%d:\n  :status: x\n%s" % (number, results) for number in range(3))
    with memory_below(len(data) // 2):
        assert len(list(records(data))) == 3


def test_autolab_takes_the_highest_version(tmp_path: Path) -> None:
    classes = found(made(autolab(), tmp_path))
    (jane,) = [one for one in classes.hand_ins if one.key == "jane@x.edu"]
    assert (jane.version, sorted(jane.others)) == ("version 10", ["version 1", "version 9"])
    assert taken(classes, "jane@x.edu")[0] == FILES


@pytest.mark.parametrize("file", ["handin.tar", "hw1_handin.tar", "my_hw1_handin.tar", "a_b_c_handin.tar.gz", "handin"])
def test_autolab_moves_the_address(file: str, tmp_path: Path) -> None:
    """By the platform's own rule: the address is put before the last two parts."""
    emails = ["jane@x.edu", "j_doe@cs.x.edu", "bob.o'neil@x.edu", "r2_d2@x.edu"]
    tree = {}
    for email in emails:
        for version in (2, 11):
            parts = f"{version}_{file}".split("_")
            parts.insert(len(parts) - 2, email)
            tree["_".join(parts)] = PACKED
    classes = found(made(tree, tmp_path))
    assert classes.kind == "autolab"
    assert sorted(student.email for one in classes.hand_ins for student in one.students) == sorted(emails)
    assert {one.version for one in classes.hand_ins} == {"version 11"}
    assert taken(classes, "j_doe@cs.x.edu")[0] == FILES


def test_canvas_joins_loose_files(tmp_path: Path) -> None:
    classes = found(made(canvas(), tmp_path))
    jane, ray, anonymous = classes.hand_ins
    assert jane.students == (Student("4711", "doejane", "", "4711", "4711"),)
    assert sorted(os.listdir(jane.path)) == ["dropout.py", "hw1.py", "optimizer.py"]
    assert taken(classes, "4711")[0] == FILES
    assert (jane.late, jane.lateness) == (True, None)
    assert (ray.late, ray.lateness) == (False, timedelta(0))
    assert ray.path.is_file()
    assert anonymous.late
    assert anonymous.students[0].id == ""
    assert set(problems(classes)) == {"4713", "4714"}
    assert "a text" in problems(classes)["4713"]
    assert "a link" in problems(classes)["4714"]


def test_canvas_keeps_names_that_would_meet(tmp_path: Path) -> None:
    """`part-1.py` and `part-2.py` are two files, not two attempts; of two with one name, the later one counts."""
    tree = {
        "doe_1_11_part-1.py": b"1",
        "doe_1_12_part-2.py": b"2",
        "doe_1_13_hw1.py": b"old",
        "doe_1_14_hw1.py": b"new",
    }
    classes = found(made(tree, tmp_path))
    folder = classes.hand_ins[0].path
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "part-1.py": b"1",
        "part-2.py": b"2",
        "hw1.py": b"new",
    }
    assert "hw1.py" in classes.hand_ins[0].notes[0]


def test_numbers_in_a_title_are_not_canvas(tmp_path: Path) -> None:
    classes = found(made({"hw_1_2_alice.zip": ZIPPED, "hw_1_2_bob.zip": ZIPPED}, tmp_path))
    assert (classes.kind, keys(classes)) == ("plain", ["hw_1_2_alice", "hw_1_2_bob"])


@pytest.mark.parametrize(
    "stray",
    [
        "doejane_4711_81234_hw1.zip",
        "jane@uni.edu_3_hw1.zip",
        "Jane Doe_42_assignsubmission_file_hw1.zip",
        "jane@x.edu_1_q1_1_2_33_hw1.zip",
    ],
    ids=["Canvas", "Autolab", "Moodle", "PrairieLearn"],
)
def test_a_platforms_file_among_folders_is_no_student(
    stray: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """It neither makes the folders a platform's download, nor has a score under its long name."""
    folders = {name: data for student in ("ada", "ben", "cem") for name, data in below(student).items()}
    classes = found(made({**folders, stray: ZIPPED}, tmp_path, "folder"))
    assert classes.kind == "plain"
    assert keys(classes) == ["ada", "ben", "cem"]
    (said,) = problems(classes).values()
    assert said.startswith(f"{stray} is named as {request.node.callspec.id} names")


CLONES = {name: data for who in ("ada", "ben", "cem") for name, data in {**below(who), f"{who}/.git/x": b""}.items()}


@pytest.mark.parametrize("layout", [*LAYOUTS, "clones"])
def test_what_a_layout_has_no_place_for_is_no_loss(layout: str, tmp_path: Path) -> None:
    """An archive that came by mail is listed for a person; a table of the instructor's is no hand-in."""
    tree, expected = LAYOUTS.get(layout, (CLONES, ["ada", "ben", "cem"]))
    if layout == "plain":
        return
    top = {"gradescope": "assignment_5_export/", "nbgrader": "submitted/"}.get(layout, "")
    strays = {f"{top}late-zoe.zip": ZIPPED, f"{top}grades.csv": b"key\n"}
    classes = found(made({**tree, **strays}, tmp_path, "folder"), kind=layout.split()[0])
    assert keys(classes) == expected
    assert problems(classes)["late-zoe"].startswith("late-zoe.zip isn't ")
    assert [note for note in classes.notes if "grades.csv" in note and "late-zoe" not in note]


def test_a_file_of_a_platform_that_was_unpacked_in_its_place_is_told_with_its_student(tmp_path: Path) -> None:
    folders = {
        "canvas": ({**canvas(), **below("doejohn_4799_90009_hw1")}, "4799"),
        "autolab": ({**autolab(), **below("joe@x.edu_4_handin")}, "joe@x.edu"),
    }
    for layout, (tree, key) in folders.items():
        classes = found(made(tree, tmp_path, "folder", layout))
        assert classes.kind == layout
        assert key in problems(classes)


def test_an_entry_of_a_suites_class_that_may_hold_several_is_told(tmp_path: Path) -> None:
    """A suite doesn't say what a hand-in has: equal files in each folder, or nothing but archives."""
    tree = {
        **below("pair/ann"),
        **below("pair/ben"),
        **below("zoe"),
        "mail/ann.zip": ZIPPED,
        "mail/ben.zip": ZIPPED,
        **below("questions/q1"),
        "questions/q2/other.py": b"",
    }
    classes = with_doubts(found(made(tree, tmp_path, "folder"), required=()))
    assert {one.key: one.problem.partition(",")[0] for one in classes.hand_ins} == {
        "mail": "mail holds 2 hand-ins (ann.zip",
        "pair": "pair holds 2 hand-ins (ann",
        "questions": "",
        "zoe": "",
    }


def test_moodle_tells_texts(tmp_path: Path) -> None:
    classes = found(made(moodle(), tmp_path))
    assert classes.hand_ins[0].students == (Student("777", "Jane Mary Doe", "", "777"),)
    assert "editor" in classes.hand_ins[0].notes[0]
    assert "Poet_779" in problems(classes)["779"]


def test_clones_lose_the_assignments_name(tmp_path: Path) -> None:
    """From the folder's name, or from what the names have in common; what git keeps is no part of a hand-in."""
    logins = ["anna", "anton-b", "bo"]
    tree: dict[str, bytes] = {}
    for login in logins:
        tree |= below(f"hw-1-{login}") | {f"hw-1-{login}/.git/config": b"[core]"}
    for name in ("hw-1-submissions", "clones"):
        classes = found(made(tree, tmp_path, "folder", name))
        assert (classes.kind, keys(classes)) == ("clones", logins)
        assert taken(classes, "anna")[0] == FILES
    two = {name: data for name, data in tree.items() if not name.startswith("hw-1-bo/")}
    assert keys(found(made(two, tmp_path, "folder", "two"))) == ["hw-1-anna", "hw-1-anton-b"], "an is no part of hw-1-"


def test_nbgrader_tells_times_with_their_zones(tmp_path: Path) -> None:
    bob, jane = found(made(nbgrader(), tmp_path)).hand_ins
    assert jane.submitted == datetime(2026, 10, 20, 22, 34, 12, 123456, timezone.utc)
    assert jane.submitted.utcoffset() == timedelta(hours=-7)
    assert bob.submitted is None
    assert "can't be read" in bob.notes[0]
    more = nbgrader() | below("submitted/bob/ps2")
    with pytest.raises(UsageError, match="ps1, ps2") as refusal:
        found(made(more, tmp_path))
    assert keys(found(made(more, tmp_path), pattern=str(refusal.value).split("'")[1])) == ["bob", "jane"]


def test_prairielearn_has_one_question(tmp_path: Path) -> None:
    jane = found(made(prairielearn(), tmp_path)).hand_ins[1]
    assert (jane.version, jane.others) == ("submission 901", ("submission 900",))
    more = prairielearn() | {"bob@x.edu_1_hw/two_1_1_903_hw1.py": b"x"}
    with pytest.raises(UsageError, match="several questions") as refusal:
        found(made(more, tmp_path))
    classes = found(made(more, tmp_path), pattern=str(refusal.value).split("'")[1])
    assert keys(classes) == ["bob@x.edu", "jane@x.edu"]
    assert classes.hand_ins[1].path.is_dir()


def test_a_single_file_gets_the_assignments_name(tmp_path: Path) -> None:
    classes = found(made({"alice.py": b"a = 1\n", "bob.tar": PACKED}, tmp_path), required=["hw1/hw1.py"])
    assert taken(classes, "alice")[0] == {"hw1/hw1.py": b"a = 1\n"}
    assert classes.hand_ins[0].notes == ("alice.py was taken as hw1.py.",)
    assert taken(classes, "bob")[0] == FILES


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_pattern_reads_any_layout(form: str, tmp_path: Path) -> None:
    tree = {
        "ps1_jane_attempt_2026-01-30-15-30-10_hw1.py": b"old",
        "ps1_jane_attempt_2026-01-31-15-30-10_hw1.py": b"new",
        "ps1_jane_attempt_2026-01-31-15-30-10_dropout.py": b"d",
        "notes/readme.md": b"",
    }
    source = made(tree, tmp_path, form)
    classes = found(source, pattern=r"ps1_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9-]+)_(?P<file_id>.+)")
    (jane,) = classes.hand_ins
    assert {file.name: file.read_bytes() for file in jane.path.iterdir()} == {"hw1.py": b"new", "dropout.py": b"d"}
    assert jane.submitted == datetime(2026, 1, 31, 15, 30, 10, tzinfo=timezone.utc)
    assert jane.others == ("of 2026-01-30-15-30-10",)
    assert "notes/readme.md" in classes.notes[0]


def test_a_pattern_finds_folders_people_and_lateness(tmp_path: Path) -> None:
    tree = (
        below("B/Doe, Jane (j1)/v2 late/final")
        | below("B/Ray, Bob (b1)/v1/final")
        | below("B/Doe, Jane (j1)/v10/final")
    )
    pattern = r"B/(?P<last_name>\w+), (?P<first_name>\w+) \((?P<sid>\w+)\)/v(?P<version>\d+)(?P<late> late)?/final"
    classes = found(made(tree, tmp_path), pattern=pattern)
    bob, jane = classes.hand_ins
    assert jane.students == (Student("j1", "Jane Doe", "", "j1"),)
    assert (jane.version, jane.late, bob.late) == ("version 10", False, False)
    assert taken(classes, "j1")[0] == FILES


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(", "isn't a regular expression"),
        ("(?P<who>.+)", "unknown groups"),
        (".+", "names no student"),
        ("(?P<key>x)", "no hand-in"),
    ],
)
def test_a_wrong_pattern_is_explained(pattern: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        found(made(plain(), tmp_path), pattern=pattern)


# several versions


def test_duplicates_are_told_not_guessed(tmp_path: Path) -> None:
    classes = found(
        made(below("bob") | {"bob.zip": ZIPPED, "alice.tar": PACKED, "Alice.zip": ZIPPED, "eve.tar": PACKED}, tmp_path)
    )
    assert keys(classes) == ["eve"]
    sentences = sorted(problems(classes).values())
    assert "Alice.zip, alice.tar" in sentences[0]
    assert "bob, bob.zip" in sentences[1]


def test_an_error_can_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"jane@x\.edu; choose with --pick"):
        found(made(autolab(), tmp_path), pick="error")
    assert found(made(gradescope(), tmp_path), pick="error").hand_ins


def test_times_and_numbers_may_disagree(tmp_path: Path) -> None:
    tree = {"a_v1_20260102T0000.tar": PACKED, "a_v2_20260101T0000.tar": PACKED}
    pattern = r"(?P<key>\w+?)_v(?P<version>\d)_(?P<timestamp>\w+)\.tar"
    assert found(made(tree, tmp_path), pattern=pattern, pick="latest").hand_ins[0].version.startswith("version 1")
    assert found(made(tree, tmp_path), pattern=pattern, pick="highest").hand_ins[0].version.startswith("version 2")


def test_equal_times_are_a_problem(tmp_path: Path) -> None:
    again = METADATA.replace("bob@x.edu", "jane@x.edu").replace(
        "2026-10-20 22:00:00.000000000 Z", "2026-10-20 22:34:12.123456 Z"
    )
    classes = found(made(gradescope(again), tmp_path))
    assert keys(classes) == ["zoe@x.edu"], "her partner's second hand-in is no fault of hers"
    assert "submission_101" in problems(classes)["jane@x.edu"]
    assert "submission_102" in problems(classes)["jane@x.edu"]


def test_each_member_of_a_group_has_her_own_latest(tmp_path: Path) -> None:
    """Bob handed in alone after the group did: the group's counts for Zoë, his own for him."""
    text = METADATA + "submission_104:\n  :submitters:\n  - :email: bob@x.edu\n  :created_at: 2026-10-21 00:00:00 Z\n"
    classes = found(made(gradescope(text) | below("assignment_5_export/submission_104"), tmp_path))
    assert keys(classes) == ["bob@x.edu", "jane@x.edu", "zoe@x.edu"]
    assert classes.hand_ins[0].version.startswith("submission_104")
    assert classes.hand_ins[0].others[0].startswith("submission_102")
    assert "doesn't count for bob@x.edu" in classes.hand_ins[2].notes[0]


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_a_folder_around_everything_is_looked_through(form: str, tmp_path: Path) -> None:
    """But a class of one has a folder around everything too."""
    many = below("hw1 hand-ins/alice") | {"hw1 hand-ins/bob.tar": PACKED}
    assert keys(found(made(many, tmp_path, form))) == ["alice", "bob"]
    assert keys(found(made(below("alice"), tmp_path, form))) == ["alice"]
    assert keys(found(made(below("submissions/alice"), tmp_path, form))) == ["alice"]


def test_two_readings_are_equal(tmp_path: Path) -> None:
    for layout, (tree, _) in LAYOUTS.items():
        source = made(tree, tmp_path, name=layout)
        one, other = (found(source) for _ in range(2))
        assert [replace(a, path=source) for a in one.hand_ins] == [replace(a, path=source) for a in other.hand_ins]
        assert one.problems == other.problems
