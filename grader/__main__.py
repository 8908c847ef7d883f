"""The entry point of the command `grader` and of `python -m grader`."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Run one command and leave at once: tearing down the libraries would take longer than writing a report."""
    zygote = None
    if sys.platform == "linux" and sys.argv[1:2] in (["grade"], ["platform"]) and not {"-h", "--help"} & set(sys.argv):
        from grader.sandbox import launch  # before anything else is loaded: see there

        zygote = launch.start()
    from grader.cli import main

    try:
        code = main(zygote=zygote)
    except SystemExit as exit_request:  # argparse, after --help or a wrong call
        code = exit_request.code if isinstance(exit_request.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
