def attack(layer, x):
    print("TRIED a name")
    kind = type("<script>alert(1)</script>", (Exception,), {"__module__": "\u202e\x1b[31m"})
    raise kind("x")
