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
    try:
        from grader.cli import main

        code = main(zygote=zygote)
    except ModuleNotFoundError as error:
        print(
            f"grader: the package {error.name} isn't installed for {sys.executable}; set the grader up again, as its "
            "README says",
            file=sys.stderr,
        )
        code = 3  # the machine's fault; grader.cli, which names the codes, may be what can't be imported
    except SystemExit as exit_request:  # argparse, after --help or a wrong call
        code = exit_request.code if isinstance(exit_request.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
