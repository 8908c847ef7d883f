"""Runs the hostile collection: every attack through the real grading, at each level of isolation and as each user.

    python tests/hostile_run.py --jobs 2

As root: every level as root and as a plain user, and the strongest level under Docker's rights and without Landlock.
As a plain user: every level, and only the attacks that the level stops, because nothing catches the others.

Exit code 1 when a bound doesn't hold. A separate column of the table counts the attacks that aren't stopped and needn't
be. As root, attacks are made in a box (see hostile_box.py).
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hostile_box import box
from hostile_runner import Session, attacks, serve
from hostile_samples import Outcome, Planted, Verdict, plant

from grader.levels import LEVELS, Level

CONTROL = "control_right"
COLUMNS = (
    *("level", "user", "attacks tried", "points gained", "leaks", "got through", "invalid reports"),
    *("innocent tests lost", "verdicts wrong", "not stopped here", "seconds"),
)


@dataclass
class Row:
    """One row of the table."""

    level: Level
    user: str
    tried: int = 0
    gained: float = 0.0
    leaks: int = 0
    through: int = 0
    invalid: int = 0
    innocent: int = 0
    verdict: int = 0
    not_stopped: list[str] = field(default_factory=list)
    """Attacks that did something, at a level that needn't stop them."""
    harmless: list[str] = field(default_factory=list)
    """Attacks that did nothing, though nothing had to stop them."""
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    refused: str = ""

    def add(self, outcome: Outcome) -> None:
        """Count one attack."""
        self.tried += 1
        problems = outcome.problems()
        if not outcome.stopped:
            (self.not_stopped if problems else self.harmless).append(outcome.name)
        else:
            self.gained += outcome.gained
            self.leaks += len(outcome.leaks)
            self.through += len(outcome.through) + bool(outcome.refused)
            self.invalid += len(outcome.invalid)
            self.innocent += len(outcome.innocent)
            self.verdict += len(outcome.verdict)
            self.failures += [f"{outcome.name}: {problem}" for problem in problems]

    def cells(self) -> list[str]:
        """The row of the table."""
        if self.refused:
            return [self.level, self.user, "refuses to grade", *["-"] * (len(COLUMNS) - 3)]
        figures = (self.tried, f"{self.gained:g}", self.leaks, self.through, self.invalid, self.innocent, self.verdict)
        return [self.level, self.user, *map(str, figures), str(len(self.not_stopped)), f"{self.seconds:.0f}"]


def run_row(level: Level, user: str, planted: Planted, names: Mapping[str, Verdict], *, fresh: bool) -> Row:
    """Make every attack at one level as one user."""
    kind, _, without = user.partition("-without-")
    command = ["--box", kind, "--project", str(planted.project)] if os.geteuid() == 0 else ["--serve"]
    command += [flag for flag, wanted in (("--without-landlock", without), ("--fresh", fresh)) if wanted]
    row = Row(level, user)
    start = time.monotonic()
    with Session(planted, command) as session:
        # only a level that doesn't even grade what is right refuses; anything else is an attack's doing
        control = session.attack(CONTROL, attacks()[CONTROL], level)
        row.refused = control.refused
        if row.refused:
            print(f"{level:9} {user:7} refuses to grade: {row.refused}", flush=True)
            names = {}
        for number, (name, verdict) in enumerate(names.items(), 1):
            if os.geteuid() != 0 and not verdict.stopped_at(level):
                continue  # without a box, nothing is let through
            outcome = session.attack(name, verdict, level)
            if not outcome.layers:  # there is no report that names them
                outcome.stopped = verdict.stopped(control.layers)
            row.add(outcome)
            note = ("FAILED " if outcome.stopped else "not stopped here: ") + "; ".join(outcome.problems())[:1500]
            note = note if outcome.problems() else ""
            print(f"{level:9} {user:7} {number:3}/{len(names)} {outcome.seconds:5.1f} s  {name}  {note}", flush=True)
        row.failures += [f"at the end: {problem}" for problem in session.end()]
    row.seconds = time.monotonic() - start
    return row


def print_table(rows: Sequence[Row]) -> None:
    """Print what came out, a line a level and user."""
    lines = [list(COLUMNS), *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def print_findings(rows: Sequence[Row]) -> None:
    """Print what failed, what wasn't stopped and where, and attacks that have no teeth."""
    for row in rows:
        for failure in row.failures:
            print(f"{row.level} {row.user} {failure}")
    for row in rows:
        if row.not_stopped:
            print(f"not stopped at {row.level} as {row.user}: {', '.join(row.not_stopped)}")
    harmless = {name for row in rows for name in row.harmless} - {name for row in rows for name in row.not_stopped}
    if harmless:
        print(f"harmless even where nothing stops them: {', '.join(sorted(harmless))}")


def main() -> int:
    """Run the collection; 1 when a bound doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", default="all", help="all, or a list of: " + ", ".join(LEVELS))
    parser.add_argument(
        "--users",
        default="root,plain,docker,root-without-landlock,plain-without-landlock",
        help="a list of root, plain, docker, each also with -without-landlock; all but root and plain run at the "
        "strongest of the levels only",
    )
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of attacks")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="rows at a time")
    parser.add_argument("--fresh", action="store_true", help="a judge and a worker of its own for each attack; slower")
    for hidden in ("--serve", "--boxed", "--without-landlock"):
        parser.add_argument(hidden, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--box", help=argparse.SUPPRESS)
    parser.add_argument("--project", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.box:
        box(options.box, landlock=not options.without_landlock, fresh=options.fresh, project=options.project)
    if options.serve:
        serve(boxed=options.boxed, fresh=options.fresh)
        return 0
    levels = [level for level in LEVELS if options.levels == "all" or level in options.levels.split(",")]
    users = options.users.split(",") if os.geteuid() == 0 else ["plain"]
    names = {name: verdict for name, verdict in attacks().items() if fnmatch.fnmatchcase(name, options.only)}
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        Path(folder).chmod(0o755)
        planted = plant(Path(folder) / "project")
        wanted = [(level, user) for user in users for level in (levels if user in ("root", "plain") else levels[-1:])]
        rows = list(pool.map(lambda pair: run_row(pair[0], pair[1], planted, names, fresh=options.fresh), wanted))
    print()
    print_findings(rows)
    print()
    print_table(rows)
    return 1 if any(row.failures for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
