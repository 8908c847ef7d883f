def attack(layer, x):
    print("TRIED nothing, many times")
    return np.empty((10**9,), dtype="V0")
