"""Guards the stand-ins for hand-ins of other years: old names of numpy, renamed helpers, packages that only draw."""

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

import numpy as np
import pytest

from grader.testing.absent import StandIns
from grader.testing.numpy_1 import accept_numpy_1
from grader.testing.submission import Forbidden, NotFound, Submission


@pytest.fixture
def hand_in(tmp_path: Path) -> Iterator[Submission]:
    """A submission whose course lends `kit.py`; tests write its files into `tmp_path / "hand_in"`."""
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "kit.py").write_text("def loss():\n    return 3\n\n\ndef solve():\n    return 4\n")
    (tmp_path / "hand_in").mkdir()
    submission = Submission(tmp_path / "hand_in", ["."], ["seaborn"], tmp_path / "helpers")
    submission.install()
    yield submission
    submission.uninstall()


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "hand_in" / "work.py").write_text(text)


@pytest.mark.parametrize(
    "line",
    [
        "from common.deep.helpers import loss; from common import solve",
        "from common import (\n    loss,\n    solve,\n)",
        "from kit import *",
    ],
)
def test_helpers_are_found_under_another_name(line: str, hand_in: Submission, tmp_path: Path) -> None:
    write(tmp_path, f"{line}\n\n\ndef both():\n    return loss() + solve()\n")
    assert hand_in.work.both() == 7


@pytest.mark.parametrize("line", ["import common", "from common import loss, other", "from common import *"])
def test_what_isnt_a_helper_stays_absent(line: str, hand_in: Submission, tmp_path: Path) -> None:
    write(tmp_path, f"{line}\n\n\ndef use():\n    return common, other\n")
    with pytest.raises(ModuleNotFoundError, match="common"):
        _ = hand_in.work.anything


@pytest.mark.parametrize(
    "line",
    [
        "import absent_package",
        "import absent_package.deep as short",
        "from absent_package.deep import sqrt, log",
        "def unused():\n    from absent_package import sqrt",
        "import absent_package\nif __name__ == '__main__':\n    absent_package.run()",
    ],
)
def test_an_import_of_an_absent_package_that_isnt_used_costs_nothing(
    line: str, hand_in: Submission, tmp_path: Path
) -> None:
    write(tmp_path, f"{line}\n\n\ndef value():\n    return 3\n")
    assert hand_in.work.value() == 3


@pytest.mark.parametrize(
    "text",
    [
        "import absent_package\n\n\ndef value():\n    return absent_package.three()",
        "from absent_package import *\n\n\ndef value():\n    return 3",
        "from absent_package import three as drei\nvalue = drei",
    ],
)
def test_an_absent_package_that_is_used_is_missed(text: str, hand_in: Submission, tmp_path: Path) -> None:
    write(tmp_path, text + "\n")
    with pytest.raises(ModuleNotFoundError, match="absent_package"):
        hand_in.work.value()


def test_code_that_handles_an_absent_package_notices_it(hand_in: Submission, tmp_path: Path) -> None:
    text = "try:\n    import absent_package\n    found = True\nexcept ImportError:\n    found = False\n"
    write(tmp_path, text)
    assert hand_in.work.found is False


def test_a_file_that_another_one_imports_in_vain_is_missing(hand_in: Submission, tmp_path: Path) -> None:
    write(tmp_path, "import linear\n\n\ndef value():\n    return 3\n")
    assert hand_in.work.value() == 3
    with pytest.raises(NotFound, match=r"no file linear\.py"):
        _ = hand_in.linear.Linear


def test_stand_ins_go_when_the_submission_goes(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("import plotly.nothing\nvalue = 1\n")
    submission = Submission(tmp_path, ["."], [])
    submission.install()
    try:
        assert submission.work.value == 1
    finally:
        submission.uninstall()
    assert not [name for name in sys.modules if name.startswith("plotly")]
    with pytest.raises(ModuleNotFoundError):
        __import__("plotly.nothing")


def test_drawing_and_progress_do_nothing(hand_in: Submission, tmp_path: Path) -> None:
    write(
        tmp_path,
        "import plotly.express as px\n"
        "from google.colab import drive\n"
        "drive.mount('/content')\n"
        "px.line([1, 2]).show()\n"
        "px.defaults.width = 3\n",
    )
    assert hand_in.work.px is not None


def test_a_loop_with_a_progress_bar_runs(tmp_path: Path) -> None:
    module = module_from_spec(ModuleSpec("tqdm.notebook", StandIns(tmp_path, None), is_package=True))
    StandIns(tmp_path, None).exec_module(module)
    with module.tqdm([1, 2], desc="x") as shown:
        shown.set_description("y")
        assert sum(shown) == 3
    assert (sum(module.trange(3)), len(module.tqdm(range(5)))) == (3, 5)


def test_a_forbidden_package_is_refused_and_not_stood_in_for(hand_in: Submission, tmp_path: Path) -> None:
    write(tmp_path, "import seaborn\n")
    with pytest.raises(Forbidden, match="seaborn"):
        _ = hand_in.work.anything


def test_numpy_takes_what_numpy_1_took() -> None:
    accept_numpy_1()
    wrapped = np.zeros
    accept_numpy_1()
    assert np.zeros is wrapped
    assert vars(np)["zeros"](None).shape == vars(np)["ones"](None).shape == ()
    assert np.zeros((2, 3), dtype=np.float32).dtype == np.float32
    assert np.zeros(shape=3).shape == (3,)
    assert np.array([1.5, 2]).tolist() == [1.5, 2]
    assert np.array([np.ones((2, 3)), np.ones((3, 2))]).shape == (2,)
    old = vars(np)
    assert np.ones(2).astype(old["float"]).dtype == np.float64
    assert old["product"]([2, 3]) == 6
    assert (old["Inf"], old["float_"]) == (np.inf, np.float64)


def test_numpys_errors_stay_its_own() -> None:
    accept_numpy_1()
    with pytest.raises(ValueError, match="inhomogeneous"):
        np.array([[1.0], [1.0, 2.0]], dtype=np.float64)
    with pytest.raises((ValueError, TypeError)):
        vars(np)["zeros"]("three")
