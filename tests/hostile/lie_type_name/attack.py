class Meta(type):
    @property
    def __name__(cls):
        return "<script>\x1b[31m\u202e" * 50_000


class Liar(metaclass=Meta):
    pass


def attack(layer, x):
    print("TRIED names")
    return Liar()
