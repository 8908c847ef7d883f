"""Guards what students really hand in: other encodings and names, packages, loaders with workers, progress bars."""

import gzip
import math
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from handins import WHOLE, content, take_into

from grader.export.common import explanation
from grader.suite.run import grade_suite
from grader.testing.conversions import accept_one_element
from grader.testing.submission import Submission
from grader.text import overwritten

TEXT = '"""Grüße, Δ"""\nx = 1\n'


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.replace("Δ", "ß").encode("latin-1"), "cp1252"),
        (TEXT.replace("Δ", "\x81").encode("latin-1"), "cp1252"),
        (TEXT.encode("utf-8"), ""),
        (TEXT.encode("utf-8-sig"), ""),
        (b"# coding: latin-1\nx = '\xe9'\n", ""),
    ],
)
def test_python_files_of_other_encodings_are_read_and_said(data: bytes, encoding: str, tmp_path: Path) -> None:
    source, into = tmp_path / "source", tmp_path / "into"
    into.mkdir()
    for name, text in (WHOLE | {"mytorch/dropout.py": data}).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(text)
    intake = take_into(source, into)
    taken = content(into)["mytorch/dropout.py"]
    compile(taken, "dropout.py", "exec")
    assert (taken == data) == (not encoding)
    said = [note for note in intake.notes if "isn't UTF-8" in note]
    assert [f"mytorch/dropout.py isn't UTF-8; it was read as {encoding}" in note for note in said] == [True] * bool(
        encoding
    )


@pytest.mark.parametrize("name", ["mytorch/dropout.py.txt", "dropout.py.txt", "dropout.py.gz", "mytorch/dropout.py.gz"])
def test_a_file_with_another_ending_is_found(name: str, tmp_path: Path) -> None:
    source, into = tmp_path / "source", tmp_path / "into"
    into.mkdir()
    (source / name).parent.mkdir(parents=True)
    data = WHOLE["mytorch/dropout.py"]
    (source / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    intake = take_into(source, into)
    assert content(into) == {"mytorch/dropout.py": data}
    assert any("dropout.py" in note and "taken from there" in note for note in intake.notes), intake.notes


def test_all_names_of_a_file_are_one_module(tmp_path: Path) -> None:
    files = {
        "mytorch/linear.py": "class Linear:\n    pass\n",
        "mytorch/net.py": "from .linear import Linear\nfrom ..hw1.other import K\nclass Net(Linear):\n    k = K\n",
        "hw1/other.py": "from mytorch import linear\nK = linear.Linear\n",
        "hw1/hw1.py": "import mytorch.net, net, hw1.other\nfrom linear import Linear\nsame = mytorch.net is net\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    submission = Submission(tmp_path, ["mytorch", "hw1"], [])
    before = set(sys.modules)
    for _ in range(2):
        submission.install()
        try:
            assert submission.hw1.same
            assert submission.hw1.Linear is submission.linear.Linear is submission.net.Net.k
            assert issubclass(submission.net.Net, submission.linear.Linear)
        finally:
            submission.uninstall()
    assert {name for name in set(sys.modules) - before if "linear" in name or "mytorch" in name} == set()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # numpy.matrix, which hand-ins still use
def test_one_element_converts_as_in_numpy_1_and_several_do_not() -> None:
    accept_one_element()
    assert int(np.array([[3]])) == 3
    assert float(np.array([2.5])) == 2.5
    assert math.sqrt(np.array([4.0])) == 2
    array = np.zeros(2)
    array[0] = np.array([1.5])
    assert array.tolist() == [1.5, 0]
    for odd in (np.zeros(2), np.zeros(0)):
        with pytest.raises(TypeError):
            int(odd)
        with pytest.raises(TypeError):
            float(odd)
    assert complex(np.array([3 + 1j])) == 3 + 1j
    assert float(np.matrix([[2.5]])) == 2.5
    into = np.zeros(2, complex)
    into[0] = np.array([3j])
    assert into[0] == 3j
    with pytest.raises(TypeError, match="other than one element"):
        complex(np.array([1, 2]))
    with pytest.raises(TypeError, match="exactly one element"):
        float(np.matrix([[1, 2]]))


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("1%\r50%\r100%\ndone\n", "100%\ndone\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10%\r20%\r", "20%"),
        ("no\n", "no\n"),
    ],
)
def test_a_bar_leaves_its_last_state(printed: str, shown: str) -> None:
    assert overwritten(printed) == shown


HEAD = "import unittest\nfrom sol import f\nclass T(unittest.TestCase):\n    def test_a(self):\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text))
    return folder


def test_a_bar_doesnt_fill_a_row(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", {"test_a.py": f"{HEAD}        f()\n        self.fail('on purpose')\n"})
    text = "import sys\ndef f():\n    for n in range(3000):\n        sys.stderr.write(f'\\r{n} of 3000')\n"
    report = grade_suite(suite, write(tmp_path / "handin", {"sol.py": text}))
    assert report.tests[0].output == "2999 of 3000"
    assert len(explanation(report.tests[0])) < 200


def test_a_large_library_is_loaded_once_for_all_tests(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    more = "    def test_b(self):\n        self.assertTrue(f())\n        self.fail('alone')\n"
    body = f"{HEAD}        self.assertTrue(f())\n{more}"
    suite = write(tmp_path / "suite", {"test_a.py": body})
    text = """
        import sys

        there = "matplotlib.figure" in sys.modules
        import matplotlib.figure

        def f():
            return there
    """
    report = grade_suite(suite, write(tmp_path / "handin", {"sol.py": text}))
    assert [test.message for test in report.tests] == ["", "alone"]


def test_a_pool_is_refused_with_the_reason(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", {"test_a.py": f"{HEAD}        self.assertEqual(f(), [1])\n"})
    text = "import multiprocessing as mp\ndef f():\n    with mp.Pool(2) as pool:\n        return pool.map(abs, [1])\n"
    report = grade_suite(suite, write(tmp_path / "handin", {"sol.py": text}))
    assert "starts a program or a process" in report.tests[0].message
    assert "sol.py, line 3, in f" in report.tests[0].message


def test_a_loader_with_workers_does_without(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    suite = write(tmp_path / "suite", {"test_a.py": f"{HEAD}        self.assertEqual(f(), 6)\n"})
    text = """
        import torch
        from torch.utils.data import DataLoader, TensorDataset

        def f():
            data = TensorDataset(torch.tensor([1.0, 2.0, 3.0]))
            total = sum(batch[0].sum() for batch in DataLoader(data, 2, num_workers=2, prefetch_factor=2))
            return total if len(list(DataLoader(data, 2, False, None, None, 2))) == 2 else None
    """
    report = grade_suite(suite, write(tmp_path / "handin", {"sol.py": text}))
    assert report.tests[0].status == "passed", report.tests[0].message


def test_numpy_is_changed_where_a_hand_in_runs_and_not_in_the_judge() -> None:
    code = "import numpy as np, grader.grade, grader.judge.assemble, grader.suite.run\nint(np.array([1]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    refuses = np.lib.NumpyVersion(np.__version__) >= "2.4.0"
    assert (done.returncode != 0) == refuses
