import fcntl
import os


def attack(layer, x):
    print("TRIED to lock what others use", flush=True)
    with open(os.__file__) as first, open(os.__file__) as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("GOT a lock on a library")
        for command in (1024, 1026):  # F_SETLEASE, F_NOTIFY
            try:
                fcntl.fcntl(first, command, fcntl.F_RDLCK)
            except OSError as error:
                print(type(error).__name__)
            else:
                print("GOT fcntl", command)
    with open("own", "w") as own:
        fcntl.lockf(own, fcntl.LOCK_EX)  # a library that locks its own files goes on
    os.sync()
    try:
        fcntl.fcntl(os.pipe()[1], 1031, 2**20)
    except OSError as error:
        print(type(error).__name__)
    else:
        print("GOT a bigger pipe")
