"""The hostile collection: the format of samples, their construction, and the project with canaries that grades them.

A sample is a folder `tests/hostile/<name>/` with a `verdict.toml`:

    about      = "what it tries, in one line"
    row        = "the row of the attack lists that it stands for"
    base       = "reference" or "template": what its files are laid over (default: the reference)
    lost       = ["dropout_forward"]     parts that lose points; all others keep all of them
    hit        = ["*::test_call"]        the tests in them that get nothing; every other test keeps full marks
                                         (default: every test of the lost parts)
    earns      = ["*::test_counter"]     tests of the lost parts that may earn points, because the code is right there
    from_level = "seccomp"               the weakest level that stops it (default: "none", stopped everywhere)
    or_layers  = ["uid"]                 what stops it as well, where that level isn't reached: a layer, "plain" (the
                                         grader has no rights to lose) or "concealed" (see grader/sandbox/conceal.py)
    proof      = "TRIED"                 stands in an output or a message of some test: the attack was really made

and with files: `mytorch/x.py` replaces or adds a file, `mytorch/x.py.tail` is appended to the base's file, and
`attack.py` is appended to mytorch/dropout.py: over the reference its `attack(layer, x)` is called in one test
(p = 0.65, test_call; what it returns, unless None, is returned in place of the layer's output), over the template it is
appended to mytorch/optimizer.py too and runs at import. In it, @PROJECT@ stands for the project's folder.

A sample prints "GOT ..." when it got what the isolation should have kept from it, and whatever it read: canaries stand
in the reference and in the fixtures.
"""

from __future__ import annotations

import dataclasses
import os
import re
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from grader.levels import LAYER_OF, Level, at_least, level_of
from grader.settings import load_assignment

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = ROOT / "tests" / "hostile"
BONUS = "cmu11785_hw1_bonus"
CANARY = re.compile(r"canary-[0-9a-f]{24}")


@dataclass(frozen=True)
class Verdict:
    """What must come of an attack."""

    about: str
    row: str
    base: str = "reference"
    lost: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()
    earns: tuple[str, ...] = ()
    from_level: Level = "none"
    or_layers: tuple[str, ...] = ()
    proof: str = "TRIED"

    def stopped(self, layers: Sequence[str]) -> bool:
        """Whether the layers that hold must stop it."""
        return at_least(level_of(layers), self.from_level) or bool(set(self.or_layers) & set(layers))

    def stopped_at(self, level: Level) -> bool:
        """Whether a level stops it, if it holds."""
        return self.stopped(claimed(level))


@dataclass(frozen=True)
class Planted:
    """A project with canaries where the answers are."""

    project: Path
    canaries: tuple[str, ...]


@dataclass
class Outcome:
    """What came of one attack; every list is empty when all bounds hold."""

    name: str
    layers: list[str] = field(default_factory=list)
    stopped: bool = True
    refused: str = ""
    """The grader's reason not to grade."""
    gained: float = 0.0
    leaks: list[str] = field(default_factory=list)
    """Canaries in what the submission printed or in an exported report."""
    through: list[str] = field(default_factory=list)
    """What the attack says it got, files and processes left behind, a changed project, a bloated or dead judge."""
    invalid: list[str] = field(default_factory=list)
    innocent: list[str] = field(default_factory=list)
    """Tests that lost points without being attacked."""
    verdict: list[str] = field(default_factory=list)
    """Where the declared verdict doesn't fit."""
    judge_mb: float = 0.0
    seconds: float = 0.0

    def problems(self) -> list[str]:
        """Everything that doesn't hold, as sentences."""
        gained = [f"gained {self.gained:g} points"] if self.gained else []
        gained += [f"not graded: {self.refused[-500:]}"] if self.refused else []
        named = {
            "leak": self.leaks,
            "got through": self.through,
            "invalid report": self.invalid,
            "innocent test": self.innocent,
            "verdict": self.verdict,
        }
        lines = [*gained, *(f"{what}: {line}" for what, found in named.items() for line in found[:3])]
        return [*lines, *(f"{what}: and {len(found) - 3} more" for what, found in named.items() if len(found) > 3)]


def read_verdict(folder: Path) -> Verdict:
    """Read one sample's verdict; a key that isn't known is an error."""
    data = tomllib.loads((folder / "verdict.toml").read_text("utf-8"))
    data.pop("keeps", None)  # may be named for the reader; it is what is left
    lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Verdict(**lists)


def samples() -> dict[str, Verdict]:
    """Every sample by name."""
    return {file.parent.name: read_verdict(file.parent) for file in sorted(COLLECTION.glob("*/verdict.toml"))}


_HOOK = """

_right_forward = Dropout.forward


def _attacked_forward(self, x, train=True):
    if self.p == 0.65:
        value = attack(self, x)
        if value is not None:
            return value
    return _right_forward(self, x, train)


Dropout.forward = _attacked_forward
"""


def build(name: str, verdict: Verdict, into: Path, project: Path) -> Path:
    """Lay a sample over its base; whoever writes one knows where the platform keeps the project."""
    base = ROOT / ("reference" if verdict.base == "reference" else "student_template") / BONUS
    shutil.copytree(base, into, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    folder = COLLECTION / name
    for file in sorted(folder.rglob("*")):
        target = into / file.relative_to(folder)
        if file.is_dir() or file.name in ("verdict.toml", "attack.py") or "__pycache__" in file.parts:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".tail":
            append(target.with_suffix(""), file.read_text("utf-8"))
        else:
            shutil.copyfile(file, target)
    if (folder / "attack.py").is_file():
        text = (folder / "attack.py").read_text("utf-8").replace("@PROJECT@", str(project))
        append(into / "mytorch" / "dropout.py", text + (_HOOK if verdict.base == "reference" else ""))
        if verdict.base == "template":
            append(into / "mytorch" / "optimizer.py", text)
    return into


def append(file: Path, text: str) -> None:
    """Write text at a file's end."""
    file.write_text(file.read_text("utf-8") + "\n\n" + text, "utf-8")


def plant(folder: Path) -> Planted:
    """Copy the homework into `folder`, and hide canaries in its reference and its fixtures."""
    import numpy as np

    from grader.fixtures import Alternative, load_current, save
    from grader.questions import fixtures_file, read_questions
    from grader.recording import Observation, Value

    canaries = tuple(f"canary-{secrets.token_hex(12)}" for _ in range(4))
    ignore = shutil.ignore_patterns("__pycache__", "fixtures", ".*_cache")
    for kind in ("testcases", "reference"):
        shutil.copytree(ROOT / kind / BONUS, folder / kind / BONUS, ignore=ignore)
    for file in ("optimizer.py", "dropout.py"):
        append(folder / "reference" / BONUS / "mytorch" / file, f"# {canaries[0]}\n_SOURCE = {canaries[1]!r}\n")
    # not recorded anew, which takes longer than many attacks: fixtures depend on the tests, and those are copies
    fixtures = load_current(load_assignment(ROOT, BONUS))
    array = np.frombuffer((canaries[3] * 40).encode("ascii"), dtype=np.uint8)
    hidden = Observation("canary", "equal", {"actual": Value("array", "uint8", array)})
    extra = Alternative("canary", fixtures.tests[0].points * 0, canaries[2], (hidden,))
    alternatives = {test.id: (*fixtures.alternatives.get(test.id, ()), extra) for test in fixtures.tests}
    target = fixtures_file(load_assignment(folder, BONUS))
    save(dataclasses.replace(fixtures, alternatives=alternatives), target, read_questions(load_assignment(ROOT, BONUS)))
    return Planted(folder, canaries)


def claimed(level: Level) -> list[str]:
    """The layers that a level stands for, where no report says which held."""
    return with_users([layer for step, layer in LAYER_OF.items() if at_least(level, step)])


def with_users(layers: list[str]) -> list[str]:
    """Add what holds by who the grader is: a plain user has no rights to lose, and closed folders bind it."""
    if os.geteuid() != 0:
        layers = [*layers, "plain"]
        if "seccomp" in layers:
            layers.append("concealed")
    return layers
