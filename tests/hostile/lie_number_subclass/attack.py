class Liar(np.float64):
    def __array__(self, *arguments, **options):
        return np.ones((30, 50))

    dtype = np.dtype("float64")
    shape = (30, 50)


def attack(layer, x):
    print("TRIED a number")
    return Liar(1.0)
