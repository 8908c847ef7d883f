def attack(layer, x):
    print("TRIED an array of no dimensions")
    return np.array(0.0)
