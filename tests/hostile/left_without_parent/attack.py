import ctypes


def attack(layer, x):
    print("TRIED to live on", flush=True)
    libc = ctypes.CDLL(None)
    # no signal when the parent dies; to be traced; to adopt; to be dumpable; another filter
    for option, value in ((1, 0), (0x59616D61, -1), (36, 1), (4, 1), (28, 0), (33, 1), (67, 1)):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0:
            print("GOT prctl", option)
