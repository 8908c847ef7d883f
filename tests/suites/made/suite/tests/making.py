"""Makes a test method for each case, as packages for this do."""

import functools
import sys


def expand(cases):
    def make(function):
        space = sys._getframe(1).f_locals
        for index, case in enumerate(cases):

            @functools.wraps(function)
            def test(self, case=case):
                return function(self, *case)

            test.__doc__ = f"{function.__doc__} [{case!r}]"
            space[f"{function.__name__}_{index}"] = test

    return make
