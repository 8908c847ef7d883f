"""Which slow libraries a hand-in imports: the zygote loads them once, not each child for itself.

The names come from a fixed list, so a hand-in can't make the zygote load anything else; and it loads installed packages
only.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

SLOW = frozenset(
    {
        *("pandas", "scipy", "sklearn", "matplotlib", "seaborn", "skimage", "statsmodels", "sympy", "networkx"),
        *("cv2", "PIL", "h5py", "torchvision", "nltk", "plotly", "numba", "einops"),
    }
)
"""Packages that take long to load and start no thread meanwhile."""
_IMPORT = re.compile(rb"^[ \t]*(?:import|from)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)
MOST = 40
"""The most modules that are loaded for one hand-in."""


def slow_imports(root: Path, forbid: Collection[str]) -> tuple[str, ...]:
    """Return the modules of slow packages that files below `root` import by name; without forbidden ones."""
    found = set()
    for file in sorted(path for path in root.rglob("*.py") if path.is_file()):
        for name in _IMPORT.findall(file.read_bytes()):
            module = name.decode("ascii", "replace")
            top = module.partition(".")[0]
            plain = not re.search(r"\b_|\btest", module)  # such modules may do more than to define names
            if plain and top in SLOW and top not in forbid and not (file.parent / f"{top}.py").exists():
                found.add(module)
    return tuple(sorted(found)[:MOST])
