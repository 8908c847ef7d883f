"""Guards plain `pytest` in a handout: it says what to write, and shows the student's frames and none of ours."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_assignment import Project

from grader.authoring import record
from grader.authoring.collecting import clean_environment
from grader.authoring.handout import make_handout


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout of a homework in which one function calls another that students write."""
    root = tmp_path_factory.mktemp("layered")
    project = Project(root / "project")
    project.add_layer()
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    make_handout(assignment, root / "handout")
    return root / "handout"


CALLING = ('raise NotImplementedError("Line.forward")', "return self.add(self.slope * x)")
WRITTEN = ('raise NotImplementedError("Line.add")', "return x + self.offset")


@pytest.mark.parametrize(
    ("changes", "said", "lines"),
    [
        ([], "not implemented yet: Line.forward", 1),
        ([CALLING], "blocked: first write Line.add", 1),
        ([CALLING, ('"Line.add"', "")], "blocked: first write the function of line.py, line 22, in add: raise", 1),
        ([("class Line", "class Other")], "line.py has no 'Line'; define it there", 1),
        ([("import numpy as np", "import numpy as np\nimport torch")], "the submission imports torch, which", 2),
    ],
    ids=["missing", "blocked", "without a name", "no class", "forbidden"],
)
def test_plain_pytest_says_in_one_line_what_isnt_written(
    changes: list[tuple[str, str]], said: str, lines: int, layered: Path, tmp_path: Path
) -> None:
    printed = plain_pytest(layered, changes, tmp_path)
    (section,) = re.findall(r"_ test_values\[2\.0\] _+\n(.*?)\n(?:_|=)", printed, re.DOTALL)
    assert section.startswith(said)
    assert "NotImplementedError: " not in printed
    assert not re.search(r"autograder/(grader|small)/", section)
    assert len(section.splitlines()) == lines


@pytest.mark.parametrize(
    ("changes", "said", "place"),
    [
        (
            [("import numpy as np", "import numpy as np\nimport nowhere\nnowhere")],
            "No module named 'nowhere'",
            "line.py:",
        ),
        ([("import numpy as np", "import numpy as np\n1 / 0")], "ZeroDivisionError", "line.py:"),
        (
            [CALLING, WRITTEN, ("return x + self.offset", "return x + self.ofset")],
            "has no attribute 'ofset'",
            "line.py:",
        ),
        (
            [CALLING, WRITTEN, ("return x + self.offset", "return x - self.offset")],
            "AssertionError: y: ",
            "test_forward.py:",
        ),
    ],
    ids=["no module", "at import", "in the code", "a wrong value"],
)
def test_plain_pytest_shows_the_students_frames_and_none_of_ours(
    changes: list[tuple[str, str]], said: str, place: str, layered: Path, tmp_path: Path
) -> None:
    printed = plain_pytest(layered, changes, tmp_path)
    assert said in printed
    assert place in printed
    assert "autograder/grader" not in printed
    assert "importlib" not in printed


def test_the_debugger_stops_where_the_function_isnt_written(layered: Path, tmp_path: Path) -> None:
    printed = plain_pytest(layered, [CALLING], tmp_path, "--pdb", "-x")
    assert "blocked: first write Line.add" in printed
    assert "(Pdb) ('x is', (3, 4))" in printed


def plain_pytest(handout: Path, changes: list[tuple[str, str]], tmp_path: Path, *options: str) -> str:
    """Return the output of pytest in a copy of a handout in which a student changed line.py.

    The input is for the debugger; pytest reads none without it.
    """
    folder = tmp_path / "handout"
    shutil.copytree(handout, folder)
    text = (folder / "line.py").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "line.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-k", "test_values", *options]
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        input="p 'x is', x.shape\nq\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stdout + done.stderr
    return done.stdout
