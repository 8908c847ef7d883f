"""Tests of a program that asks for its input and writes a file; it runs when it is imported."""

import os
import sys
import unittest
from unittest import mock
from unittest.mock import patch

from gradescope_utils.autograder_utils.decorators import visibility, weight


class TestCipher(unittest.TestCase):
    @weight(1)
    @visibility("visible")
    @mock.patch("builtins.input", create=True)
    def test_writes(self, asked):
        """a file is written"""
        with open("text.txt") as file:
            asked.side_effect = [file.readline().strip(), "end"]
        import cipher  # noqa: F401

        self.assertGreater(os.path.getsize("secret.txt"), 0)
        sys.modules.pop("cipher")

    @patch("builtins.print")
    @weight(2)
    @patch("builtins.input", side_effect=["abc", "end"])
    def test_prints(self, asked, printed):
        """the letters move by one"""
        import cipher  # noqa: F401

        printed.assert_called_with("bcd")
        self.assertEqual(asked.call_count, 2)
