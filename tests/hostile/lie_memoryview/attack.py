def attack(layer, x):
    print("TRIED a memoryview")
    return memoryview(np.ascontiguousarray(x))
