import os


def attack(layer, x):
    print("TRIED links")
    targets = ["/etc/passwd", "/proc/self/environ", "/", "@PROJECT@/testcases/cmu11785_hw1_bonus/fixtures"]
    for number, target in enumerate(targets):
        os.symlink(target, f"link{number}")
        try:
            if os.path.isdir(f"link{number}"):
                print("GOT a list of", len(os.listdir(f"link{number}")))
            else:
                with open(f"link{number}", "rb") as file:
                    print("GOT", len(file.read()), "bytes of", target.rpartition("/")[2])
        except OSError as error:
            print(type(error).__name__)
