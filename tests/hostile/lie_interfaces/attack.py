class Many:
    def __init__(self, x, right):
        self.x, self.right = np.zeros_like(x), right
        self.shape, self.dtype, self.ndim, self.size = x.shape, x.dtype, x.ndim, x.size

    @property
    def __array_interface__(self):
        print("TRIED an interface")
        return (np.zeros_like(self.x) if np.random.rand() < 0.5 else self.x).__array_interface__

    def __dlpack__(self, **options):
        return self.x.__dlpack__()

    def __dlpack_device__(self):
        return (1, 0)

    def __buffer__(self, flags):
        return memoryview(self.x)

    def __len__(self):
        return 2**62

    def __float__(self):
        return float("nan")

    __index__ = __len__


def attack(layer, x):
    print("TRIED many interfaces", flush=True)
    return Many(x, None)
