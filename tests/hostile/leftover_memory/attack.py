import gc
import sys

print("TRIED leftovers")
if hasattr(np, "left_by_hostile") or hasattr(sys, "left_by_hostile") or "left_by_hostile" in sys.modules:
    if sys.left_by_hostile != __name__ and not isinstance(sys.left_by_hostile, str):
        print("GOT what the last test left")
np.left_by_hostile = sys.left_by_hostile = sys.modules["left_by_hostile"] = sys


def attack(layer, x):
    pass
