def attack(layer, x):
    print("TRIED truth")
    return np.ones(x.shape, dtype=bool)
