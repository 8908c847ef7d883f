"""`eecs598` under the name that another course gave it."""

import sys

import eecs598
from eecs598 import *  # noqa: F403 - an alias has whatever the package has

__all__ = list(eecs598.__all__)

# The submodules too, so that `from libs.grad import rel_error` finds the same objects and no copies.
_MODULES = ("data", "grad", "solver", "utils", "vis")
sys.modules.update({f"{__name__}.{module}": getattr(eecs598, module) for module in _MODULES})
