def attack(layer, x):
    print("TRIED texts with pointers", flush=True)
    kind = getattr(np.dtypes, "StringDType", None) if hasattr(np, "dtypes") else None
    return np.full(x.shape, "0.0", dtype=kind() if kind else object)
