def attack(layer, x):
    print("TRIED nothing")
