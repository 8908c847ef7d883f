"""Ten tests of ten points."""

from cases import CASES

from grader.testing import number, weight


@weight(10)
@number("1")
def test_linear_forward(submission, check):
    """linear forward"""
    check("value", CASES["linear_forward"](submission.solution))


@weight(10)
@number("2")
def test_linear_dx(submission, check):
    """linear dx"""
    check("value", CASES["linear_dx"](submission.solution))


@weight(10)
@number("3")
def test_linear_dw(submission, check):
    """linear dw"""
    check("value", CASES["linear_dw"](submission.solution))


@weight(10)
@number("4")
def test_linear_db(submission, check):
    """linear db"""
    check("value", CASES["linear_db"](submission.solution))


@weight(10)
@number("5")
def test_relu(submission, check):
    """relu"""
    check("value", CASES["relu"](submission.solution))


@weight(10)
@number("6")
def test_softmax(submission, check):
    """softmax"""
    check("value", CASES["softmax"](submission.solution))


@weight(10)
@number("7")
def test_dropout(submission, check):
    """dropout"""
    check("value", CASES["dropout"](submission.solution))


@weight(10)
@number("8")
def test_momentum(submission, check):
    """momentum"""
    check("value", CASES["momentum"](submission.solution))


@weight(10)
@number("9")
def test_adam_one_step(submission, check):
    """adam one step"""
    check("value", CASES["adam_one_step"](submission.solution))


@weight(10)
@number("10")
def test_adam_ten_steps(submission, check):
    """adam ten steps"""
    check("value", CASES["adam_ten_steps"](submission.solution))
