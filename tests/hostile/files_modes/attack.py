import os


def attack(layer, x):
    print("TRIED modes", flush=True)
    for place in (".", "..", "../../visible", "/tmp"):
        for change in (
            lambda place: os.chmod(place, 0),
            lambda place: os.chown(place, os.getuid(), 12345),
            lambda place: os.utime(place, (0, 0)),
        ):
            before = os.stat(place) if os.path.exists(place) else None
            try:
                change(place)
            except OSError:
                continue
            try:
                after = os.stat(place)
            except OSError:
                print("GOT", place, "closed")
                continue
            if before is not None and (before.st_mode, before.st_gid, before.st_mtime) != (after.st_mode, after.st_gid, after.st_mtime):
                print("GOT", place, "changed")
                os.chmod(place, before.st_mode & 0o7777)
