def attack(layer, x):
    print("TRIED a mask")
    return np.ma.masked_all(x.shape)
