import unittest
from gradescope_utils.autograder_utils.decorators import weight, partial_credit
from sol import f, g
class T(unittest.TestCase):
    @weight(5)
    def test_f(self):
        '''f doubles'''
        self.assertEqual(f(1), 2)
    @partial_credit(0)
    def test_penalty(self, set_score=None):
        '''penalty'''
        set_score(0 if g(1) == 2 else -2)
    @partial_credit(4)
    def test_g(self, set_score=None):
        '''g adds one'''
        set_score(4 if g(1) == 2 else -1)
