def attack(layer, x):
    print("TRIED to go on for ever", flush=True)
    while True:
        pass
