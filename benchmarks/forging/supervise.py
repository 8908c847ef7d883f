"""Runs one grader on one hand-in: in a session of its own, under limits and a deadline; says when it ended.

    supervise.py FOLDER COMMAND...

Prints {"ended": code, or null when it was late, "alive": processes left}, waits for a line, and prints {"over": ...}.

Meant to be the first process of a pid namespace, so that nothing outlives it; where there is none, it adopts what the
grader leaves behind and kills that itself. Results may change after the grader has ended: as long as a process is left
alive, it is given LATER seconds to do so.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from grader.sandbox.processes import become_subreaper, children, kill_children

WALL = 25.0
LATER = 4.0
LIMITS = {
    resource.RLIMIT_AS: 4 * 2**30,
    resource.RLIMIT_FSIZE: 100 * 10**6,
    resource.RLIMIT_CPU: 30,
    resource.RLIMIT_CORE: 0,
}


def limit() -> None:
    """Bound the process that calls this, and all that come from it."""
    for name, value in LIMITS.items():
        resource.setrlimit(name, (value, value))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def main(folder: Path, command: list[str]) -> None:
    """Run the command in the folder; what it prints goes to a file there."""
    become_subreaper()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=limit,
        )
    try:
        code: int | None = process.wait(WALL)
    except subprocess.TimeoutExpired:
        code = None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(0.05)  # a process that is dying needs a moment
    left = sum(alive(pid) for pid in children())
    print(json.dumps({"ended": code, "alive": left}), flush=True)
    sys.stdin.readline()  # whoever started us has looked at the results
    if left:
        time.sleep(LATER)
    kill_children()
    print(json.dumps({"over": left}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
