"""Guards the score of one test: how points are shared, what a status costs, which variant is credited or named.

Tests, recordings and alternatives are made up here; each check has one number, and 1.0 is right.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest

from grader.fixtures import Alternative, TestSpec
from grader.judge.score import has_shares, judge_all, judge_checks, judge_test, shares
from grader.recording import Ending, Observation, Recording, Value
from grader.report import STATUSES, TestResult
from grader.sandbox.wire import Decoder, encode_end, encode_ready

RIGHT, WRONG = 1.0, -3.0


def number(cell: float) -> Value:
    return Value("scalar", "float64", np.asarray(cell))


def seen(**cells: float) -> tuple[Observation, ...]:
    """What a run left: one number for each check."""
    return tuple(Observation(name, "equal", {"actual": number(cell)}) for name, cell in cells.items())


def spec(
    points: int | str = 4,
    checks: Sequence[str] = ("a", "b"),
    own: Mapping[str, float] | None = None,
    expected: float = RIGHT,
    **fields: Any,
) -> TestSpec:
    """A test whose checks all expect the number `expected`; `own` gives points to single checks."""
    observations = tuple(
        Observation(
            name,
            "equal",
            {"actual": number(expected)},
            {"points": own[name]} if own is not None and name in own else {},
        )
        for name in checks
    )
    return TestSpec("test_a.py::test_b", "a", "A title", "1.1", Fraction(points), expected=observations, **fields)


def variant(name: str, credit: str, hint: str = "", **cells: float) -> Alternative:
    return Alternative(name, Fraction(credit), hint, seen(**cells))


def run(
    ending: Ending = "ok",
    many: Mapping[str, float] | None = None,
    *,
    message: str = "",
    score: float | None = None,
    **cells: float,
) -> Recording:
    return Recording(ending, message, seen(**{**(many or {}), **cells}), claimed_score=score)


def facts(result: TestResult, *names: str) -> tuple[object, ...]:
    """Some fields of a result."""
    return tuple(getattr(result, name) for name in names)


# points


def test_all_right_gets_all() -> None:
    result = judge_test(spec(), (), run(a=RIGHT, b=RIGHT))
    assert facts(result, "status", "score", "max_score") == ("passed", 4, 4)
    assert facts(result, "message", "hint", "variant") == ("", "", None)
    assert [check.passed for check in result.checks] == [True, True]


@pytest.mark.parametrize("cells", [{"a": WRONG, "b": RIGHT}, {"a": RIGHT, "b": WRONG}, {"a": RIGHT}, {}])
def test_without_points_of_its_own_a_check_decides_about_all(cells: Mapping[str, float]) -> None:
    result = judge_test(spec(), (), run("ok", cells))
    assert facts(result, "status", "score") == ("failed", 0)
    assert result.message


def test_own_points() -> None:
    test = spec(own={"a": 3, "b": 1})
    assert has_shares(test)
    for a, b, score in ((RIGHT, RIGHT, 4), (RIGHT, WRONG, 3), (WRONG, RIGHT, 1), (WRONG, WRONG, 0)):
        result = judge_test(test, (), run(a=a, b=b))
        assert result.score == score
        assert result.status == {4: "passed", 0: "failed"}.get(score, "partial")


def test_checks_without_own_points_share_what_is_left() -> None:
    test = spec(points=4, checks=("a", "b", "c"), own={"a": 1})
    assert shares(test) == {"a": Fraction(1, 4), "b": Fraction(3, 8), "c": Fraction(3, 8)}
    assert judge_test(test, (), run(a=WRONG, b=RIGHT, c=WRONG)).score == Fraction(3, 2)


def test_partial_credit_shares_evenly_and_exactly() -> None:
    test = spec(points=1, checks=("a", "b", "c"), partial=True)
    one = judge_test(test, (), run(a=RIGHT, b=WRONG, c=WRONG))
    assert one.score == Fraction(1, 3)
    assert judge_test(test, (), run(a=RIGHT, b=RIGHT, c=RIGHT)).score == 1
    assert sum(shares(test).values()) == 1


def test_shares_of_decimal_points_are_exact() -> None:
    test = spec(points="3/10", checks=("a", "b", "c"), own={"a": 0.1, "b": 0.1, "c": 0.1})
    result = judge_test(test, (), run(a=RIGHT, b=RIGHT, c=RIGHT))
    assert facts(result, "status", "score") == ("passed", Fraction(3, 10))


def test_a_check_worth_nothing_costs_nothing() -> None:
    test = spec(points=2, own={"a": 2, "b": 0})
    assert judge_test(test, (), run(a=RIGHT, b=WRONG)).score == 2
    assert judge_test(test, (), run(a=WRONG, b=RIGHT)).score == 0


def test_the_order_of_checks_and_what_else_was_sent_do_not_matter() -> None:
    assert judge_test(spec(), (), run(b=RIGHT, a=RIGHT)).status == "passed"
    assert judge_test(spec(), (), run(a=RIGHT, b=RIGHT, c=WRONG)).status == "passed"
    assert judge_test(spec(), (), run(x=RIGHT, y=RIGHT)).status == "failed"


def test_the_worker_decides_neither_kind_nor_points() -> None:
    test = spec(points=4, own={"a": 1, "b": 3})
    forged = tuple(
        Observation(name, kind, {"actual": number(WRONG), "published": number(WRONG)}, {"points": 100, "rtol": 1e9})
        for name, kind in (("a", "raises"), ("b", "no such kind"))
    )
    assert judge_test(test, (), Recording("ok", "", forged)).score == 0


def test_a_test_without_checks_rests_on_its_ending() -> None:
    plain = spec(checks=(), sealed=False)
    assert judge_test(plain, (), run()).score == 4
    assert judge_test(plain, (), run("failed", message="assert 1 == 2")).score == 0


# tests worth nothing


@pytest.mark.parametrize("fields", [{}, {"partial": True}, {"own": {"a": 0, "b": 0}}])
def test_a_remark_is_passed_or_failed_and_worth_nothing(fields: Mapping[str, Any]) -> None:
    test = spec(points=0, **fields)
    assert judge_test(test, (), run(a=RIGHT, b=RIGHT)).status == "passed"
    for wrong in (run(a=RIGHT, b=WRONG), run(a=WRONG, b=WRONG), run()):
        result = judge_test(test, (), wrong)
        assert facts(result, "status", "score", "max_score") == ("failed", 0, 0)
        assert result.message
    assert judge_test(test, (), run("timeout", message="stopped")).status == "timeout"
    accepted = variant("other-way", "1", a=WRONG, b=WRONG)
    assert judge_test(test, (accepted,), run(a=WRONG, b=WRONG)).status == "passed"


# endings

NOT_OK: tuple[Ending, ...] = tuple(ending for ending in get_args(Ending) if ending != "ok")
LOSES_ALL = ("timeout", "crashed", "refused", "internal", "skipped")


@pytest.mark.parametrize("ending", NOT_OK)
def test_an_ending_that_is_not_ok_loses_a_test_without_shares(ending: Ending) -> None:
    result = judge_test(spec(), (), run(ending, message="what happened", a=RIGHT, b=RIGHT))
    assert result.score == 0
    assert result.max_score == 4
    assert result.status in STATUSES
    assert result.status == ("failed" if ending == "skipped" else ending)
    assert "what happened" in result.message


@pytest.mark.parametrize("ending", NOT_OK)
@pytest.mark.parametrize("fields", [{"partial": True}, {"own": {"a": 1, "b": 3}}], ids=["partial", "own"])
def test_checks_that_were_reached_keep_their_share_unless_the_ending_loses_all(
    ending: Ending, fields: Mapping[str, Any]
) -> None:
    test = spec(**fields)
    result = judge_test(test, (), run(ending, message="what happened", a=RIGHT))
    share = shares(test)["a"] * test.points
    assert result.score == (0 if ending in LOSES_ALL else share)
    assert result.status == ("failed" if ending == "skipped" else ending)
    assert "what happened" in result.message
    assert "no value" not in result.message


@pytest.mark.parametrize("ending", ["failed", "missing", "error"])
@pytest.mark.parametrize("fields", [{"partial": True}, {"own": {"a": 1, "b": 3}}], ids=["partial", "own"])
def test_all_points_are_for_tests_that_passed(ending: Ending, fields: Mapping[str, Any]) -> None:
    # an assertion after the last check is a part of the test, too
    result = judge_test(spec(**fields), (), run(ending, message="what happened", a=RIGHT, b=RIGHT))
    assert result.score < result.max_score


@pytest.mark.parametrize("ending", ["timeout", "crashed", "refused", "internal", "skipped"])
def test_nothing_is_said_of_checks_after_an_ending_that_loses_all(ending: Ending) -> None:
    result = judge_test(spec(), (), run(ending, message="what happened", a=WRONG))
    assert result.message == "what happened"


def test_an_error_after_a_wrong_value_tells_both() -> None:
    result = judge_test(spec(), (), run("error", message="NameError: x", a=WRONG))
    assert result.message.splitlines()[0] == "NameError: x"
    assert "a: is -3" in result.message


@pytest.mark.parametrize("ending", get_args(Ending))
def test_an_ending_never_gives_more_than_the_checks(ending: Ending) -> None:
    for test in (spec(), spec(partial=True), spec(own={"a": 4, "b": 0})):
        result = judge_test(test, (), run(ending, a=WRONG, b=WRONG))
        assert result.score == 0
        assert result.status != "passed"


def test_only_an_ending_of_ok_is_passed() -> None:
    for ending in NOT_OK:
        for test in (spec(), spec(partial=True), spec(checks=()), spec(points=0)):
            assert judge_test(test, (), run(ending, a=RIGHT, b=RIGHT)).status != "passed"


# claims


def claimed(score: object, **fields: Any) -> TestResult:
    recording = run()._replace(claimed_score=score)  # type: ignore[arg-type]  # a local run hands on what it was given
    return judge_test(spec(checks=(), partial=True, sealed=False, **fields), (), recording)


@pytest.mark.parametrize(
    ("score", "counted", "status"),
    [
        (4.0, 4, "passed"),
        (1.5, Fraction(3, 2), "partial"),
        (0.0, 0, "failed"),
        (100.0, 4, "passed"),
        (-5.0, 0, "failed"),
        (2, 2, "partial"),
    ],
)
def test_a_claimed_score_counts_within_the_points(score: float, counted: Fraction, status: str) -> None:
    result = claimed(score)
    assert facts(result, "score", "status") == (counted, status)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_claim_that_is_no_finite_number_neither_counts_nor_raises(score: float) -> None:
    result = claimed(score)
    assert facts(result, "score", "status") == (0, "failed")


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_claim_that_is_no_finite_number_is_not_lost_on_the_way(score: float) -> None:
    # a claim that gets lost between worker and judge would look like a test that claims nothing, which gets all
    decoder = Decoder(0)
    decoder.feed(encode_ready([]))
    decoder.feed(encode_end("ok", "", score, None))
    assert decoder.end is not None
    assert claimed(decoder.end.score).score == 0


def test_a_claim_on_a_test_worth_nothing() -> None:
    assert claimed(3.0, points=0).score == 0


def test_a_claim_counts_for_nothing_beside_checks_or_after_another_ending() -> None:
    assert judge_test(spec(partial=True), (), run(score=4.0, a=WRONG, b=WRONG)).score == 0
    assert judge_test(spec(), (), run(score=0.0, a=RIGHT, b=RIGHT)).score == 4
    for ending in NOT_OK:
        assert judge_test(spec(checks=(), partial=True), (), run(ending, score=4.0)).score == 0


# accepted variants

OTHER = 2.0


def test_an_accepted_variant_is_worth_as_much() -> None:
    accepted = variant("eps-outside", "1", a=OTHER, b=OTHER)
    result = judge_test(spec(), (accepted,), run(a=OTHER, b=OTHER))
    assert facts(result, "status", "score", "variant") == ("passed", 4, "eps-outside")
    assert facts(result, "message", "hint") == ("", "")


def test_an_accepted_variant_has_nothing_to_explain() -> None:
    accepted = variant("eps-outside", "1", "Also fine.", a=OTHER, b=OTHER)
    result = judge_test(spec(), (accepted,), run(a=OTHER, b=OTHER))
    assert facts(result, "status", "message", "hint") == ("passed", "", "")
    wrong = judge_test(spec(own={"a": 3, "b": 1}), (accepted,), run(a=OTHER, b=WRONG))
    assert facts(wrong, "status", "score", "hint") == ("partial", 3, "")


def test_the_reference_needs_no_variant() -> None:
    accepted = variant("eps-outside", "1", a=OTHER, b=OTHER)
    assert judge_test(spec(), (accepted,), run(a=RIGHT, b=RIGHT)).variant is None


@pytest.mark.parametrize("fields", [{}, {"partial": True}, {"own": {"a": 2, "b": 2}}])
def test_one_convention_must_hold_for_a_test_as_a_whole(fields: Mapping[str, Any]) -> None:
    accepted = variant("eps-outside", "1", a=OTHER, b=OTHER)
    for cells in ({"a": RIGHT, "b": OTHER}, {"a": OTHER, "b": RIGHT}):
        result = judge_test(spec(**fields), (accepted,), run("ok", cells))
        assert result.score == (2 if fields else 0)
        assert result.status == ("partial" if fields else "failed")


def test_two_accepted_variants_are_not_mixed() -> None:
    first = variant("first", "1", a=OTHER, b=RIGHT)
    second = variant("second", "1", a=RIGHT, b=OTHER)
    assert judge_test(spec(), (first, second), run(a=OTHER, b=RIGHT)).variant == "first"
    assert judge_test(spec(), (first, second), run(a=RIGHT, b=OTHER)).variant == "second"
    assert judge_test(spec(), (first, second), run(a=OTHER, b=OTHER)).score == 0


def test_the_best_credit_counts() -> None:
    half = variant("half", "1/2", "Half of the points: the mean is taken twice.", a=OTHER, b=OTHER)
    most = variant("most", "3/4", "Nearly.", a=OTHER, b=OTHER)
    for items in ((half, most), (most, half)):
        result = judge_test(spec(), items, run(a=OTHER, b=OTHER))
        assert facts(result, "score", "variant", "status") == (3, "most", "partial")
    assert judge_test(spec(), (half, most), run(a=RIGHT, b=RIGHT)).score == 4


def test_half_credit_says_why() -> None:
    half = variant("half", "1/2", "Half of the points: the mean is taken twice.", a=OTHER, b=OTHER)
    result = judge_test(spec(), (half,), run(a=OTHER, b=OTHER))
    assert facts(result, "status", "score", "variant") == ("partial", 2, "half")
    assert result.message == "this way of doing it counts for 0.5 of the points"
    assert result.hint == "Half of the points: the mean is taken twice."


def test_more_from_the_reference_beats_less_from_a_variant() -> None:
    half = variant("half", "1/2", "Half.", a=RIGHT, b=OTHER)
    test = spec(own={"a": 3, "b": 1})
    # the reference gives a's 3 points; the variant half of all 4
    result = judge_test(test, (half,), run(a=RIGHT, b=OTHER))
    assert facts(result, "score", "variant") == (3, None)


def test_a_variant_is_no_excuse_for_an_ending() -> None:
    accepted = variant("eps-outside", "1", a=OTHER, b=OTHER)
    for ending in NOT_OK:
        assert judge_test(spec(), (accepted,), run(ending, a=OTHER, b=OTHER)).score == 0


def test_messages_are_about_the_reference_where_no_variant_is_better() -> None:
    accepted = variant("eps-outside", "1", a=OTHER, b=OTHER)
    result = judge_test(spec(), (accepted,), run(a=WRONG, b=WRONG), show_expected=True)
    assert result.variant is None
    assert "expected 1" in result.message


# known mistakes


def test_a_known_mistake_is_named() -> None:
    mistake = variant("no-root", "0", "Take the root.", a=OTHER, b=WRONG)
    result = judge_test(spec(), (mistake,), run(a=OTHER, b=WRONG))
    assert facts(result, "status", "score") == ("failed", 0)
    assert facts(result, "variant", "hint") == ("no-root", "Take the root.")


def test_a_known_mistake_must_match_as_a_whole() -> None:
    mistake = variant("no-root", "0", "Take the root.", a=OTHER, b=WRONG)
    for cells in ({"a": OTHER, "b": OTHER}, {"a": OTHER}, {"b": WRONG}, {}):
        result = judge_test(spec(), (mistake,), run("ok", cells))
        assert result.variant is None
        assert "root" not in result.hint


def test_two_mistakes_that_both_match_are_not_named() -> None:
    first = variant("no-root", "0", "Take the root.", a=OTHER, b=OTHER)
    second = variant("no-square", "0", "Take the square.", a=OTHER, b=OTHER)
    result = judge_test(spec(), (first, second), run(a=OTHER, b=OTHER))
    assert result.variant is None
    assert "Take" not in result.hint
    same = replace(second, hint=first.hint)
    assert judge_test(spec(), (first, same), run(a=OTHER, b=OTHER)).hint == "Take the root."


def test_a_right_test_has_no_mistake() -> None:
    mistake = variant("no-root", "0", "Take the root.", a=RIGHT, b=RIGHT)
    result = judge_test(spec(), (mistake,), run(a=RIGHT, b=RIGHT))
    assert facts(result, "status", "variant", "hint") == ("passed", None, "")


def test_a_known_mistake_earns_nothing_by_matching() -> None:
    mistake = variant("no-root", "0", "Take the root.", a=OTHER, b=OTHER)
    for test in (spec(), spec(partial=True), spec(own={"a": 2, "b": 2})):
        assert judge_test(test, (mistake,), run(a=OTHER, b=OTHER)).score == 0


def test_a_known_mistake_keeps_the_shares_that_the_reference_gives() -> None:
    mistake = variant("no-root", "0", "Take the root.", a=RIGHT, b=OTHER)
    result = judge_test(spec(own={"a": 3, "b": 1}), (mistake,), run(a=RIGHT, b=OTHER))
    assert facts(result, "score", "status", "variant") == (3, "partial", "no-root")


# what students read


def test_a_graded_test_shows_no_expected_number() -> None:
    """Neither a hidden one nor a visible one: only those of the public recording are shown."""
    assert "expected 1" in judge_test(spec(), (), run(a=WRONG, b=WRONG), show_expected=True).message
    for visibility in ("visible", "hidden", "after_due_date", "after_published"):
        result = judge_test(spec(visibility=visibility), (), run(a=WRONG, b=WRONG))
        assert "is -3, which is wrong" in result.message
        assert "expected" not in result.message
        assert not any("expected" in check.message for check in result.checks)


def test_hidden_errors_show_the_authors_sentence_alone() -> None:
    test = spec(hide_errors="Look at the lecture of week 3.")
    mistake = variant("no-root", "0", "Take the root.", a=OTHER, b=OTHER)
    half = variant("half", "1/2", "Half.", a=OTHER, b=OTHER)
    for items in ((), (mistake,), (half,)):
        result = judge_test(test, items, run(a=OTHER, b=OTHER))
        assert result.message == "Look at the lecture of week 3."
        assert result.hint == ""
    error = judge_test(test, (), run("error", message="NameError: secret"))
    assert (error.message, error.hint, error.status) == ("Look at the lecture of week 3.", "", "error")
    assert judge_test(test, (), run(a=RIGHT, b=RIGHT)).message == ""


@pytest.mark.parametrize(
    ("wrong", "second"),
    [
        (1, None),
        (2, "also wrong: check 1"),
        (6, "also wrong: check 1, check 2, check 3, check 4, check 5"),
        (7, "also wrong: check 1, check 2, check 3, check 4, check 5 ..."),
    ],
)
def test_the_first_wrong_check_is_told_in_full_and_the_others_by_name(wrong: int, second: str | None) -> None:
    names = [f"check {index}" for index in range(8)]
    cells = {name: WRONG if index < wrong else RIGHT for index, name in enumerate(names)}
    lines = judge_test(spec(checks=names), (), run("ok", cells)).message.splitlines()
    assert lines[0].startswith("check 0: is -3")
    assert lines[1:] == ([] if second is None else [second])


def arrays(**cells: Sequence[float]) -> tuple[Observation, ...]:
    return tuple(
        Observation(name, "equal", {"actual": Value("array", "float64", np.array(row))}) for name, row in cells.items()
    )


def test_the_hint_of_a_wrong_check_is_handed_on() -> None:
    test = replace(spec(), expected=arrays(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 3.0]))
    recording = Recording("ok", "", arrays(a=[1.0, 2.0, 3.0], b=[-1.0, -2.0, -3.0]))
    assert judge_test(test, (), recording).hint == "the sign is the wrong way round"
    assert judge_test(test, (), Recording("ok", "", arrays(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 3.0]))).hint == ""


def test_a_hint_belongs_to_the_check_that_the_message_is_about() -> None:
    test = replace(spec(), expected=arrays(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 3.0]))
    recording = Recording("ok", "", arrays(a=[1.0, 7.0, 8.0], b=[-1.0, -2.0, -3.0]))
    result = judge_test(test, (), recording)
    assert result.message.startswith("a: 2 of 3 elements differ")
    # "the sign is the wrong way round" holds for b alone
    assert "sign" not in result.hint or "b" in result.hint.split(":")[0].split()


def graded(**cells: float) -> dict[str, TestResult]:
    """A layer of 4 points, a net of 4 on decoys and 2 on the hand-in's layers, and remarks; right, or as named."""
    builds_on = ("layer",)
    tests = {
        "layer": replace(spec(), id="layer", part="layer"),
        "layer_remark": replace(spec(0), id="layer_remark", part="layer"),
        "net": replace(spec(), id="net", part="net"),
        "net_remark": replace(spec(0), id="net_remark", part="net"),
        "net_on_own": replace(spec(2, builds_on=builds_on), id="net_on_own", part="net"),
        "other_on_own": replace(spec(2, builds_on=builds_on), id="other_on_own", part="other"),
    }
    runs = [(test, run(a=cells.get(name, RIGHT), b=RIGHT)) for name, test in tests.items()]
    return {result.id: result for result in judge_all(runs, {}, lambda _: "")}


def mistaken(paid_in: tuple[str, ...] = ("step",), **cells: float) -> dict[str, TestResult]:
    """A step and a momentum of 4 points; a known mistake of the step makes 3 of `a` in both tests."""
    tests = [replace(spec(), id=name, part=name) for name in ("momentum", "step")]
    known = variant("uphill", "0", "the step goes uphill", a=3.0, b=RIGHT)
    alternatives = {"step": [known], "momentum": [replace(known, paid_in=paid_in)]}
    runs = [(test, run(a=cells.get(test.id, RIGHT), b=RIGHT)) for test in tests]
    return {result.id: result for result in judge_all(runs, alternatives, lambda _: "")}


def test_a_known_mistake_is_paid_for_in_the_parts_that_it_costs() -> None:
    results = mistaken(step=3.0, momentum=3.0)
    paid = results["momentum"]
    assert (paid.status, paid.score, paid.hint, paid.paid_in) == ("passed", Fraction(4), "", ("step",))
    assert "a mistake in step, where the fault is paid for" in paid.message
    assert (results["step"].score, results["step"].variant) == (Fraction(0), "uphill")


@pytest.mark.parametrize(
    ("paid_in", "cells", "lost"),
    [
        (("step",), {"momentum": 3.0}, ["momentum"]),  # the step is right
        (("step",), {"step": 7.0, "momentum": 3.0}, ["momentum", "step"]),  # the step has another fault
        (("step",), {"step": 3.0, "momentum": 7.0}, ["momentum", "step"]),  # momentum has a fault of its own
        ((), {"step": 3.0, "momentum": 3.0}, ["momentum", "step"]),  # the mistake costs both parts
    ],
)
def test_what_does_not_show_the_same_mistake_costs(
    paid_in: tuple[str, ...], cells: dict[str, float], lost: list[str]
) -> None:
    results = mistaken(paid_in, **cells)
    assert [name for name, result in results.items() if result.score < result.max_score] == lost


def test_a_fault_that_another_part_paid_for_costs_nothing() -> None:
    results = graded(layer=WRONG, net_on_own=WRONG)
    paid = results["net_on_own"]
    assert (paid.status, paid.score, paid.hint) == ("passed", Fraction(2), "")
    assert paid.paid_in == ("layer",)
    assert "layer, where the fault is paid for" in paid.message
    assert results["layer"].score == 0


@pytest.mark.parametrize(
    ("cells", "lost"),
    [
        ({"net_on_own": WRONG}, ["net_on_own"]),
        ({"layer": WRONG, "net": WRONG, "net_on_own": WRONG}, ["layer", "net", "net_on_own"]),
        ({"layer_remark": WRONG, "net_on_own": WRONG}, ["net_on_own"]),
        ({"layer": WRONG, "other_on_own": WRONG}, ["layer", "other_on_own"]),
        ({"layer": WRONG, "net_remark": WRONG, "net_on_own": WRONG}, ["layer"]),
    ],
    ids=["the layer is right", "the net is wrong", "only a remark failed", "nothing shows the part right", "a remark"],
)
def test_a_fault_that_no_other_part_paid_for_costs_its_points(cells: Mapping[str, float], lost: list[str]) -> None:
    assert [name for name, result in graded(**cells).items() if result.score < result.max_score] == lost


def test_a_fault_that_only_tests_show_which_build_on_other_parts_is_paid_for_once() -> None:
    """Of two parts that build on each other, the first one pays."""
    runs = []
    for part, other in (("net", "layer"), ("layer", "net")):
        runs.append((replace(spec(), id=part, part=part), run(a=RIGHT, b=RIGHT)))
        runs.append((replace(spec(1, builds_on=(other,)), id=f"{part}_too", part=part), run(a=WRONG, b=RIGHT)))
    assert [result.score for result in judge_all(runs, {}, lambda _: "")] == [4, 0, 4, 1]


def test_everything_of_the_test_is_in_its_result() -> None:
    test = spec(visibility="after_published", tags=("x", "y"), leaderboard=("loss", "asc"))
    recording = Recording("ok", "", seen(a=RIGHT, b=RIGHT), "printed", None, 0.25, 1.5, 20.0)
    result = judge_test(test, (), recording, command="pytest this")
    assert facts(result, "id", "part", "title", "number") == (test.id, "a", "A title", "1.1")
    assert facts(result, "visibility", "tags", "command") == ("after_published", ("x", "y"), "pytest this")
    assert facts(result, "output", "leaderboard", "seconds", "memory_mb") == ("printed", 0.25, 1.5, 20.0)
    assert judge_test(spec(), (), recording).leaderboard is None


# other kinds


@pytest.mark.parametrize(
    ("kind", "params", "right", "wrong"),
    [
        ("at_least", {"bound": 2.0}, [2.0, 9.0], [1.99, math.nan, math.inf, -math.inf]),
        ("at_most_times", {"times": 3.0}, [0.0, 3.0], [3.01, math.nan, math.inf]),
    ],
)
def test_bounds_fail_for_what_is_no_finite_number(
    kind: str, params: Mapping[str, float], right: Sequence[float], wrong: Sequence[float]
) -> None:
    expected = Observation("a", kind, {"actual": number(2.5)}, params)
    for cell, passed in [(cell, True) for cell in right] + [(cell, False) for cell in wrong]:
        found = Observation("a", "", {"actual": number(cell)})
        assert [check.passed for check in judge_checks([expected], [found], show_expected=False)] == [passed]
    bad = [
        *(Value("NoneType"), Value("list"), Value("scalar", "object"), Value("array", "float64", np.zeros(2))),
        Value("text", "uint8", np.frombuffer(b"9", np.uint8)),
        Value("scalar", "complex128", np.asarray(2.5 + 1j)),
    ]
    for item in bad:
        found = Observation("a", "", {"actual": item})
        assert not judge_checks([expected], [found], show_expected=False)[0].passed
    assert not judge_checks([expected], [], show_expected=False)[0].passed


def test_a_falling_series() -> None:
    first = Value("array", "float64", np.linspace(2, 1, 12))
    expected = Observation("losses", "decreasing", {"actual": first}, {"factor": 0.8})
    for row, passed in (
        (np.linspace(5, 1, 40), True),
        (np.linspace(5, 4.5, 40), False),
        (np.linspace(1, 5, 40), False),
        (np.array([5.0, 4.0]), False),  # exactly the factor isn't below it
        (np.array([5.0, 3.9]), True),
        (np.array([5.0, 3.9, np.inf]), False),
        # quarters are means of two here: 5 and 3.5
        (np.array([0.0, 10.0, 9.0, 9.0, 9.0, 9.0, 7.0, 0.0]), True),
        (np.array([10.0, 0.0, 0.0, 9.0, 9.0, 0.0, 9.0, 0.0]), False),
        (np.array([5.0, 4.0, np.nan, 1.0]), False),
        (np.array([np.inf, 4.0, 3.0, 1.0]), False),
        (np.array([1.0]), False),
        (np.zeros(0), False),
        (np.linspace(5, 1, 40).reshape(4, 10), False),
    ):
        found = Observation("losses", "", {"actual": Value("array", "float64", row)})
        assert judge_checks([expected], [found], show_expected=False)[0].passed == passed


def test_an_unchanged_array_and_a_raised_error() -> None:
    original = Value("array", "float64", np.array([1.0, 2.0]))
    same = Observation("x", "unchanged", {"actual": original, "original": original})
    for row, passed in (([1.0, 2.0], True), ([1.0, 2.0 + 1e-15], False), ([1.0], False), ([1.0, math.nan], False)):
        found = Observation("x", "", {"actual": Value("array", "float64", np.array(row)), "original": original})
        assert judge_checks([same], [found], show_expected=False)[0].passed == passed
    word = Value("text", "uint8", np.frombuffer(b"ValueError", np.uint8))
    raises = Observation("bad p", "raises", {"actual": word}, {"errors": ["ValueError", "TypeError"]})
    for raised, passed in ((b"ValueError", True), (b"TypeError", True), (b"no exception", False), (b"KeyError", False)):
        item = Observation("bad p", "", {"actual": Value("text", "uint8", np.frombuffer(raised, np.uint8))})
        verdict = judge_checks([raises], [item], show_expected=False)[0]
        assert verdict.passed == passed
        assert passed or raised.decode() in verdict.message
