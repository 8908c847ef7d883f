import signal


def attack(layer, x):
    print("TRIED to swallow", flush=True)
    for number in range(1, 65):
        try:
            signal.signal(number, lambda *arguments: None)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
