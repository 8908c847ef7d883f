"""The command demo: shows the main job in a new folder, with the commands that a person would call."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from grader.commands.common import DONE
from grader.errors import InternalError, UsageError

NAME: Final = "hw1"
HAND_INS: Final = {
    "right": "a right dropout, written another way than the reference's",
    "wrong": "p taken for the probability to keep",
    "hostile": "no dropout: it looks for the answers and writes a score of its own",
}


def run_demo(options: argparse.Namespace) -> int:
    """Make a homework, grade three hand-ins, and show the results."""
    from grader.authoring.new import STARTERS

    if options.folder is None:
        folder = Path(tempfile.mkdtemp(prefix="grader-demo-"))
    else:
        folder = options.folder.resolve()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is there already; name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
    print(f"in {folder}")
    _call(folder, "new", NAME)
    _call(folder, "list")
    for name, what in HAND_INS.items():
        print(f"\n=== {name}: {what}", flush=True)
        shutil.copytree(folder / "reference" / NAME, folder / name)
        shutil.copytree(STARTERS / "demo" / name, folder / name, dirs_exist_ok=True)
        _call(folder, "grade", NAME, name, "--format", "terminal")
        _call(folder, "grade", NAME, name, "-o", f"{name}.results.json")
        rows = json.loads((folder / f"{name}.results.json").read_text("utf-8"))["tests"]
        print(f"{name}.results.json: {len(rows)} tests, {sum(row['score'] for row in rows):g} points; its first row:")
        print(json.dumps(rows[0], indent=1))
    print(f"\nLook around in {folder}; a course of your own begins with: grader new {NAME}")
    return DONE


def _call(folder: Path, *words: str) -> None:
    print(f"\n$ grader {shlex.join(words)}", flush=True)
    ended = subprocess.run([sys.executable, "-m", "grader", *words], cwd=folder, check=False)
    if ended.returncode:
        raise InternalError(
            f"grader {shlex.join(words)} ended with {ended.returncode} in {folder}; see the lines above"
        )
