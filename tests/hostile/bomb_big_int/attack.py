def attack(layer, x):
    print("TRIED a large number", flush=True)
    str(3 ** (3**16))
