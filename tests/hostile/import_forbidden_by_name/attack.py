import importlib


def attack(layer, x):
    importlib.import_module("autograd")
