"""Notebooks as hand-ins: which one is taken, what counts, what the report says; and a check in a student's kernel."""

import csv
import json
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from handins import SPEC, Files, pack, take_into
from notebooks import from_script, notebook
from small_assignment import NAME, REFERENCE, VARIANTS, VARIANTS_FILE, Project

from grader.authoring import record, template
from grader.authoring.handout import make_handout
from grader.grade import grade_in
from grader.questions import read_questions
from grader.report import Report
from grader.sandbox.worker import Worker
from grader.suite.run import grade_suite
from grader.testing.submission import Submission

RIGHT = from_script(REFERENCE, ["%matplotlib inline"], ["while True: pass"])
BLANK = REFERENCE.replace("return scaled + self.offset", "raise NotImplementedError")

Graded = Callable[[Files], Report]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    project.write(VARIANTS_FILE, VARIANTS)
    template.write(project.load())
    assignment = project.load()
    record.write(assignment, record.record(assignment))
    return project


@pytest.fixture(scope="module")
def graded(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """Grades a hand-in, made of files; a single file is handed in as it is."""
    from grader.fixtures import load_current

    assignment = project.load()
    with Worker(assignment, read_questions(assignment)) as worker:
        fixtures = load_current(assignment)

        def grade(files: Files) -> Report:
            folder = tmp_path_factory.mktemp("handin")
            source = pack(files, "zip", folder)
            if len(files) == 1 and "/" not in next(iter(files)):
                source = folder / next(iter(files))
                source.write_bytes(next(iter(files.values())))
            return grade_in(worker, fixtures, source)

        yield grade


MARIMO = (
    "import marimo\napp = marimo.App()\n\n@app.cell\ndef _():\n"
    + textwrap.indent(REFERENCE, "    ")
    + "\n    return (Line,)\n\n@app.cell\ndef _(Line):\n    while True:\n        pass\n    return\n"
).encode()
TAKEN: dict[str, Files] = {
    "one file": {"line.ipynb": RIGHT},
    "another name": {"Homework 1 - final.ipynb": RIGHT},
    "another case": {"LINE.IPYNB": RIGHT},
    "a copy in folders": {"hw/me/line (1).ipynb": RIGHT, "hw/me/notes.pdf": b"%PDF"},
    "beside others": {"hw/line.ipynb": RIGHT, "hw/scratch.ipynb": notebook("x = 1")},
    "with checkpoints": {"hw/line.ipynb": RIGHT, "hw/.ipynb_checkpoints/line-checkpoint.ipynb": b"{}"},
    "a script's name": {"line.py": RIGHT},
    "a browser's ending": {"line.ipynb.json": RIGHT},
    "an ending of text in a folder": {"hw/line.ipynb.txt": RIGHT},
    "marimo's": {"line.py": MARIMO},
    "cells of an editor that train": {"line.py": f"# %%\n{REFERENCE}\n# %%\nwhile True:\n    pass\n".encode()},
}


@pytest.mark.parametrize("files", TAKEN.values(), ids=TAKEN)
def test_a_notebook_is_taken(graded: Graded, files: Files) -> None:
    report = graded(files)
    assert report.score == report.max_score == 4.5, report.notes


def test_of_script_and_notebook_the_script_counts(graded: Graded, project: Project) -> None:
    wrong = REFERENCE.replace("scaled + self.offset", "scaled - 1")
    report = graded({"line.py": wrong.encode(), "line.ipynb": RIGHT})
    assert report.score == 1.5
    assert "line.py counts, and the notebook line.ipynb beside it doesn't" in "\n".join(report.notes)
    blank = project.load().template.joinpath("line.py").read_bytes()
    report = graded({"line.py": blank.replace(b"\n", b"\r\n"), "line.ipynb": RIGHT})
    assert report.score == 4.5
    assert "still as in the template, so line.ipynb counts" in "\n".join(report.notes)
    report = graded({"line.py": blank, "line.ipynb": from_script(blank.decode(), [], ["from line import Line"])})
    assert report.score == 0
    assert {test.status for test in report.tests} == {"missing"}


def test_what_the_report_says(graded: Graded, project: Project) -> None:
    def told(data: bytes) -> str:
        report = graded({"line.ipynb": data})
        assert report.score == 0
        return "\n".join([*report.notes, *(test.message for test in report.tests)])

    blank = project.load().template.joinpath("line.py").read_text()
    assert "it is the unchanged handout" in told(from_script(blank, [], []))
    assert "has no code in it" in told(notebook("words", kinds="t"))
    assert "isn't a whole notebook" in told(RIGHT[:200])
    assert "git's conflict marks (line 1)" in told(b"<<<<<<< HEAD\n" + RIGHT)
    assert "line.ipynb, cell 2, line 3, in __init__: 1 / 0" in told(
        notebook("x = 1", "class Line:\n    def __init__(self, *_):\n        1 / 0")
    )
    assert "line.ipynb has no 'Line'" in told(notebook("x = 1"))
    assert "isn't installed here" in told(notebook("import d2l", "class Line(d2l.Module): pass"))
    assert "which this assignment doesn't allow" in told(
        notebook("import torch", "class Line:\n    def __init__(self, *_):\n        torch.ones(1)")
    )


def test_annotations_by_packages_that_arent_here_cost_nothing(graded: Graded) -> None:
    annotated = REFERENCE.replace("def forward(self, x):", "def forward(self, x: Float[np.ndarray, 'n']) -> Float:")
    assert annotated != REFERENCE
    report = graded({"line.ipynb": from_script(annotated, ["from not_there import Float"], ["LIMIT: Float = 3"])})
    assert report.score == report.max_score
    assert "cell 1 imports not_there, which isn't installed here" in "\n".join(report.notes)


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("x = 0\nwith open('f') as f:\n    SCALE = 1", 3),
        ("for SCALE in range(3):\n    print(SCALE)", 1),
        ("history, SCALE = train(3)", 1),
        ("exec('x = 3\\nSCALE = input()')", 1),
        ("while (SCALE := len(sample())) < 3:\n    pass", 1),
    ],
)
def test_a_name_that_only_code_that_isnt_run_sets_is_told_with_its_place(cell: str, line: int, graded: Graded) -> None:
    scaled = REFERENCE.replace("return scaled + self.offset", "return scaled + SCALE")
    told = "\n".join(test.message for test in graded({"line.ipynb": from_script(scaled, [cell], [])}).tests)
    assert f"line.ipynb, cell 1, line {line} sets it, in code that isn't run here" in told


@pytest.mark.parametrize("name", ["_", "Out[1]", "_3"])
def test_what_only_a_kernel_has_is_told(name: str, graded: Graded) -> None:
    scaled = REFERENCE.replace("return scaled + self.offset", "return scaled + SCALE")
    report = graded({"line.ipynb": from_script(scaled, ["3", f"SCALE = {name}"], [])})
    told = "\n".join(test.message for test in report.tests)
    assert f"line.ipynb, cell 2, line 1, in <module>: SCALE = {name}" in told
    assert "Only a notebook's kernel has that" in told


def test_a_class_that_names_itself_in_super_is_defined_twice(graded: Graded) -> None:
    first, second = (
        f"class Line:\n    def __init__(self, *_):\n        super(Line, self).__init__()\n        {value} / 0\n"
        for value in (1, 2)
    )
    report = graded({"line.ipynb": notebook(first, second)})
    assert "Line is defined in cell 1 and cell 2; the one in cell 2 counts" in "\n".join(report.notes)


def test_a_class_hands_in_notebooks(project: Project, tmp_path: Path) -> None:
    """Notebooks and a script in one class have their points, and names written into cells stay out of the page."""
    wrong = REFERENCE.replace("return scaled + self.offset", "return scaled")
    named = json.loads(RIGHT)
    named["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "Name: Adelaide Quill, 20481632"})
    twice = from_script(f"{wrong}\n\n{REFERENCE.partition('import numpy as np')[2]}", [], ["!rm -rf data"])
    handed: Files = {
        "ada/line.ipynb": json.dumps(named).encode(),
        "ben/Line (2).ipynb": from_script(wrong, [], [], "colab"),
        "cleo/line.py": wrong.encode(),
        "dan.ipynb": twice,
        "eve/line.ipynb": from_script(BLANK, ["<<<<<<< HEAD"], []),
        "finn/line.ipynb": RIGHT[:300],
    }
    for name, data in handed.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    run = tmp_path / "run"
    words = [sys.executable, "-P", "-m", "grader", "class", NAME, str(tmp_path / "in"), "-o", str(run)]
    done = subprocess.run(words, cwd=project.root, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with (run / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["key"]: row["score"] for row in csv.DictReader(file)}
    full = str(float(project.load().points)).removesuffix(".0")
    assert (scores["ada"], scores["dan"], scores["finn"]) == (full, full, "0")
    assert scores["ben"] == scores["cleo"] == scores["eve"] == "1.5"
    reports = "".join(file.read_text("utf-8") for file in (run / "reports").iterdir())
    assert "git's conflict marks" in reports
    assert "Line is defined in cell" in reports
    page = (run / "report.html").read_text("utf-8")
    assert "Quill" not in page
    assert "20481632" not in page


def test_a_slow_library_of_a_notebook_is_loaded_once_for_all_tests(project: Project, tmp_path: Path) -> None:
    from grader.fixtures import load_current

    assignment = project.load()
    (tmp_path / "line.ipynb").write_bytes(from_script(f"import networkx\n{REFERENCE}", [], []))
    with Worker(assignment, read_questions(assignment)) as worker:
        fixtures = load_current(assignment)
        for source in (tmp_path / "line.ipynb", assignment.reference):
            report = grade_in(worker, fixtures, source)
            assert report.score == report.max_score
            loaded = set(worker._loaded or ())
            assert ("networkx" in loaded) == (source.suffix == ".ipynb")
            assert ("grader.testing.cells.load" in loaded) == (source.suffix == ".ipynb")


def test_several_notebooks_and_none_fits(graded: Graded) -> None:
    report = graded({"a.ipynb": RIGHT, "b.ipynb": RIGHT})
    assert report.score == 0
    assert "No notebook is called line.ipynb" in "\n".join(report.notes)


def test_one_notebook_for_several_files(tmp_path: Path) -> None:
    """Each file's module is the same one, so a class has one identity."""
    from grader.testing.cells.places import MODULE, alias_text

    text = "from optimizer import adam\nclass Dropout: pass\ndef is_mine(x): return isinstance(x, Dropout)\n"
    folder = pack({"mine/everything.ipynb": notebook(text), "mine/hw1/hw1.py": b"import dropout\n"}, "folder", tmp_path)
    into = tmp_path / "into"
    into.mkdir()
    intake = take_into(folder, into)
    assert intake.missing == ("mytorch/dropout.py", "mytorch/optimizer.py")
    assert "as dropout.ipynb would for mytorch/dropout.py" in "\n".join(intake.notes)
    from grader.intake.take import ingest

    other = tmp_path / "other"
    other.mkdir()
    intake = ingest(
        folder, replace(SPEC, notebook="hw1.ipynb"), ("hw1/hw1.py", "mytorch/dropout.py", "mytorch/o.py"), other
    )
    assert intake.missing == ()
    assert [item.targets for item in intake.notebooks] == [("mytorch/dropout.py", "mytorch/o.py")]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / f"{MODULE}.py").write_text(text.partition("\n")[2])
    for name in ("dropout", "o"):
        (tmp_path / "run" / f"{name}.py").write_text(alias_text(MODULE))
    submission = Submission(tmp_path / "run", ["."], [])
    submission.install()
    try:
        assert submission.o.is_mine(submission.dropout.Dropout())
    finally:
        submission.uninstall()


def test_a_suite_gets_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_line.py").write_text(
        "import unittest\nfrom gradescope_utils.autograder_utils.decorators import weight\nfrom line import Line\n\n\n"
        "class TestLine(unittest.TestCase):\n    @weight(2)\n    def test_it(self):\n"
        "        self.assertEqual(Line(2.0, 1.0).forward(3.0), 7.0)\n"
    )
    (tmp_path / "my work.ipynb").write_bytes(from_script(REFERENCE, ["import no_such_thing", "!ls"], ["1 / 0"]))
    assert grade_suite(tmp_path / "suite", tmp_path / "my work.ipynb").score == 2


KERNEL = """
import json, os, sys
os.chdir(sys.argv[1])
sys.path.insert(0, "autograder" if os.path.isdir("autograder") else sys.argv[2])
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for source in json.loads(sys.argv[3]):
    result = shell.run_cell(source, store_history=True).result
print("\\n=====")
print(repr(result), result._repr_html_())
"""


def in_kernel(folder: Path, *cells: str) -> str:
    command = [sys.executable, "-c", KERNEL, str(folder), str(ROOT), json.dumps(cells)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"HOME": str(folder), "PATH": ""})
    assert "=====" in done.stdout, done.stdout + done.stderr
    return done.stdout.partition("=====")[2]


def test_check_in_a_kernel(project: Project, tmp_path: Path) -> None:
    """The public tests on what the kernel has, from the unpacked handout and its zip; the saved file is compared."""
    make_handout(project.load(), tmp_path / "handout")
    make_handout(project.load(), tmp_path / "hw1.zip")
    (tmp_path / "handout" / "line.py").unlink()
    check = "from grader.notebook import check"
    told = in_kernel(tmp_path / "handout", "%precision 3", REFERENCE, check, "check('Forward')")
    assert "2 / 2" in told
    assert "Backward" not in told
    wrong = "Line.forward = lambda self, x: self.slope * x"
    told = in_kernel(tmp_path / "handout", REFERENCE, check, wrong, "check()")
    assert "12 of 12 elements differ" in told
    assert "1.5 / 1.5" in told
    assert 'Run it alone: check("forward")' in told
    told = in_kernel(tmp_path / "handout", REFERENCE, check, "check(Line)")
    assert 'as a text, such as check("forward")' in told
    (tmp_path / "handout" / "parts.py").write_text(REFERENCE)
    told = in_kernel(tmp_path / "handout", "from parts import Line", check, "check()")
    assert "this notebook imports parts.py, and that file isn't handed in" in told
    again = ("class Line(:", REFERENCE.replace("return", "return 1 +"), REFERENCE)
    told = in_kernel(tmp_path / "handout", check, *again, "check()")
    assert "3.5 / 3.5" in told
    assert "In [" not in told  # their author saw that a cell was refused, and ran another one after it
    told = in_kernel(tmp_path, REFERENCE, check, "check()")
    assert "passed" in told
    saved = from_script(BLANK, [], [])
    (tmp_path / "handout" / "mine.ipynb").write_bytes(saved)
    name = f"__vsc_ipynb_file__ = {str(tmp_path / 'handout' / 'mine.ipynb')!r}"
    told = in_kernel(tmp_path / "handout", name, REFERENCE, check, "check()")
    assert "passed in your kernel, not in the file that you saved" in told
    told = in_kernel(tmp_path / "handout", REFERENCE, check, "del Line", "check()")
    assert "has no 'Line'" in told
    assert "no part 'nope'; there are: forward, backward" in in_kernel(
        tmp_path / "handout", check, "1", "check('nope')"
    )


def test_a_reference_may_be_a_notebook(tmp_path: Path) -> None:
    """Template, record and handout work on its cells; what students get is valid, clean and gives nothing away."""
    import nbformat

    project = Project(tmp_path)
    project.file("reference/small/line.py").unlink()
    project.edit(
        "testcases/small/assignment.toml", 'files = ["line.py"]', 'files = ["line.py"]\nnotebook = "line.ipynb"'
    )
    cells = ['check("forward")\ncheck("backward")', "1 / 0"]
    project.write("reference/small/line.ipynb", from_script(REFERENCE, ["%pylab"], cells, "pictures").decode())
    assignment = project.load()
    assert template.write(assignment) == ["line.ipynb"]
    text = (assignment.template / "line.ipynb").read_text("utf-8")
    nbformat.validate(json.loads(text))
    assert "SOLUTION" not in text
    assert "image/png" not in text
    assert "scaled = " not in text
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    assert len(set(ids)) == len(ids)
    assert template.drift(assignment) == []
    made = record.record(assignment)
    record.write(assignment, made)
    make_handout(assignment, tmp_path / "hw.zip")
    with zipfile.ZipFile(tmp_path / "hw.zip") as archive:
        assert {"line.ipynb", "grader.py"} <= set(archive.namelist())
        archive.extractall(tmp_path / "hw")
    for lacking, said in (
        ("", ""),
        ("gradescope_utils", "gradescope_utils isn't installed for this notebook's Python"),
    ):
        hide = f"import sys; sys.modules.update(dict.fromkeys({lacking.split()}))"
        cell = f"{hide}; from grader.notebook import check; print(callable(check), check.__module__)"
        call = [sys.executable, "-c", cell]
        ran = subprocess.run(call, cwd=tmp_path / "hw", capture_output=True, text=True, check=False)
        assert ran.stdout == ("" if lacking else "True grader.notebook\n"), ran.stderr
        assert said in ran.stderr
        assert ("%pip install -r '" in ran.stderr) == bool(lacking)
    from grader.fixtures import load_current

    with Worker(assignment, read_questions(assignment)) as worker:
        fixtures = load_current(assignment)
        assert grade_in(worker, fixtures, assignment.reference / "line.ipynb").score == 4.5
        assert grade_in(worker, fixtures, assignment.template / "line.ipynb").score == 0
