import subprocess
import sys
import unittest

from gradescope_utils.autograder_utils.decorators import leaderboard, partial_credit, weight


def run(*words):
    done = subprocess.run([sys.executable, "fib.py", *words], capture_output=True, text=True, timeout=20)
    return done.stdout.strip()


class TestProgram(unittest.TestCase):
    @weight(2)
    def test_ten(self):
        """fib 10"""
        self.assertEqual(run("10"), "55")

    @weight(1)
    def test_script(self):
        """The script runs"""
        self.assertEqual(subprocess.run(["./hello.sh"], capture_output=True, text=True).stdout, "hello\n")

    @partial_credit(5)
    def test_parts(self, set_score=None):
        """A part for each number"""
        score = 0
        for index, expected in enumerate(["1", "1", "2", "3", "5"], 1):
            if run(str(index)) == expected:
                score += 1
                set_score(score)
        self.assertEqual(score, 5)

    @partial_credit(1)
    def test_bonus(self, set_score=None):
        """More than its points"""
        set_score(1.5)

    @leaderboard("digits")
    def test_digits(self, set_leaderboard_value=None):
        set_leaderboard_value(len(run("20")))
