"""Messages and hints say nothing false: of exceptions, known mistakes, missing files, another year's homework."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.assignment import SubmissionSpec
from grader.fixtures import Alternative, TestSpec
from grader.judge.assemble import name_missing_files, notes_on_names
from grader.judge.dropout.backward import judge_backward
from grader.judge.score import judge_all, judge_test
from grader.recording import ABSENT, LACKING, NEAREST, Observation, Recording
from grader.report import TestResult
from grader.student.calls import Calls
from grader.testing.explain import explain
from grader.testing.observe import observe
from grader.testing.submission import NotFound, Submission

CODE = """\
import numpy as np


class Layer:
    def __init__(self):
        self.lr = 0.1
        self.mask = None

    def forward(self, x):
        self.mask = x > 0
        x * self.mask

    def backward(self, delta):
        return delta * 2.0

    def misspelt(self):
        return self.lrr

    def no_self(self):
        return lr

    def binomial(self):
        return np.random.binomal(1, 0.5)

    def no_name(self):
        return np.flooat(1)

    def removed(self):
        return np.sctypes

    def unwritten(self):
        raise NotImplementedError("Layer.unwritten")

    def caught(self):
        try:
            return self.unwritten()
        except Exception as error:
            raise ValueError("it didn't work") from error

    def again(self):
        try:
            return self.unwritten()
        except NotImplementedError:
            return 1 / 0


class Net:
    def __init__(self):
        self.layer = Layer()

    def forward(self, x):
        y = self.layer.forward(x)
        return y.sum()

    def chained(self, x):
        return self.layer.forward(x).sum()

    def pair(self, x):
        y, cache = self.layer.forward(x)
        return y

    def looped(self, delta):
        delta = self.layer.backward(delta)
        for count in range(2):
            delta = delta * 2.0
            delta = self.layer.forward(delta)

    def once(self, x):
        for count in range(2):
            y = self.layer.forward(x)
            x = y * 2.0

    def maybe(self, x):
        y = self.layer.forward(x)
        if self.layer.mask is None:
            y = self.layer.backward(x)
        return y.sum()

    def lent(self, x, forward):
        return forward(x)

    def getMasks(self):
        return [self.layer.mask]

    def handed(self, x, y=None):
        if self.layer.mask is not None:
            y = self.layer.backward(x)
        return x + y.sum()
"""


@pytest.fixture
def student(tmp_path: Path) -> ModuleType:
    """A student's module, imported from a file of its own."""
    (tmp_path / "layer.py").write_text(CODE, "utf-8")
    module = ModuleType("layer")
    module.__file__ = str(tmp_path / "layer.py")
    exec(compile(CODE, module.__file__, "exec"), vars(module))
    return module


def told(call: Callable[[], object], student: ModuleType, library: str = "numpy") -> tuple[str, str]:
    """How `explain` tells what a call raises."""
    assert student.__file__ is not None
    try:
        call()
    except Exception as error:
        return explain(error, Path(student.__file__).parent, library)
    raise AssertionError("it raises nothing")


@pytest.mark.parametrize(
    ("method", "said", "not_said"),
    [
        ("misspelt", "Did you mean: 'lr'?", ""),
        ("no_self", "Did you mean: 'self.lr'?", ""),
        ("binomial", "Did you mean: 'binomial'?", "removed"),
        ("no_name", "Did you mean: 'float", "removed"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion_on_every_python(
    method: str, said: str, not_said: str, student: ModuleType
) -> None:
    _, message = told(getattr(student.Layer(), method), student)
    assert said in message
    assert not not_said or not_said not in message


def test_only_what_numpy_had_is_called_removed(student: ModuleType) -> None:
    if not hasattr(np, "sctypes"):
        assert "removed in the NumPy 2.0 release" in told(student.Layer().removed, student)[1]
    _, message = told(lambda: np.zeros(3).detach(), student, "torch")  # type: ignore[attr-defined]
    assert "removed" not in message
    assert "This is a numpy array, where a torch tensor is expected." in message


@pytest.mark.parametrize("method", ["unwritten", "caught", "again"])
def test_code_that_isnt_written_is_called_that_wherever_it_is_met(method: str, student: ModuleType) -> None:
    claim, message = told(getattr(student.Layer(), method), student)
    assert claim == "missing"
    assert "Layer.unwritten" in message


def test_what_a_library_cant_do_isnt_unwritten_code(student: ModuleType, torch_or_skip: ModuleType) -> None:
    sparse = torch_or_skip.eye(2).to_sparse()
    claim, message = told(lambda: torch_or_skip.linalg.svd(sparse), student, "torch")
    assert claim == "error", message


@pytest.fixture
def torch_or_skip() -> ModuleType:
    module: ModuleType = pytest.importorskip("torch")
    return module


@pytest.mark.parametrize("method", ["forward", "chained", "pair", "once"])
def test_an_exception_about_none_names_the_call_that_returned_nothing(method: str, student: ModuleType) -> None:
    _, message = told(lambda: getattr(student.Net(), method)(np.ones(3)), student)
    assert "because " in message
    assert "layer.forward returned nothing" in message.replace("Layer.forward", "layer.forward")


def test_a_test_that_hands_nothing_on_names_the_call(student: ModuleType) -> None:
    def call() -> None:
        layer = student.Layer()
        y = layer.forward(np.ones(3))
        layer.backward(y)

    _, message = told(call, student)
    assert "because Layer.forward returned nothing: is its return missing?" in message


def test_a_call_that_returns_too_much_or_too_little_is_named_with_what_it_should_return(student: ModuleType) -> None:
    def call(rule: Callable[..., Any]) -> None:
        w, config = rule(np.ones(3))
        print(w, config)

    def chosen(layer: Any, method: str) -> None:
        dx, dw = getattr(layer, method)(np.ones(1))
        print(dx, dw)

    def adam(w: Any) -> Any:
        return w

    _, message = told(lambda: call(adam), student)
    assert "  This is because adam doesn't return what is asked for: w, config.\n" in message
    _, message = told(lambda: chosen(np.ones((3, 1)), "dot"), student)
    assert "  This is because dot doesn't return what is asked for: dx, dw." in message


def test_another_none_is_blamed_on_no_call(student: ModuleType) -> None:
    layer = student.Layer()
    _, message = told(lambda: layer.backward(layer.mask), student)
    assert "returned nothing" not in message


@pytest.mark.parametrize("method", ["looped", "maybe", "handed"])
def test_a_none_that_two_calls_may_have_returned_is_blamed_on_none_of_them(method: str, student: ModuleType) -> None:
    _, message = told(lambda: getattr(student.Net(), method)(np.ones(3)), student)
    assert "NoneType" in message
    assert "returned nothing" not in message


def test_a_call_that_is_handed_a_none_isnt_said_to_return_it(student: ModuleType) -> None:
    mask = student.Layer().mask
    _, message = told(lambda: float(np.abs(mask).max()), student)
    assert "NoneType" in message
    assert "returned nothing" not in message


def test_a_none_of_another_branch_is_blamed_on_no_call(student: ModuleType) -> None:
    def call(*, training: bool) -> None:
        x = np.ones(3)
        mean: Any = None
        if training:
            mean = x.mean(axis=0)
        print(x - mean[None])

    _, message = told(lambda: call(training=False), student)
    assert "NoneType" in message
    assert "returned nothing" not in message


def test_a_gradient_that_cant_be_judged_says_that_forward_returned_nothing() -> None:
    x = np.ones((4, 5))
    arrays = {"actual": x, "y": x, "x": x, "delta": x}
    expected = Observation(
        "dx", "dropout_backward", {name: observe(value) for name, value in arrays.items()}, {"keep": 0.5}
    )
    verdict = judge_backward(expected, {"actual": observe(x)})
    assert verdict.blocked
    assert verdict.message == "can't be judged, because the forward pass returned nothing"


# known mistakes against the whole report


def value(name: str, number: float) -> Observation:
    return Observation(name, "equal", {"actual": observe(np.full(3, number))})


def spec(name: str, *values: Observation) -> TestSpec:
    return TestSpec(f"test_{name}.py::test", name, name, "", Fraction(1), expected=values)


FIRST, SECOND = spec("first", value("y", 1.0)), spec("second", value("y", 1.0))


def mistake(name: str, hint: str, *values: Observation) -> Alternative:
    return Alternative(name, Fraction(0), hint, values)


def judged(of_first: float, of_second: float, **alternatives: list[Alternative]) -> list[TestResult]:
    recordings = [
        (one, Recording("ok", observations=(value("y", number),)))
        for one, number in ((FIRST, of_first), (SECOND, of_second))
    ]
    return judge_all(recordings, {f"test_{name}.py::test": found for name, found in alternatives.items()}, lambda _: "")


def test_a_hint_that_a_passed_test_refutes_isnt_given() -> None:
    running_mean = mistake("running-mean", "This is a running mean", value("y", 2.0))
    both = {"first": [running_mean], "second": [running_mean]}
    assert [result.hint for result in judged(2.0, 2.0, **both)] == ["This is a running mean"] * 2
    refuted = judged(1.0, 2.0, **both)[1]
    assert "running" not in refuted.hint
    assert refuted.variant is None
    assert refuted.fingerprint


def test_a_mistake_that_explains_fewer_failed_tests_than_it_should_isnt_named() -> None:
    """One text or one step may be the same by chance; the tests that show more say what it isn't."""
    first, second = mistake("old", "It is old", value("y", 2.0)), mistake("old", "It is old", value("y", 4.0))
    both = {"first": [first], "second": [second]}
    assert [result.hint for result in judged(2.0, 4.0, **both)] == ["It is old"] * 2
    assert [result.variant for result in judged(2.0, 5.0, **both)] == [None, None]
    recordings = [(FIRST, Recording("ok", observations=(value("y", 2.0),))), (SECOND, Recording("error"))]
    alternatives = {FIRST.id: [first], SECOND.id: [second]}
    assert judge_all(recordings, alternatives, lambda _: "")[0].hint == "It is old"  # an error refutes nothing


def test_a_series_that_was_never_made_isnt_that_of_a_mistake_which_makes_none() -> None:
    def series(*numbers: float) -> Observation:
        return Observation("losses", "decreasing", {"actual": observe(np.array(numbers))}, {"factor": 0.7})

    diverges = mistake("uphill", "It climbs", series(1.0, np.inf))
    alternatives = {FIRST.id: [diverges]}
    seen = [Recording("ok", observations=(series(1.0, np.nan),)), Recording("error", "ValueError: shapes")]
    specs = [replace(FIRST, expected=(series(1.0, 0.1),))] * 2
    hints = [judge_all([one], alternatives, lambda _: "")[0].hint for one in zip(specs, seen, strict=True)]
    assert hints == ["It climbs", ""]


def test_what_a_second_mistake_makes_wrong_refutes_no_first_one() -> None:
    loss, both = spec("loss", value("loss", 1.0)), spec("both", value("loss", 1.0), value("dx", 1.0))
    summed = mistake("summed", "It is summed", value("loss", 3.0), value("dx", 1.0))
    alternatives = {loss.id: [mistake("summed", "It is summed", value("loss", 3.0))], both.id: [summed]}
    recordings = [
        (loss, Recording("ok", observations=(value("loss", 3.0),))),
        (both, Recording("ok", observations=(value("loss", 3.0), value("dx", 7.0)))),
    ]
    first, second = judge_all(recordings, alternatives, lambda _: "")
    assert (first.hint, second.variant) == ("It is summed", None)


def test_a_mistake_whose_values_an_accepted_alternative_has_too_is_named_elsewhere() -> None:
    unscaled = mistake("unscaled", "It is unscaled", value("y", 2.0))
    accepted = Alternative("free", Fraction(1), "", (value("y", 2.0),))
    passed, failed = judged(2.0, 2.0, first=[unscaled, accepted], second=[unscaled])
    assert passed.status == "passed"
    assert failed.hint == "It is unscaled"
    other = Alternative("free", Fraction(1), "", (value("y", 3.0),))
    assert "unscaled" not in judged(3.0, 2.0, first=[unscaled, other], second=[unscaled])[1].hint


def test_of_two_causes_the_one_that_the_other_tests_leave_is_named() -> None:
    one, other = (mistake(name, f"It is {name}", value("y", 2.0)) for name in ("one", "other"))
    assert "It is" not in judged(2.0, 2.0, second=[one, other])[1].hint
    assert judged(1.0, 2.0, first=[other], second=[one, other])[1].hint == "It is one"


def test_the_nearest_accepted_convention_is_compared_with() -> None:
    loss, gradients = ("loss", 3.0, 6.0), [("dW1", 1.0, 2.0), ("dW2", 1.0, 2.0)]
    one, other = ([value(name, numbers[at]) for name, *numbers in (loss, *gradients)] for at in (0, 1))
    test = spec("net", *one)
    halved = Alternative("halved", Fraction(1), "", tuple(other))
    seen = (value("loss", 6.0), value("dW1", 2.0), value("dW2", 7.0))
    result = judge_test(test, [halved], Recording("ok", observations=seen))
    assert result.message.startswith("dW2: ")
    assert "also wrong" not in result.message
    assert result.score == 0


def test_a_net_of_its_own_way_isnt_told_that_an_array_should_be_a_text() -> None:
    def texts(*values: object) -> tuple[Observation, ...]:
        names = ("order of the calls", "output")
        return tuple(
            Observation(name, "equal", {"actual": observe(one)}) for name, one in zip(names, values, strict=True)
        )

    test = spec("net", *texts("L0 A0 L1", np.ones(3)))
    own_way = Alternative("own-way", Fraction(1), "", texts(np.ones((3, 7)), np.ones((3, 7))))
    seen = texts(np.full((3, 7), 2.0), np.full((3, 7), 2.0))
    message = judge_test(test, [own_way], Recording("ok", observations=seen), show_expected=True).message
    assert "elements differ" in message
    assert "text" not in message
    shown = judge_test(
        test, [], Recording("ok", observations=texts("its own way", np.ones(3))), show_expected=True
    ).message
    assert shown == "order of the calls: is the text 'its own way', expected the text 'L0 A0 L1'"


def test_a_wrong_value_comes_from_the_function_that_the_test_called(student: ModuleType) -> None:
    assert student.__file__ is not None
    calls = Calls(Path(student.__file__).parent.resolve())
    net, layer = student.Net(), student.Layer()
    with calls.watched():
        net.lent(np.ones(3), lambda x: layer.backward(x))
        net.getMasks()
    assert calls.place.endswith(("in Net.lent", "in lent"))
    assert calls.place_of("the mask after lent") == calls.place
    assert calls.place_of("getMasks()").endswith(("in Net.getMasks", "in getMasks"))


# the hand-in as a whole


def results(*messages: str) -> list[TestResult]:
    test = spec("one", value("y", 1.0))
    return [judge_test(test, [], Recording("error", message)) for message in messages]


def test_a_file_of_the_assignment_that_wasnt_handed_in_is_called_that() -> None:
    said = ABSENT.format(name="loss") + "; this assignment uses numpy\n  hw1.py, line 1, in <module>: import loss"
    files = SubmissionSpec(files=("mytorch/*.py", "hw1/hw1.py"), path=("mytorch", "hw1"))
    (found,) = name_missing_files(results(said), ["mytorch/loss.py"], files)
    assert found.message.startswith(
        "the submission imports 'loss', which is mytorch/loss.py of this assignment, and that file wasn't handed in\n"
    )
    (other,) = name_missing_files(results(said), ["mytorch/linear.py"], files)
    assert "isn't installed here" in other.message


@pytest.mark.parametrize(
    ("module", "file"),
    [("loss", "handin/tools/loss.py"), ("tools.loss", "handin/tools/loss.py"), ("tools", "handin/tools/loss.py")],
)
def test_an_import_of_a_file_that_was_left_out_is_called_that(module: str, file: str) -> None:
    said = ABSENT.format(name=module) + "; this assignment uses numpy\n  hw1.py, line 1, in <module>: import loss"
    files = SubmissionSpec(files=("mlp.py", "answers.toml"))
    (found,) = name_missing_files(results(said), [], files, ["handin/notes.txt", file])
    assert found.message.startswith(
        f"the submission imports '{module}', and {file} was left out: only mlp.py, answers.toml counts\n  hw1.py"
    )
    (other,) = name_missing_files(results(said), [], files, ["handin/lossy.py", "loss.txt"])
    assert "isn't installed here" in other.message


def test_another_years_names_are_told_once_on_top() -> None:
    lacking = LACKING.format(file="mlp.py", name="ReLU") + NEAREST.format(name="LeakyReLU")
    (note,) = notes_on_names(results(*[lacking] * 4, *[""] * 6))
    assert note.startswith(
        "4 of 10 tests need names that the hand-in doesn't have: mlp.py has no 'ReLU' (it has 'LeakyReLU')."
    )
    assert "another year's" in note
    assert notes_on_names(results(lacking, *[""] * 9)) == []


def test_a_missing_name_tells_the_nearest_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mlp_words.py").write_text("class LeakyReLU:\n    pass\n", "utf-8")
    submission = Submission(tmp_path, ["."], [])
    submission.install()
    try:
        with pytest.raises(
            NotFound, match="has no 'ReLU'; define it there, spelt exactly like this; it has 'LeakyReLU'"
        ):
            submission.mlp_words.ReLU  # noqa: B018
    finally:
        submission.uninstall()


def test_a_module_of_a_package_is_found_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "net_words").mkdir()
    (tmp_path / "net_words" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "net_words" / "layers.py").write_text("SIZE = 3\n", "utf-8")
    submission = Submission(tmp_path, ["."], [])
    submission.install()
    try:
        assert submission.net_words.layers.SIZE == 3
        with pytest.raises(NotFound, match=r"net_words/__init__\.py has no 'losses'"):
            submission.net_words.losses.SIZE  # noqa: B018
    finally:
        submission.uninstall()


def test_the_keys_of_the_answers_are_in_what_students_get() -> None:
    root = Path(__file__).parent.parent
    reference = (root / "reference/nyu1008_hw3/answers.toml").read_text("utf-8")
    given = (root / "student_template/nyu1008_hw3/answers.toml").read_text("utf-8")
    keys = [line.partition(" = ")[0] for line in reference.splitlines() if " = " in line and line[0].isalpha()]
    assert len(keys) == 8
    for key in keys:
        assert f"# {key}: " in given
