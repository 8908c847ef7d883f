"""The first file finds out whether anything works; the second one asks it."""

import unittest

from counting import Counter
from gradescope_utils.autograder_utils.decorators import hide_errors, number, weight

broken = True
COUNT = Counter()
SEEN = []


class TestBuilds(unittest.TestCase):
    @weight(1)
    @number(f"1.{COUNT.next()}")
    @hide_errors()
    def test_builds(self):
        """it can be imported"""
        global broken
        import engine

        SEEN.append("builds")
        broken = not callable(engine.run)
        self.assertFalse(broken)

    @weight(2)
    @number(f"1.{COUNT.next()}")
    def test_seen(self):
        """the first test ran"""
        self.assertEqual(SEEN, ["builds"])
