"""Runs a part of a hand-in on decoys: the tests' own classes or functions, in the place of the student's other parts.

So a part is graded alone, and a fault of another part isn't paid for twice. Decoys compute something else than the
parts that they replace: a hand-in that imports one as its answer gains nothing.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


def on_decoys(
    place: ModuleType | str,
    decoys: Mapping[str, Any],
    scenario: Callable[[], T],
    *,
    used: Callable[[], bool],
    own: Callable[[], T] | None = None,
) -> T:
    """Return scenario() on decoys; where the hand-in doesn't use them, on its own parts instead.

    Args:
        place: the hand-in's module in which the decoys replace what has their names; or the name of a module that they
            replace as a whole. Then the hand-in's modules of the same package are imported anew inside `scenario`.
        decoys: by their names.
        scenario: what is graded. It may run twice, so it draws nothing from `rng`.
        used: whether the hand-in called the decoys as a right one does; asked after `scenario`.
        own: what runs on the hand-in's own parts; `scenario` by default.

    Raises:
        NotImplementedError: the part is still a stub.
    """
    replaced = _module_replaced(place, decoys) if isinstance(place, str) else _names_replaced(place, decoys)
    with replaced:
        try:
            result = scenario()
            if used():
                return result
        except NotImplementedError:
            raise
        except Exception:
            pass  # caches taken apart, an attribute of the student's own layer: its own parts tell what is wrong
    return (own or scenario)()


@contextmanager
def _names_replaced(module: ModuleType, decoys: Mapping[str, Any]) -> Iterator[None]:
    names = vars(module)
    before = {name: names[name] for name in decoys if name in names}
    names.update(decoys)
    try:
        yield
    finally:
        for name in decoys:
            names.pop(name, None)
        names.update(before)


@contextmanager
def _module_replaced(name: str, decoys: Mapping[str, Any]) -> Iterator[None]:
    package = name.partition(".")[0]
    module = ModuleType(name)
    vars(module).update(decoys)
    before = _forget(package)
    sys.modules[name] = module
    try:
        yield
    finally:
        _forget(package)
        sys.modules.update(before)


def _forget(package: str) -> dict[str, ModuleType]:
    """Take a package out of the loaded modules, and return it."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == package}
