import os


def attack(layer, x):
    print("TRIED the neighbours")
    for place, known in (("..", {os.path.basename(os.getcwd())}), ("../..", set())):
        try:
            found = set(os.listdir(place)) - known
            if found:
                print("GOT a list of", len(found))
        except OSError as error:
            print(type(error).__name__)
    try:
        with open("../../secret", "rb") as file:
            print("GOT the secret", file.read())
    except OSError as error:
        print(type(error).__name__)
