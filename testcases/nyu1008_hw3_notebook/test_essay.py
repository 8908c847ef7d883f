"""The written answers: the notebook's changed cells of text, handed on to the person who grades them."""

import textwrap

from grader.testing import number, weight
from grader.testing.submission import NotFound

FILE = "written_answers.md"
"""What grading makes of the notebook's cells of text that differ from the handout's."""
LONG = 8000


@weight(0)
@number("4.1")
def test_answers(submission):
    """What dropout and batch norm do, and why they help (4 points, by a person)"""
    file = submission._root / FILE
    print(
        "For the person who grades: 2 points each, 1 for what is computed in training and in evaluation, 1 for why it "
        "helps.\n"
    )
    if not file.is_file():
        print("Nothing is written in the cells of text. (They are read when the notebook is handed in.)")
        return
    text = file.read_text("utf-8")
    if not text.strip():
        raise NotFound("the notebook has no written answers: write them into the cells of text that ask for them")
    for line in text[:LONG].splitlines():
        print(textwrap.fill(line, 100))
