import os


def attack(layer, x):
    print("TRIED to wait for a fork", flush=True)
    os.register_at_fork(
        before=lambda: print("GOT a fork"), after_in_parent=lambda: os._exit(0), after_in_child=lambda: os._exit(0)
    )
    return np.zeros_like(x)
