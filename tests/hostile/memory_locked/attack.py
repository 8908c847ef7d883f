import ctypes


def attack(layer, x):
    print("TRIED to lock memory", flush=True)
    libc = ctypes.CDLL(None)
    libc.mlockall(3)
    libc.munlockall()
    for option, value in ((4, 0), (36, 1), (1, 0), (15, b"pytest"), (22, 1)):
        if option != 22:
            libc.prctl(option, value, 0, 0, 0)
