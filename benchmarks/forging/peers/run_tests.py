"""Runs the suite as the samples of gradescope-utils do: tests are discovered, results.json is written at the end."""

import sys
import unittest

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover(".", pattern="gradescope_suite.py")
    with open(sys.argv[1], "w") as stream:
        JSONTestRunner(visibility="visible", stream=stream).run(suite)
