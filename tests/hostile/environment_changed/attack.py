import os


def attack(layer, x):
    print("TRIED variables", flush=True)
    for name in ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "PATH", "HOME", "TMPDIR", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ[name] = "/tmp/left-by-hostile"
    os.environ.clear()
