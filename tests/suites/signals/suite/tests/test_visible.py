import unittest

import submitted
from gradescope_utils.autograder_utils.decorators import number, visibility, weight
from loading import load


class TestGain(unittest.TestCase):
    @weight(8.33)
    @number("1")
    def test_length(self):
        """The output is as long as the input"""
        self.assertEqual(len(submitted.gain([1, 2, 3], 2)), 3)

    @weight(8.34)
    @number("2")
    @visibility("hidden")
    def test_values(self):
        """The values are right"""
        self.assertEqual(submitted.gain([1.0, 2.0, 3.0], 2), load("gain"))
