"""Multiple choice: one function for each question of the handout, which returns the letter of its answer."""


def question_1():
    """Return the answer to question 1: one lower-case letter, as a str."""
    # BEGIN SOLUTION
    return "b"
    # END SOLUTION


def question_2():
    """Return the answer to question 2: one lower-case letter, as a str."""
    # BEGIN SOLUTION
    return "a"
    # END SOLUTION


def question_3():
    """Return the answer to question 3: one lower-case letter, as a str."""
    # BEGIN SOLUTION
    return "a"
    # END SOLUTION


def question_4():
    """Return the answer to question 4: one lower-case letter, as a str."""
    # BEGIN SOLUTION
    return "a"
    # END SOLUTION


def question_5():
    """Return the answer to question 5: one lower-case letter, as a str."""
    # BEGIN SOLUTION
    return "c"
    # END SOLUTION
