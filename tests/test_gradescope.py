"""Guards a grading on Gradescope from the bundle to the harness: folders, metadata, limits, deadlines."""

import json
import os
import stat
import sys
import tarfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import gradescope_emulator as gradescope
import pytest
from bundles import GRADESCOPE, POINTS, RIGHT, autograder, hand_in, recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from small_assignment import Project
from strict_json import validate

from grader.errors import AssignmentError
from grader.export.gradescope import to_gradescope
from grader.platforms.metadata import Metadata, read_metadata
from grader.platforms.previous import given_back, recent, refusal
from grader.policy import LatePolicy, RateLimit
from grader.report import Report, TestResult
from grader.settings import read_assignment

SETTINGS = """
[late]
percent_per_day = 10
most_percent = 25
grace_minutes = 15

[rate_limit]
submissions = 2
hours = 24
"""
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return recorded(tmp_path_factory.mktemp("project"), SETTINGS)


@pytest.fixture(scope="module")
def root(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/autograder, built once; the harness empties the folders of a run itself."""
    folder = tmp_path_factory.mktemp("autograder")
    folder.chmod(0o755)
    return autograder(project, folder)


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return hand_in(tmp_path / "right", RIGHT)


def metadata(created: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """The file with every field that was ever seen in it."""
    return {
        "id": 123,
        "created_at": created.isoformat(),
        "assignment_id": None,
        "assignment": {
            "id": 1,
            "course_id": 2,
            "title": "A straight line",
            "due_date": (NOW + timedelta(days=1)).isoformat(),
            "late_due_date": None,
            "total_points": "4.5",
            "group_size": None,
            "outline": [{"id": 7, "weight": "4.5"}],
        },
        "submission_method": "upload",
        "users": [{"id": 3, "email": "a@example.edu", "name": "A", "sid": None, "sections": []}],
        "previous_submissions": [],
    } | changes


def grade(root: Path, submission: Path, data: object = None, **options: Any) -> gradescope.Shown:
    shown = gradescope.run(root, [*GRADESCOPE, root], submission, data, **options)
    assert not shown.error, shown.stdout
    validate("gradescope-results", shown.results)
    assert not shown.cut
    return shown


def test_a_right_hand_in_gets_everything(root: Path, right: Path) -> None:
    shown = grade(root, right, metadata())
    assert shown.score == POINTS
    assert "score" not in shown.results
    assert "4.5 of 4.5 points" in shown.stdout


@pytest.mark.parametrize("name", ["handin.tar", "HandIn.TAR.GZ", "x.tgz"])
def test_an_archive_that_gradescope_left_packed_is_graded(name: str, root: Path, right: Path, tmp_path: Path) -> None:
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed" / name, "w" if name.endswith("tar") else "w:gz") as archive:
        archive.add(right, arcname="handin")
    assert grade(root, tmp_path / "packed").score == POINTS


@pytest.mark.parametrize("beside", ["report.pdf", "__MACOSX/._handin.tar", ".DS_Store", "README"])
def test_an_archive_beside_other_files_is_graded(beside: str, root: Path, right: Path, tmp_path: Path) -> None:
    packed = hand_in(tmp_path / "packed", {beside: "beside"})
    with tarfile.open(packed / "handin.tar.gz", "w:gz") as archive:
        archive.add(right, arcname=".")
    assert grade(root, packed).score == POINTS


def test_an_archive_beside_the_homework_isnt_looked_into(root: Path, right: Path) -> None:
    (right / "backup.tar").write_bytes(b"")
    assert grade(root, right).score == POINTS


def test_an_empty_hand_in_gets_nothing_and_every_row(root: Path, tmp_path: Path) -> None:
    shown = grade(root, hand_in(tmp_path / "empty", {"readme.txt": "nothing"}))
    assert shown.score == 0
    assert sum(test["max_score"] for test in shown.results["tests"]) == POINTS


def test_answers_results_and_names_are_closed_to_others(root: Path, right: Path) -> None:
    grade(root, right, metadata())
    for name in ("source", "results", "submission_metadata.json"):
        assert stat.S_IMODE((root / name).stat().st_mode) & 0o077 == 0, name


def test_the_bundle_is_all_that_is_needed(root: Path, right: Path) -> None:
    """The package in it grades by itself, from a folder that knows nothing of the project."""
    command: list[str | Path] = [sys.executable, "-c", "from grader.__main__ import run; run()", *GRADESCOPE[3:], root]
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "source")}
    shown = gradescope.run(root, command, right, environment=clean)
    assert (shown.score, shown.error) == (POINTS, "")


# deadlines


def test_tests_stop_when_the_platforms_time_is_up(root: Path, tmp_path: Path) -> None:
    """All tests are there, those that never ran with their reason."""
    hanging = hand_in(tmp_path / "hanging", {"line.py": "while True:\n    pass\n"})
    shown = grade(root, hanging, timeout=8)
    assert [test["extra_data"]["status"] for test in shown.results["tests"]] == ["timeout"] * 4
    assert any("used up" in test["output"] for test in shown.results["tests"])


def test_a_stuck_grading_leaves_everything_failed(root: Path, right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no inner deadline works, the outer one does, and what was written first stands."""
    code = (
        "import time, grader.grade as stage\n"
        "def stuck(*a, **k): time.sleep(60)\n"
        "stage.run_tests = stuck\n"
        "from grader.__main__ import run\nrun()\n"
    )
    shown = gradescope.run(root, [sys.executable, "-c", code, *GRADESCOPE[3:], root], right, timeout=15)
    assert not shown.error
    assert shown.score == 0
    assert len(shown.results["tests"]) == 4
    assert {test["extra_data"]["status"] for test in shown.results["tests"]} == {"internal"}
    assert "not your hand-in" in shown.results["output"]
    assert "stopped after" in shown.stdout


@pytest.mark.parametrize("broken", ["no assignment", "stale", "too weak"])
def test_our_own_fault_is_said_and_the_reason_is_for_staff(
    broken: str, project: Project, right: Path, tmp_path: Path
) -> None:
    root = autograder(project, tmp_path / "autograder")
    home = root / "source" / "testcases" / "small"
    command: list[str | Path] = [*GRADESCOPE, root]
    if broken == "no assignment":
        (home / "assignment.toml").unlink()
    elif broken == "stale":
        (home / "test_forward.py").write_text((home / "test_forward.py").read_text("utf-8") + "\n", "utf-8")
    else:
        code = "import grader.levels as l; l.level_of = lambda layers: 'none'\nfrom grader.__main__ import run\nrun()\n"
        command = [sys.executable, "-c", code, *command[3:], "--min-isolation", "seccomp"]
    shown = gradescope.run(root, command, right)
    assert not shown.error
    validate("gradescope-results", shown.results)
    assert shown.score == 0
    assert "not your hand-in" in shown.results["output"]
    reason = {"no assignment": "isn't a bundle", "stale": "changed since", "too weak": "is demanded"}[broken]
    assert reason in shown.stdout
    assert reason not in json.dumps(shown.results)


# late work


@pytest.mark.parametrize(
    ("hours", "kept"), [(-1, 1.0), (0.2, 1.0), (1, 0.9), (24, 0.9), (25, 0.8), (1000, 0.75)], ids=str
)
def test_late_work_loses_what_the_settings_say(hours: float, kept: float, root: Path, right: Path) -> None:
    data = metadata()
    data["assignment"]["due_date"] = (NOW - timedelta(hours=hours)).isoformat()
    shown = grade(root, right, data)
    assert shown.score == pytest.approx(POINTS * kept)
    assert ("taken off" in shown.results.get("output", "")) == (kept < 1)
    assert "4.5" not in shown.results.get("output", "")  # some tests are hidden, and so is the total


def test_an_extension_counts_and_the_latest_of_a_groups_does() -> None:
    policy = LatePolicy(Fraction(10), Fraction(100), 0)
    assert policy.taken(timedelta(days=2, seconds=1)) == 30
    assert policy.taken(timedelta(0)) == 0


def read(tmp_path: Path, value: object) -> Metadata:
    file = tmp_path / "submission_metadata.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return read_metadata(file)


def test_dates_of_authors_win_over_the_assignments(tmp_path: Path) -> None:
    extended = (NOW + timedelta(days=3)).isoformat()
    users = [{"assignment": {"due_date": NOW.isoformat()}}, {"assignment": {"due_date": extended}}, {}, None]
    assert read(tmp_path, metadata(users=users)).due == NOW + timedelta(days=3)
    assert read(tmp_path, metadata()).due == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2018-07-01T14:22:32.365935-07:00", 21),
        ("2018-07-01T14:22:32Z", 14),
        ("2018-07-01 14:22:32+0200", 12),
        ("2018-07-01T14:22:32.1234567891", 14),
    ],
)
def test_times_are_read_however_they_are_written(text: str, hour: int, tmp_path: Path) -> None:
    created = read(tmp_path, {"created_at": text}).created
    assert created is not None
    assert (created.hour, created.minute, created.utcoffset()) == (hour, 22, timedelta(0))


ODD: list[Any] = [None, "", "null", "x", -1, 0, 1e308, True, [], {}, [None], {"a": 1}, "2018-13-45T99:99:99Z", "\0"]


@pytest.mark.parametrize("odd", [*ODD, "absent"], ids=repr)
def test_any_field_of_the_metadata_may_be_odd(odd: Any, tmp_path: Path) -> None:
    """Nothing raises, and a field that says nothing costs no points."""

    def without(value: dict[str, Any], key: str) -> dict[str, Any]:
        kept = {name: item for name, item in value.items() if name != key}
        return kept if odd == "absent" else kept | {key: odd}

    whole = metadata(
        users=[{"id": 1, "assignment": {"due_date": NOW.isoformat()}}],
        previous_submissions=[{"submission_time": NOW.isoformat(), "score": "1.0", "results": {"score": 1}}],
    )
    for key in whole:
        read(tmp_path, without(whole, key))
    for key in whole["assignment"]:
        read(tmp_path, whole | {"assignment": without(whole["assignment"], key)})
    for key in ("submission_time", "score", "autograder_error", "results", "id"):
        found = read(tmp_path, whole | {"previous_submissions": [without(whole["previous_submissions"][0], key)]})
        for sentence in (refusal(RateLimit(1, 48), found), "Not graded: x"):
            if sentence is not None:
                given_back(RateLimit(1, 48), found, sentence)
    unknown = [without(whole, "created_at"), whole | {"assignment": odd, "users": odd}]
    if not isinstance(odd, str) or "2018" not in odd:
        assert all(read(tmp_path, value).lateness == timedelta(0) for value in unknown)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "NaN", "[" * 100_000, "\ud800".encode("utf-8", "replace").decode()]
)
def test_a_file_that_isnt_metadata_says_nothing(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) == Metadata()
    assert read_metadata(tmp_path / "absent") == Metadata()


# the limit on hand-ins


def earlier(*hours: float, results: object = None) -> list[dict[str, Any]]:
    """Hand-ins so many hours ago; the last has the results, as Gradescope gives them."""
    items: list[dict[str, Any]] = [{"submission_time": (NOW - timedelta(hours=ago)).isoformat()} for ago in hours]
    if items and results is not None:
        items[-1]["results"] = results
    return items


def test_a_hand_in_past_the_limit_gets_the_results_before_it(root: Path, right: Path, tmp_path: Path) -> None:
    first = grade(root, right, metadata()).results
    wrong = hand_in(tmp_path / "wrong", {"line.py": "nonsense"})
    shown = grade(root, wrong, metadata(previous_submissions=earlier(5, 3, results=first)))
    # the one before it told when it was graded: only that one counts, and this one is within the limit
    assert shown.score == 0
    told = first | {"extra_data": {"graded_at": [(NOW - timedelta(hours=ago)).isoformat() for ago in (5, 3)]}}
    shown = grade(root, wrong, metadata(previous_submissions=earlier(5, 3, results=told)))
    assert shown.score == POINTS
    assert shown.results["tests"] == first["tests"]
    assert "You can hand in again from 2026-11-21 07:00 UTC on." in shown.results["output"]
    assert "gave the earlier results back" in shown.stdout
    # a try that wasn't graded doesn't push the next one further away
    later = metadata(NOW + timedelta(hours=2), previous_submissions=earlier(5, 3, 0, results=shown.results))
    again = grade(root, wrong, later)
    assert again.score == POINTS
    assert "2026-11-21 07:00" in again.results["output"]
    assert again.results["output"].count("Not graded") == 1
    after = metadata(NOW + timedelta(hours=19, minutes=1), previous_submissions=earlier(0, results=again.results))
    assert grade(root, wrong, after).score == 0


def test_without_earlier_results_a_hand_in_past_the_limit_is_graded(root: Path, right: Path) -> None:
    shown = grade(root, right, metadata(previous_submissions=earlier(5, 3)))
    assert shown.score == POINTS
    assert "past the limit" in shown.results["extra_data"]["staff_notes"][0]


def test_a_failure_of_the_platform_isnt_counted(tmp_path: Path) -> None:
    previous = earlier(5, 3)
    limit = RateLimit(2, 24)
    assert refusal(limit, read(tmp_path, metadata(previous_submissions=previous)))
    previous[0]["autograder_error"] = True
    assert refusal(limit, read(tmp_path, metadata(previous_submissions=previous))) is None
    assert refusal(limit, read(tmp_path, metadata(previous_submissions=earlier(30, 3)))) is None
    assert refusal(limit, read(tmp_path, metadata(previous_submissions=earlier(-1, -2)))) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
results_like = st.fixed_dictionaries(
    {},
    optional={
        "score": json_values,
        "output": json_values,
        "tests": st.lists(st.fixed_dictionaries({}, optional={"score": json_values, "output": json_values})),
        "extra_data": st.fixed_dictionaries({}, optional={"graded_at": json_values}),
        "leaderboard": st.lists(st.fixed_dictionaries({}, optional={"name": json_values, "value": json_values})),
        "unknown": json_values,
    },
)


@settings(max_examples=200)
@given(results_like)
def test_whatever_the_earlier_results_are_what_is_given_back_is_taken(
    tmp_path_factory: pytest.TempPathFactory, results: dict[str, Any]
) -> None:
    limit = RateLimit(1, 24)
    known = Metadata(NOW, None, (NOW - timedelta(hours=1),), results)
    recent(limit, known)
    value = given_back(limit, known, "Not graded: x")
    if value is not None:
        file = tmp_path_factory.getbasetemp() / "results.json"
        file.write_text(json.dumps(value), "utf-8")
        assert gradescope.taken(file).error == ""


# what the harness does with files


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"score": 1}', ""),
        ('{"score": 1, "output": "a\0b"}', ""),  # a NUL becomes another character
        ('{"score": 1, "tests": [{"output": "x"}]}', ""),
        ('{"tests": [{"name": "a"}]}', gradescope.FORMATTED),
        ('{"score": 1', gradescope.FORMATTED),
        ('"text"', gradescope.FORMATTED),
        ("[]", gradescope.FAILED),
        ('{"score": 1, "output": 5}', gradescope.FAILED),
        ('{"score": 1, "tests": [null]}', gradescope.FAILED),
        ('{"score": NaN}', gradescope.FAILED),
        ('{"score": 1, "leaderboard": [{"name": "x", "value": Infinity}]}', gradescope.FAILED),
    ],
)
def test_the_emulator_refuses_what_gradescope_refuses(text: str, error: str, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(text, "utf-8")
    assert gradescope.taken(file).error == error


def test_nothing_is_left_for_gradescope_to_cut(tmp_path: Path) -> None:
    flood = TestResult(
        "t", "a", "T", "1", "failed", Fraction(0), Fraction(1), "visible", "m" * 150_000, output="line é\n" * 60_000
    )
    report = Report("h", "H", (), (flood, replace(flood, id="u")), notes=("note " * 50_000,))
    file = tmp_path / "results.json"
    file.write_text(to_gradescope(report), "utf-8")
    shown = gradescope.taken(file)
    assert (shown.error, shown.cut) == ("", [])
    assert "left out" in shown.results["tests"][0]["output"]
    file.write_text(json.dumps({"score": 0, "output": "x" * 100_001}), "utf-8")
    assert gradescope.taken(file).cut == ["output"]


def test_a_run_that_the_platform_ends_loses_everything(tmp_path: Path) -> None:
    """Why the grader has deadlines of its own: what it wrote before is gone."""
    (tmp_path / "handin").mkdir()
    program = "import time; open('results/results.json', 'w').write('{\"score\": 5}'); time.sleep(60)"
    shown = gradescope.run(tmp_path, [sys.executable, "-c", program], tmp_path / "handin", timeout=3)
    assert (shown.score, shown.results.get("tests")) == (0, None)
    assert "timed out" in shown.results["output"]


# settings


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[late]\n", 13),
        ("[late]\npercent_per_day = -1\n", 14),
        ("[late]\npercent_per_day = 101\n", 14),
        ('[late]\npercent_per_day = "ten"\n', 14),
        ("[late]\npercent_per_day = true\n", 14),
        ("[late]\npercent_per_day = nan\n", 14),
        ("[late]\npercent_per_day = 10\nper_hour = 1\n", 15),
        ("[late]\npercent_per_day = 10\ngrace_minutes = -5\n", 15),
        ("late = 5\n", None),
        ("[rate_limit]\nsubmissions = 0\nhours = 1\n", 14),
        ("[rate_limit]\nsubmissions = 1.5\nhours = 1\n", 14),
        ("[rate_limit]\nsubmissions = 2\n", 13),
        ("[rate_limit]\nsubmissions = 2\nhours = 0\n", 15),
        ("[rate_limit]\nsubmissions = 2\nhours = 1\nminutes = 5\n", 16),
    ],
)
def test_a_mistake_in_the_settings_has_its_line(text: str, line: int | None, tmp_path: Path) -> None:
    folder = tmp_path / "homework"
    folder.mkdir()
    head = 'title = "H"\nseed = 1\n\n[submission]\nfiles = ["a.py"]\n\n[parts.a]\ntitle = "A"\npoints = 1\n\n\n\n'
    whole = head + text if line else text + head
    (folder / "assignment.toml").write_text(whole, "utf-8")
    with pytest.raises(AssignmentError) as caught:
        read_assignment(folder)
    assert f"assignment.toml:{line or 1}: " in str(caught.value)


def test_settings_are_read_as_written(project: Project) -> None:
    assignment = project.load()
    assert assignment.late == LatePolicy(Fraction(10), Fraction(25), 15.0)
    assert assignment.rate_limit == RateLimit(2, 24.0)
