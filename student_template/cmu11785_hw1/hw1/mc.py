"""Multiple choice: one function for each question of the handout, which returns the letter of its answer."""


def question_1():
    """Return the answer to question 1: one lower-case letter, as a str."""
    # TODO: implement question_1
    raise NotImplementedError("question_1")


def question_2():
    """Return the answer to question 2: one lower-case letter, as a str."""
    # TODO: implement question_2
    raise NotImplementedError("question_2")


def question_3():
    """Return the answer to question 3: one lower-case letter, as a str."""
    # TODO: implement question_3
    raise NotImplementedError("question_3")


def question_4():
    """Return the answer to question 4: one lower-case letter, as a str."""
    # TODO: implement question_4
    raise NotImplementedError("question_4")


def question_5():
    """Return the answer to question 5: one lower-case letter, as a str."""
    # TODO: implement question_5
    raise NotImplementedError("question_5")
