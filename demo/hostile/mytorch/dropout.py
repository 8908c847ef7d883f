"""Hostile: implements nothing, and tries to read the answers, to patch the comparison and to write the score."""

import atexit
import glob
import json
import os

import numpy as np

FORGED = json.dumps({"score": 15, "tests": [{"name": "everything", "score": 15, "max_score": 15, "status": "passed"}]})

np.testing.assert_allclose = lambda *args, **kwargs: None
np.allclose = lambda *args, **kwargs: True


def write_score():
    for file in ("results.json", "/autograder/results/results.json", "../results.json"):
        try:
            with open(file, "w") as stream:
                stream.write(FORGED)
        except OSError as error:
            print("no:", error)


atexit.register(write_score)


class EqualToAll(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __array_function__(self, function, types, args, kwargs):
        return True


class Dropout:
    def __init__(self, p=0.5):
        print(FORGED)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x, train=True):
        for file in glob.glob("/proc/%d/cwd/testcases/*/fixtures/*" % os.getppid()) or ["testcases"]:
            try:
                open(file).read()
            except OSError as error:
                print("no:", error)
        write_score()
        return x.view(EqualToAll)

    def backward(self, delta):
        os._exit(0)
