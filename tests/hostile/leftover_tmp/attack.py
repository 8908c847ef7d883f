import os

print("TRIED leftovers")
for _place in ("/tmp/left-by-hostile-leftover", "/dev/shm/left-by-hostile-leftover", "/var/tmp/left-by-hostile-leftover"):
    if os.path.exists(_place):
        print("GOT what the last test left")
    try:
        with open(_place, "w") as _file:
            _file.write("x")
    except OSError:
        pass


def attack(layer, x):
    pass
