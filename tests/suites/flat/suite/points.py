UNIT = 0.1
POINTS = {"search": 3 * UNIT, "path": 2}
