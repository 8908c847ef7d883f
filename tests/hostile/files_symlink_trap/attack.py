import os


def attack(layer, x):
    print("TRIED to lay traps", flush=True)
    os.mkdir("folder")
    for number, place in enumerate(["/tmp", "/", "..", "../../visible", "../../submission", "@PROJECT@"]):
        os.symlink(place, f"trap{number}")
        os.symlink(place, f"folder/trap{number}")
    os.symlink("loop", "loop")
