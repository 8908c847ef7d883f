import warnings


def attack(layer, x):
    print("TRIED warnings", flush=True)
    for number in range(30_000):
        warnings.warn(f"this is warning {number} <script>", stacklevel=1)
