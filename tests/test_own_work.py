"""nyu1008_hw3 refuses torch's own dropout and batch norm: no code can avoid the refusal, and it ends with the test."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from conftest import ROOT

pytestmark = pytest.mark.long

FOLDER = ROOT / "testcases" / "nyu1008_hw3"
SETUP = """
import gc, importlib, json, os, sys, types, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import torch
from torch import nn
from torch.nn import functional as F
import own_work
x = torch.randn(4, 3, 5, 6)
ones, zeros = torch.ones(3), torch.zeros(3)
NORM = (x, None, None, None, None, True, 0.1, 1e-5)
CPU = torch._C.DispatchKey.CPU


def undo_by_gc():
    found = gc.get_objects()
    for item in [one for one in found if type(one).__name__ in ("MonkeyPatch", "Library", "_DispatchModule")]:
        for name in ("undo", "_destroy", "reset"):
            getattr(item, name, int)()
    for item in found:
        frame = item.gi_frame if isinstance(item, types.GeneratorType) else None
        if frame is not None and frame.f_code.co_filename == own_work.__file__:
            assert not any("_DispatchModule" in type(value).__name__ for value in frame.f_locals.values())
            assert "libraries" not in frame.f_locals
    del found, item
    own_work._IMPORTED_BY = os.getpid()
    for _ in own_work.torch_refuses():
        pass
    torch.library._impls.clear()
    gc.collect()


def imported_again():
    for name in [name for name in sys.modules if name.split(".")[0] in ("own_work",)]:
        del sys.modules[name]
    del sys.modules["torch._C"]
    return importlib.import_module("torch._C")


class Sub(torch.Tensor):
    pass


def decomposed(call):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func.decompose(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {})) if result is NotImplemented else result

    with Mode(), torch.inference_mode():
        return call()


def made_by_fx():
    from torch._decomp import decomposition_table
    from torch.fx.experimental.proxy_tensor import make_fx

    with torch.no_grad():
        return make_fx(lambda x: F.batch_norm(x, None, None, training=True), decomposition_table=decomposition_table)(x)


def script(text, *args):
    unit = torch.jit.CompilationUnit(f"{text}\\n")
    for _ in range(4):
        unit.f(x.clone().requires_grad_())


def under(mode, call):
    with mode():
        return call()


def after(step, call):
    step()
    return call()


def kernel(name, *args):
    return torch.library.get_kernel(name, "CPU").call_boxed(torch._C.DispatchKeySet(CPU), *args)


def python_table(name):
    from torch._decomp import global_decomposition_table

    for table in global_decomposition_table.values():
        for operator, function in table.items():
            if name in str(operator) and "backward" not in str(operator):
                return function(*NORM) if "norm" in name else function(x, 0.5, True)
    raise RuntimeError(own_work._refuse_in_python.__code__.co_consts[1])


ROUTES = {
    "F.dropout": lambda: F.dropout(x, 0.5, True),
    "F.dropout2d": lambda: F.dropout2d(x, 0.5, True),
    "F.alpha_dropout": lambda: F.alpha_dropout(x, 0.5, True),
    "F.batch_norm": lambda: F.batch_norm(x, None, None, training=True),
    "in evaluation": lambda: F.batch_norm(x, zeros, ones),
    "modules": lambda: nn.Sequential(nn.Dropout2d())(x),
    "module BatchNorm2d": lambda: nn.BatchNorm2d(3)(x),
    "class method": lambda: nn.BatchNorm2d.forward(nn.BatchNorm2d(3), x),
    "synchronised": lambda: nn.SyncBatchNorm(3)(x),
    "instance norm": lambda: F.instance_norm(x),
    "_VF": lambda: torch._VF.dropout(x, 0.5, True),
    "_C": lambda: torch._C._VariableFunctions.native_batch_norm(*NORM),
    "_C once more": lambda: imported_again()._VariableFunctions.dropout(x, 0.5, True),
    "native": lambda: torch.native_dropout(x, 0.5, True),
    "in place": lambda: torch.feature_dropout_(x.clone(), 0.5, True),
    "aten": lambda: torch.ops.aten.native_batch_norm.default(*NORM),
    "legit": lambda: torch.ops.aten._native_batch_norm_legit.no_stats(x, None, None, True, 0.1, 1e-5),
    "with update": lambda: torch.ops.aten._batch_norm_with_update.default(x, None, None, zeros, ones, 0.1, 1e-5),
    "index": lambda: torch.ops.aten._batch_norm_impl_index.default(*NORM, False),
    "statistics": lambda: torch.batch_norm_update_stats(x, zeros, ones, 0.1),
    "redispatch": lambda: torch.ops.aten.native_batch_norm.default.redispatch(torch._C.DispatchKeySet(CPU), *NORM),
    "key": lambda: torch.ops.aten.native_batch_norm.default._op_dk(CPU, *NORM),
    "autograd's key": lambda: torch.ops.aten.native_batch_norm.default._op_dk(torch._C.DispatchKey.AutogradCPU, *NORM),
    "kernel": lambda: kernel("aten::native_batch_norm", *NORM),
    "no grad": lambda: under(torch.no_grad, lambda: F.dropout(x, 0.5, True)),
    "inference": lambda: under(torch.inference_mode, lambda: F.batch_norm(x, None, None, training=True)),
    "below autograd": lambda: under(torch._C._AutoDispatchBelowAutograd, lambda: F.dropout(x, 0.5, True)),
    "script": lambda: script("def f(x):\\n  return torch.dropout(x, 0.5, True)"),
    "script of batch norm": lambda: script(
        "def f(x):\\n  return torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)"
    ),
    "trace": lambda: torch.jit.trace(lambda x: F.dropout(x, 0.5, True), (x,))(x),
    "vmap": lambda: torch.vmap(lambda x: F.dropout(x, 0.5, True), randomness="different")(x),
    "vmap, the same": lambda: torch.vmap(lambda x: torch.native_dropout(x, 0.5, True)[0], randomness="same")(x),
    "jvp": lambda: torch.func.jvp(lambda x: F.batch_norm(x, None, None, training=True), (x,), (x,)),
    "functionalize": lambda: torch.func.functionalize(lambda x: F.dropout(x, 0.5, True))(x),
    "dispatch mode": lambda: decomposed(lambda: F.dropout(x, 0.5, True)),
    "fx": made_by_fx,
    "nested": lambda: F.dropout(torch.nested.nested_tensor([x[0], x[1]]), 0.5, True),
    "sparse": lambda: F.dropout(x.to_sparse(), 0.5, True),
    "complex": lambda: F.dropout(x + 1j, 0.5, True),
    "mkldnn": lambda: torch.native_batch_norm(x.to_mkldnn(), ones, zeros, zeros, ones, True, 0.1, 1e-5),
    "quantised": lambda: torch.ops.quantized.batch_norm2d(
        torch.quantize_per_tensor(x, 0.1, 0, torch.quint8), ones, zeros, zeros, ones, 1e-5, 0.1, 0
    ),
    "cudnn": lambda: torch.cudnn_batch_norm(x, ones, zeros, zeros, ones, True, 0.1, 1e-5),
    "subclass": lambda: F.dropout(x.as_subclass(Sub), 0.5, True),
    "recurrent": lambda: nn.LSTM(6, 6, 2, dropout=0.5)(x[0]),
    "attention": lambda: F.scaled_dot_product_attention(x, x, x, dropout_p=0.5),
    "reference of dropout": lambda: torch._refs.nn.functional.dropout(x, 0.5, True),
    "reference of alpha dropout": lambda: torch._refs.nn.functional.alpha_dropout(x, 0.5, True),
    "decomposition": lambda: torch._decomp.decompositions.native_batch_norm(*NORM),
    "helper of decompositions": lambda: torch._decomp.decompositions.native_batch_norm_helper(*NORM, False),
    "table of batch norm": lambda: python_table("native_batch_norm"),
    "table of dropout": lambda: python_table("native_dropout"),
    "reloaded functional": lambda: importlib.reload(F).dropout(x, 0.5, True),
    "undone by gc": lambda: after(undo_by_gc, lambda: F.dropout(x, 0.5, True)),
    "undone by gc, batch norm": lambda: after(undo_by_gc, lambda: F.batch_norm(x, None, None, training=True)),
}
"""
TRIED = """
outcomes = {}
for name, route in ROUTES.items():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        refusing = own_work.torch_refuses()
        next(refusing)
        try:
            outcome = f"got {type(route()).__name__}"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        os.write(writing, outcome.encode()[-3000:])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        outcomes[name] = pipe.read()
    os.waitpid(pid, 0)
print(json.dumps(outcomes))
"""
RESTORED = """
def outcome(route):
    try:
        route()
    except RuntimeError as error:
        return str(error)
    return "done"

names = ["F.dropout", "F.batch_norm", "module BatchNorm2d", "nested", "decomposition", "reference of dropout"]
refusing = own_work.torch_refuses()
before = [outcome(ROUTES[name]) for name in names]
next(refusing)
during = [outcome(ROUTES[name]) for name in names]
assert list(refusing) == []
print(json.dumps([before, during, [outcome(ROUTES[name]) for name in names]]))
"""


def told_by(program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + program, str(FOLDER)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_no_route_leads_around_the_refusal() -> None:
    outcomes = told_by(TRIED)
    assert isinstance(outcomes, dict)
    assert len(outcomes) > 40
    untold = {name: outcome for name, outcome in outcomes.items() if "this homework builds it" not in outcome}
    assert not [name for name, outcome in untold.items() if outcome.startswith("got")], untold
    # torch itself can't be loaded twice
    assert set(untold) <= {"_C once more", "reloaded functional"}, untold


def test_a_students_process_is_as_before() -> None:
    before, during, afterwards = told_by(RESTORED)
    assert before == afterwards == ["done"] * len(before)
    assert all("this homework builds it" in outcome for outcome in during)


@pytest.mark.parametrize("call", ["torch.rand(3)", "torch.bernoulli(ones)", "x.var(dim=0)", "x.mean(dim=0)"])
def test_what_a_right_hand_in_needs_works(call: str) -> None:
    assert told_by(f"next(own_work.torch_refuses())\n{call}\nprint('true')") is True
