"""The hostile collection, at the best level that this machine has; hostile_run.py runs it at all levels, as all users.

hostile_samples.py describes the verdict of a sample, and the demands on every sample.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_judge import UNSHOWABLE
from hostile_run import Row
from hostile_runner import Session, attacks
from hostile_samples import BONUS, CANARY, COLLECTION, ROOT, Outcome, Verdict, build, plant, samples
from hostile_summary import PROPERTY

from grader.settings import load_assignment

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="nothing is graded elsewhere")]
ATTACKS = attacks()


@dataclass(frozen=True)
class Range:
    """Where attacks are made: a runner, and the layers that hold on this machine."""

    session: Session
    layers: tuple[str, ...]


@pytest.fixture(scope="session")
def shooting_range() -> Iterator[Range]:
    """A project with canaries, and a runner."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        Path(folder).chmod(0o755)
        planted = plant(Path(folder) / "project")
        with Session(planted, ["--serve"]) as session:
            control = session.attack("control_right", ATTACKS["control_right"], "full")
            assert not control.problems()
            yield Range(session, tuple(control.layers))
            left = session.end()
        assert not left


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str, shooting_range: Range, record_property: Callable[[str, object], None]) -> None:
    verdict = ATTACKS[name]
    if not verdict.stopped(shooting_range.layers):
        record_property(PROPERTY, json.dumps({"not made": 1}))
        pytest.skip(f"not stopped by {', '.join(shooting_range.layers) or 'nothing'}; runs in hostile_run.py's box")
    outcome = shooting_range.session.attack(name, verdict, "full")
    record_property(PROPERTY, json.dumps(figures(outcome)))
    assert not outcome.refused
    assert not outcome.problems(), f"{verdict.about}:\n" + "\n".join(outcome.problems())


def test_what_is_printed_as_failed_is_counted() -> None:
    row = Row("full", "root")
    row.add(Outcome("a", refused="the worker didn't start"))
    row.add(Outcome("b", through=["left alive: python"]))
    row.add(Outcome("c", stopped=False, refused="the worker didn't start"))
    assert (row.through, row.not_stopped, row.refused) == (2, ["c"], "")
    assert [failure.partition(":")[0] for failure in row.failures] == ["a", "b"]


IN_CLASS = ("hook_codecs", "patch_types", "message_hyperlink", "forge_report_in_output", "notebook_magics")
NAMES = (
    "<img src=x onerror=alert(1)>",
    "=cmd()",
    "\x1b[31mred",
    "\r60 of 60 graded",
    "\u202egpj",
    "con",
    "x" * 240,
    "--help",
)


def test_a_class_with_attackers_is_graded_as_each_alone(shooting_range: Range, tmp_path: Path) -> None:
    """The attackers' points are those of single gradings, and their names and outputs do nothing to any reader."""
    planted, source, run = shooting_range.session.planted, tmp_path / "class", tmp_path / "run"
    for name in IN_CLASS:
        if not ATTACKS[name].stopped(shooting_range.layers):
            pytest.skip(f"{name} isn't stopped here")
        build(name, ATTACKS[name], source / name, planted.project)
    for name in NAMES:
        build("control_right", ATTACKS["control_right"], source / name, planted.project)
    command = [sys.executable, "-P", "-m", "grader", "class", BONUS, source, "-o", run, "--project", planted.project]
    done = subprocess.run([*map(str, command), "--test-seconds", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.DictReader((run / "gradebook.csv").read_text("utf-8-sig").splitlines()))
    scores = {row["key"]: row["score"] for row in rows}
    assert {name: scores.pop(name) for name in IN_CLASS} == dict.fromkeys(IN_CLASS, "14.5") | {"notebook_magics": "5"}
    assert list(scores.values()) == ["15"] * len(NAMES)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    texts = {file.name: file.read_text("utf-8") for file in run.rglob("*.*") if file.is_file()}
    assert {".html", ".json", ".csv"} <= {Path(name).suffix for name in texts}
    for name, text in {**texts, "the terminal": done.stdout + done.stderr}.items():
        assert not UNSHOWABLE.search(text.replace("\r\n", "\n")), name
        assert not re.search("^GOT ", text, re.MULTILINE), name
        assert not (name.endswith(".html") and re.search("<img|<a [^>]*evil", text)), name
        assert not set(planted.canaries) & set(CANARY.findall(text)), name


def figures(outcome: Outcome) -> dict[str, float]:
    return {
        "attacks tried": 1,
        "points gained": outcome.gained,
        "leaks": len(outcome.leaks) + len(outcome.through),
        "invalid reports": len(outcome.invalid),
        "innocent tests lost": len(outcome.innocent),
    }


def test_every_sample_declares_what_can_be() -> None:
    parts = {part.name for part in load_assignment(ROOT, BONUS).parts}
    found = samples()
    assert len(found) >= 110
    assert {folder.name for folder in COLLECTION.iterdir() if folder.is_dir()} == set(found)
    for name, verdict in found.items():
        assert verdict.about, name
        assert verdict.row, name
        assert verdict.base in ("reference", "template"), name
        assert set(verdict.lost) <= parts, name
        assert set(verdict.lost) == parts or verdict.base == "reference", name
        assert [file for file in (COLLECTION / name).rglob("*") if file.is_file() and file.name != "verdict.toml"], name


@pytest.mark.parametrize(
    ("verdict", "layers", "stopped"),
    [
        (Verdict("", "", from_level="none"), [], True),
        (Verdict("", "", from_level="seccomp"), ["basic"], False),
        (Verdict("", "", from_level="seccomp"), ["basic", "seccomp"], True),
        (Verdict("", "", from_level="landlock"), ["basic", "seccomp", "uid"], False),
        (Verdict("", "", from_level="landlock", or_layers=("uid",)), ["basic", "seccomp", "uid"], True),
    ],
)
def test_which_layers_stop_an_attack(verdict: Verdict, layers: list[str], stopped: bool) -> None:
    assert verdict.stopped(layers) == stopped
