import os


def attack(layer, x):
    print("TRIED to close the door", flush=True)
    for number, mode in enumerate((0o000, 0o300, 0o500, 0o100)):
        os.mkdir(f"closed{number}")
        with open(f"closed{number}/kept", "w") as file:
            file.write("x")
        os.mkdir(f"closed{number}/within", mode)
    os.umask(0o777)
    os.mkdir("shut")
    os.umask(0o177)
    os.mkdir("half")
