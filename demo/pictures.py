"""Makes the pictures of docs/first-homework.md again: `python demo/pictures.py` writes them into docs/pictures.

Terminals are the commands' own output, drawn by rich; pages are opened in Chromium. Nothing is retouched. It needs the
extra `test` and an installed chromium.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from grader.authoring.variants import apply_variant, load_variants
from grader.settings import load_assignment

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 92
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def shown(folder: Path, call: str) -> str:
    """Run a command in a terminal; return the command and its output, with colours."""
    ours, theirs = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": "60", "TERM": "xterm-256color", "PATH": path}
    environment.pop("NO_COLOR", None)
    running = subprocess.Popen(
        call, shell=True, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            piece = os.read(ours, 2**16)
        except OSError:  # nobody has the terminal open any more
            break
        output += piece
    running.wait()
    text = output.decode().replace("\r\n", "\n").replace(str(folder), "/home/you/my_course")
    return f"\x1b[1m$ {call}\x1b[0m\n{text}"


def terminal(name: str, *outputs: str) -> None:
    """Draw outputs as an SVG, without fonts of another host."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(outputs).rstrip()), end="\n\n")  # the last line's letters are cut below
    svg = console.export_svg(title="", unique_id=name)
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    lines = (line.rstrip() for line in svg.splitlines())
    (PICTURES / f"{name}.svg").write_text("\n".join(line for line in lines if line) + "\n", "utf-8")


def page(name: str, file: Path, height: int) -> None:
    """Photograph the top of a page, with few colours so that it stays small."""
    browser_path = next(path for browser in BROWSERS if (path := shutil.which(browser)))
    flags = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        window = browser.new_context(viewport={"width": 1100, "height": height}, color_scheme="light").new_page()
        window.goto(file.as_uri())
        data = window.screenshot()
        browser.close()
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(48)
    picture.save(PICTURES / f"{name}.png", optimize=True)


def hand_ins(course: Path, folder: Path) -> None:
    """Write a class: right, with a known mistake each, unfinished, and one that isn't Python."""
    assignment = load_assignment(course, "hw1")
    mistakes = [variant for variant in load_variants(assignment) if variant.credit == 0]
    names = ["ada", "ben", "cem", "dora", "emil", "fay", "gus", "hana", "ivo", "jana", "kim", "lea"]
    for number, name in enumerate(names):
        target = folder / name
        shutil.copytree(assignment.template if number == 11 else assignment.reference, target)
        if number % 3 == 1:
            for file, text in apply_variant(assignment, mistakes[number // 3 % len(mistakes)]).items():
                (target / file).write_text(text, "utf-8")
    (folder / "kim" / "mlp.py").write_text("def (", "utf-8")


def main() -> None:
    """Make a course as the tutorial does, and all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        course = Path(temporary).resolve() / "my_course"
        course.mkdir()
        terminal("new", shown(course, "grader new hw1"), shown(course, "grader audit hw1"))
        page("audit", course / "build" / "audit" / "hw1.html", 760)
        file = course / "reference" / "hw1" / "mlp.py"
        text = file.read_text("utf-8")
        file.write_text(text.replace('"""A multi-layer', '"""A small multi-layer'), "utf-8")
        terminal("dev", shown(course, "grader dev hw1 --once"))
        file.write_text(text, "utf-8")
        hand_ins(course, course / "submissions")
        student = course / "handout"
        subprocess.run([sys.executable, "-m", "grader", "handout", "hw1", "-o", "handout"], cwd=course, check=True)
        for name in ("dropout.py", "mlp.py"):
            shutil.copy(course / "submissions" / "ben" / name, student / name)
        terminal("check", shown(student, "grader check"))
        call = [sys.executable, "-m", "grader", "class", "hw1", "submissions", "-o", "build/run"]
        subprocess.run(call, cwd=course, check=True)
        page("class", course / "build" / "run" / "report.html", 900)


if __name__ == "__main__":
    main()
