def attack(layer, x):
    exec("import autograd", {})
