"""Runs every experiment as a student does: from the unpacked handout, with the handout's code."""

import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from grader.assignment import Assignment
from grader.authoring.handout import make_handout
from grader.settings import load_assignment

pytestmark = pytest.mark.long

ROWS = {
    ("eecs498_a3", "optimizers"): ["sgd", "sgd_momentum", "rmsprop", "adam"],
    ("eecs498_a3", "dropout"): [f"dropout {p}, width {width}" for p in ("0", "0.5") for width in (256, 512)],
    ("first_order_optimizers", "optimizers"): ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam"],
}
"""What each experiment compares: a row of its table each."""
MINUTE = 60


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], Assignment]:
    """A function that writes an assignment's handout to a folder; making it takes seconds, so each is made once."""
    made: dict[str, Path] = {}

    def unpack(name: str, into: Path) -> Assignment:
        assignment = load_assignment(ROOT, name)
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "handout"
            make_handout(assignment, folder)
            made[name] = folder
        shutil.copytree(made[name], into)
        return assignment

    return unpack


def command_of(handout: Path, script: str) -> list[str]:
    """The command as the handout's README has it."""
    (command,) = re.findall(
        rf"^\| an experiment that .* \| `python3 (\S*/{script}\.py)` \|$",
        (handout / "README.md").read_text("utf-8"),
        re.M,
    )
    return [sys.executable, command]


def test_every_experiment_is_run_here() -> None:
    files = ROOT.glob("testcases/*/experiments/*.py")
    assert {(file.parts[-3], file.stem) for file in files if "__main__" in file.read_text("utf-8")} == set(ROWS)


@pytest.mark.parametrize(("name", "script"), ROWS)
def test_the_reference_gives_a_table_and_a_picture(
    name: str, script: str, unpacked: Callable[[str, Path], Assignment], tmp_path: Path
) -> None:
    handout = tmp_path / "handout"
    assignment = unpacked(name, handout)
    shutil.copytree(assignment.reference, handout, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(command_of(handout, script), cwd=handout, capture_output=True, text=True, timeout=MINUTE)

    assert done.returncode == 0, done.stderr
    assert "left out" not in done.stdout
    table = done.stdout.partition("\n\n")[2]
    for row in ROWS[name, script]:
        assert re.search(rf"^{re.escape(row)}\b.* \d", table, re.M), done.stdout
    picture = (handout / f"{script}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert min(width, height) >= 500


@pytest.mark.parametrize(("name", "script"), ROWS)
def test_the_template_is_told_what_to_write_first(
    name: str, script: str, unpacked: Callable[[str, Path], Assignment], tmp_path: Path
) -> None:
    handout = tmp_path / "handout"
    unpacked(name, handout)
    done = subprocess.run(command_of(handout, script), cwd=handout, capture_output=True, text=True, timeout=MINUTE)

    assert done.returncode == 1
    assert "left out, because" in done.stdout
    assert "isn't written yet" in done.stdout
    assert "Traceback" not in done.stderr
    assert not (handout / f"{script}.png").exists()
