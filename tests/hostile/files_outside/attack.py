import os


def attack(layer, x):
    print("TRIED to write", flush=True)
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/dev", "/", "/etc", "/usr", ".."):
        place = os.path.join(folder, "left-by-hostile-file")
        try:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        except OSError:
            continue
        print("GOT a file in", folder)
        if folder not in ("/tmp", "/dev/shm", "/var/tmp"):
            os.unlink(place)
