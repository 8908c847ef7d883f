def attack(layer, x):
    print("TRIED a scalar")
    return 1.0
