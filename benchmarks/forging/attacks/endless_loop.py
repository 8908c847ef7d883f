"""an endless loop in Adam"""


def adam(*args):
    while True:
        pass
