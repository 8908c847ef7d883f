"""Tests that the course switched off; they don't count."""

import sys
import unittest

from gradescope_utils.autograder_utils.decorators import weight

import sol


class TestSol(unittest.TestCase):
    @weight(3)
    def test_square(self):
        """squares"""
        self.assertEqual(sol.square(3), 9)

    @weight(5)
    @unittest.skip("next year")
    def test_cube(self):
        """cubes"""
        self.assertEqual(sol.cube(2), 8)

    @unittest.skipIf(sys.version_info >= (3,), "of the old course")
    @weight(7)
    def test_old(self):
        """the old course"""
        self.assertEqual(sol.old(), 1)

    @unittest.skipUnless(hasattr(sol, "square"), "nothing to do")
    @weight(1)
    def test_zero(self):
        """zero"""
        self.assertEqual(sol.square(0), 0)


@unittest.skip("the whole part")
class TestPart(unittest.TestCase):
    @weight(9)
    def test_part(self):
        """a part"""
        self.fail()
