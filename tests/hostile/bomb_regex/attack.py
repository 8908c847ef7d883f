import re


def attack(layer, x):
    print("TRIED a pattern", flush=True)
    re.match(r"(a|aa)*(a|aa)*(a|aa)*b", "a" * 60)
