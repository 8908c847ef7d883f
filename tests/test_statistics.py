"""Guards the figures of a class: against values computed by hand, against numpy, and by their properties."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from synthetic_class import entry, gradebook, made_class, report, result

from grader.classroom.attention import concerns
from grader.classroom.items import Item, correlate, fifths, items
from grader.classroom.marks import Floats, marks
from grader.classroom.mistakes import clusters, mistakes
from grader.classroom.statistics import alpha, spread, statistics
from grader.gradebook import Entry, Gradebook, Student
from grader.report import Report, Status, TestResult

TITLES = "abcdefgh"


def graded(*columns: str) -> Gradebook:
    """A class by column: a letter a hand-in, 1 passed, 0 failed, h half, ! our fault; each test has one point."""
    endings: dict[str, tuple[Status, Fraction]] = {
        "1": ("passed", Fraction(1)),
        "0": ("failed", Fraction(0)),
        "h": ("partial", Fraction(1, 2)),
        "!": ("internal", Fraction(0)),
    }

    def row(at: int) -> list[TestResult]:
        found = []
        for title, column in zip(TITLES, columns, strict=False):
            status, share = endings[column[at]]
            found.append(result(f"test_a.py::test_{title}", status, 1, share, title=title, number=""))
        return found

    return gradebook(*(entry(f"s{at:02d}", row(at)) for at in range(len(columns[0]))))


def item(book: Gradebook, title: str) -> Item:
    return next(found for found in items(marks(book)) if found.title == title)


# scores


def test_the_spread_of_four_scores_by_hand() -> None:
    found = spread([1.0, 2.0, 4.0, 9.0])
    assert found is not None
    assert (found.n, found.mean, found.least, found.greatest) == (4, 4.0, 1.0, 9.0)
    assert (found.low, found.median, found.high) == (1.75, 3.0, 5.25)
    assert found.sd == pytest.approx(math.sqrt(38 / 3))


def test_the_spread_of_one_score_has_no_deviation_and_of_none_is_none() -> None:
    found = spread([3.0])
    assert found is not None
    assert (found.sd, found.low, found.high) == (0.0, 3.0, 3.0)
    assert spread([]) is None


def test_our_fault_counts_for_nobody() -> None:
    """Neither an entry that isn't graded, nor a report in which only our fault shows, is a zero."""
    broken = entry("broken", [result(status="internal"), result("test_a.py::test_c", "internal")])
    absent = Entry("absent", (Student("absent"),), "no submission")
    book = gradebook(entry("right", [result()]), entry("lost", None), broken, absent)
    found = statistics(book)
    assert found.scores == (1.0,)
    assert (found.not_graded, found.no_submission, found.full, found.none) == (2, 1, 1, 0)
    assert [test.judged for test in found.items] == [1]


def test_late_work_counts_with_its_deduction_and_is_full_without() -> None:
    late = entry("late", [result(points=10)])
    assert late.report is not None
    found = statistics(gradebook(replace(late, report=replace(late.report, kept=Fraction(1, 2)))))
    assert (found.scores, found.full) == ((5.0,), 1)


def test_a_class_without_any_score_has_no_figures() -> None:
    found = statistics(gradebook(entry("lost", None)))
    assert (found.scores, found.items, found.parts, found.mistakes, found.clusters) == ((), (), (), (), ())
    assert (found.spread, found.alpha, found.seconds) == (None, None, None)


def test_a_part_has_the_shares_of_its_points() -> None:
    tests = [result(points=3, part="a"), result("test_b.py::test_b", "failed", part="b")]
    found = statistics(gradebook(entry("x", tests), entry("y", [result(points=3, share=Fraction(1, 3)), tests[1]])))
    assert [(part.name, part.shares) for part in found.parts] == [("a", (1.0, 1 / 3)), ("b", (0.0, 0.0))]


def test_alpha_by_hand() -> None:
    """The tests' variances are 1/4, 1/3 and 1/4; that of the totals 0, 1, 2 and 3 is 5/3."""
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]], dtype=float)
    assert alpha(points) == pytest.approx(3 / 2 * (1 - (1 / 4 + 1 / 3 + 1 / 4) / (5 / 3)))


def test_alpha_is_one_for_equal_tests_and_none_where_it_means_nothing() -> None:
    column = np.array([0.0, 1.0, 1.0, 0.0])
    assert alpha(np.column_stack([column] * 4)) == pytest.approx(1.0)
    assert alpha(np.ones((4, 3))) is None
    assert alpha(np.ones((1, 3))) is None
    assert alpha(column[:, None]) is None
    assert alpha(np.empty((0, 0))) is None


# items


def test_a_point_biserial_correlation_by_hand() -> None:
    """Means 8 and 4 of the rest score in the two groups, deviation sqrt(5) with n, half right: (8 - 4) / s * 1/2."""
    own, rest = np.array([0.0, 0.0, 1.0, 1.0]), np.array([3.0, 5.0, 7.0, 9.0])
    found = correlate(own, rest)
    assert found is not None
    assert found.r == pytest.approx((8 - 4) / math.sqrt(5) * 0.5)
    assert found.r == pytest.approx(np.corrcoef(own, rest)[0, 1])
    half = 1.959963984540054 / math.sqrt(1)
    assert (found.low, found.high) == pytest.approx(
        (math.tanh(math.atanh(found.r) - half), math.tanh(math.atanh(found.r) + half))
    )


def test_the_rest_score_omits_the_test_itself() -> None:
    """The two columns are independent; with the total, each would correlate with itself."""
    book = graded("00110011", "01010101")
    found = item(book, "a").correlation
    assert found is not None
    assert found.r == pytest.approx(0.0)


def test_a_correlation_needs_differences_on_both_sides() -> None:
    assert item(graded("1111", "0101"), "a").correlation is None
    assert item(graded("0101", "1111"), "a").correlation is None
    assert correlate(np.array([0.1 + 0.2, 0.3]), np.array([0.0, 1.0])) is None, "equal but for rounding"


def test_three_pairs_say_nothing_about_the_interval() -> None:
    found = correlate(np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 2.0]))
    assert found is not None
    assert (found.low, found.high) == (-1.0, 1.0)


_SHARES = arrays(np.float64, st.integers(2, 40), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


@given(_SHARES)
def test_a_correlation_is_that_of_numpy_within_its_interval(own: Floats) -> None:
    rest = np.random.RandomState(own.size).randint(0, 9, own.size).astype(float)
    found = correlate(own, rest)
    if np.ptp(own) == 0 or np.ptp(rest) == 0:
        assert found is None
        return
    assert found is not None
    assert found.r == pytest.approx(float(np.corrcoef(own, rest)[0, 1]), abs=1e-9)
    assert -1 <= found.low <= found.r <= found.high <= 1


def test_fifths_by_hand() -> None:
    own = np.array([0, 0, 0, 1, 0, 1, 1, 1, 1, 0], dtype=float)
    assert fifths(own, np.arange(10.0)) == (0.0, 0.5, 0.5, 1.0, 0.5)
    assert fifths(own[:4], np.arange(4.0)) == ()


def test_hand_ins_of_equal_rest_score_count_alike_in_fifths() -> None:
    assert fifths(np.array([1.0, 0, 0, 0, 1]), np.zeros(5)) == pytest.approx((0.4,) * 5)


@given(_SHARES)
def test_fifths_do_not_depend_on_the_order_of_hand_ins(own: Floats) -> None:
    rest = np.random.RandomState(own.size).randint(0, 5, own.size).astype(float)
    order = np.random.RandomState(own.size + 1).permutation(own.size)
    assert fifths(own, rest) == pytest.approx(fifths(own[order], rest[order]))
    groups = fifths(own, rest)
    sizes = [len(part) for part in np.array_split(np.arange(own.size), 5)]
    if groups:
        assert sum(size * share for size, share in zip(sizes, groups, strict=True)) == pytest.approx(own.sum())


def test_a_test_that_nobody_was_judged_on_has_no_share() -> None:
    found = item(graded("!!!!!!", "010101"), "a")
    assert (found.judged, found.share, found.correlation, found.flags) == (0, None, None, ())
    assert found.endings == (("internal", 6),)


def test_endings_are_counted_in_the_order_of_the_statuses() -> None:
    assert item(graded("10h!0", "11111"), "a").endings == (
        ("passed", 1),
        ("partial", 1),
        ("failed", 2),
        ("internal", 1),
    )


# flags


def flags(book: Gradebook, title: str) -> str:
    return " ".join(item(book, title).flags)


def test_flags_say_that_nobody_failed_and_that_nobody_passed() -> None:
    book = graded("1" * 40, "0" * 40, "01" * 20)
    assert "Nobody loses points" in flags(book, "a")
    assert "Nobody earns points" in flags(book, "b")
    assert flags(book, "c") == ""


def test_a_test_that_the_good_students_fail_is_flagged() -> None:
    good = "0" * 20 + "1" * 20
    bad = "1" * 20 + "0" * 20
    book = graded(good, good, good, bad)
    assert "Good students fail it" in flags(book, "d")
    assert "chance" not in flags(book, "d")
    assert "Good students" not in flags(book, "a")


def test_a_test_that_only_the_best_fifth_fails_is_flagged() -> None:
    """r is positive, because the weakest fail it too."""
    ladder = ["0" * (8 * at) + "1" * (40 - 8 * at) for at in range(1, 5)]
    book = graded(*ladder, "0" * 16 + "1" * 16 + "0" * 8)
    found = item(book, "e")
    assert found.correlation is not None
    assert found.correlation.r > 0
    assert found.fifths == pytest.approx((0, 0, 1, 1, 0))
    assert "the best fifth earns 0%, the middle one 100%" in " ".join(found.flags)


def test_a_small_class_is_told_that_r_may_be_chance() -> None:
    assert "With 8 hand-ins this may be chance." in flags(graded("00001111", "00001111", "11110000"), "c")


def test_a_test_without_relation_to_the_others_is_flagged() -> None:
    book = graded("0011" * 10, "0011" * 10, "01" * 20)
    assert "hardly tells strong from weak: r is 0.00" in flags(book, "c")


def test_twins_are_flagged_and_tests_that_everybody_passes_are_not() -> None:
    book = graded("0101", "1111", "0101", "1111", "0110")
    assert "Twins: it ends alike for everybody as “c”." in flags(book, "a")
    assert "“a”" in flags(book, "c")
    assert "Twins" not in flags(book, "b") + flags(book, "e")


# mistakes


def wrong(key: str, *tests: TestResult) -> Entry:
    return entry(key, tests)


def test_mistakes_are_counted_by_hand_in_and_the_most_common_is_first() -> None:
    first = result("test_a.py::test_a", "failed", variant="rare", hint="r")
    second = result("test_a.py::test_b", "failed", variant="common", hint="c", title="B")
    third = result("test_b.py::test_c", "failed", variant="common", hint="c", title="C", part="b")
    book = gradebook(wrong("x", first, second, third), wrong("y", replace(first, variant=None, hint=""), second, third))
    found = mistakes(marks(book))
    assert [(item.variant, item.hint, [who.key for who in item.entries]) for item in found] == [
        ("common", "c", ["x", "y"]),
        ("rare", "r", ["x"]),
    ]
    assert found[0].parts == ("A", "B")
    assert found[0].tests == ("1.1 B", "1.1 C")


def test_an_accepted_variant_is_no_mistake() -> None:
    assert mistakes(marks(gradebook(wrong("x", result(variant="another convention"))))) == ()


def test_three_equal_wrong_values_are_a_cluster_and_two_are_not() -> None:
    alike = result("test_a.py::test_a", "failed", fingerprint="f")
    lone = result("test_a.py::test_b", "failed", fingerprint="g")
    fine = result("test_a.py::test_b")
    book = gradebook(wrong("x", alike, lone), wrong("y", alike, lone), wrong("z", alike, fine))
    found = clusters(marks(book))
    assert [([who.key for who in item.entries], [test.id for test in item.tests]) for item in found] == [
        (["x", "y", "z"], ["test_a.py::test_a"])
    ]
    assert [len(item.entries) for item in clusters(marks(book), least=2)] == [3, 2]


def test_tests_in_which_the_same_hand_ins_are_alike_are_one_cluster() -> None:
    tests = [result(f"test_a.py::test_{at}", "failed", fingerprint=f"f{at}") for at in range(4)]
    other = result("test_a.py::test_3", "failed", fingerprint="other")
    book = gradebook(*(wrong(key, *tests[:3], other) for key in "xyz"), *(wrong(key, *tests[:2]) for key in "w"))
    sizes = [(len(item.entries), len(item.tests)) for item in clusters(marks(book))]
    assert sizes == [(4, 2), (3, 2)]


def test_equal_digests_in_different_tests_are_no_cluster() -> None:
    book = gradebook(*(wrong(key, result(f"test_a.py::test_{key}", "failed", fingerprint="f")) for key in "xyz"))
    assert clusters(marks(book)) == ()


# what needs a person


def reasons(*entries: Entry) -> list[tuple[str, str]]:
    return [(found.entry.key, " ".join(found.reasons)) for found in concerns(gradebook(*entries))]


def test_what_is_not_graded_comes_first_and_timeouts_last() -> None:
    slow = entry("a", [result(status="timeout", number="1.1"), result("test_a.py::t")])
    noted = replace(entry("b", [result()]), problem="two hand-ins have one time")
    found = reasons(slow, noted, entry("c", None))
    assert [key for key, _ in found] == ["c", "b", "a"]
    assert found[0][1] == "the worker's machine went away"
    assert found[2][1] == "These tests ran out of time: 1.1."


def test_a_right_hand_in_and_one_that_is_absent_need_nobody() -> None:
    assert reasons(entry("a", [result()]), Entry("b", (Student("b"),), "no submission")) == []


def test_tests_that_all_end_alike_without_points_hint_at_one_cause() -> None:
    alike = [result(f"test_a.py::test_{at}", "missing", message="line.py isn't there") for at in range(3)]
    assert "All 3 tests end alike" in reasons(entry("a", alike))[0][1]
    assert reasons(entry("a", [*alike, result("test_a.py::t", "missing", message="another")])) == []
    assert reasons(entry("a", [*alike, result("test_a.py::t")])) == []


def test_our_own_fault_in_a_test_needs_a_person() -> None:
    found = reasons(entry("a", [result(), result("test_a.py::t", "internal", number="1.2")]))
    assert found == [("a", "By a fault of ours, these tests weren't judged: 1.2.")]


# the whole


def test_figures_do_not_depend_on_anything_but_the_gradebook() -> None:
    book = made_class(70, 12, seed=3)
    assert repr(statistics(book)) == repr(statistics(book))
    found = statistics(book)
    reports: list[Report] = [who.report for who in book.entries if who.report is not None]
    assert sum(found.scores) == pytest.approx(sum(float(each.counted) for each in reports))
    assert found.spread is not None
    assert found.spread.median == pytest.approx(float(np.median([float(each.counted) for each in reports])))


def test_reports_with_different_tests_are_one_table() -> None:
    """As after a test was added between two halves of a run."""
    book = gradebook(entry("a", [result()]), entry("b", [result(), result("test_a.py::new", "failed")]))
    table = marks(book)
    assert [test.id for test in table.tests] == ["test_a.py::test_b", "test_a.py::new"]
    assert np.isnan(table.share[0, 1])
    assert report([result()]).max_score == 1
