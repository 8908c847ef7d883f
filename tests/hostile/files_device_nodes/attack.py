import os
import stat


def attack(layer, x):
    print("TRIED device nodes", flush=True)
    for number, kind in enumerate((stat.S_IFCHR, stat.S_IFBLK, stat.S_IFREG, stat.S_IFSOCK)):
        try:
            os.mknod(f"node{number}", 0o666 | kind, os.makedev(1, 3))
        except OSError as error:
            print(type(error).__name__)
            continue
        print("GOT a node")
