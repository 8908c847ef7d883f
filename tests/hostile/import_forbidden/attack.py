def attack(layer, x):
    import autograd
