import doctest, glob, os, runpy, unittest
from gradescope_utils.autograder_utils.decorators import weight

HERE = os.path.dirname(os.path.abspath(__file__))

class TestOtter(unittest.TestCase):
    pass

def make(case, points):
    @weight(points)
    def run(self):
        parser = doctest.DocTestParser()
        test = parser.get_doctest(case['code'], {}, 'case', None, 0)
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test)
        self.assertEqual(runner.failures, 0)
    return run

for path in sorted(glob.glob(os.path.join(HERE, 'q*.py'))):
    found = runpy.run_path(path)['test']
    cases = found['suites'][0]['cases']
    for i, case in enumerate(cases):
        setattr(TestOtter, 'test_%s_%d' % (found['name'], i), make(case, found['points'] / len(cases)))
