def attack(layer, x):
    print("TRIED a terabyte")
    return np.broadcast_to(np.float64(1.0), (2**20, 2**17))
