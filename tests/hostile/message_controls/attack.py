import os


def attack(layer, x):
    print("TRIED controls", flush=True)
    text = "\x1b[2J\x1b]8;;http://evil\x07link\x9b31m\0\x08\r\u202e\u2066\ud800\udfff\u061c\ufeff\uffff<script>"
    os.write(1, text.encode("utf-8", "surrogatepass") + b"\xff\xfe\xc0\x80")
    raise ValueError(text)
