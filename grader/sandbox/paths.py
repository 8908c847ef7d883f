"""The paths of this machine that a worker reads: the interpreter, the libraries, and the grader's own package."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path


@cache
def readable_paths() -> tuple[str, ...]:
    """Return the paths that a worker must read: the interpreter, its libraries and the grader's own package."""
    scheme = sysconfig.get_paths()
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    paths = {
        *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"),
        *(
            "/proc/cpuinfo",
            "/sys/devices/system/cpu",
        ),  # without these torch chooses other kernels, whose results differ
        *(scheme[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(str(prefix / name) for prefix in prefixes for name in ("lib", "lib64", "pyvenv.cfg")),
        str(Path(__file__).resolve().parents[1]),
    }
    # a dependency may be installed elsewhere, for example as a development install
    for name in ("numpy", "pytest", "gradescope_utils"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            paths.add(str(Path(spec.origin).parent))
    return tuple(sorted(path for path in paths if os.path.exists(path)))


@cache
def needed_paths() -> tuple[Path, ...]:
    """Return the paths that must stay accessible so that a worker can run: those it reads, and the interpreter."""
    return (*map(Path, readable_paths()), Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable))
