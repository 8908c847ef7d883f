"""Makes torch's own dropout and batch norm refuse while a test runs: they are what this homework builds.

The refusal is in torch's dispatcher, through which every way to these operators goes: torch.nn.functional, modules,
torch.ops, TorchScript, compiled, vectorised and nested code, other layers that drop or normalise inside. torch's own
versions in Python, which never get to the dispatcher, lose their code.

In grading each run of tests has a process of its own, forked after this file was imported. There nothing is restored,
and no Python object refers to what could restore it. On a student's machine all is as before when the test is over.
"""

import contextlib
import ctypes
import inspect
import os
import re
import sys
import types
import warnings

import torch

_OWN = re.compile("dropout|batch_norm")
_IMPORTED_BY = os.getpid()
_MODULES_IN_PYTHON = re.compile(r"torch\.(_decomp|_refs)\b")


def _kernels():
    """Every kernel of the operators, in every namespace: (namespace, operator, dispatch key)."""
    names = [name for name in torch._C._dispatch_get_all_op_names() if _OWN.search(name)]
    keys = []
    for key in torch._C.DispatchKey.__members__:
        with contextlib.suppress(RuntimeError):  # names of limits between keys, which aren't keys
            torch._C._dispatch_has_kernel_for_dispatch_key("aten::dropout", key)
            keys.append(key)
    return [
        (*name.split("::"), key)
        for name in names
        for key in keys
        if torch._C._dispatch_has_kernel_for_dispatch_key(name, key)
    ]


def _functions():
    """torch's own dropout and batch norm in Python, without their decorators."""
    found = {}
    for name, module in list(sys.modules.items()):
        if _MODULES_IN_PYTHON.match(name):
            for value in list(vars(module).values()):
                if callable(value) and _OWN.search(getattr(value, "__name__", "")):
                    function = inspect.unwrap(value)
                    if isinstance(function, types.FunctionType) and not function.__code__.co_freevars:
                        found[id(function)] = function
    return list(found.values())


_KERNELS = _kernels()
_FUNCTIONS = _functions()


def torch_refuses():
    """Yield once, while torch's own dropout and batch norm raise RuntimeError; for a pytest fixture."""
    if os.getpid() != _IMPORTED_BY:
        _refuse_for_good()
        yield
        return
    libraries, codes = _override(), [function.__code__ for function in _FUNCTIONS]
    _empty_functions()
    try:
        yield
    finally:
        for function, code in zip(_FUNCTIONS, codes, strict=True):
            function.__code__ = code
        # a library's registrations end with its last reference
        libraries.clear()


def _refuse_for_good():
    for library in _override().values():
        # a reference that nobody has, in no frame and unknown to gc: nothing can end the registrations
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
    _empty_functions()


def _override():
    """Put a refusal before every kernel; return what holds the registrations, by namespace."""
    libraries = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells that kernels are overridden, which is what is wanted
        for namespace, operator, key in _KERNELS:
            if namespace not in libraries:
                libraries[namespace] = torch._C._dispatch_library("IMPL", namespace, "", __file__, 0)
            libraries[namespace].impl(operator, key, _refusal(operator))
    return libraries


def _empty_functions():
    for function in _FUNCTIONS:
        function.__code__ = _refuse_in_python.__code__


def _refusal(operator):
    def refused(*args, **kwargs):
        raise RuntimeError(f"torch's own {operator} was called: this homework builds it, out of elementary operations")

    return refused


def _refuse_in_python(*args, **kwargs):
    raise RuntimeError("torch's own code in Python was called: this homework builds it, out of elementary operations")
