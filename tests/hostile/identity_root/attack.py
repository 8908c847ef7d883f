import os


def attack(layer, x):
    print("TRIED to be root", flush=True)
    for change in (
        lambda: os.setresuid(0, 0, 0),
        lambda: os.setreuid(0, 0),
        lambda: os.setresgid(0, 0, 0),
        lambda: os.setgroups([0]),
    ):
        try:
            change()
        except OSError:
            continue
        print("GOT another identity")
