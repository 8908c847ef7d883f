"""The ten tests as a gradescope_utils suite."""

import unittest
from pathlib import Path

import numpy as np
import solution
from cases import CASES
from gradescope_utils.autograder_utils.decorators import number, weight

EXPECTED = np.load(Path(__file__).with_name("expected.npz"))


class TestTen(unittest.TestCase):
    @weight(10)
    @number("1")
    def test_linear_forward(self):
        """linear forward"""
        np.testing.assert_allclose(CASES["linear_forward"](solution), EXPECTED["linear_forward"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("2")
    def test_linear_dx(self):
        """linear dx"""
        np.testing.assert_allclose(CASES["linear_dx"](solution), EXPECTED["linear_dx"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("3")
    def test_linear_dw(self):
        """linear dw"""
        np.testing.assert_allclose(CASES["linear_dw"](solution), EXPECTED["linear_dw"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("4")
    def test_linear_db(self):
        """linear db"""
        np.testing.assert_allclose(CASES["linear_db"](solution), EXPECTED["linear_db"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("5")
    def test_relu(self):
        """relu"""
        np.testing.assert_allclose(CASES["relu"](solution), EXPECTED["relu"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("6")
    def test_softmax(self):
        """softmax"""
        np.testing.assert_allclose(CASES["softmax"](solution), EXPECTED["softmax"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("7")
    def test_dropout(self):
        """dropout"""
        np.testing.assert_allclose(CASES["dropout"](solution), EXPECTED["dropout"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("8")
    def test_momentum(self):
        """momentum"""
        np.testing.assert_allclose(CASES["momentum"](solution), EXPECTED["momentum"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("9")
    def test_adam_one_step(self):
        """adam one step"""
        np.testing.assert_allclose(CASES["adam_one_step"](solution), EXPECTED["adam_one_step"], rtol=1e-5, atol=1e-8)

    @weight(10)
    @number("10")
    def test_adam_ten_steps(self):
        """adam ten steps"""
        np.testing.assert_allclose(CASES["adam_ten_steps"](solution), EXPECTED["adam_ten_steps"], rtol=1e-5, atol=1e-8)
