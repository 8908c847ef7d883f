"""the same, and it swallows BaseException"""


def adam(*args):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
