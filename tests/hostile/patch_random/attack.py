import random

print("TRIED generators")
for _name in ("rand", "random", "random_sample", "normal", "uniform", "randn"):
    setattr(np.random, _name, lambda *arguments, **options: 0.0)
np.random.binomial = lambda n, p, size=None: np.ones(size)
random.random = lambda: 0.0
