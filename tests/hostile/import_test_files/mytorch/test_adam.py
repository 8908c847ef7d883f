print("GOT collected")


def test_first_step():
    pass
