"""Grades with an existing suite of unittest and gradescope_utils as it is: no reference, no sealed points."""
