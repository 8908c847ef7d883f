"""Guards decoys: how they replace a hand-in's parts; those of eecs498_a3 are no right layers, and their counts tell."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from reference_loader import load_reference

from grader.testing import on_decoys
from grader.testing.submission import Submission

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


@pytest.fixture
def hand_in(tmp_path: Path) -> Iterator[Submission]:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "layers.py").write_text("def relu(x):\n    return max(x, 0)\n")
    (tmp_path / "kit" / "net.py").write_text(
        "from kit.layers import relu\n\n\n"
        "def calls(x):\n    return relu(x) + 1\n\n\n"
        "def inline(x):\n    return max(x, 0) + 1\n\n\n"
        "def pries(x):\n    return relu(x).real + 1\n\n\n"
        "def stub(x):\n    raise NotImplementedError('stub')\n"
    )
    submission = Submission(tmp_path, ["."], [])
    submission.install()
    yield submission
    submission.uninstall()


@pytest.mark.parametrize("whole", [False, True], ids=["names of a module", "a whole module"])
@pytest.mark.parametrize(("name", "result"), [("calls", "decoy of 3+1"), ("inline", 4), ("pries", 4)])
def test_a_part_runs_on_decoys_if_it_uses_them(name: str, result: object, whole: bool, hand_in: Submission) -> None:
    seen: list[int] = []

    class Decoyed(str):
        def __add__(self, other: object) -> str:
            return f"{self}+{other}"

    def decoy(x: int) -> str:
        seen.append(x)
        return Decoyed(f"decoy of {x}")

    own = hand_in("kit.net"), hand_in("kit.layers")
    relu = own[1].relu
    place = "kit.layers" if whole else sys.modules[own[0].calls.__module__]

    def scenario() -> object:
        return getattr(hand_in("kit.net"), name)(3)

    assert on_decoys(place, {"relu": decoy}, scenario, used=lambda: bool(seen)) == result
    assert hand_in("kit.layers").relu is relu
    assert hand_in("kit.net").calls(3) == 4
    with pytest.raises(NotImplementedError, match="stub"):
        on_decoys(place, {"relu": decoy}, lambda: hand_in("kit.net").stub(3), used=lambda: True)
    assert hand_in("kit.net").calls(3) == 4
