import unittest
from gradescope_utils.autograder_utils.decorators import weight, number
from sol import f, g

class Base(unittest.TestCase):
    def __init__(self, name, case=None):
        super().__init__(name)
        self.case = case
    @weight(2)
    def test_f(self):
        self.assertEqual(f(self.case), 2 * self.case)
    @weight(1)
    def test_g(self):
        self.assertEqual(g(self.case), self.case + 1)

def load_tests(loader, standard_tests, pattern):
    suite = unittest.TestSuite()
    for case in (1, 2, 3):
        for name in loader.getTestCaseNames(Base):
            suite.addTest(Base(name, case))
    return suite
