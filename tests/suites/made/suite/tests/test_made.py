import unittest

from gradescope_utils.autograder_utils.decorators import number, weight
from making import expand
from powers import power

NAMES = ["square", "cube"]


class TestPower(unittest.TestCase):
    @expand([(2, 1, 2), (2, 2, 4), (3, 3, 27)])
    @weight(2)
    def test_power(self, base, exponent, expected):
        """power"""
        self.assertEqual(power(base, exponent), expected)

    @weight(len(NAMES) * 0.5)
    def test_many(self):
        """power of many"""
        for exponent in range(3):
            with self.subTest(exponent=exponent):
                self.assertEqual(power(1, exponent), 1)


def made(exponent):
    @weight(exponent)
    @number(f"2.{exponent}")
    def test(self):
        self.assertEqual(power(10, exponent), 10**exponent)

    test.__doc__ = f"10 to the power of {exponent}"
    return test


for exponent, name in enumerate(NAMES, 2):
    setattr(TestPower, f"test_{name}", made(exponent))


def of_base(base):
    class TestBase(unittest.TestCase):
        @weight(1)
        def test_one(self):
            self.assertEqual(power(base, 1), base)

    TestBase.test_one.__doc__ = f"{base} to the power of 1"
    return TestBase


TestSeven, TestEight = of_base(7), of_base(8)
