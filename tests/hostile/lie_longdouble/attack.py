def attack(layer, x):
    print("TRIED long doubles", flush=True)
    return np.full(x.shape, np.longdouble("1e4000"))
