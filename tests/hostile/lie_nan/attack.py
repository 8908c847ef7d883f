def attack(layer, x):
    print("TRIED nan")
    return np.full_like(x, np.nan)
