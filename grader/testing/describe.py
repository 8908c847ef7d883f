"""Reads the description of a collected test from its decorators and its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from grader.described import Described

ALONE = "__alone__"
"""The attribute that `alone` sets."""
BUILDS_ON = "__builds_on__"
"""The attribute that `builds_on` sets."""
Function = TypeVar("Function", bound=Callable[..., Any])


def alone(function: Function) -> Function:
    """Mark a test that must not share its process with other tests, because its outcome depends on what they do."""
    setattr(function, ALONE, True)
    return function


def builds_on(*parts: str) -> Callable[[Function], Function]:
    """Mark a test that needs code of other parts besides its own, such as a net that runs on the hand-in's layers.

    A failure costs nothing if one of these parts loses points by another test, and every test of this test's part that
    builds on nothing earns all its points: the fault is paid for there. So the part needs such tests, with points, and
    they must show what this test asks: on decoys, say. Of tests that build on each other's parts, the first one pays.

    Args:
        parts: names of other parts of the assignment.
    """

    def mark(function: Function) -> Function:
        setattr(function, BUILDS_ON, parts)
        return function

    return mark


def function_of(item: pytest.Item) -> Any:
    """Return the function object on which gradescope_utils' decorators set attributes."""
    obj = getattr(item, "obj", None)
    return getattr(obj, "__func__", obj)


def describe(item: pytest.Item) -> Described:
    """Return the description of a collected test."""
    function = function_of(item)
    doc = (getattr(function, "__doc__", None) or "").strip().splitlines()
    callspec = getattr(item, "callspec", None)
    column = getattr(function, "__leaderboard_column__", None)
    return Described(
        id=item.nodeid,
        function=item.nodeid.split("[")[0],
        part=item.path.stem.removeprefix("test_"),
        title=doc[0].strip() if doc else getattr(item, "originalname", item.name),
        case=callspec.id if callspec is not None else None,
        line=getattr(getattr(inspect.unwrap(function), "__code__", None), "co_firstlineno", None),
        weight=getattr(function, "__weight__", None),
        number=getattr(function, "__number__", None),
        visibility=getattr(function, "__visibility__", "visible"),
        tags=tuple(str(tag) for tag in getattr(function, "__tags__", ())),
        hide_errors=getattr(function, "__hide_errors__", None),
        partial=_is_partial(function),
        leaderboard=(str(column), getattr(function, "__leaderboard_sort_order__", "desc")) if column else None,
        alone=hasattr(function, ALONE),
        builds_on=tuple(getattr(function, BUILDS_ON, ())),
        takes_score=_takes_score(function),
    )


def _takes_score(function: Any) -> bool:
    parameters = inspect.signature(inspect.unwrap(function)).parameters.values()
    return any(item.name == "set_score" or item.kind is item.VAR_KEYWORD for item in parameters)


def _is_partial(function: Any) -> bool:
    """Whether gradescope_utils' partial_credit wrapped this function; its only mark is its wrapper's closure."""
    while function is not None:
        code = getattr(function, "__code__", None)
        if code is not None and "set_score" in code.co_freevars:
            return True
        function = getattr(function, "__wrapped__", None)
    return False
