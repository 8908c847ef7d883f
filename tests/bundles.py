"""Makes bundles of the small assignment, and unpacks them as the platforms do."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from small_assignment import Project

from grader.authoring import bundle, record

RIGHT = {
    "line.py": """\
class Line:
    def __init__(self, slope, offset=0.0):
        self.slope, self.offset = slope, offset

    def forward(self, x):
        return self.slope * x + self.offset

    def backward(self, delta):
        return self.slope * delta
"""
}
"""A right hand-in."""
POINTS = 4.5
GRADESCOPE = [sys.executable, "-m", "grader", "platform", "gradescope", "--root"]


def recorded(root: Path, settings: str = "") -> Project:
    """The small assignment with more settings, recorded; hangs are cut off soon."""
    project = Project(root)
    project.edit("testcases/small/assignment.toml", "test_seconds = 20", "test_seconds = 2")
    if settings:
        file = project.file("testcases/small/assignment.toml")
        file.write_text(f"{file.read_text('utf-8')}\n{settings}", "utf-8")
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    return project


def autograder(project: Project, root: Path) -> Path:
    """Make a bundle for Gradescope and unpack it to root/source, as building the image does; return `root`."""
    root.mkdir(parents=True, exist_ok=True)
    bundle.make_gradescope(project.load(), root / "autograder.zip")
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        archive.extractall(root / "source")
    return root


def hand_in(folder: Path, files: dict[str, str]) -> Path:
    """Write a hand-in's files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder
