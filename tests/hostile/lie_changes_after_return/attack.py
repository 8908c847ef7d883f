import threading


def attack(layer, x):
    print("TRIED to change later")
    y = np.zeros_like(x)
    right = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    threading.Timer(0.3, np.copyto, (y, right)).start()
    return y
