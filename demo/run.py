"""The main job, once, for a person to look at: record the homework, grade three hand-ins, show what was written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "demo"
"""A project of its own, so that nothing which is kept changes."""
ASSIGNMENT = "cmu11785_hw1_bonus"
HAND_INS = {
    "right": "a right dropout, written another way than the reference's, beside a right Adam",
    "wrong": "p taken for the probability to drop, and Adam without bias correction",
    "hostile": "a dropout that is none, and tries to read the answers and to write its own score",
}


def grader(*arguments: object) -> None:
    """Run one command the way a person would, and show it."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ grader {' '.join(words)}", flush=True)
    subprocess.run([sys.executable, "-m", "grader", *words], cwd=OUTPUT, check=True)


def main() -> None:
    """Record, grade, show."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("testcases", "reference"):
        shutil.copytree(ROOT / folder / ASSIGNMENT, OUTPUT / folder / ASSIGNMENT, ignore=ignored)
    grader("record", ASSIGNMENT)
    for name, what in HAND_INS.items():
        print(f"\n=== {name}: {what}", flush=True)
        hand_in = OUTPUT / name
        shutil.copytree(ROOT / "reference" / ASSIGNMENT, hand_in, ignore=ignored)
        shutil.copytree(ROOT / "demo" / name, hand_in, dirs_exist_ok=True)
        grader("grade", ASSIGNMENT, name, "--format", "terminal")
        results = OUTPUT / f"{name}.results.json"
        grader("grade", ASSIGNMENT, name, "-o", results.name)
        rows = json.loads(results.read_text("utf-8"))["tests"]
        points = sum(row["score"] for row in rows)
        print(f"{results.relative_to(ROOT)}: {len(rows)} tests, {points:g} points; its first row:")
        print(json.dumps(rows[0], indent=1))


if __name__ == "__main__":
    main()
