import os


def attack(layer, x):
    print("TRIED to remove the stage", flush=True)
    stage = os.path.dirname(os.path.dirname(os.getcwd()))
    for name in ("visible", "hidden", "submission", "work", "work/home"):
        try:
            os.rename(os.path.join(stage, name), os.path.join(stage, name + "-left-by-hostile"))
        except OSError:
            continue
        print("GOT to move", name)
