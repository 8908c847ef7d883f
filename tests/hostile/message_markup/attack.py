import os


def attack(layer, x):
    print("TRIED [bold red]markup[/] [link=http://evil]click[/link]")
    raise ValueError("=cmd|' /C calc'!A0 [/bold] {0} %s $(id) `id`")
