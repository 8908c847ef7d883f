def f(x):
    '''
    >>> f(2)
    4
    '''
    return 2 * x
def g(x):
    return x + 1
