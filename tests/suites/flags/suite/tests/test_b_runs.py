import unittest

import test_a_builds
from gradescope_utils.autograder_utils.decorators import number, partial_credit


class TestRuns(unittest.TestCase):
    @partial_credit(20)
    @number(2.1)
    def test_runs(self, set_score):
        """it runs"""
        if test_a_builds.broken:
            self.fail("nothing to run")
        import engine

        share = engine.run()
        set_score(20 * share)
        self.assertEqual(share, 1)
