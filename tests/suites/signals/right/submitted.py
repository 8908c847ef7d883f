def gain(xs, by):
    return [x * by for x in xs]
