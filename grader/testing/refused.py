"""Says why a test that starts a program or a process was refused, and what allows it."""

from __future__ import annotations

import errno
import traceback

ALLOWING = "programs = true under [limits] of assignment.toml, or --programs with a suite, allows it"
SENTENCE = "refused: this starts a program or a process, which the jail doesn't allow"
_PLACES = ("subprocess.py", "multiprocessing", "concurrent", "popen_fork.py", "os.py", "pty.py", "torch/utils/data")
_CALLS = ("fork", "forkpty", "posix_spawn", "system", "popen", "execv", "execve", "execvp", "spawn")


def about_programs(error: BaseException) -> str:
    """Return a sentence if the exception comes from starting a process; empty otherwise."""
    if not isinstance(error, OSError) or error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        return ""
    last = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    lines = traceback.extract_tb(error.__traceback__)[-1:]
    of_library = any(place in code.co_filename for code in last for place in _PLACES)
    of_call = any(f"{call}" in (line.line or "") for line in lines for call in _CALLS)
    if not (of_library or of_call):
        return ""
    return f"{SENTENCE}. For the staff: {ALLOWING}."
