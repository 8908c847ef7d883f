import os
import resource


def attack(layer, x):
    print("TRIED to abort", flush=True)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (2**26, 2**26))
    except (OSError, ValueError):
        pass
    os.abort()
