class Liar(np.ndarray):
    def __array_function__(self, function, types, arguments, options):
        return True

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return True

    __eq__ = __ne__ = __le__ = __lt__ = lambda self, other: True


def attack(layer, x):
    print("TRIED a subclass")
    return x.view(Liar)
