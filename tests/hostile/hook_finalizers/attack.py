import gc
import weakref


class Late:
    def __init__(self, y, right):
        self.y, self.right = y, right
        self.self = self

    def __del__(self):
        self.y[...] = self.right


def attack(layer, x):
    print("TRIED to finalize", flush=True)
    y = np.zeros_like(x)
    right = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    Late(y, right)
    owner = type("Owner", (), {})()
    weakref.finalize(owner, np.copyto, y, right)
    gc.callbacks.append(lambda phase, info: np.copyto(y, right) if phase == "stop" and info["collected"] > 50 else None)
    y.flags.writeable = True
    return y.view(type("Kept", (np.ndarray,), {"owner": owner, "__del__": lambda self: None}))
