"""Guards `grader grade --suite`: an old suite runs unchanged, without the defects of gradescope_utils' runner.

The runner of gradescope_utils 0.5.0 has nine defects; each has its test here.
"""

import json
import os
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from conftest import memory_below
from strict_json import strict_loads, validate

from grader.assignment import Limits
from grader.errors import AssignmentError, UsageError
from grader.export.gradescope import to_gradescope
from grader.export.markus import to_markus
from grader.export.terminal import to_terminal
from grader.report import Report, TestResult
from grader.suite.run import grade_suite
from grader.suite.scan import scan
from grader.suite.traits import hand_in_uses_torch

HEAD = """
import unittest
from gradescope_utils.autograder_utils.decorators import *
from gradescope_utils.autograder_utils.decorators import weight as worth
from calculator import add

POINTS = 2
"""
CASE = """
class TestAdd(unittest.TestCase):
    @weight(1)
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
"""
MIB = 2**20
CALCULATOR = "def add(a, b):\n    return a + b\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), "utf-8")
    return folder


def graded(tmp_path: Path, body: str, handin: dict[str, str] | None = None, **files: str) -> Report:
    """Grade a hand-in with one test file whose body is given."""
    suite = write(tmp_path / "tests", {"test_calculator.py": HEAD + textwrap.dedent(body), **files})
    source = write(tmp_path / "handin", handin or {"calculator.py": CALCULATOR})
    return grade_suite(suite, source)


def only(report: Report) -> TestResult:
    (test,) = report.tests
    return test


def results(report: Report) -> dict[str, Any]:
    value: dict[str, Any] = strict_loads(to_gradescope(report))
    validate("gradescope-results", value)
    return value


def ended(test: TestResult) -> tuple[str, float, float]:
    """How a test ended, what it got, and of how much."""
    return test.status, float(test.score), float(test.max_score)


WHOLE = """
class TestAdd(unittest.TestCase):
    @weight(POINTS)
    @number("1.2")
    @tags("easy", "first")
    @visibility("hidden")
    def test_small(self):
        '''Adds small numbers

        and more.'''
        print("adding")
        self.assertEqual(add(1, 2), 3)

    @worth(2.5)
    @number("1.1")
    @hide_errors("no details")
    def test_wrong(self):
        self.assertEqual(add(1, 2), 4)

    def test_unweighted(self):
        self.assertEqual(add(0, 0), 0)

    @partial_credit(3)
    def test_part(self, set_score=None):
        set_score(add(0.5, 1))

    @leaderboard("speed", "asc")
    def test_board(self, set_leaderboard_value=None):
        set_leaderboard_value(add(0.25, 0.5))
"""


def test_a_suite_runs_as_it_is(tmp_path: Path) -> None:
    report = graded(tmp_path, WHOLE)
    found = {test.title: test for test in report.tests}
    small = found["Adds small numbers"]
    assert (small.status, float(small.score), small.number, small.visibility) == ("passed", 2, "1.2", "hidden")
    assert small.tags == ("easy", "first")
    assert small.output.strip() == "adding"
    wrong = found["test_wrong (TestAdd)"]
    assert ended(wrong) == ("failed", 0, 2.5)
    assert wrong.message == "no details"
    assert found["test_unweighted (TestAdd)"].max_score == 0
    part = found["test_part (TestAdd)"]
    assert ended(part) == ("partial", 1.5, 3)
    assert [(row.name, row.value, row.order) for row in report.leaderboard] == [("speed", 0.75, "asc")]
    value = results(report)
    assert sum(test["score"] for test in value["tests"]) == 3.5
    assert "number" not in next(test for test in value["tests"] if test["name"] == "test_part (TestAdd)")


def test_no_command_of_a_handout_is_told(tmp_path: Path) -> None:
    report = graded(tmp_path, WHOLE, {"calculator.py": "def add(a, b):\n    return 7\n"})
    assert report.score < report.max_score
    assert "Run it alone" not in to_terminal(report)
    assert "See what is expected" not in to_gradescope(report)


def test_a_note_says_that_no_point_is_sealed(tmp_path: Path) -> None:
    report = graded(tmp_path, WHOLE)
    assert "Not sealed: all 5 tests, worth 7.5 points" in report.staff_notes[0]
    assert "Not sealed" in results(report)["extra_data"]["staff_notes"][0]


# the nine defects


def test_1_a_failing_subtest_keeps_its_row_and_its_points(tmp_path: Path) -> None:
    body = """
    class TestSub(unittest.TestCase):
        @weight(2)
        def test_many(self):
            for a in range(3):
                with self.subTest(a=a):
                    self.assertEqual(add(a, a), 2)
    """
    test = only(graded(tmp_path, body))
    assert ended(test) == ("failed", 0, 2)
    assert "(a=0): 0 != 2" in test.message
    assert "(a=2): 4 != 2" in test.message
    assert "(a=1)" not in test.message


def test_1_passing_subtests_have_all_points(tmp_path: Path) -> None:
    body = """
    class TestSub(unittest.TestCase):
        @weight(2)
        def test_many(self):
            for a in range(3):
                with self.subTest(a=a):
                    self.assertEqual(add(a, a), 2 * a)
    """
    assert only(graded(tmp_path, body)).score == 2


def test_2_skipped_and_expected_failures_have_rows(tmp_path: Path) -> None:
    body = """
    class TestOdd(unittest.TestCase):
        @weight(1)
        @unittest.skip("not this year")
        def test_a(self):
            pass

        @weight(1)
        def test_b(self):
            self.skipTest("no file")

        @weight(1)
        @unittest.expectedFailure
        def test_c(self):
            self.assertEqual(add(1, 1), 3)

        @weight(1)
        @unittest.expectedFailure
        def test_d(self):
            self.assertEqual(add(1, 1), 2)
    """
    report = graded(tmp_path, body)
    assert [ended(test)[:2] for test in report.tests] == [
        ("failed", 0),
        ("failed", 0),
        ("failed", 0),
        ("failed", 0),
    ]
    assert report.max_score == 1  # nobody can earn the points of the others
    assert any("test_a is switched off" in note for note in report.staff_notes)
    assert any("test_c is marked to fail" in note for note in report.staff_notes)
    assert "skipped: not this year" in report.tests[0].message
    assert "skipped: no file" in report.tests[1].message
    assert "marked to fail" in report.tests[2].message
    assert "marked to fail, and it passed" in report.tests[3].message


def test_3_partial_credit_is_what_was_set_also_before_a_failure_and_above_the_points(tmp_path: Path) -> None:
    body = """
    class TestPart(unittest.TestCase):
        @partial_credit(4)
        def test_never_set(self, set_score=None):
            pass

        @partial_credit(4)
        def test_then_fails(self, set_score):
            set_score(4)
            self.assertEqual(add(1, 1), 3)

        @partial_credit(4)
        def test_too_much(self, set_score):
            set_score(9)
    """
    report = graded(tmp_path, body)
    assert [ended(test)[:2] for test in report.tests] == [("failed", 0), ("failed", 4), ("passed", 9)]
    validate("gradescope-results", results(report))


def test_a_penalty_and_a_bonus_count_as_they_were_set(tmp_path: Path) -> None:
    body = """
    class TestPart(unittest.TestCase):
        @weight(5)
        def test_sum(self):
            self.assertEqual(add(1, 1), 2)

        @partial_credit(0)
        def test_penalty(self, set_score):
            set_score(-2)

        @partial_credit(0)
        def test_no_penalty(self, set_score):
            set_score(0)

        @partial_credit(0)
        def test_bonus(self, set_score):
            set_score(0.5)

        @partial_credit(4)
        def test_below(self, set_score):
            set_score(-1)
    """
    report = graded(tmp_path, body)
    rows = {"test_sum": 5, "test_penalty": -2, "test_no_penalty": 0, "test_bonus": 0.5, "test_below": -1}
    assert {test.title.split()[0]: test.score for test in report.tests} == rows
    below = {test.title.split()[0] for test in report.tests if test.status == "failed"}
    assert below == {"test_penalty", "test_below"}
    assert report.score == 2.5
    validate("gradescope-results", results(report))


def test_4_a_leaderboard_test_that_fails_has_no_null_and_keeps_its_weight(tmp_path: Path) -> None:
    body = """
    class TestBoard(unittest.TestCase):
        @weight(2)
        @leaderboard("accuracy")
        def test_a(self, set_leaderboard_value=None):
            self.assertEqual(add(1, 1), 3)
            set_leaderboard_value(1.0)

        @weight(1)
        @leaderboard("loss", "asc")
        def test_b(self, set_leaderboard_value=None):
            pass
    """
    report = graded(tmp_path, body)
    assert [ended(test) for test in report.tests] == [("failed", 0, 2), ("passed", 1, 1)]
    assert results(report).get("leaderboard", []) == []


def test_5_the_time_is_a_number(tmp_path: Path) -> None:
    assert isinstance(results(graded(tmp_path, WHOLE))["execution_time"], float)


@pytest.mark.parametrize("score", ["float('nan')", "float('inf')", "None", "'full'", "object()", "[4]"])
def test_6_and_8_a_score_that_is_no_number_is_no_score(score: str, tmp_path: Path) -> None:
    """nan was called passed, and an object left half a file."""
    body = f"""
    class TestOdd(unittest.TestCase):
        @partial_credit(4)
        def test_odd(self, set_score):
            set_score({score})
    """
    report = graded(tmp_path, body)
    test = only(report)
    assert ended(test) == ("failed", 0, 4)
    results(report)


def test_7_an_error_in_a_classs_set_up_fails_its_tests_alone(tmp_path: Path) -> None:
    body = """
    class TestA(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.value = add(1, 1)
            raise ValueError("no data")

        @weight(2)
        def test_x(self):
            pass

    class TestB(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.value = add(1, 1)

        @weight(1)
        def test_y(self):
            self.assertEqual(self.value, 2)
    """
    report = graded(tmp_path, body)
    assert [ended(test) for test in report.tests] == [("error", 0, 2), ("passed", 1, 1)]
    assert "no data" in report.tests[0].message


@pytest.mark.parametrize(
    ("handin", "said"),
    [
        ({"other.py": ""}, "calculator"),
        ({"calculator.py": "def add(:\n"}, "can't read this file"),
        ({"calculator.py": "def ad(a, b):\n    return a\n"}, "add"),
        ({"calculator.py": "raise RuntimeError('at import')\n"}, "at import"),
        ({"calculator.py": "import sys\nsys.exit(0)\n"}, "exit()"),
        ({"calculator.py": "import os\nos._exit(0)\n"}, "died"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value.values())).partition("\n")[0] or "absent",
)
def test_9_a_hand_in_that_cant_be_imported_loses_points_not_rows(
    handin: dict[str, str], said: str, tmp_path: Path
) -> None:
    report = graded(tmp_path, WHOLE, handin)
    assert (len(report.tests), float(report.max_score), float(report.score)) == (5, 7.5, 0)
    assert {test.status for test in report.tests} <= {"error", "missing", "crashed"}
    unhidden = [test for test in report.tests if test.title != "test_wrong (TestAdd)"]
    assert all(said in test.message for test in unhidden), unhidden[0].message


# how such suites are made


def test_data_neighbours_and_packages_are_where_they_were(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "autograder",
        {
            "data/numbers.txt": "41",
            "utils.py": "WHO = 'the suite'\n",
            "tests/__init__.py": "",
            "tests/reader.py": "def read():\n    return int(open('data/numbers.txt').read())\n",
            "tests/test_data.py": """
                import sys, argparse, os, unittest
                from gradescope_utils.autograder_utils.decorators import weight
                from tests.reader import read
                import utils
                import calculator
                argparse.ArgumentParser().parse_args()

                class TestData(unittest.TestCase):
                    @weight(1)
                    def test_read(self):
                        self.assertEqual(calculator.add(read(), 1), 42)
                        self.assertEqual(utils.WHO, 'the student')

                    @weight(1)
                    def test_write(self):
                        with open('out.txt', 'w') as file:
                            file.write('x')
                        self.assertTrue(os.path.exists('calculator.py'))
            """,
            "run_tests.py": "import unittest\nunittest.defaultTestLoader.discover('tests')\n",
        },
    )
    handin = write(tmp_path / "handin", {"calculator.py": CALCULATOR, "utils.py": "WHO = 'the student'\n"})
    report = grade_suite(suite, handin)
    assert [(test.status, test.message) for test in report.tests] == [("passed", ""), ("passed", "")]


def test_gradescopes_own_folders_are_found(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "autograder",
        {
            "data/numbers.txt": "41",
            "more/elsewhere.py": "FOLDER = '/autograder/submission/'\n",
            "tests/places.py": "SUBMISSION = '/autograder/submission/'\n",
            "tests/test_files.py": """
                import sys, unittest
                sys.path.insert(0, '/autograder/submission')
                from gradescope_utils.autograder_utils.decorators import weight
                from gradescope_utils.autograder_utils.files import check_submitted_files
                from places import SUBMISSION
                from calculator import add

                class TestFiles(unittest.TestCase):
                    @weight(1)
                    def test_files(self):
                        self.assertEqual(check_submitted_files(['calculator.py', 'absent.py']), ['absent.py'])

                    @weight(1)
                    def test_names_that_only_begin_alike(self):
                        self.assertFalse('/autograder/submission_metadata.json'.startswith(SUBMISSION.rstrip('/')))

                    @weight(1)
                    def test_other_ways_in(self):
                        sys.path.insert(0, '/autograder/source/more')
                        import elsewhere
                        self.assertEqual(elsewhere.FOLDER, SUBMISSION)

                    @weight(1)
                    def test_places(self):
                        with open('/autograder/source/data/numbers.txt') as file:
                            self.assertEqual(add(int(file.read()), 1), 42)
                        with open(f'{SUBMISSION}calculator.py') as file:
                            self.assertIn('def add', file.read())
            """,
        },
    )
    report = grade_suite(suite, write(tmp_path / "handin", {"calculator.py": CALCULATOR}))
    assert [(test.status, test.message) for test in report.tests] == [("passed", "")] * 4


def test_a_hand_in_doesnt_replace_the_tests(tmp_path: Path) -> None:
    weak = HEAD + "class TestAdd(unittest.TestCase):\n    def test_small(self):\n        pass\n"
    handin = {"calculator.py": "def add(a, b):\n    return 7\n", "test_calculator.py": weak, "tests/x.py": ""}
    report = graded(tmp_path, WHOLE, handin)
    assert [test.title for test in report.tests if test.score] == ["test_part (TestAdd)"]  # anybody may set a score
    assert next(test for test in report.tests if test.title == "Adds small numbers").status == "failed"


def test_classes_inherit_and_the_later_of_two_names_runs(tmp_path: Path) -> None:
    body = """
    class Base(unittest.TestCase):
        expected = 0

        @weight(1)
        def test_it(self):
            self.assertEqual(add(0, 0), self.expected)

    class TestDerived(Base):
        expected = 1

        @weight(5)
        def test_twice(self):
            self.fail()

        @weight(POINTS * 2)
        def test_twice(self):
            pass
    """
    report = graded(tmp_path, body)
    assert [(test.title, *ended(test)[1:]) for test in report.tests] == [
        ("test_it (Base)", 1, 1),
        ("test_it (TestDerived)", 0, 1),
        ("test_twice (TestDerived)", 4, 4),
    ]


def test_one_hang_costs_one_test(tmp_path: Path) -> None:
    body = """
    class TestHang(unittest.TestCase):
        @weight(1)
        def test_a(self):
            while True:
                add(1, 1)

        @weight(1)
        def test_b(self):
            self.assertEqual(add(1, 1), 2)
    """
    suite = write(tmp_path / "tests", {"test_calculator.py": HEAD + textwrap.dedent(body)})
    handin = write(tmp_path / "handin", {"calculator.py": CALCULATOR})
    report = grade_suite(suite, handin, limits=Limits(test_seconds=2))
    assert [test.status for test in report.tests] == ["timeout", "passed"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("@weight(compute())", "needs plain numbers and texts"),
        ("@weight('two')", "a number from 0 up"),
        ("@weight(-1)", "a number from 0 up"),
    ],
)
def test_what_cant_be_known_beforehand_is_said_with_its_place(line: str, said: str, tmp_path: Path) -> None:
    body = f"{HEAD}\nclass TestX(unittest.TestCase):\n    {line}\n    def test_x(self):\n        pass\n"
    suite = write(tmp_path / "suite", {"test_x.py": body})
    with pytest.raises(AssignmentError, match=said) as caught:
        grade_suite(suite, write(tmp_path / "handin", {"calculator.py": CALCULATOR}))
    number = next(count for count, text in enumerate(body.split("\n"), 1) if line in text)
    assert f"test_x.py:{number}: " in str(caught.value)


def test_a_visibility_that_no_platform_knows_hides_its_test_and_is_noted(tmp_path: Path) -> None:
    # a suite's own runner may know more of them, such as "on_fail"
    method = "    @visibility('on_fail')\n    @weight(2)\n    def test_x(self):\n        pass\n"
    body = f"{HEAD}\nclass TestX(unittest.TestCase):\n{method}"
    for text in (body, body.replace("@weight(2)", "@weight(len('ab'))")):
        report = grade_suite(
            write(tmp_path / "suite", {"test_x.py": text}), write(tmp_path / "handin", {"calculator.py": "add = sum"})
        )
        assert [(test.visibility, float(test.score)) for test in report.tests] == [("hidden", 2)]
        assert sum("on_fail" in note and "test_x.py:" in note for note in report.staff_notes) == 1


def test_points_may_have_names_of_other_modules_and_classes(tmp_path: Path) -> None:
    suite = write(
        tmp_path,
        {
            "config.py": """
                from base import UNIT
                POINTS = {"add": 2 * UNIT}
                LIST = [3, 4.5]

                class Worth:
                    MUL = 7
            """,
            "base.py": "import config\nUNIT = 1.5\n",
            "tests/test_x.py": """
                import unittest
                import config as settings
                from config import POINTS, Worth
                from gradescope_utils.autograder_utils.decorators import weight, number, tags, hide_errors

                def next_number():
                    return "1.1"

                class TestX(unittest.TestCase):
                    OWN = 0.25

                    @weight(POINTS["add"])
                    @number(next_number())
                    @tags(next_number(), "core")
                    @hide_errors(next_number())
                    def test_a(self):
                        pass

                    @weight(Worth.MUL)
                    @number(f"2.{next_number()}")
                    def test_b(self):
                        pass

                    @weight(settings.LIST[1])
                    def test_c(self):
                        pass

                    @weight(OWN)
                    def test_d(self):
                        pass
            """,
        },
    )
    specs = [case.spec for case in scan(suite).cases]
    assert [float(spec.points) for spec in specs] == [3.0, 7.0, 4.5, 0.25]
    assert [spec.number for spec in specs] == ["", "", "", ""]
    assert (specs[0].tags, specs[0].hide_errors) == (("core",), "Test failed")


@pytest.mark.parametrize(
    "lines",
    [
        "W = 1\nW = compute()",
        "W = 1\nW += 1",
        "W = 1\nif today():\n    W = 2",
        "W = 1\nfor W in things():\n    pass",
        "W = 1\nfrom elsewhere import W",
        "P = {'a': 1}\nP['a'] = 5\nW = P['a']",
        "P = {'a': 1}\nP.update(more())\nW = P['a']",
        "P = {'a': 1, **more()}\nW = P['a']",
        "P = {K: 3, L: 5}\nW = P[K]",
        "P = [*more(), 4]\nW = P[0]",
        "W = 1\ndef W():\n    pass",
    ],
)
def test_a_value_that_may_be_another_is_none(lines: str, tmp_path: Path) -> None:
    body = f"{HEAD}\n{lines}\nclass TestX(unittest.TestCase):\n    @weight(W)\n    def test_x(self):\n        pass\n"
    found = scan(write(tmp_path, {"test_x.py": body}))
    assert not found.cases
    assert any("needs plain numbers" in doubt.what for doubt in found.doubts)


@pytest.mark.parametrize(
    ("files", "points"),
    [
        ({"pkg/__init__.py": "", "pkg/worth.py": "ONE = 1.5\n"}, "from pkg import worth\nW = worth.ONE"),
        ({"pkg/__init__.py": "", "pkg/worth.py": "ONE = 1.5\n"}, "import pkg.worth\nW = pkg.worth.ONE"),
        ({"pkg/__init__.py": "from .worth import *\n", "pkg/worth.py": "ONE = 1.5\n"}, "from pkg import ONE as W"),
        ({"worth.py": "ONE: float = 1.5\n"}, "from . import worth\nW = worth.ONE"),
        ({}, "UNIT = 3\nclass Points:\n    HALF = UNIT / 2\nW = Points.HALF"),
    ],
)
def test_modules_are_found_as_python_finds_them(files: dict[str, str], points: str, tmp_path: Path) -> None:
    body = f"{HEAD}\n{points}\nclass TestX(unittest.TestCase):\n    @weight(W)\n    def test_x(self):\n        pass\n"
    (case,) = scan(write(tmp_path, files | {"test_x.py": body})).cases
    assert float(case.spec.points) == 1.5


TESTS = """
class Test{name}(unittest.TestCase):
    @weight({points})
    def test_{name}(self):
        pass
"""


@pytest.mark.parametrize(
    ("files", "points"),
    [
        (
            {
                "test_a.py": ["A = 2", "from test_b import B", "?B"],
                "test_b.py": ["B = 3", "from test_a import A", "?A"],
            },
            {"a": 3, "b": 2},
        ),
        (
            {"test_a.py": ["A = 2", "import test_b", "?A"], "test_b.py": ["import test_a", "B = 3", "?test_a.A"]},
            {"a": 2, "b": 2},
        ),
        (
            {
                "test_a.py": ["A = 2", "from test_c import C", "?C"],
                "test_b.py": ["B = 3", "from test_a import A", "?A + B"],
                "test_c.py": ["C = 7", "from test_b import B", "?B"],
            },
            {"a": 7, "b": 5, "c": 3},
        ),
        (
            {"points.py": ["A = 2", "from points import A as B", "W = B"], "test_a.py": ["from points import W", "?W"]},
            {"a": 2},
        ),
        ({"test_a.py": ["A = 2", "from test_a import A as B", "?B"]}, {"a": 2}),
        (
            {
                "__init__.py": [],
                "points.py": ["A = 2"],
                "test_a.py": [
                    "try:",
                    "    from .points import A",
                    "except ImportError:",
                    "    from points import A",
                    "?A",
                ],
            },
            {"a": 2},
        ),
    ],
    ids=["names", "modules", "three", "itself through another", "itself", "two ways"],
)
def test_files_may_import_constants_from_each_other(
    files: dict[str, list[str]], points: dict[str, int], tmp_path: Path
) -> None:
    """The tests also run, and the points that the report has are those of the running decorators."""
    suite, right = write_mutual(tmp_path / "suite", files), write(tmp_path / "right", {"calculator.py": CALCULATOR})
    assert {case.identity.rpartition("_")[2]: float(case.spec.points) for case in scan(suite).cases} == points
    report = grade_suite(suite, right)
    assert float(report.score) == sum(points.values())


@pytest.mark.parametrize(
    "files",
    [
        {"test_a.py": ["from test_b import A", "?A"], "test_b.py": ["from test_a import A"]},
        {"test_a.py": ["from test_b import W", "A = 1", "?W"], "test_b.py": ["from test_a import A", "W = A"]},
        {
            "test_a.py": ["try:", "    from one import W", "except ImportError:", "    from two import W", "?W"],
            "one.py": ["W = 1"],
            "two.py": ["W = 2"],
        },
        {
            "test_a.py": ["try:", "    from one import W", "except ImportError:", "    W = 2", "?W"],
            "one.py": ["W = 1"],
        },
        {
            "test_a.py": ["try:", "    from nowhere import W", "except ImportError:", "    from one import W", "?W"],
            "one.py": ["W = 1"],
        },
        {"test_a.py": ["from m0 import W", "?W"]}
        | {f"m{n}.py": [f"from m{n + 1} import W"] for n in range(3000)}
        | {"m3000.py": ["W = 1"]},
    ],
    ids=["nobody's", "too early", "two values", "another value", "an unknown way", "a long chain"],
)
def test_a_constant_that_no_file_has_yet_is_none(files: dict[str, list[str]], tmp_path: Path) -> None:
    found = scan(write_mutual(tmp_path, files))
    assert not found.cases
    assert any("needs plain numbers" in doubt.what for doubt in found.doubts)


def write_mutual(folder: Path, files: dict[str, list[str]]) -> Path:
    """Write files of lines; a line that begins with ? is a test with these points, named by the file's last letter."""
    texts = {}
    for name, lines in files.items():
        body = [TESTS.format(name=name[-4], points=line[1:]) if line.startswith("?") else line for line in lines]
        texts[name] = "\n".join([HEAD, *body, ""]) if "test_" in name else "\n".join([*lines, ""])
    return write(folder, texts)


def test_a_folder_without_tests_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"helper.py": "x = 1\n"})
    with pytest.raises(UsageError, match="has no tests"):
        scan(tmp_path)
    write(tmp_path, {"test_a.py": "def broken(:\n"})
    with pytest.raises(AssignmentError, match=r"test_a\.py:1: isn't Python"):
        scan(tmp_path)


def test_the_command_writes_results_and_the_note(tmp_path: Path) -> None:
    write(tmp_path / "tests", {"test_calculator.py": HEAD + textwrap.dedent(WHOLE)})
    write(tmp_path / "handin", {"calculator.py": CALCULATOR})
    output = tmp_path / "results.json"
    words = ["grade", "--suite", tmp_path / "tests", tmp_path / "handin", "-o", output]
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "note: Not sealed" in done.stderr
    validate("gradescope-results", json.loads(output.read_text("utf-8")))


def test_a_huge_file_of_a_hand_in_isnt_read(tmp_path: Path) -> None:
    """Neither to look for torch in it nor to take it in; it is the student's."""
    suite = write(tmp_path / "suite", {"test_a.py": HEAD + CASE})
    handin = write(tmp_path / "handin", {"calculator.py": CALCULATOR, "big.py": ""})
    os.truncate(handin / "big.py", 2**31)
    with memory_below(64 * MIB):
        report = grade_suite(suite, handin)
    assert report.score == 0
    assert any("big.py" in note and "too large" in note for note in report.notes)


@pytest.mark.parametrize("name", ["folder", "handin.tar.gz", "in/handin.tar"])
def test_torch_is_looked_for_wherever_the_hand_in_is(name: str, tmp_path: Path) -> None:
    for text, expected in (("import torch\n", True), ("import numpy  # torch\n", False)):
        handin = write(tmp_path / f"folder-{expected}", {"calculator.py": text})
        if name != "folder":
            place = tmp_path / f"packed-{expected}" / name
            place.parent.mkdir(parents=True)
            with tarfile.open(place, "w:gz" if name.endswith("gz") else "w") as archive:
                archive.add(handin, arcname=".")
            handin = place.parent if "/" in name else place
        assert hand_in_uses_torch(handin, ()) is expected


def test_what_cant_be_read_has_no_torch_and_is_said_later(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", {"test_a.py": HEAD + CASE})
    (tmp_path / "handin.tar").write_bytes(b"%PDF-1.7")
    report = grade_suite(suite, tmp_path / "handin.tar")
    assert any("a PDF" in note for note in report.notes)


def test_weights_of_zero_are_weights(tmp_path: Path) -> None:
    body = """
    class TestInformation(unittest.TestCase):
        @weight(0)
        def test_a(self):
            self.assertEqual(add(1, 1), 2)
    """
    report = graded(tmp_path, body)
    assert (float(report.score), float(report.max_score)) == (0, 0)
    assert not any("no weights" in note for note in report.staff_notes)
    assert [json.loads(line) for line in to_markus(report).splitlines()] == [
        {"overall_comment": "No test here has points."}
    ]
    plain = graded(tmp_path, body.replace("@weight(0)", "@unittest.skip('x')\n        def test_b(self): pass\n"))
    assert float(plain.max_score) == 1


def test_where_students_see_no_points_nothing_is_said_to_be_complete(tmp_path: Path) -> None:
    body = """
    class TestHidden(unittest.TestCase):
        @weight(4)
        @visibility("hidden")
        def test_a(self):
            self.assertEqual(add(1, 1), 2)
    """
    top = json.loads(to_gradescope(graded(tmp_path, body)))["output"]
    assert "no points in the tests shown here" in top
    assert "Hidden tests decide about 4 points." in top
    assert "are there" not in top
