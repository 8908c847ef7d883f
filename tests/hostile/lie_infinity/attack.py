def attack(layer, x):
    print("TRIED infinity")
    return np.sign(x) * np.inf
