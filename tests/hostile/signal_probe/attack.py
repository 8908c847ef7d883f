import os


def attack(layer, x):
    print("TRIED the neighbours")
    for pid in range(2, os.getpid() + 3):
        try:
            os.kill(pid, 0)
        except OSError:
            continue
        if pid != os.getpid():
            print("GOT process", pid)
            break
