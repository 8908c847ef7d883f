def power(base, exponent):
    return base * exponent or 1
