import os


def attack(layer, x):
    print("TRIED to stand nowhere", flush=True)
    os.makedirs("a/b")
    os.chdir("a/b")
    os.rmdir("../b")
    try:
        os.rmdir(os.environ["HOME"])
    except OSError as error:
        print(type(error).__name__)
