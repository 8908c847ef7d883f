"""a memory bomb under a limit"""


def adam(*args):
    hoard = []
    while True:
        hoard.append(bytearray(100_000_000))  # the address space is what is limited: no need to touch it
