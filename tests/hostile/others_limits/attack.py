import os
import resource

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
    print("TRIED limits", flush=True)
    for pid in _parents():
        for name in (resource.RLIMIT_CORE, resource.RLIMIT_MSGQUEUE):
            try:
                resource.prlimit(pid, name, (0, 0))
            except OSError:
                continue
            print("GOT the parent's limits")
