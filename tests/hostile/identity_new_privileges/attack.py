import ctypes

_LIBC = ctypes.CDLL(None, use_errno=True)
_GET_NO_NEW_PRIVS = 39


def attack(layer, x):
    print("TRIED programs", flush=True)
    if _LIBC.prctl(_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0:
        print("GOT programs that may raise their rights")
