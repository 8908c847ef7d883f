import os


def _parents():
    """The zygote and the judge."""
    found = [os.getppid()]
    try:
        with open(f"/proc/{found[0]}/stat", encoding="utf-8", errors="replace") as file:
            found.append(int(file.read().rpartition(")")[2].split()[1]))
    except OSError:
        pass
    return found


def attack(layer, x):
    print("TRIED to open descriptors of others")
    for pid in _parents():
        for number in range(64):
            try:
                file = os.open(f"/proc/{pid}/fd/{number}", os.O_RDONLY | os.O_NONBLOCK)
            except OSError:
                continue
            print("GOT descriptor", number, "of a parent")
            os.close(file)
            break
