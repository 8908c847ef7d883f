class Meta(type):
    def __instancecheck__(cls, other):
        return True

    __subclasscheck__ = __instancecheck__
    __eq__ = lambda self, other: True
    __hash__ = lambda self: hash(np.ndarray)
    __name__ = "ndarray"
    __module__ = "numpy"
    shape, dtype, ndim = (30, 50), np.dtype("float64"), 2


class Pretender(metaclass=Meta):
    __class__ = np.ndarray
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *arguments, **options: self
    __iter__ = lambda self: iter(())


def attack(layer, x):
    print("TRIED a metaclass", flush=True)
    return Pretender
