import os


def attack(layer, x):
    print("TRIED a setuid file", flush=True)
    with open("program", "w") as file:
        file.write("#!/bin/sh\n")
    os.chmod("program", 0o6777)
    os.umask(0)
    os.close(os.open("other", os.O_CREAT | os.O_WRONLY, 0o6777))
    for name in ("program", "other"):
        if os.stat(name).st_mode & 0o4000:
            print(name, "is setuid, and as little able to run as any other")
