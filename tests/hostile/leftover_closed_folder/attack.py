import os

print("TRIED a folder that can't be listed")
_note = os.path.join(os.environ["HOME"], "closed")
if os.path.exists(_note):
    print("GOT what the last test left")
else:
    os.mkdir(_note, 0o300)
    os.mkdir(os.path.join(_note, "within"), 0o000)
    with open(os.open(os.path.join(_note, "note"), os.O_CREAT | os.O_WRONLY, 0o000), "w") as _file:
        _file.write("x")


def attack(layer, x):
    pass
