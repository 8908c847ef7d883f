"""Runs the isolation tests as each kind of user that grades, driven by root on one machine.

    python tests/isolation_run.py                  root without the user grader-worker, root with it, a plain user
    python tests/isolation_run.py plain -- -k doctor

Each run has its own /etc/passwd, in its own mount namespace: the machine's file isn't changed. If a plain user starts
it, only the third run is made. Exit code 1 if a run fails, 77 if root may not mount here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grader.sandbox.child.reach import closed_folders, open_folders, own_view  # noqa: E402  # of this checkout
from grader.sandbox.identity import WORKER_USER  # noqa: E402
from grader.sandbox.libc import mount  # noqa: E402
from grader.sandbox.paths import needed_paths  # noqa: E402

SITUATIONS = ("root", "root-with-user", "plain")
TESTS = ("tests/test_isolation.py", "tests/test_leaks.py", "tests/test_scratch.py", "tests/test_neighbours.py")
_MS_BIND = 4096
_PLAIN = 65534
_ID = 59_999
_UNAVAILABLE = 77


def enter(situation: str) -> None:
    """Become who grades in a situation, in this process."""
    if os.geteuid() != 0:
        return
    if not own_view():
        sys.exit(_UNAVAILABLE)
    text = Path("/etc/passwd").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(f"{WORKER_USER}:")]
    if situation == "root-with-user":
        lines.append(f"{WORKER_USER}:x:{_ID}:{_ID}::/nonexistent:/usr/sbin/nologin")
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(file.name, 0o644)
    mount(file.name, "/etc/passwd", None, _MS_BIND)
    os.unlink(file.name)
    if situation == "plain":
        open_folders(closed_folders([*needed_paths(), ROOT]))
        os.setgroups([])
        os.setresgid(_PLAIN, _PLAIN, _PLAIN)
        os.setresuid(_PLAIN, _PLAIN, _PLAIN)
        os.environ["HOME"] = "/nonexistent"


def main() -> int:
    """Run the tests in each situation."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--in"]:
        enter(arguments[1])
        more = ["-p", "no:cacheprovider", "-q", *arguments[2:]]
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-B", "-m", "pytest", *more, *TESTS])
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    wanted = arguments[:cut] or (SITUATIONS if os.geteuid() == 0 else SITUATIONS[-1:])
    codes = []
    for situation in wanted:
        print(f"isolation tests: {situation}", flush=True)
        with tempfile.TemporaryDirectory(prefix="isolation-") as temporary:
            os.chmod(temporary, 0o1777)
            environment = {**os.environ, "TMPDIR": temporary}
            command = [sys.executable, __file__, "--in", situation, *arguments[cut + 1 :]]
            codes.append(subprocess.run(command, env=environment, check=False).returncode)
    return _UNAVAILABLE if _UNAVAILABLE in codes else int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
