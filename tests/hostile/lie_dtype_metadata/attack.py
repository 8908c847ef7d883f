def attack(layer, x):
    print("TRIED dtypes with more in them", flush=True)
    odd = np.dtype("float64", metadata={"shape": (0,), "dtype": "bool", "expected": object(), "loop": []})
    odd.metadata["loop"].append(odd.metadata["loop"])
    wide = np.zeros(x.shape, dtype=np.dtype({"names": ["a"], "formats": ["f8"], "offsets": [8], "itemsize": 64}))
    return np.zeros(x.shape, dtype=odd) if np.random.rand() < 0.5 else wide["a"]
