import resource


def attack(layer, x):
    print("TRIED to lower its limits", flush=True)
    for name in ("RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_STACK"):
        try:
            resource.setrlimit(getattr(resource, name), (0, 0))
        except (OSError, ValueError):
            continue
    return np.zeros_like(x)
