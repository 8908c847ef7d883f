import weakref


async def later(x):
    return x


def attack(layer, x):
    print("TRIED a proxy", flush=True)
    kind = type("Array", (np.ndarray,), {})
    global kept
    kept = np.zeros_like(x).view(kind)
    kept.coroutine = later(x)
    return weakref.proxy(kept)
