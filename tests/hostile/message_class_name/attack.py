def attack(layer, x):
    print("TRIED a class name", flush=True)
    raise type("E\x1b[2J\u202e<b>" + "x" * 2**20, (ValueError,), {})("hello")
