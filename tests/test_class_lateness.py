"""Lateness in a class: when hand-ins were due and came, from the call, the source and the roster."""

import csv
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from class_layouts import autolab, canvas, gradescope
from class_sources import FILES, found, made
from small_assignment import LINE, NAME, SETTINGS, TOML, Project

from grader.classroom.lateness import FreeDays, parse_due
from grader.classroom.store import read_spent
from grader.cli import main
from grader.errors import UsageError
from grader.gradebook import ClassList

pytestmark = pytest.mark.long

DUE = parse_due("2026-10-20 21:00 Z")


def lateness(classes: ClassList) -> dict[str, timedelta | None]:
    return {student.key: one.lateness for one in classes.hand_ins for student in one.students}


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-10-20", "2026-10-20 23:59", "2026-10-20 11:59 PM", "2026-02-30 12:00 Z"]
)
def test_a_due_date_has_a_time_and_a_zone(text: str) -> None:
    with pytest.raises(UsageError, match="--due"):
        parse_due(text)


def test_each_student_has_a_due_date(tmp_path: Path) -> None:
    source = made(gradescope(), tmp_path)
    hours = timedelta(hours=1)
    # 15:34:12 -07:00 is 22:34:12 Z, and the group handed in at 22:00 Z
    assert lateness(found(source)) == {"jane@x.edu": None, "bob@x.edu": None, "zoe@x.edu": None}
    late = lateness(found(source, due=DUE))
    assert late["bob@x.edu"] == late["zoe@x.edu"] == hours
    assert late["jane@x.edu"] == timedelta(hours=1, minutes=34, seconds=12, microseconds=123456)

    roster = "email,due,extension\njane@x.edu,2026-10-21 00:34:12,\nbob@x.edu,,\nzoe@x.edu,,30 min\n"
    late = lateness(found(source, due=parse_due("2026-10-20 23:00 +02:00"), roster=roster))
    assert late["bob@x.edu"] == hours / 2, "a group has the latest due date of its members"
    assert late["jane@x.edu"] == timedelta(microseconds=123456), "a roster's time is in the zone of --due"
    late = lateness(found(source, roster="email,due\njane@x.edu,2026-10-20 23:00 Z\n"))
    assert late == {"jane@x.edu": timedelta(0), "bob@x.edu": None, "zoe@x.edu": None}


@pytest.mark.parametrize(
    ("roster", "sentence"),
    [
        ("email,due\njane@x.edu,soon\n", "line 2 of the roster roster.csv is due at soon"),
        ("email,due\njane@x.edu,2026-10-20 23:00\n", "without a zone"),
        ("email,extension\njane@x.edu,2 days\n", "extension of no due date"),
        ("email,due,extension\njane@x.edu,2026-10-20 23:00 Z,ask me\n", "extension of ask me"),
    ],
)
def test_a_rosters_mistake_is_told(tmp_path: Path, roster: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        found(made(gradescope(), tmp_path), roster=roster)


def test_summer_time_ends_between_due_date_and_hand_in(tmp_path: Path) -> None:
    source = made({"a 2026-10-25 04:00 Europe_Berlin.py": b"x"}, tmp_path, "folder")
    pattern = r"(?P<key>\w) (?P<timestamp>[\d: -]+) Europe_Berlin\.(?P<file>py)"
    # 04:00 is taken as UTC, which is 05:00 in Berlin; 02:00 in summer is 00:00 in UTC
    late = lateness(found(source, pattern=pattern, due=parse_due("2026-10-25 01:00 Europe/Berlin")))
    assert late == {"a": timedelta(hours=5)}


def test_a_source_without_times_has_the_rosters(tmp_path: Path) -> None:
    source = made(autolab(), tmp_path)
    assert set(lateness(found(source, due=DUE)).values()) == {None}
    roster = (
        'email,Last modified (submission)\njane@x.edu,"Tuesday, 20 October 2026, 11:30 PM"\nj_r-b.o\'neil@cs.x.edu,-\n'
    )
    late = lateness(found(source, due=DUE, roster=roster))
    assert late == {"jane@x.edu": timedelta(hours=2, minutes=30), "j_r-b.o'neil@cs.x.edu": None}


def test_a_mark_says_late_or_in_time(tmp_path: Path) -> None:
    late = lateness(found(made(canvas(), tmp_path), due=DUE))
    assert late["4711"] is None
    assert late["4712"] == timedelta(0)


def test_a_clone_has_the_time_of_its_commit(tmp_path: Path) -> None:
    where = tmp_path / "hw-submissions"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for name in ("hw-ada", "hw-ben", "hw-cleo"):
        shutil.copytree(made(FILES, tmp_path, "folder", name), where / name)
        person = {f"GIT_{role}_{fact}": "x@x.edu" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
        dates = {"GIT_AUTHOR_DATE": "2026-10-01 10:00 +0000", "GIT_COMMITTER_DATE": "2026-10-20 23:30 +0200"}
        for command in ("init -q", "add .", "commit -q -m x", "gc -q" if name == "hw-ben" else "status -s"):
            git = ["git", "-c", "gc.auto=0", *command.split()]
            subprocess.run(git, cwd=where / name, env={**ours, **person, **dates}, check=True, timeout=60)
    shutil.rmtree(where / "hw-cleo" / ".git/objects")
    # a hand-in's own configuration would run this
    hostile = (
        f"[core]\n\tfsmonitor = touch {tmp_path}/ran\n\tsshCommand = touch {tmp_path}/ran\n[extensions]\n\tbad = 1\n"
    )
    (where / "hw-ada/.git/config").write_text(hostile, "utf-8")
    classes = found(where, due=DUE)
    assert classes.kind == "clones"
    assert lateness(classes) == {"ada": timedelta(minutes=30), "ben": timedelta(minutes=30), "cleo": None}
    assert classes.hand_ins[0].submitted == datetime(2026, 10, 20, 21, 30, tzinfo=timezone.utc)
    assert not (tmp_path / "ran").exists()


def test_a_student_has_free_days_and_a_group_those_of_all_its_members(tmp_path: Path) -> None:
    source = made(gradescope(), tmp_path)

    def left(roster: str | None = None, free: FreeDays | None = None) -> dict[str, int | None]:
        hand_ins = found(source, due=DUE, roster=roster, free=free).hand_ins
        return {student.key: one.free_days for one in hand_ins for student in one.students}

    assert left() == {"jane@x.edu": None, "bob@x.edu": None, "zoe@x.edu": None}
    spent = FreeDays(4, {"jane@x.edu": 6, "zoe@x.edu": 1})
    assert left(free=spent) == {"jane@x.edu": 0, "bob@x.edu": 3, "zoe@x.edu": 3}
    roster = "email,late days\njane@x.edu,9\nbob@x.edu,2\nzoe@x.edu,\n"
    assert left(roster, spent) == {"jane@x.edu": 3, "bob@x.edu": 2, "zoe@x.edu": 2}
    assert left(roster) == {"jane@x.edu": 9, "bob@x.edu": 0, "zoe@x.edu": 0}
    with pytest.raises(UsageError, match=r"line 2 of the roster roster\.csv has some free days; write a whole number"):
        left("email,free days\njane@x.edu,some\n")


def test_free_days_are_spent_over_the_homework_of_a_course(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(tmp_path / "course")
    project.write(SETTINGS, TOML.replace("[limits]", "[late]\npercent_per_day = 10\ngrace_minutes = 15\n\n[limits]"))
    line = project.file(LINE).read_bytes()
    for name in ("ada", "ben"):
        source = made({f"{name}/line.py": line}, tmp_path, "folder", "hand-ins")
    at_home = ["--project", str(project.root)]
    assert main(["record", NAME, "--jobs", "1", *at_home]) == 0
    roster = tmp_path / "roster.csv"

    def graded(run: str, times: str, *words: str) -> dict[str, tuple[str, str, str]]:
        roster.write_text(f"key,submitted\n{times}", "utf-8")
        call = ["class", NAME, str(source), "-o", str(tmp_path / run), "--jobs", "1", "--due", "2026-10-20 21:00 Z"]
        assert main([*call, "--roster", str(roster), "--free-days", "2", *words, *at_home]) == 0
        with (tmp_path / run / "gradebook.csv").open(encoding="utf-8", newline="") as file:
            return {row["key"]: (row["score"], row["late"], row["free_days"]) for row in csv.DictReader(file)}

    # a day and ten minutes are one day with the grace
    first = graded("one", "ada,2026-10-21 21:10 Z\nben,2026-10-20 20:00 Z\n")
    assert first == {"ada": ("4.5", "yes", "1"), "ben": ("4.5", "no", "0")}
    assert read_spent([tmp_path / "one"]) == {"ada": 1, "ben": 0}
    (page,) = (tmp_path / "one" / "students").glob("ada-*.html")
    assert "1 free late day spent on this homework; 1 left." in page.read_text("utf-8")
    # two days and an hour are three days: ada has one left and pays two, ben has two and pays one
    times = "ada,2026-10-22 22:00 Z\nben,2026-10-22 22:00 Z\n"
    second = graded("two", times, "--spent", str(tmp_path / "one"))
    assert second == {"ada": ("3.6", "yes", "1"), "ben": ("4.05", "yes", "2")}
    assert read_spent([tmp_path / "one", tmp_path / "two"]) == {"ada": 2, "ben": 2}
    assert graded("two", times, "--spent", str(tmp_path / "one")) == second
    capsys.readouterr()
    call = ["class", NAME, str(source), "-o", str(tmp_path / "two"), *at_home]
    assert main([*call, "--spent", str(tmp_path / "two")]) == 2
    assert "is this run itself; name those of earlier homework" in capsys.readouterr().err
    assert main([*call, "--spent", str(tmp_path)]) == 2
    assert "isn't the folder of an earlier run" in capsys.readouterr().err
    assert main([*call, "--free-days", "2.5"]) == 2
    assert "--free-days has 2.5 free days; write a whole number" in capsys.readouterr().err


def test_late_work_loses_points_in_the_class(tmp_path: Path) -> None:
    project = Project(tmp_path / "course")
    project.write(SETTINGS, TOML.replace("[limits]", "[late]\npercent_per_day = 10\ngrace_minutes = 15\n\n[limits]"))
    line = project.file(LINE).read_bytes()

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "grader", *map(str, arguments), "--project", str(project.root)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done

    call("record", NAME, "--jobs", 1)
    for name in ("ada", "ben", "cleo", "dan", "eve"):
        source = made({f"{name}/line.py": line}, tmp_path, "folder", "hand-ins")
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "key,submitted,extension\nada,2026-10-20 20:59 Z,\nben,2026-10-21 21:30 Z,\ncleo,2026-10-21 21:30 Z,1\n"
        "dan,,\neve,2026-10-20 21:15 Z,\n",
        "utf-8",
    )
    run = tmp_path / "run"
    done = call("class", NAME, source, "-o", run, "--jobs", 1)
    assert "name that with --due" in done.stderr
    call("class", NAME, source, "-o", run, "--jobs", 1, "--roster", roster, "--due", "2026-10-20 21:00 Z")
    with (run / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        got = {row["key"]: (row["score"], row["late"]) for row in csv.DictReader(file)}
    assert got == {
        "ada": ("4.5", "no"),
        "ben": ("3.6", "yes"),  # a day and a half hour: two days begun
        "cleo": ("4.05", "yes"),  # her extension leaves half an hour
        "dan": ("4.5", ""),
        "eve": ("4.5", "no"),
    }
    with (run / "problems.csv").open(encoding="utf-8", newline="") as file:
        (problem,) = list(csv.DictReader(file))
    assert problem["key"] == "dan"
    assert "nothing says when it was handed in" in problem["problem"]
