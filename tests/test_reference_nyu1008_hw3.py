"""The reference of nyu1008_hw3 against torch.nn.BatchNorm2d, autograd and the answers of its source.

"Interface" is what the handout says of the two classes, "the source" is the answered homework that the assignment is
made from.
"""

import copy
import importlib
import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from reference_loader import ROOT, load_reference
from torch import Tensor, nn
from torch.testing import assert_close

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
regularization: Any = load_reference("nyu1008_hw3", path=["."], names=["regularization"]).regularization
Dropout2d: Any = regularization.Dropout2d
BatchNorm2d: Any = regularization.BatchNorm2d
FOLDER: Path = ROOT / "reference" / "nyu1008_hw3"

F64 = torch.float64


@pytest.fixture
def gen() -> torch.Generator:
    return torch.Generator().manual_seed(1008)


def randn(gen: torch.Generator, *shape: int, dtype: torch.dtype = F64) -> Tensor:
    return torch.randn(*shape, generator=gen, dtype=dtype)


# Dropout2d


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("shape", [(40, 30, 3, 5), (900, 2, 4)])
def test_dropout2d_drops_whole_channels(gen: torch.Generator, shape: tuple[int, ...], p: float, inplace: bool) -> None:
    x = randn(gen, *shape)
    before = x.clone()
    torch.manual_seed(0)
    out = Dropout2d(p, inplace)(x)
    assert (out is x) == (inplace or p == 0)
    if not inplace:
        assert torch.equal(x, before)

    ratio = out / before
    assert torch.equal(ratio.amax(dim=(-2, -1)) == 0, ratio.amin(dim=(-2, -1)) == 0)
    channel = ratio[..., 0, 0]
    dropped = channel == 0
    if p < 1:
        kept = channel[~dropped]
        assert_close(kept, torch.full_like(kept, 1 / (1 - p)))
    share = dropped.double().mean().item()
    assert share == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / dropped.numel()))


@pytest.mark.parametrize("p", [0.2, 0.7, 1.0])
def test_dropout2d_gradient_is_the_mask(gen: torch.Generator, p: float) -> None:
    x = randn(gen, 6, 9, 2, 3).requires_grad_()
    dout = randn(gen, 6, 9, 2, 3)
    out = Dropout2d(p)(x)
    out.backward(dout)
    mask = (out / x).detach()
    assert_close(x.grad, dout * mask)

    x2 = x.detach().clone().requires_grad_()
    masked = Dropout2d(p, inplace=True)(x2 * 1)
    masked.backward(dout)
    assert_close(x2.grad, dout * (masked / x2).detach())


@pytest.mark.parametrize("p", [0.2, 1.0])
def test_dropout2d_is_the_identity_in_evaluation(gen: torch.Generator, p: float) -> None:
    x = randn(gen, 4, 3, 2, 5)
    before = x.clone()
    assert torch.equal(Dropout2d(p, inplace=True).eval()(x), before)
    assert torch.equal(x, before)


def test_dropout2d_draws_a_fresh_mask_and_keeps_the_dtype() -> None:
    layer, x = Dropout2d(0.4), torch.ones(20, 30, 1, 2)
    assert not torch.equal(layer(x), layer(x))
    assert layer(x).dtype == torch.float32
    torch.manual_seed(1)
    first = layer(x)
    torch.manual_seed(1)
    assert torch.equal(first, layer(x))


def test_dropout2d_agrees_with_torch_in_distribution() -> None:
    """torch.nn.Dropout2d draws otherwise, so only what both must share is compared: values and their frequencies."""
    x = torch.ones(200, 50, 2, 2)
    ours, theirs = Dropout2d(0.3)(x), nn.Dropout2d(0.3)(x)
    assert_close(ours.unique(), theirs.unique())
    assert ours.mean().item() == pytest.approx(theirs.mean().item(), abs=10 * math.sqrt(0.3 / 0.7 / 10_000))


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan, math.inf])
def test_dropout2d_refuses_what_is_no_probability(p: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Dropout2d(p)


@pytest.mark.parametrize("shape", [(3,), (3, 4), (1, 2, 3, 4, 5)])
def test_dropout2d_refuses_what_is_no_picture(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        Dropout2d()(torch.ones(shape))


def test_dropout2d_defaults() -> None:
    """Interface: Dropout2d(p=0.5, inplace=False)."""
    layer = Dropout2d()
    assert issubclass(Dropout2d, nn.Module)
    assert (layer.p, layer.inplace) == (0.5, False)
    assert not layer.state_dict()


# BatchNorm2d

SHAPES = [(2, 3, 4, 5), (7, 2, 3, 1), (1, 5, 2, 3), (4, 1, 1, 1)]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"eps": 0.1, "momentum": 0.3},
    {"momentum": None},
    {"momentum": 1.0},
    {"momentum": 0.0},
    {"affine": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False},
]


def pair(gen: torch.Generator, channels: int, **settings: Any) -> tuple[Any, nn.BatchNorm2d]:
    """Return our layer and torch's, with the same weight and bias, both away from their start values."""
    ours, theirs = BatchNorm2d(channels, **settings).to(F64), nn.BatchNorm2d(channels, **settings).to(F64)
    if theirs.affine:
        weight, bias = randn(gen, channels), randn(gen, channels)
        for layer in (ours, theirs):
            layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    return ours, theirs


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_equals_torch(gen: torch.Generator, shape: tuple[int, ...], settings: dict[str, Any]) -> None:
    """Four steps of training, then evaluation: outputs, gradients, buffers, and the input left alone."""
    ours, theirs = pair(gen, shape[1], **settings)
    for step in range(5):
        if step == 4:
            ours.eval()
            theirs.eval()
        # A mean and a scale that change with the step, or a wrong momentum would hide.
        data, dout = (step + 1) * randn(gen, *shape) + 3 * step, randn(gen, *shape)
        x, x_theirs = data.clone().requires_grad_(), data.clone().requires_grad_()
        out, expected = ours(x), theirs(x_theirs)
        assert_close(out, expected)
        assert torch.equal(x.detach(), data)

        ours.zero_grad()
        theirs.zero_grad()
        out.backward(dout)
        expected.backward(dout)
        assert_close(x.grad, x_theirs.grad)
        assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))
        if theirs.affine:
            assert_close((ours.weight.grad, ours.bias.grad), (theirs.weight.grad, theirs.bias.grad))


def test_batch_norm_gradient_equals_numeric(gen: torch.Generator) -> None:
    layer, _ = pair(gen, 2)
    x = randn(gen, 3, 2, 2, 1).requires_grad_()
    assert torch.autograd.gradcheck(layer, (x,))


def test_batch_norm_float32(gen: torch.Generator) -> None:
    x = randn(gen, 6, 3, 4, 5, dtype=torch.float32)
    ours, theirs = BatchNorm2d(3), nn.BatchNorm2d(3)
    out = ours(x)
    assert out.dtype == torch.float32
    assert_close(out, theirs(x))
    assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_batch_norm_stores_the_unbiased_variance() -> None:
    """Interface: normalises with the biased variance, stores the unbiased one; running_var starts at 1."""
    x = torch.tensor([1.0, 3.0, 5.0, 7.0], dtype=F64).view(4, 1, 1, 1)  # mean 4, variance 5 biased, 20/3 unbiased
    layer = BatchNorm2d(1, eps=0.0, momentum=0.1).to(F64)
    out = layer(x)
    assert_close(out.detach().flatten(), torch.tensor([-3.0, -1.0, 1.0, 3.0], dtype=F64) / math.sqrt(5))
    assert layer.running_mean.item() == pytest.approx(0.4)
    assert layer.running_var.item() == pytest.approx(0.9 + 0.1 * 20 / 3)
    assert layer.num_batches_tracked.item() == 1


def test_batch_norm_cumulative_average(gen: torch.Generator) -> None:
    """momentum=None: the running statistics are the plain averages over the batches."""
    layer = BatchNorm2d(3, momentum=None).to(F64)
    batches = [k * randn(gen, 4, 3, 2, 5) + k for k in range(1, 6)]
    for x in batches:
        layer(x)
    means = torch.stack([x.transpose(0, 1).flatten(1).mean(dim=1) for x in batches])
    variances = torch.stack([x.transpose(0, 1).flatten(1).var(dim=1) for x in batches])
    assert_close(layer.running_mean, means.mean(dim=0))
    assert_close(layer.running_var, variances.mean(dim=0))


def test_batch_norm_statistics_hold_no_graph(gen: torch.Generator) -> None:
    layer = BatchNorm2d(3).to(F64)
    layer(randn(gen, 4, 3, 2, 5).requires_grad_())
    assert not layer.running_mean.requires_grad
    assert not layer.running_var.requires_grad


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_batch_norm_state_dict_round_trip(gen: torch.Generator, settings: dict[str, Any]) -> None:
    """Between two of ours, and to and from torch's layer: names, shapes and dtypes are the same."""
    ours, theirs = pair(gen, 3, **settings)
    x = randn(gen, 4, 3, 2, 5)
    ours(x)
    ours.eval()
    state = copy.deepcopy(ours.state_dict())
    assert list(state) == list(theirs.state_dict())
    assert {k: v.dtype for k, v in state.items()} == {k: v.dtype for k, v in theirs.state_dict().items()}
    for fresh in (BatchNorm2d(3, **settings), nn.BatchNorm2d(3, **settings)):
        fresh.to(F64).load_state_dict(state)
        assert_close(fresh.eval()(x), ours(x))
    ours.load_state_dict(theirs.state_dict())
    assert_close(ours(x), theirs.eval()(x))


@pytest.mark.parametrize("settings", [{}, {"track_running_stats": False}], ids=str)
def test_batch_norm_refuses_one_value_a_channel(settings: dict[str, Any]) -> None:
    x = torch.ones(1, 3, 1, 1)
    layer = BatchNorm2d(3, **settings)
    with pytest.raises(ValueError, match="more than one value"):
        layer(x)
    if layer.track_running_stats:
        assert layer.num_batches_tracked.item() == 0
        assert_close(layer.eval()(x), nn.BatchNorm2d(3).eval()(x))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 4, 3, 3), (1, 2, 3, 4, 5)])
def test_batch_norm_refuses_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        BatchNorm2d(3)(torch.ones(shape))


def test_batch_norm_defaults() -> None:
    """Interface: the arguments and start values of BatchNorm2d."""
    layer = BatchNorm2d(4)
    assert issubclass(BatchNorm2d, nn.Module)
    assert (layer.num_features, layer.eps, layer.momentum) == (4, 1e-5, 0.1)
    assert (layer.affine, layer.track_running_stats) == (True, True)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert_close(dict(layer.state_dict()), dict(nn.BatchNorm2d(4).state_dict()))
    bare = BatchNorm2d(4, affine=False, track_running_stats=False)
    assert bare.weight is bare.bias is bare.running_mean is bare.running_var is bare.num_batches_tracked is None


def test_neither_module_calls_torchs_own(gen: torch.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interface: must not call torch's dropout or batch_norm."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a function of torch that the homework is about was called")

    names = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "batch_norm")
    for name in names:
        monkeypatch.setattr(nn.functional, name, refuse)
    for name in ("dropout", "dropout_", "feature_dropout", "feature_dropout_", "batch_norm", "native_batch_norm"):
        monkeypatch.setattr(torch, name, refuse)
    x = randn(gen, 4, 3, 2, 5)
    for layer in (Dropout2d(0.3), Dropout2d(0.3, inplace=True), BatchNorm2d(3).to(F64)):
        layer(x)
        layer.eval()(x)


# answers.toml


def test_answers_are_those_of_the_source() -> None:
    """The source: module and arguments (1.1a), mini-batch (1.2a), covariate shift (1.2b); the rest is our own.

    The source says that p zeroes an element: the module zeroes channels, and "zeroed" is right for both.
    """
    answers = tomllib.loads((FOLDER / "answers.toml").read_text(encoding="utf-8"))
    essay = answers.pop("essay")
    assert answers == {
        "dropout2d_module": nn.Dropout2d.__name__,
        "dropout2d_arguments": ["p", "inplace"],
        "p_means": "zeroed",
        "eval_behaviour": "identity",
        "mini_batch_is": "subset",
        "batch_norm_reduces": "covariate-shift",
    }
    assert set(essay) == {"why_dropout_helps", "why_batch_norm_helps"}
    assert all(200 < len(text) < 1000 for text in essay.values())


def test_key_agrees_with_torch() -> None:
    """The two answers that torch itself can give: what p means, and what evaluation does."""
    x = torch.ones(2, 3, 4, 5)
    assert not nn.Dropout2d(p=1.0)(x).any()
    assert torch.equal(nn.Dropout2d(p=0.3).eval()(x), x)


def test_answers_without_their_regions_are_toml_of_no_answers() -> None:
    """What a student starts from parses, names every choice in its comments and answers nothing."""
    kept, inside = [], False
    for text in (FOLDER / "answers.toml").read_text(encoding="utf-8").splitlines():
        if text == "# BEGIN SOLUTION":
            assert not inside
            inside = True
        elif text == "# END SOLUTION":
            assert inside
            inside = False
        elif not inside:
            kept.append(text)
    assert not inside
    assert tomllib.loads("\n".join(kept)) == {"essay": {}}
    assert all(f'"{choice}"' in "\n".join(kept) for choice in ("zeroed", "identity", "subset", "covariate-shift"))
