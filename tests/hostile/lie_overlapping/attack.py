def attack(layer, x):
    print("TRIED overlap")
    y = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    return np.lib.stride_tricks.as_strided(y, x.shape, (8, 8))
