import os
import subprocess


def attack(layer, x):
    print("TRIED programs", flush=True)
    for start in (
        lambda: subprocess.Popen(["sleep", "30"], start_new_session=True),
        lambda: os.posix_spawn("/bin/sleep", ["sleep", "30"], {}),
        lambda: os.system("true") == 0 or int("no"),
    ):
        try:
            start()
        except (OSError, ValueError, MemoryError):
            continue
        print("GOT a program started")
