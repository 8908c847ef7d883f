import os
import shutil


def attack(layer, x):
    print("TRIED to be followed", flush=True)
    home = os.environ["HOME"]
    try:
        shutil.rmtree(home, ignore_errors=True)
        os.rmdir(home)
    except OSError as error:
        print(type(error).__name__)
    for place in (home, home + "-2"):
        try:
            os.symlink("@PROJECT@", place)
        except OSError as error:
            print(type(error).__name__)
    try:
        os.symlink("@PROJECT@/reference", "reference")
    except OSError as error:
        print(type(error).__name__)
