"""a memory bomb under a limit"""


def adam(*args):
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * 50_000_000)
