import argparse
import unittest

from gradescope_utils.autograder_utils.decorators import tags, weight
from gradescope_utils.autograder_utils.files import check_submitted_files
from points import POINTS
from search import search

argparse.ArgumentParser().parse_args()


class TestSearch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open("words.txt") as stream:
            cls.text = stream.read()

    @weight(POINTS["search"])
    @tags("core")
    def test_first(self):
        """Finds a word"""
        self.assertEqual(search(self.text, "alpha"), 0)

    @weight(POINTS["search"])
    def test_second(self):
        """Finds a word"""
        self.assertEqual(search(self.text, "beta"), 6)

    @weight(POINTS["path"])
    def test_none(self):
        """Says that there is none"""
        self.assertEqual(search(self.text, "delta"), -1)
