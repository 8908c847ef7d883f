def attack(layer, x):
    print("TRIED a dictionary", flush=True)
    {number * (2**61 - 1): None for number in range(100_000)}
