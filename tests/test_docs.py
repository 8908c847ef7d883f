"""Follows the pages: the smallest assignment works unchanged, commands are commands, links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT
from settings_page import tables

from grader.arguments import make_parser
from grader.authoring import record, template
from grader.authoring.audit import audit
from grader.cli import COMMANDS
from grader.grade import grade
from grader.settings import load_assignment


def test_the_smallest_assignment_is_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "instructors.md").read_text("utf-8")
    section = page.split("## The smallest assignment\n")[1].split("\n## ")[0]
    files = re.findall(r"`((?:reference|testcases)/\S+)`:\n\n```\w+\n(.*?)```", section, re.S)
    assert len(files) == 3
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assignment = load_assignment(tmp_path, "mean")
    record.write(assignment, record.record(assignment))
    template.write(assignment)
    assert grade(assignment, assignment.reference).score == 2
    assert {test.status for test in grade(assignment, assignment.template).tests} == {"missing"}
    assert audit(assignment, journal=tmp_path / "journal.jsonl", jobs=1).failures == ()


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_on_a_page_is_one(page: Path) -> None:
    """Blocks of a shell hold whole calls; each must be one that the command line takes."""
    parser = make_parser(COMMANDS)
    for block in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").split("\n"):
            line = re.sub(r"\$\{?[A-Z_]+\}?", "1", line)  # a shell's variable, such as the number of an array's task
            words = shlex.shlex(line, posix=True, punctuation_chars=";&|>")
            words.whitespace_split = True
            calls: list[list[str]] = [[]]
            for word in words:
                calls[-1].append(word) if word.strip(";&|>") else calls.append([])
            for call in calls:
                # --print-completion and the like end the program
                if call[:1] == ["grader"] and not call[1].startswith("--"):
                    parser.parse_args(call[1:])  # ends the test, if it isn't a call


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", file.read_text("utf-8"))
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_has_both_sides_of_a_merge(page: Path) -> None:
    assert not re.findall(r"(?m)^(?:<{7}|={7}$|>{7})", page.read_text("utf-8"))


def test_the_page_of_settings_is_that_of_the_schemas() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page.endswith(tables()), "run: python tests/settings_page.py, and put its tables there"


def test_every_picture_is_shown_made_by_the_script_and_small() -> None:
    pictures = {file.name: file.stat().st_size for file in (ROOT / "docs" / "pictures").iterdir()}
    shown = set(re.findall(r"!\[[^\]]{20,}\]\(pictures/(\S+)\)", "".join(page.read_text("utf-8") for page in PAGES)))
    script = (ROOT / "demo" / "pictures.py").read_text("utf-8")
    made = {f"{name}.svg" for name in re.findall(r'terminal\("(\w+)"', script)}
    made |= {f"{name}.png" for name in re.findall(r'\bpage\("(\w+)"', script)}
    assert set(pictures) == shown == made
    assert max(pictures.values()) < 60_000
    # a picture in a page without a network asks no other host for a font
    assert not [name for name in pictures if name.endswith("svg") and "url(http" in read_picture(name)]


def read_picture(name: str) -> str:
    return (ROOT / "docs" / "pictures" / name).read_text("utf-8")


def test_every_page_is_in_the_site() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("nav:")[2]
    listed = set(re.findall(r"[\w/-]+\.md", nav))
    assert listed == {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
