import os
import sys


def attack(layer, x):
    print("TRIED a forbidden package", flush=True)
    for entry in list(sys.path):
        try:
            with open(os.path.join(entry, "torch", "__init__.py")) as file:
                file.read(1)
                print("GOT to read torch")
        except OSError:
            pass
    exec(compile("import torch", "/x.py", "exec"), {})
