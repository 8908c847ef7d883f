import io
import sys
import zipfile


def attack(layer, x):
    print("TRIED a zip on the path", flush=True)
    with zipfile.ZipFile("modules.zip", "w") as archive:
        for name in ("numpy", "pytest", "grader", "json", "struct"):
            archive.writestr(f"{name}/__init__.py", "print('GOT loaded as a library')")
    sys.path.insert(0, "modules.zip")
    sys.path_importer_cache.clear()
    return np.zeros_like(x)
