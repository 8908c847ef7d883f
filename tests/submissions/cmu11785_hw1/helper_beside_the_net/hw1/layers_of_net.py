"""How the layers of a net are made."""

from itertools import pairwise

from linear import Linear as Linear


def made(kind, sizes, *initialisers):
    return [kind(rows, columns, *initialisers) for rows, columns in pairwise(sizes)]
