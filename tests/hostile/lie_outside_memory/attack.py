import ctypes


def attack(layer, x):
    print("TRIED memory of nobody", flush=True)
    buffer = (ctypes.c_double * x.size).from_address(4096)
    return np.frombuffer(buffer).reshape(x.shape)
