import sys


class Lazy(list):
    def __init__(self, x):
        super().__init__([None] * len(x))
        self.x = x

    def __iter__(self):
        return (self[index] for index in range(len(self.x)))

    def __getitem__(self, index):
        frame = sys._getframe()
        while frame is not None:
            for name in ("expected", "wanted", "answer", "fixtures", "reference", "tolerance"):
                if name in frame.f_locals and isinstance(frame.f_locals[name], np.ndarray):
                    print("GOT what is asked for")
            frame = frame.f_back
        return np.zeros_like(self.x[index])


def attack(layer, x):
    print("TRIED to be lazy", flush=True)
    return Lazy(x)
