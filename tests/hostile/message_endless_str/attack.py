class Hostile(Exception):
    def __str__(self):
        while True:
            pass


def attack(layer, x):
    print("TRIED an endless text", flush=True)
    raise Hostile
