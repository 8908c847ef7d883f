"""Multiple choice. The key is the one that the course published; it stays with the reference and out of the handout."""

from grader.testing import number, visibility, weight


def answers(submission):
    return [(f"question_{k}", getattr(submission.mc, f"question_{k}")()) for k in range(1, 6)]


def letter(answer):
    return answer.strip().lower() if isinstance(answer, str) else answer


@weight(5)
@number("1.1")
@visibility("hidden")
def test_published(submission, check):
    """All five answers are those of the course's key"""
    for name, answer in answers(submission):
        check(name, letter(answer))


@weight(0)
@number("1.2")
def test_form(submission, check):
    """Remark, no points: each question is answered with one letter"""
    for name, answer in answers(submission):
        check(f"{name} returns a letter", isinstance(answer, str) and len(answer.strip()) == 1)
