"""The written answers: handed on to the person who grades them, with the rubric. Only their length is looked at."""

import textwrap

from answers import answer

from grader.testing import number, weight

SHORT, LONG = 100, 4000
"""Characters that a text needs at least, and may have at most."""


def hand_on(submission, check, key, rubric):
    text = answer(submission, key, table="essay")
    text = " ".join(text.split()) if isinstance(text, str) else ""
    print(f"For the person who grades, 2 points: {rubric}\n\n{textwrap.fill(text[:LONG], 100)}")
    check(f"{key} has {SHORT} to {LONG} characters", SHORT <= len(text) <= LONG)


@weight(0)
@number("4.1")
def test_dropout(submission, check):
    """What dropout does and why it helps (2 points, by a person)"""
    hand_on(
        submission,
        check,
        "why_dropout_helps",
        "1 for what happens in training and in evaluation, 1 for a reason why that makes a network generalise better.",
    )


@weight(0)
@number("4.2")
def test_batch_norm(submission, check):
    """What batch norm does and why it helps (2 points, by a person)"""
    hand_on(
        submission,
        check,
        "why_batch_norm_helps",
        "1 for what is computed in training and in evaluation, 1 for a reason why that makes training easier.",
    )
