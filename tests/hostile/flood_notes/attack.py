import os


def attack(layer, x):
    print("TRIED notes")
    error = ValueError("<h1>")
    error.__notes__ = ["\x1b[31m\u202e<script>" * 10] * 1000
    raise error
