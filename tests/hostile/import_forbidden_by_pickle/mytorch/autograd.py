print("GOT a forbidden package, through a pickle")


def right(layer, x):
    return None
