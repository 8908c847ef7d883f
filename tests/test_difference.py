"""Guards what a second run of a class is said to change."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from synthetic_class import entry, gradebook, made_class, result

from grader.classroom.difference import difference
from grader.gradebook import Entry, Gradebook, Student
from grader.report import Status, TestResult


def results(statuses: str, points: int = 1) -> list[TestResult]:
    """One result a letter: 1 passed, 0 failed."""
    names: dict[str, Status] = {"1": "passed", "0": "failed"}
    return [
        result(f"test_a.py::test_{at}", names[letter], points, number=str(at), title="T")
        for at, letter in enumerate(statuses)
    ]


def book(points: int = 1, **statuses: str) -> Gradebook:
    """A class: key to the statuses of the tests; "-" isn't graded."""
    return gradebook(
        *(entry(key, None if letters == "-" else results(letters, points)) for key, letters in statuses.items())
    )


def test_those_who_lose_most_come_first_then_those_who_gain_most() -> None:
    old = book(gains="0000", loses="1111", same="1100", little="0001", less="1000")
    new = book(gains="1110", loses="1000", same="1100", little="0011", less="0000")
    found = difference(old, new)
    assert [(change.key, float(change.gain)) for change in found.students] == [
        ("loses", -3),
        ("less", -1),
        ("gains", 3),
        ("little", 1),
    ]
    assert [change.key for change in found.losers] == ["loses", "less"]
    assert found.unchanged == 1


def test_flipped_tests_are_named_with_both_statuses() -> None:
    found = difference(book(x="10"), book(x="01"))
    assert [(flip.title, flip.old, flip.new) for flip in found.students[0].flips] == [
        ("0 T", "passed", "failed"),
        ("1 T", "failed", "passed"),
    ]
    assert found.losers == (), "one point was lost and one gained"
    assert [(test.id[-1], test.up, test.down) for test in found.tests] == [("0", 0, 1), ("1", 1, 0)]


def test_a_score_that_is_gone_is_a_loss_and_a_first_score_is_none() -> None:
    found = difference(book(x="10", y="-", z="-"), book(x="-", y="10", z="-"))
    assert [(change.key, change.old, change.new, change.loses) for change in found.students] == [
        ("x", 1, None, True),
        ("y", None, 1, False),
    ]
    assert (found.students[0].new_standing, found.students[1].old_standing) == ("not graded", "not graded")
    assert found.unchanged == 1


def test_an_entry_that_is_gone_is_a_loss_and_a_new_one_is_none() -> None:
    found = difference(book(x="1", y="1"), book(y="1", z="1"))
    assert [(change.key, change.old_standing, change.new_standing, change.loses) for change in found.students] == [
        ("x", "graded", "absent", True),
        ("z", "absent", "graded", False),
    ]


def test_zero_points_are_a_score() -> None:
    assert [change.loses for change in difference(book(x="00"), book(x="-")).students] == [True]


def test_a_report_in_which_only_our_fault_shows_is_no_score() -> None:
    fault = gradebook(entry("x", [result("test_a.py::test_0", "internal")]))
    found = difference(book(x="1"), fault)
    assert (found.students[0].new, found.students[0].loses) == (None, True)


def test_a_changed_weight_flips_no_test() -> None:
    found = difference(book(1, x="10", y="00"), book(4, x="10", y="00"))
    assert [(change.key, float(change.gain), change.flips) for change in found.students] == [("x", 3, ())]
    assert [(test.old_points, test.new_points) for test in found.tests] == [(Fraction(1), Fraction(4))] * 2
    assert {(test.up, test.down) for test in found.tests} == {(0, 0)}


def test_a_new_and_a_removed_test_are_flips() -> None:
    old, new = gradebook(entry("x", results("11"))), gradebook(entry("x", [results("11")[0], result("new", "passed")]))
    found = difference(old, new)
    assert [(flip.id, flip.old, flip.new) for flip in found.students[0].flips] == [
        ("new", None, "passed"),
        ("test_a.py::test_1", "passed", None),
    ]
    assert {(test.id, test.old_points, test.new_points) for test in found.tests} == {
        ("new", None, 1),
        ("test_a.py::test_1", 1, None),
    }


def test_a_partial_credit_that_changes_is_a_flip() -> None:
    before, after = (
        gradebook(entry("x", [result("t", "partial", 4, share)])) for share in (Fraction(1, 2), Fraction(1, 4))
    )
    found = difference(before, after)
    assert [(flip.old_share, flip.new_share) for flip in found.students[0].flips] == [(Fraction(1, 2), Fraction(1, 4))]
    assert found.tests[0].down == 1


def test_a_deduction_for_late_work_counts() -> None:
    before = entry("x", results("11"))
    assert before.report is not None
    after = replace(before, report=replace(before.report, kept=Fraction(1, 2)))
    found = difference(gradebook(before), gradebook(after))
    assert [(float(change.gain), change.flips) for change in found.losers] == [(-1, ())]


def test_times_messages_and_students_that_never_handed_in_change_nothing() -> None:
    absent = Entry("absent", (Student("absent"),), "no submission")
    before = gradebook(entry("x", [result(seconds=1.0, message="a")]), absent)
    after = gradebook(entry("x", [result(seconds=2.0, message="b")]), absent)
    found = difference(before, after)
    assert (found.students, found.tests, found.unchanged) == ((), (), 2)


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_difference_back_is_the_opposite(one: int, other: int) -> None:
    old, new = made_class(8, 6, seed=one), made_class(8, 6, seed=other)
    there, back = difference(old, new), difference(new, old)
    assert {change.key: change.gain for change in there.students} == {
        change.key: -change.gain for change in back.students
    }
    assert {test.id: (test.up, test.down) for test in there.tests} == {
        test.id: (test.down, test.up) for test in back.tests
    }
    assert len(there.students) + there.unchanged == len(old.entries)
    if one == other:
        assert not there.students
    losses = [change.gain for change in there.losers]
    assert losses == sorted(losses)
