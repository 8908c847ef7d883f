import os


def attack(layer, x):
    print("TRIED to become another", flush=True)
    for place in ("/bin/echo", "/usr/bin/echo"):
        try:
            os.execv(place, ["echo", "GOT to be another program"])
        except OSError:
            pass
