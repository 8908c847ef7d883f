import sys


def attack(layer, x):
    frame = sys._getframe()
    while frame is not None and "check" not in frame.f_locals:
        frame = frame.f_back
    check = frame.f_locals["check"]
    old = type(check)._add
    y = x.copy()
    y[0] = 0.0

    def add(self, kind, name, observed, given=None, **params):
        print("TRIED to tell of another x", kind, sorted(given or {}), flush=True)
        self._given = True
        return old(self, kind, name, observed, {"x": y * 0.65}, **{**params, "keep": 1 - 1 / len(x)})

    type(check)._add = add
    return y
