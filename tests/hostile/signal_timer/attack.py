import signal


def ring(number, frame):
    raise BaseException("now")


def attack(layer, x):
    print("TRIED to interrupt the harness", flush=True)
    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0005, 0.0005)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    return np.zeros_like(x)
