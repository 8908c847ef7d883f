"""Runs the main job at the corners of what is supported: the oldest and the newest Python, numpy and pytest here.

Each corner has an environment of its own in build/matrix, with the package installed as a wheel: `make matrix`. A
Python that this machine doesn't have is left out, with a sentence.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "matrix"
CORNERS = {
    "oldest": ("3.10", ["numpy==1.24.*", "pytest==8.0.*", "rich==13.0.*"]),
    "oldest numpy": ("3.11", ["numpy==1.24.*"]),
    "newest numpy": ("3.12", ["numpy>=2"]),
    "newest": ("3.13", ["numpy>=2"]),
    "next": ("3.14", ["numpy>=2"]),
}
"""Name to the Python's version and the requirements beside the package."""


def python_of(version: str) -> str | None:
    """The path of an interpreter of this version, on the PATH or among pyenv's."""
    found = shutil.which(f"python{version}")
    ours = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    candidates = [*map(str, ours), *([found] if found else [])]
    works = (
        path
        for path in candidates
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
    )
    return next(works, None)


def corner(name: str, python: str, needs: list[str], wheel: Path) -> bool:
    """Install the wheel, make a homework and grade it; return whether everything works."""
    home = OUTPUT / name.replace(" ", "-")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    venv, course = home / "venv", home / "course"
    course.mkdir()
    grader = str(venv / "bin" / "grader")
    for call in (
        [python, "-m", "venv", str(venv)],
        [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel), *needs],
        [grader, "new", "hw1", "--from", "dropout"],
        [grader, "record", "hw1", "--check"],
        [grader, "template", "hw1", "--check"],
        [grader, "handout", "hw1", "-o", "handout"],
        [grader, "grade", "hw1", "reference/hw1", "--format", "terminal"],
    ):
        ended = subprocess.run(call, cwd=course, capture_output=True, text=True, check=False)
        if ended.returncode:
            print(f"{name}: {' '.join(call)}\n{ended.stdout}{ended.stderr}", flush=True)
            return False
    if "6 / 6" not in ended.stdout:
        print(f"{name}: the reference has not all points\n{ended.stdout}")
        return False
    return True


def main() -> int:
    """Run every corner; 1 if one fails."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.whl"):
        old.unlink()
    call = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*call, "--wheel-dir", str(OUTPUT), str(ROOT)], check=True)
    (wheel,) = OUTPUT.glob("*.whl")
    failed = []
    for name, (version, needs) in CORNERS.items():
        python = python_of(version)
        if python is None:
            print(f"{name}: Python {version} isn't here, left out", flush=True)
            continue
        good = corner(name, python, needs, wheel)
        print(f"{name}: Python {version}, {', '.join(needs)}: {'works' if good else 'FAILS'}", flush=True)
        failed += [] if good else [name]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
