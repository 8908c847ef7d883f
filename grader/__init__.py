"""Grades deep-learning homework: makes fixtures, template, local checker and platform scores from a reference."""

__version__ = "0.1.0"
