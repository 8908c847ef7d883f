import os

print("TRIED leftovers")
if os.path.exists(os.path.join(os.environ["HOME"], "left")):
    print("GOT what the last test left")
with open(os.path.join(os.environ["HOME"], "left"), "w") as _file:
    _file.write("x")


def attack(layer, x):
    pass
