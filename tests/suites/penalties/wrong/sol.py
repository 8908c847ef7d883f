def f(x):
    return 2 * x
def g(x):
    return x + 2
