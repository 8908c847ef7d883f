import unittest

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

if __name__ == "__main__":
    with open("results.json", "w") as stream:
        JSONTestRunner(stream=stream, visibility="visible").run(unittest.defaultTestLoader.discover("tests"))
