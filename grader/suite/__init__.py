"""Grades with an unchanged suite of unittest and gradescope_utils: it has no reference and no sealed points."""
