def attack(layer, x):
    print("TRIED some nan")
    y = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    return np.where(y == 0, np.nan, y)
