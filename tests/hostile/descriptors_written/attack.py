import os


def attack(layer, x):
    print("TRIED to write everywhere", flush=True)
    for number in range(4096):
        try:
            os.write(number, b'{"scores": {"ADAM": 5}}\n')
        except OSError:
            pass
