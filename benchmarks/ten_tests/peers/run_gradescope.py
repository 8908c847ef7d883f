"""Runs the suite as gradescope_utils' samples do, and writes results.json."""

import sys
import unittest

import gradescope_suite
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

with open(sys.argv[1], "w") as stream:
    JSONTestRunner(visibility="visible", stream=stream).run(
        unittest.defaultTestLoader.loadTestsFromModule(gradescope_suite)
    )
