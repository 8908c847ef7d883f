import os


def attack(layer, x):
    print("TRIED hard links", flush=True)
    for number, place in enumerate(("/etc/passwd", "../../secret", "../../visible/test_adam.py", "../../submission/mytorch/dropout.py")):
        try:
            os.link(place, f"hard{number}")
        except OSError as error:
            print(type(error).__name__)
            continue
        print("GOT a link to", place.rpartition("/")[2])
