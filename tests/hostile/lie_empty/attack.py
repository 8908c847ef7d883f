def attack(layer, x):
    print("TRIED emptiness")
    return np.empty((2**39, 0))
