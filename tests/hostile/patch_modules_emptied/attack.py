import sys


def attack(layer, x):
    print("TRIED to empty the modules", flush=True)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("grader", "pytest", "_pytest", "json", "struct", "socket", "traceback"):
            vars(module).clear()
            del sys.modules[name]
    return np.zeros_like(x)
