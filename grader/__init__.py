"""Grades deep-learning homework: a reference in; fixtures, template, local checker and platform scores out."""

__version__ = "0.1.0"
