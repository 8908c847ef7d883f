import os


def attack(layer, x):
    print("TRIED the neighbours")
    try:
        print("GOT a list of", len(os.listdir("..")))
    except OSError as error:
        print(type(error).__name__)
    try:
        with open("../../secret", "rb") as file:
            print("GOT the secret", file.read())
    except OSError as error:
        print(type(error).__name__)
