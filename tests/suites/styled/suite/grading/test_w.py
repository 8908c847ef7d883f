import unittest
from decor import points, timeout, TOTAL
from sol import f, g
class T(unittest.TestCase):
    @points(TOTAL * 0.4)
    @timeout(3)
    def test_f(self):
        'f'
        self.assertEqual(f(1), 2)
    @timeout(3)
    @points(TOTAL - 4)
    def test_g(self):
        'g'
        self.assertEqual(g(1), 2)
