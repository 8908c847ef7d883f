import builtins


def attack(layer, x):
    print("TRIED groups")
    group, kind = ValueError("bottom"), getattr(builtins, "ExceptionGroup", None)
    for _ in range(500):
        group = kind("x" * 50, [group, ValueError("beside")]) if kind else group
    raise group
