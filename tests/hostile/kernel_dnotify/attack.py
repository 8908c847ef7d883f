import fcntl
import os


def attack(layer, x):
    print("TRIED to watch", flush=True)
    folder = os.open("/usr", os.O_RDONLY)
    try:
        fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_CREATE | fcntl.DN_MODIFY | fcntl.DN_MULTISHOT)
    except OSError as error:
        print(type(error).__name__)
