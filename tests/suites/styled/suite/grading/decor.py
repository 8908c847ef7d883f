import functools
def points(n):
    def deco(func):
        func.__weight__ = n
        return func
    return deco
def timeout(s):
    def deco(func):
        @functools.wraps(func)
        def wrapper(*args, **kw):
            return func(*args, **kw)
        return wrapper
    return deco
TOTAL = 10
