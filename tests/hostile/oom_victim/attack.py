import os


def attack(layer, x):
    print("TRIED the victim's place", flush=True)
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("-1000")
    except OSError as error:
        print(type(error).__name__)
    else:
        print("GOT to be spared")
