def attack(layer, x):
    print("TRIED recursion")
    attack(layer, x)
