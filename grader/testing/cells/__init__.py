"""Notebooks: their cells become the text of a module, and that module is loaded statement by statement.

A student's notebook is read in a jailed child only. Nothing here needs more than the standard library.
"""
