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
    print("TRIED priorities", flush=True)
    for pid in _parents():
        try:
            os.setpriority(os.PRIO_PROCESS, pid, 1)
        except OSError:
            continue
        print("GOT the parent's priority")
