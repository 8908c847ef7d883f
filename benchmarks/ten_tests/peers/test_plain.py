"""The ten tests as plain pytest tests."""

from pathlib import Path

import numpy as np
import solution
from cases import CASES

EXPECTED = np.load(Path(__file__).with_name("expected.npz"))


def test_linear_forward():
    np.testing.assert_allclose(CASES["linear_forward"](solution), EXPECTED["linear_forward"], rtol=1e-5, atol=1e-8)


def test_linear_dx():
    np.testing.assert_allclose(CASES["linear_dx"](solution), EXPECTED["linear_dx"], rtol=1e-5, atol=1e-8)


def test_linear_dw():
    np.testing.assert_allclose(CASES["linear_dw"](solution), EXPECTED["linear_dw"], rtol=1e-5, atol=1e-8)


def test_linear_db():
    np.testing.assert_allclose(CASES["linear_db"](solution), EXPECTED["linear_db"], rtol=1e-5, atol=1e-8)


def test_relu():
    np.testing.assert_allclose(CASES["relu"](solution), EXPECTED["relu"], rtol=1e-5, atol=1e-8)


def test_softmax():
    np.testing.assert_allclose(CASES["softmax"](solution), EXPECTED["softmax"], rtol=1e-5, atol=1e-8)


def test_dropout():
    np.testing.assert_allclose(CASES["dropout"](solution), EXPECTED["dropout"], rtol=1e-5, atol=1e-8)


def test_momentum():
    np.testing.assert_allclose(CASES["momentum"](solution), EXPECTED["momentum"], rtol=1e-5, atol=1e-8)


def test_adam_one_step():
    np.testing.assert_allclose(CASES["adam_one_step"](solution), EXPECTED["adam_one_step"], rtol=1e-5, atol=1e-8)


def test_adam_ten_steps():
    np.testing.assert_allclose(CASES["adam_ten_steps"](solution), EXPECTED["adam_ten_steps"], rtol=1e-5, atol=1e-8)
