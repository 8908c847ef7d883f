def attack(layer, x):
    print("TRIED structure")
    return np.zeros(x.shape, dtype=[("<script>", "f8"), ("\u202e\x1b[31m", "V7")])
