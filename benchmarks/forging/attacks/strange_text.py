"""prints a lone surrogate and NUL, then fails"""


def adam(*args):
    print("a\x00b\udc80c\x1b[31m")
    raise ValueError("a\x00b\udc80c\x1b[31m")
