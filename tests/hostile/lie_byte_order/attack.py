def attack(layer, x):
    print("TRIED the byte order")
    y = x * np.random.binomial(1, layer.p, x.shape) / layer.p
    return y.astype(">f8")
