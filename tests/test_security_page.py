"""The table of docs/security.md and the hostile collection name each other: no row without attacks, none unnamed."""

import fnmatch
import re

from conftest import ROOT
from hostile_runner import attacks

from grader.levels import LEVELS

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def patterns() -> list[list[str]]:
    """What the last column of the table of attacks names, a list for each row."""
    table = PAGE.partition("## Attack, layer, test")[2].partition("\n## ")[0]
    rows = [line.strip("|").rpartition("|")[2] for line in table.splitlines() if line.startswith("|")]
    return [re.findall(r"`([^`]+)`", cell) for cell in rows[2:]]


def test_every_row_names_attacks_that_exist() -> None:
    rows = patterns()
    assert len(rows) > 20
    for row in rows:
        assert row
        for pattern in row:
            assert fnmatch.filter(attacks(), pattern), f"no attack is called {pattern}"


def test_every_attack_stands_in_one_row() -> None:
    rows = patterns()
    for name in attacks():
        found = [row for row in rows if any(fnmatch.fnmatchcase(name, pattern) for pattern in row)]
        assert len(found) == 1, f"{name} stands in {len(found)} rows: {found}"


def test_the_page_explains_every_level_and_names_files_that_exist() -> None:
    for level in LEVELS:
        assert f"\n| `{level}` |" in PAGE
    for file in re.findall(r"`((?:tests|benchmarks|grader)/[\w./]+)`", PAGE):
        assert (ROOT / file).exists(), file
