"""Guards the decoys of eecs498_a3: none is a right layer, and each is recognised by its counts."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from reference_loader import load_reference

NAMES = ["fully_connected_networks"]
LINEAR = "Linear", "Linear_ReLU"


@pytest.fixture
def stand_ins() -> Any:
    folder = str(ROOT / "testcases" / "eecs498_a3")
    sys.path.insert(0, folder)
    try:
        yield importlib.import_module("stand_ins")
    finally:
        sys.path.remove(folder)
        sys.modules.pop("stand_ins", None)


def outcome(layer: Any, name: str, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """What forward and backward of a layer return."""
    torch.manual_seed(5)
    setting = {"mode": "train", "p": 0.3}
    inputs = (x, w, b) if name in LINEAR else (x, setting) if name == "Dropout" else (x,)
    out, cache = layer.forward(*inputs)
    gradients = layer.backward(torch.ones_like(out), cache)
    return [out, *(gradients if isinstance(gradients, tuple) else (gradients,))]


@pytest.mark.parametrize("name", ["Linear", "ReLU", "Linear_ReLU", "Dropout"])
def test_a_decoy_agrees_with_no_value_of_the_layer(name: str, stand_ins: Any) -> None:
    helpers = "../../testcases/eecs498_a3/helpers"
    right: Any = getattr(load_reference("eecs498_a3", path=[".", helpers], names=NAMES).fully_connected_networks, name)
    rng = np.random.RandomState(1)
    x, w, b = (torch.tensor(rng.normal(size=shape)) for shape in ((5, 7), (7, 4), (4,)))
    for seed in range(20):
        decoy = stand_ins.Decoys(np.random.RandomState(seed)).classes[name]
        for wrong, value in zip(outcome(decoy, name, x, w, b), outcome(right, name, x, w, b), strict=True):
            assert wrong.shape == value.shape
            assert not torch.allclose(wrong, value, rtol=0.05)


def test_a_style_is_all_or_nothing(stand_ins: Any) -> None:
    decoys = stand_ins.Decoys(np.random.RandomState(1))
    decoys.last = 3
    linear, relu = decoys.classes["Linear"], decoys.classes["ReLU"]
    x, w, v = torch.ones(2, 4), torch.ones(4, 5), torch.ones(5, 3)
    assert decoys.style(1, 0, 1) == "TTTTTT"
    hidden, first = linear.forward(x, w, torch.zeros(5))
    _, second = linear.forward(hidden.clamp(min=0), v, torch.zeros(3))
    dx, _, _ = linear.backward(torch.ones(2, 3), second)
    linear.backward(dx * (hidden > 0), first)
    assert decoys.style(1, 0, 1) == "DTDDTD"
    relu.forward(x)
    relu.forward(x)
    assert decoys.style(1, 0, 1) == ""
