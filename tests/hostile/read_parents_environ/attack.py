import os
import re


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
    print("TRIED to read environ")
    for pid in _parents():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                raw = file.read()
        except OSError as error:
            print(type(error).__name__)
            continue
        print("GOT environ" if raw else "empty", len(raw), re.findall(rb"canary-[0-9a-f]{24}", raw)[:1])
