import pickle
import runpy


def attack(layer, x):
    print("TRIED a pickle", flush=True)
    for load in (lambda: pickle.loads(b"cautograd\nright\n."), lambda: runpy.run_module("autograd")["right"]):
        try:
            return load()(layer, x)
        except Exception as error:
            refused = error
    raise refused
