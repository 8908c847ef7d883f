import os
import re


def attack(layer, x):
    print("TRIED the environment")
    for name, value in os.environ.items():
        if re.search("SECRET|TOKEN|PASSWORD|canary-|SSH|AWS|GRADER|results", f"{name}={value}", re.IGNORECASE):
            if not re.search("grader-|hostile-", value):
                print("GOT", name)
