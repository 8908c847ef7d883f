import fcntl
import os


def attack(layer, x):
    print("TRIED a terminal", flush=True)
    for place in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/ptmx"):
        try:
            number = os.open(place, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            continue
        print("GOT", place)
        os.close(number)
    for number in range(3):
        try:
            fcntl.ioctl(number, 0x5412, b"x")
        except OSError:
            continue
        print("GOT a letter typed")
