"""What editors, shells and pytest know of our files and commands is what the readers know."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import BONUS, ROOT
from jsonschema import Draft202012Validator
from small_assignment import NAME, SETTINGS, TOML, VARIANTS, VARIANTS_FILE, Project

from grader.arguments import make_parser
from grader.authoring.new import make_new
from grader.authoring.variants import load_variants
from grader.cli import COMMANDS, main
from grader.errors import AssignmentError
from grader.export.plain import to_value
from grader.grade import grade
from grader.settings import load_assignment
from grader.toml import VERSION, read_toml

SCHEMAS = ROOT / "grader" / "schemas"


def schema(name: str) -> Any:
    value = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(value)
    return value


def problems(name: str, value: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema(name)).iter_errors(value)]


SHIPPED = sorted(file for place in ("testcases", "benchmarks/*/testcases") for file in ROOT.glob(f"{place}/*/*.toml"))


def demand_valid(file: Path) -> None:
    """A file's first line names its schema for an editor, and its values are valid by it."""
    text, value = read_toml(file)
    first = re.match(r"#:schema (\S+)\n", text)
    assert first is not None, f"{file} doesn't begin with #:schema"
    assert json.loads((file.parent / first[1]).read_text("utf-8")) == schema(file.stem)
    assert problems(file.stem, value) == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: "/".join(file.parts[-2:]))
def test_every_shipped_file_names_its_schema_and_is_valid(file: Path) -> None:
    demand_valid(file)


def test_a_new_assignments_files_name_their_schemas_and_are_valid(tmp_path: Path) -> None:
    make_new("hw1", tmp_path, kind="dropout")
    for name in ("assignment", "variants"):
        demand_valid(tmp_path / "testcases" / "hw1" / f"{name}.toml")


@pytest.mark.parametrize("name", [SETTINGS, VARIANTS_FILE])
def test_a_file_for_a_newer_grader_gets_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if it has settings that this grader doesn't know; nothing else of it is judged."""
    project = Project(tmp_path)
    project.write(VARIANTS_FILE, VARIANTS)
    text = project.file(name).read_text("utf-8")
    project.write(name, f"version = 1\n{text}")
    load_variants(project.load())
    before = sorted(tmp_path.rglob("*"))
    project.write(name, f"version = 2\nnonsense = 1\n{text}")
    assert main(["record", NAME, "--project", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{name}:1: written for version 2 of the settings, and this grader knows version {VERSION}" in said
    assert "pip install --upgrade dl-grader" in said
    assert sorted(tmp_path.rglob("*")) == before
    project.write(name, f'version = "new"\n{text}')
    with pytest.raises(AssignmentError, match="'version' must be a whole number"):
        load_variants(project.load())


@pytest.mark.parametrize("name", ["assignment", "variants"])
def test_the_schemas_say_the_version_that_the_reader_knows(name: str) -> None:
    version = schema(name)["properties"]["version"]
    assert (version["default"], version["maximum"]) == (VERSION, VERSION)


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("", lambda one: one),
        *((table, lambda one, table=table: one["properties"][table]) for table in ("submission", "limits", "handout")),
        *((table, lambda one, table=table: one["properties"][table]) for table in ("audit", "late", "rate_limit")),
        ("parts.forward", lambda one: one["properties"]["parts"]["additionalProperties"]),
    ],
)
def test_the_keys_are_those_that_the_reader_allows(
    table: str, place: Callable[[Any], Mapping[str, Any]], tmp_path: Path
) -> None:
    project = Project(tmp_path)
    if not table:
        project.write(SETTINGS, f"nonsense = 1\n{TOML}")
    elif f"[{table}]" in TOML:
        project.write(SETTINGS, TOML.replace(f"[{table}]", f"[{table}]\nnonsense = 1"))
    else:
        project.write(SETTINGS, f"{TOML}\n[{table}]\nnonsense = 1\n")
    with pytest.raises(AssignmentError, match="unknown key 'nonsense'") as caught:
        load_assignment(tmp_path, NAME)
    allowed = caught.value.message.partition("allowed: ")[2].split(", ")
    assert sorted(place(schema("assignment"))["properties"]) == allowed


def test_the_variants_keys_are_those_that_the_reader_allows(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(VARIANTS_FILE, VARIANTS.replace("credit = 1.0", "credit = 1.0\nnonsense = 1"))
    with pytest.raises(AssignmentError, match="unknown key 'nonsense'") as caught:
        load_variants(project.load())
    allowed = caught.value.message.partition("allowed: ")[2].split(", ")
    assert sorted(schema("variants")["properties"]["variant"]["items"]["properties"]) == allowed


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("assignment", "seed = 7", "seed = -7"),
        ("assignment", 'title = "Forward"', 'title = "For: ward"'),
        ("assignment", "points = 3\n", ""),
        ("assignment", "points = 3\n", 'points = 3\nextra = "yes"\n'),
        ("variants", 'loses = ["forward"]\n', ""),
        ("variants", 'hint = "Add the offset."\n', ""),
        ("variants", "credit = 1.0", "credit = 2.0"),
    ],
)
def test_what_the_reader_refuses_an_editor_marks(name: str, old: str, new: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(VARIANTS_FILE, VARIANTS)
    file = project.file(SETTINGS if name == "assignment" else VARIANTS_FILE)
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(AssignmentError):
        load_variants(project.load())
    assert problems(name, read_toml(file)[1])


def test_a_report_is_valid(tmp_path: Path) -> None:
    assignment = load_assignment(ROOT, BONUS)
    (tmp_path / "mytorch").mkdir()
    (tmp_path / "mytorch" / "dropout.py").write_text("x = 1\n", "utf-8")
    assert problems("report", to_value(grade(assignment, tmp_path))) == []


def test_every_command_has_examples_that_parse(capsys: pytest.CaptureFixture[str]) -> None:
    parser = make_parser(COMMANDS)
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        examples = capsys.readouterr().out.partition("examples:\n")[2].strip().split("\n")
        assert examples, name
        for example in examples:
            words = example.split()
            assert words[:2] == ["grader", name]
            parser.parse_args(words[1:])


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shells_completion_knows_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", shell]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_the_pytest_plugin_serves_an_author_and_is_inert_elsewhere(tmp_path: Path) -> None:
    project = Project(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "test_plain.py").write_text(
        "import sys\n\n\ndef test_a(pytestconfig):\n    assert 'grader.local' not in sys.modules\n"
        "    assert not pytestconfig.pluginmanager.has_plugin('grader-author')\n",
        "utf-8",
    )

    def ran(*words: str) -> str:
        # where this package is installed, its entry point would register the plugin a second time
        plugins = ["-p", "no:grader", "-p", "grader.pytest_plugin", "-p", "no:cacheprovider"]
        call = [sys.executable, "-m", "pytest", "-q", *plugins, *words]
        return subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert "1 passed" in ran("elsewhere")
    assert "4 passed" in ran(f"testcases/{NAME}")
    project.edit(f"reference/{NAME}/line.py", "return scaled + self.offset", "return scaled + missing")
    said = ran(f"testcases/{NAME}/test_forward.py")
    assert "3 failed" in said
    assert re.search(rf"reference/{NAME}/line\.py:\d+: NameError", said)
