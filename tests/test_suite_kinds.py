"""Guards what a suite may be: where modules come from, how tests are made, what they may do, what is refused loudly."""

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import Limits
from grader.errors import AssignmentError, UsageError
from grader.report import Report
from grader.suite.run import grade_suite

HEAD = """import unittest
from gradescope_utils.autograder_utils.decorators import *
from sol import f
class T(unittest.TestCase):
"""
RIGHT = {"sol.py": "def f(x):\n    return x\n"}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def graded(
    tmp_path: Path, files: dict[str, str], handin: dict[str, str] | None = None, name: str = "suite", **more: Any
) -> Report:
    """Grade a hand-in; a test file that doesn't import is given as the methods of one test class."""
    texts = {
        file: HEAD + textwrap.indent(textwrap.dedent(text), "    ") if text.startswith("\n    @") else text
        for file, text in files.items()
    }
    return grade_suite(write(tmp_path / name, texts), write(tmp_path / "handin", handin or RIGHT), **more)


def outcomes(report: Report) -> list[tuple[str, float]]:
    return [(test.status, float(test.score)) for test in report.tests]


ONE = """
    @weight(5)
    def test_one(self):
        self.assertEqual(f(2), 2)
"""
WRONG = {"sol.py": "def f(x):\n    return 99\n"}


@pytest.mark.parametrize(
    "reference", ["sol.py", "tests/sol.py", "sol/__init__.py", "sol.cpython-311-x86_64-linux-gnu.so"]
)
def test_a_module_of_the_suite_is_never_graded_in_place_of_the_hand_ins(reference: str, tmp_path: Path) -> None:
    suite = {"tests/test_a.py": ONE, reference: "def f(x):\n    return x\n"}
    report = graded(tmp_path, suite, WRONG)
    assert outcomes(report) == [("failed", 0)]
    assert "99 != 2" in report.tests[0].message


def test_a_clash_is_told_to_the_staff_and_equal_files_are_none(tmp_path: Path) -> None:
    suite = {"tests/test_a.py": ONE, "sol.py": "", "same.txt": "same", "data/x": ""}
    report = graded(tmp_path, suite, {**RIGHT, "same.txt": "same", "data": "a file", "tests/test_a.py": "no test"})
    notes = "\n".join(report.staff_notes)
    assert "in place of the suite's of these names: sol.py." in notes
    assert "weren't used, because the suite's own are: data, tests/test_a.py." in notes
    assert outcomes(report) == [("passed", 5)]


def test_a_helper_beside_the_tests_that_a_hand_in_displaces_is_told_to_the_staff(tmp_path: Path) -> None:
    helped = {"tests/test_a.py": "from utils import close\n" + HEAD + ONE, "tests/utils.py": "close = 1\n"}
    report = graded(tmp_path, helped, {**RIGHT, "utils.py": "mine = 1\n"})
    assert "cannot import name 'close' from 'utils' (utils.py)" in report.tests[0].message
    notes = "\n".join(report.staff_notes)
    assert "in place of the suite's of these names: tests/utils.py. If one is a helper of the tests" in notes


def test_a_hand_in_in_a_folder_is_looked_through(tmp_path: Path) -> None:
    report = graded(tmp_path, {"tests/test_a.py": ONE}, {"my work/sol.py": "def f(x):\n    return x / 0\n"})
    assert "my work/sol.py, line 2, in f" in report.tests[0].message


def test_names_of_any_length_and_alphabet_are_graded(tmp_path: Path) -> None:
    body = f"""
    @weight(1)
    def test_{"x" * 150}(self):
        self.assertEqual(f(2), 2)

    @weight(1)
    def test_größe(self):
        self.assertEqual(f(2), 2)
"""
    assert outcomes(graded(tmp_path, {"tests/test_a.py": body})) == [("passed", 1)] * 2


@pytest.mark.parametrize(
    ("name", "file", "data"),
    [
        ("flat", "test_a.py", "d.txt"),
        ("numpy", "test_a.py", "d.txt"),
        ("sol", "test_a.py", "d.txt"),
        ("suite", "tests/test_a.py", "d.txt"),
        ("suite", "tests/test_a.py", "tests/d.txt"),
    ],
)
def test_relative_paths_lead_to_files(name: str, file: str, data: str, tmp_path: Path) -> None:
    body = """
    @weight(1)
    def test_data(self):
        import numpy
        self.assertEqual(open('d.txt').read(), 'd')
        with open('d.txt', 'a') as stream:
            stream.write(str(numpy.zeros(1).sum()))
        self.assertEqual(open('d.txt').read(), 'd0.0')
        self.assertEqual(f(2), 2)
"""
    report = graded(tmp_path, {file: body, data: "d"}, name=name)
    assert outcomes(report) == [("passed", 1)], report.tests[0].message
    assert (tmp_path / name / data).read_text() == "d"


def test_thousands_of_files_stay_where_they_are_and_can_be_written_to(tmp_path: Path) -> None:
    body = "".join(
        f"""
    @weight(1)
    def test_{number}(self):
        self.assertEqual(open('data/{number}').read(), 'x')
        with open('data/{number}', 'w') as stream:
            stream.write('y')
        with open('data/new', 'w') as stream:
            stream.write('z')
        self.assertEqual(open('data/{number}').read() + open('data/new').read(), 'yz')
        self.assertEqual(open('data/{number + 1}').read(), 'x')
"""
        for number in range(3)
    )
    suite = {"tests/test_a.py": body} | {f"data/{number}": "x" for number in range(300)}
    assert outcomes(graded(tmp_path, suite)) == [("passed", 1)] * 3
    assert {file.read_text() for file in (tmp_path / "suite" / "data").iterdir()} == {"x"}


PLAIN = "import unittest\nfrom sol import f\n"
MAKING = [
    ("class T(unittest.TestCase):\n    pass\nfor n in range(3):\n    setattr(T, f'test_{n}', lambda self: None)\n", 3),
    ("T = type('T', (unittest.TestCase,), {'test_a': lambda self: None})\n", 1),
    (
        "class C(unittest.TestCase):\n    def check(self):\n        pass\n"
        "def load_tests(loader, tests, pattern):\n    return unittest.TestSuite([C('check'), C('check')])\n",
        2,
    ),
    (
        "def cases():\n    class C(unittest.TestCase):\n        def test_a(self):\n            pass\n    return C\n"
        "X = cases()\n",
        1,
    ),
]


@pytest.mark.parametrize(("text", "count"), MAKING)
def test_tests_that_are_made_while_the_suite_runs_are_seen(text: str, count: int, tmp_path: Path) -> None:
    report = graded(tmp_path, {"test_a.py": PLAIN + text})
    assert outcomes(report) == [("passed", 1)] * count
    assert any(f"each of its {count} tests counts 1 point" in note for note in report.staff_notes)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            "class T(unittest.TestCase):\n    pass\nfor n in range(f(3)):\n    setattr(T, f'test_{n}', print)\n",
            6,
            "hand-in",
        ),
        ("class T(unittest.TestCase):\n    @maker.expand([1])\n    def test_a(self):\n        pass\n", 4, "NameError"),
        (
            "import doctest, sol\ndef load_tests(loader, tests, pattern):\n    return doctest.DocTestSuite(sol)\n",
            4,
            "hand-in",
        ),
    ],
)
def test_tests_that_only_a_hand_in_makes_are_refused_with_their_place(
    text: str, line: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(AssignmentError, match=said) as caught:
        graded(tmp_path, {"test_a.py": PLAIN + text})
    assert f"suite/test_a.py:{line}: " in str(caught.value)


def test_a_suite_of_plain_pytest_has_a_point_a_test(tmp_path: Path) -> None:
    suite = {
        "conftest.py": "import pytest\n@pytest.fixture\ndef three():\n    return 3\n",
        "tests/test_a.py": (
            "import pytest\nfrom sol import f\n"
            f"@pytest.mark.parametrize('x', [1, {'y' * 150!r}])\ndef test_same(x):\n    assert f(x) == x\n"
            "def test_three(three):\n    assert f(three) == 3\n"
            "class TestMore:\n    def test_wrong(self, tmp_path):\n        assert f(1) == 2\n"
        ),
    }
    report = graded(tmp_path, suite)
    assert outcomes(report) == [("passed", 1)] * 3 + [("failed", 0)]
    assert "assert f(1) == 2" in report.tests[3].message
    assert "Not sealed: all 4 tests, worth 4 points" in report.staff_notes[0]


FAILING = """import pytest, sys, sol
@pytest.mark.xfail
def test_plain():
    assert sol.f(-1) == 0

@pytest.mark.xfail(raises=ValueError)
def test_raises():
    sol.f(-1)

@pytest.mark.xfail(raises=Exception, strict=True)
def test_anything():
    sol.f(-1)

@pytest.mark.xfail(sys.version_info < (3,), reason="old")
def test_old():
    assert sol.f(1) == 1

def test_gives_up():
    pytest.xfail("not this year")
"""


@pytest.mark.parametrize(
    ("body", "earned"),
    [
        ("    if x < 0:\n        raise ValueError(x)\n    return x\n", [0, 1, 0, 1, 0]),
        ("    return x\n", [0, 0, 0, 1, 0]),
        ("    raise NotImplementedError\n", [0] * 5),
    ],
    ids=["right", "half", "empty"],
)
def test_a_test_that_is_marked_to_fail_has_no_points_unless_it_asks_for_an_exception(
    body: str, earned: list[int], tmp_path: Path
) -> None:
    report = graded(tmp_path, {"test_a.py": FAILING}, {"sol.py": f"def f(x):\n{body}"})
    assert [score for _, score in outcomes(report)] == earned, [test.message for test in report.tests]
    assert [float(test.max_score) for test in report.tests] == [0, 1, 0, 1, 1]
    said = [note for note in report.staff_notes if "marked to fail" in note]
    assert [note.partition(": ")[2].partition(" is ")[0] for note in said] == ["test_plain", "test_anything"]


OWN = """import pytest
from sol import f
from tools import points

@pytest.mark.points(3)
def test_mark():
    assert f(1) == 1

@points(2 + 0.5)
def test_own():
    assert f(1) == 1

@pytest.mark.parametrize(
    "n", [pytest.param(1, marks=pytest.mark.score(value=2)), pytest.param(2, marks=pytest.mark.score(4))]
)
def test_many(n):
    assert f(n) == 1

@pytest.mark.weight("heavy")
def test_text():
    assert f(1) == 1

@pytest.mark.points(7)
class TestAll:
    def test_in_class(self):
        assert f(1) == 1
"""
TOOLS = "def points(n):\n    return lambda test: test\n"


def test_points_in_a_suites_own_marks_count(tmp_path: Path) -> None:
    report = graded(tmp_path, {"test_a.py": OWN, "tools.py": TOOLS})
    worth = [float(test.max_score) for test in report.tests]
    assert outcomes(report) == [("passed", n) for n in (3, 2.5, 2)] + [("failed", 0), ("passed", 0), ("passed", 7)]
    assert worth == [3, 2.5, 2, 4, 0, 7]
    told = next(note for note in report.staff_notes if "@pytest.mark.points, @points, @pytest.mark.score" in note)
    assert "tests without a number (1) have no points" in told


def test_points_of_a_class_of_unittest_in_the_suites_own_marks_count(tmp_path: Path) -> None:
    test = f"{PLAIN}from tools import points\nclass T(unittest.TestCase):\n    @points(n=1, points=3)\n"
    test += "    def test_a(self):\n        self.assertEqual(f(1), 1)\n    def test_b(self):\n        pass\n"
    tools = "def points(n, points):\n    return lambda test: test\n"
    report = graded(tmp_path, {"test_a.py": test, "tools.py": tools})
    assert outcomes(report) == [("passed", 3), ("passed", 0)]


def test_gradescopes_decorators_count_on_functions_of_pytest(tmp_path: Path) -> None:
    head = HEAD.replace("class T(unittest.TestCase):\n", "")
    test = f'{head}@weight(3)\n@number("1.1")\n@visibility("hidden")\ndef test_a():\n    assert f(1) == 1\n'
    row = graded(tmp_path, {"test_a.py": test}).tests[0]
    assert (float(row.score), row.number, row.visibility) == (3, "1.1", "hidden")


RETURNING = {
    "autograder/runner.py": 'import sys\nsys.path.append("mytorch")\nfrom test import *\n',
    "autograder/test.py": (
        "from activation import Tanh\ndef test_one():\n    return Tanh().forward(1) == 2\n"
        "def test_two():\n    print(Tanh().forward(1))\n    return 'a text'\n"
    ),
}


@pytest.mark.parametrize(("value", "earned"), [(2, [1, 1]), (1, [0, 1])])
def test_tests_that_return_their_verdict_count_and_import_from_a_folder_of_the_hand_in(
    value: int, earned: list[int], tmp_path: Path
) -> None:
    tanh = f"from base import Base\nclass Tanh(Base):\n    def forward(self, x):\n        return {value}\n"
    handin = {"mytorch/activation.py": tanh, "mytorch/base.py": "class Base:\n    pass\n", "hw1/hw1.py": ""}
    report = graded(tmp_path, RETURNING, handin)
    assert [score for _, score in outcomes(report)] == earned, [test.message for test in report.tests]
    assert value == 2 or report.tests[0].message == "the test returned False"
    assert "The module activation was found in mytorch/." in report.staff_notes


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit", "the code calls exit()"),
        ("raise KeyboardInterrupt", "the code raises KeyboardInterrupt"),
        ("import pytest; pytest.skip('later', allow_module_level=True)", "the test was skipped: Skipped: later"),
    ],
)
def test_a_hand_in_that_ends_the_import_is_told_so(code: str, said: str, tmp_path: Path) -> None:
    report = graded(tmp_path, {"test_a.py": "from sol import f\ndef test_f():\n    assert f(1)\n"}, {"sol.py": code})
    assert [score for _, score in outcomes(report)] == [0]
    assert said in report.tests[0].message


def test_a_file_that_skips_its_tests_without_the_hand_in_is_listed(tmp_path: Path) -> None:
    conftest = "def pytest_generate_tests(metafunc):\n    metafunc.parametrize('n', [1, 2])\n"
    test = "import pytest\nsol = pytest.importorskip('sol')\ndef test_f(n):\n    assert sol.f(n) == n\n"
    report = graded(tmp_path, {"conftest.py": conftest, "test_a.py": test})
    assert outcomes(report) == [("passed", 1)] * 2, [item.message for item in report.tests]


def test_options_that_show_results_are_accepted_in_a_suites_settings(tmp_path: Path) -> None:
    options = "-ra -v --tb=short --junitxml=out.xml --cache-clear --color=yes --durations=5 -p no:cacheprovider --pdb"
    test = "import pytest\nfrom sol import f\n"
    test += "@pytest.mark.parametrize('n', [1, 2])\ndef test_f(n):\n    assert f(n) == 1\n"
    report = graded(tmp_path, {"pytest.ini": f"[pytest]\naddopts = {options}\n", "tests/test_a.py": test})
    assert outcomes(report) == [("passed", 1), ("failed", 0)], [item.message for item in report.tests]


def test_an_option_that_pytest_doesnt_know_is_the_instructors_fault(tmp_path: Path) -> None:
    test = "from sol import f\ndef test_f():\n    assert f(1) == 1\n"
    with pytest.raises(AssignmentError, match=r"tests/test_a\.py.*pytest ended with 4: .*--no-such-option"):
        graded(tmp_path, {"pytest.ini": "[pytest]\naddopts = --no-such-option\n", "tests/test_a.py": test})


_ALL_PASS = "def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n"
_COLLECT = "addopts = '--collect-only'\n"


@pytest.mark.parametrize(
    "file",
    [
        {"conftest.py": _ALL_PASS},
        {"tests/conftest.py": _ALL_PASS},
        {"evil.py": _ALL_PASS, "pytest.ini": "[pytest]\naddopts = -p evil\n"},
        {"tests/pytest.ini": "[pytest]\naddopts = --collect-only\n"},
        {".pytest.ini": "[pytest]\naddopts = --collect-only\n"},
        {"tests/pytest.toml": f"[pytest]\n{_COLLECT}"},
        {"tox.ini": "[pytest]\naddopts = --collect-only\n"},
        {"tests/setup.cfg": "[tool:pytest]\naddopts = --collect-only\n"},
        {"pyproject.toml": f"[tool.pytest.ini_options]\n{_COLLECT}"},
        {"pyproject.toml": f'[tool."\\u0070ytest".ini_options]\n{_COLLECT}'},
    ],
    ids=lambda file: " ".join(file),
)
def test_no_hand_in_says_how_pytest_runs(file: dict[str, str], tmp_path: Path) -> None:
    suite = {"tests/test_a.py": "from sol import f\n\n\ndef test_1():\n    assert f(1) == 1\n"}
    report = graded(tmp_path, suite, {"sol.py": "def f(x):\n    return 0\n", **file})
    assert outcomes(report) == [("failed", 0)]
    assert any("would change how the tests run" in note and list(file)[-1] in note for note in report.staff_notes)


def test_no_hand_in_brings_a_plugin_as_a_package_would(tmp_path: Path) -> None:
    suite = {"tests/test_a.py": "from sol import f\n\n\ndef test_1():\n    assert f(1) == 1\n"}
    handin = {
        "sol.py": "def f(x):\n    return 0\n",
        "evil.py": _ALL_PASS,
        "evil-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
        "evil-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
    }
    assert outcomes(graded(tmp_path, suite, handin)) == [("failed", 0)]


FIXTURES = """
import pytest

@pytest.fixture(params=[2, 3])
def number(request):
    return request.param

class TestF:
    def test_twice(self, number, record_property):
        import sol
        record_property("number", number)
        assert sol.f(number) == number

    @pytest.mark.skipif(pytest is not None, reason="next year")
    def test_later(self):
        assert False

def test_log(caplog):
    import sol
    with caplog.at_level("INFO"):
        sol.say()
    assert caplog.messages == ["hello"]
"""


def test_a_suite_of_plain_pytest_has_pytests_own_fixtures(tmp_path: Path) -> None:
    right = {"sol.py": "import logging\ndef f(x):\n    return x\ndef say():\n    logging.info('hello')\n"}
    report = graded(tmp_path, {"test_a.py": FIXTURES}, right)
    assert [test.title for test in report.tests] == ["test_twice[2]", "test_twice[3]", "test_later", "test_log"]
    assert report.score == report.max_score == 3
    assert any("test_later is switched off" in note for note in report.staff_notes)
    wrong = {"sol.py": "def f(x):\n    return 2\ndef say():\n    print('hello')\n"}
    report = graded(tmp_path / "b", {"test_a.py": FIXTURES}, wrong)
    assert [float(test.score) for test in report.tests] == [1, 0, 0, 0]


def test_a_time_limit_of_pytest_timeout_holds(tmp_path: Path) -> None:
    suite = {
        "pytest.ini": "[pytest]\ntimeout = 1\n",
        "test_a.py": "import sol\ndef test_a():\n    sol.f()\ndef test_b():\n    assert sol.f\n",
    }
    report = graded(tmp_path, suite, {"sol.py": "import time\ndef f():\n    time.sleep(4)\n"})
    assert outcomes(report) == [("failed", 0), ("passed", 1)]
    assert "Timeout" in report.tests[0].message


def test_no_hand_in_has_the_module_of_a_plugin(tmp_path: Path) -> None:
    suite = {
        "pytest.ini": "[pytest]\ntimeout = 60\n",
        "test_a.py": "import sol\ndef test_a():\n    assert sol.f(1) == 1\n",
    }
    forged = "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True\n"
    report = graded(tmp_path, suite, {**WRONG, "pytest_timeout.py": forged, "timeout.py": forged})
    assert outcomes(report) == [("failed", 0)]


def test_a_fixture_that_nobody_defines_is_the_instructors_fault(tmp_path: Path) -> None:
    suite = {"test_a.py": "def test_a(no_such_fixture):\n    assert no_such_fixture\ndef test_b():\n    pass\n"}
    with pytest.raises(AssignmentError, match=r"test_a\.py.*'no_such_fixture'"):
        graded(tmp_path, suite)


def test_settings_that_say_nothing_to_pytest_are_a_hand_ins_files(tmp_path: Path) -> None:
    suite = {"test_a.py": "def test_1():\n    assert 'name' in open('pyproject.toml').read()\n"}
    handin = {"sol.py": "", "pyproject.toml": "[project]\nname = 'mine'\n"}
    assert outcomes(graded(tmp_path, suite, handin)) == [("passed", 1)]


STATE = """
    seen = []

    @classmethod
    def setUpClass(cls):
        cls.seen.append('set up')

    @weight(1)
    def test_1(self):
        with open('left.txt', 'w') as stream:
            stream.write(str(f(1)))

    @weight(1)
    def test_2(self):
        self.assertEqual(open('left.txt').read(), '1')
        self.assertEqual(self.seen, ['set up'])

class U(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError('no data')

    @weight(1)
    def test_1(self):
        pass

    @weight(1)
    def test_2(self):
        pass

class V(unittest.TestCase):
    @weight(1)
    def test_1(self):
        while True:
            f(1)

    @weight(1)
    def test_2(self):
        self.assertEqual(f(2), 2)
"""


def test_together_a_test_finds_what_the_one_before_it_left(tmp_path: Path) -> None:
    files = {"test_a.py": HEAD + STATE}
    rest = ["error", "error", "timeout", "passed"]
    alone = graded(tmp_path, files, limits=Limits(test_seconds=2))
    assert [test.status for test in alone.tests] == ["passed", "error", *rest]
    together = graded(tmp_path, files, limits=Limits(test_seconds=2), together=True)
    assert [test.status for test in together.tests] == ["passed", "passed", *rest]
    assert all("no data" in test.message for test in together.tests[2:4])


PROGRAMS = """
    @weight(1)
    def test_run(self):
        import subprocess
        self.assertEqual(f('ls -d .'), '.')

    @weight(1)
    def test_no_wall_is_gone(self):
        self.assertEqual(f('echo x > /tmp/x || echo no'), 'no')
        self.assertIn('not permitted', f('python -c "import socket; socket.socket()" 2>&1'))
"""
SHELL = {
    "sol.py": "import subprocess\ndef f(line):\n"
    "    return subprocess.run(line, shell=True, stdout=subprocess.PIPE, text=True).stdout.strip()\n"
}


def test_programs_run_where_the_suite_or_the_call_asks_for_it(tmp_path: Path) -> None:
    asks = graded(tmp_path, {"test_a.py": PROGRAMS.replace("import subprocess", "import subprocess  #")}, SHELL)
    assert [test.status for test in asks.tests] == ["passed", "passed"], [test.message for test in asks.tests]
    assert any("lets student code start some" in note for note in asks.staff_notes)
    silent = {"test_a.py": PROGRAMS.replace("        import subprocess\n", "")}
    (tmp_path / "b").mkdir()
    refused = graded(tmp_path / "b", silent, SHELL)
    assert {test.status for test in refused.tests} == {"error"}
    assert all("--programs" in test.message for test in refused.tests)
    assert any("--programs" in note for note in refused.staff_notes)
    allowed = graded(tmp_path / "b", silent, SHELL, limits=Limits(programs=True))
    assert [test.status for test in allowed.tests] == ["passed", "passed"]


@pytest.mark.parametrize(
    "line", ["import os, subprocess", "import os as system,subprocess as s", "import os; import subprocess"]
)
def test_programs_are_asked_for_by_any_form_of_an_import(line: str, tmp_path: Path) -> None:
    text = f"{line}\n{HEAD}    @weight(1)\n    def test_shell(self):\n        self.assertEqual(f('echo 1'), '1')\n"
    report = graded(tmp_path, {"test_a.py": text}, SHELL)
    assert outcomes(report) == [("passed", 1)], report.tests[0].message


def test_a_program_may_keep_its_user_before_it_starts_another(tmp_path: Path) -> None:
    # as `make` does for each of its commands
    body = """
    @weight(1)
    def test_spawn(self):
        import os
        child = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 7'], os.environ, resetids=True)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
    """
    report = graded(tmp_path, {"test_a.py": body}, limits=Limits(programs=True))
    assert outcomes(report) == [("passed", 1)], report.tests[0].message


def test_blank_lines_of_a_hand_in_cost_nothing(tmp_path: Path) -> None:
    # looking for an import of torch took time with the square of their number: an hour for these
    report = graded(tmp_path, {"test_a.py": ONE}, {"sol.py": "\n" * 400_000 + RIGHT["sol.py"]})
    assert outcomes(report) == [("passed", 5)]


HOSTILE = """import os, subprocess, sys
ATTACK = '''
import os, signal, sys
suite, judge, mark = sys.argv[1], int(sys.argv[2]), sys.argv[3]
print("TRIED", flush=True)
for folder in (suite, os.path.dirname(os.path.realpath("tests/test_a.py"))):
    for name in ("answers.txt", "test_a.py"):
        path = os.path.join(folder, name)
        try:
            with open(path, "a") as stream:
                stream.write("# forged")
            print("GOT", path, "to write to", flush=True)
        except OSError:
            pass
        try:
            os.unlink(path)
            print("GOT", path, "removed", flush=True)
        except OSError:
            pass
try:
    with open(os.path.join(suite, "answers.txt")) as stream:
        print("GOT", stream.read(), flush=True)
except OSError:
    pass
for number in (0, signal.SIGCONT):
    try:
        os.kill(judge, number)
        print("GOT a signal to the judge", flush=True)
    except OSError:
        pass
os.unlink("tests/answers.txt")
with open("tests/answers.txt", "w") as stream:
    stream.write("forged")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(1)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", mark])
'''
def f(arguments):
    words = [sys.executable, "-c", ATTACK, *arguments]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True).stdout
"""


def test_a_program_that_a_hand_in_starts_gets_no_answers_and_doesnt_outlive_its_test(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "suite",
        {
            "tests/test_a.py": HEAD + "    @weight(1)\n    def test_b(self):\n"
            "        self.assertEqual(open('tests/answers.txt').read(), '42')\n"
            "    @weight(1)\n    def test_a(self):\n"
            f"        print(f([{str(tmp_path / 'suite' / 'tests')!r}, '{os.getpid()}', 'mark-of-{tmp_path.name}']))\n",
            "tests/answers.txt": "42",
        },
    )
    before = {file: file.read_bytes() for file in suite.rglob("*") if file.is_file()}
    handin = write(tmp_path / "handin", {"sol.py": HOSTILE})
    report = grade_suite(suite, handin, limits=Limits(programs=True))
    assert [test.status for test in report.tests] == ["passed", "passed"], [test.message for test in report.tests]
    output = report.tests[0].output
    assert "TRIED" in output
    assert "GOT" not in output
    assert {file: file.read_bytes() for file in suite.rglob("*") if file.is_file()} == before
    left = [line.read_bytes() for line in Path("/proc").glob("[0-9]*/cmdline") if line.exists()]
    assert not any(f"mark-of-{tmp_path.name}".encode() in words for words in left)


def test_processes_run_where_the_suite_asks_for_them(tmp_path: Path) -> None:
    body = """import multiprocessing as mp
import unittest
from sol import f, put
class T(unittest.TestCase):
    def test_pool(self):
        with mp.Pool(2) as pool:
            self.assertEqual(pool.map(f, [1, 2]), [1, 2])
    def test_process(self):
        queue = mp.Queue()
        process = mp.Process(target=put, args=(queue,))
        process.start()
        self.assertEqual(queue.get(), 5)
        process.join()
"""
    report = graded(tmp_path, {"test_a.py": body}, {"sol.py": RIGHT["sol.py"] + "def put(q):\n    q.put(5)\n"})
    assert outcomes(report) == [("passed", 1)] * 2, [test.message for test in report.tests]


@pytest.mark.parametrize(
    ("files", "package"),
    [
        ({"tests/test_a.py": "import nltk\n" + HEAD + ONE.replace("\n", "\n")}, "nltk"),
        (
            {"tests/test_a.py": "import reader\n" + HEAD + ONE, "reader.py": "import not_there_at_all\n"},
            "not_there_at_all",
        ),
        ({"tests/test_a.py": "import odd_one\n" + HEAD + ONE, "requirements.txt": "odd-one==2.0\n"}, "odd_one"),
        ({"tests/test_a.py": "import pytest\nnltk = pytest.importorskip('nltk')\n" + HEAD + ONE}, "nltk"),
        ({"tests/test_a.py": "import odd_two\n" + HEAD + ONE, "setup.sh": "pip3 install odd_two\n"}, "odd_two"),
    ],
)
def test_a_package_that_the_suite_needs_is_the_instructors_fault(
    files: dict[str, str], package: str, tmp_path: Path
) -> None:
    with pytest.raises(AssignmentError, match=f"'{package}', which isn't installed") as caught:
        graded(tmp_path, files)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_module_of_the_student_and_an_optional_package_are_not(tmp_path: Path) -> None:
    optional = "try:\n    import nltk\nexcept ImportError:\n    nltk = None\n"
    report = graded(tmp_path, {"tests/test_a.py": optional + HEAD + ONE}, {"other.py": ""})
    assert report.score == 0
    assert "sol" in report.tests[0].message


def test_no_module_of_the_suite_is_guessed_to_be_what_a_student_imports(tmp_path: Path) -> None:
    suite = {"tests/test_a.py": ONE, "make_data.py": "print('RAN')\nclass Thing:\n    pass\n"}
    report = graded(tmp_path, suite, {"sol.py": "from nopackage import Thing\nThing()\n" + RIGHT["sol.py"]})
    assert "imports 'nopackage'" in report.tests[0].message
    assert "RAN" not in report.tests[0].output


def test_an_error_shows_the_suites_own_line(tmp_path: Path) -> None:
    report = graded(tmp_path, {"tests/test_a.py": ONE}, {"sol.py": "def f():\n    return 1\n"})
    assert "self.assertEqual(f(2), 2)" in report.tests[0].message
    assert "run_case" not in report.tests[0].message


def test_a_folder_without_tests_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no tests"):
        graded(tmp_path, {"helper.py": "x = 1\n"})
