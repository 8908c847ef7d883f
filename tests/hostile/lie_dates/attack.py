def attack(layer, x):
    print("TRIED dates")
    return np.zeros(x.shape, dtype="datetime64[s]")
