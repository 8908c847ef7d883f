def attack(layer, x):
    print("TRIED 100 MB")
    return np.zeros((100, 2**20 // 8))
