class Hostile(Exception):
    def __str__(self):
        raise SystemExit(0)

    @property
    def __traceback__(self):
        raise KeyboardInterrupt


def attack(layer, x):
    print("TRIED to exit when printed", flush=True)
    raise Hostile("x")
