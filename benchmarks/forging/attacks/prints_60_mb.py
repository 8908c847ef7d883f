"""prints 60 MB"""

right = globals()["adam"]
printed = []


def adam(*args):
    if not printed:
        printed.append(True)
        for _ in range(600):
            print("x" * 99_999)
    return right(*args)
