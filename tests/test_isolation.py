"""Guards the layers: their names, their effect on numbers, and that a layer which doesn't hold is detected."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import stat
import struct
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import BONUS, ROOT

from grader import doctor
from grader.assignment import Assignment
from grader.errors import InternalError
from grader.grade import grade
from grader.intake.take import ingest
from grader.levels import LAYER_OF, LEVELS, Level, at_least, level_of
from grader.questions import as_written, read_questions
from grader.sandbox import identity, launch
from grader.sandbox import worker as worker_module
from grader.sandbox.child import landlock, seccomp
from grader.sandbox.child.reach import closed_folders
from grader.sandbox.conceal import closable, concealed, reopen
from grader.sandbox.paths import readable_paths
from grader.sandbox.probe import NEEDS, PROTECTS, broken_layers
from grader.sandbox.worker import Worker
from grader.settings import load_assignment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no layers elsewhere")

Traces = dict[str, Any]
"""What a run of the reference left, byte for byte, by the tests' ids."""


@pytest.fixture(scope="module")
def held() -> tuple[str, ...]:
    """The layers of this machine, for who runs the tests."""
    return doctor.examine().layers


# levels


def test_levels_go_from_none_to_full() -> None:
    assert level_of([]) == "none"
    assert [level_of(list(LAYER_OF.values())[:count]) for count in range(5)] == list(LEVELS)


def test_a_level_needs_all_layers_below_it() -> None:
    assert level_of(["basic", "seccomp", "uid"]) == "seccomp"
    assert level_of(["landlock", "uid"]) == "none"
    assert at_least("full", "landlock")
    assert not at_least("seccomp", "landlock")


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_holds_its_layers_and_no_others(level: Level, held: tuple[str, ...], bonus: Assignment) -> None:
    with Worker(bonus, read_questions(bonus), level=level) as worker:
        worker.wait_ready()
        wanted = {layer for step, layer in LAYER_OF.items() if at_least(level, step)}
        assert set(worker.layers) == wanted & set(held)
        # what the probe could do is what no layer of these refuses
        for name, layers in PROTECTS.items():
            assert not (worker.probe[name] and layers & set(worker.layers)), name
        assert worker.probe[NEEDS]


def test_nothing_is_refused_where_nothing_holds(bonus: Assignment) -> None:
    with Worker(bonus, read_questions(bonus), level="none") as worker:
        worker.wait_ready()
        # the file that answers stand for is its owner's, who we are; a plain user's judge can't be looked into anyway
        able = {name for name, done in worker.probe.items() if done}
        assert {"read a secret file", "write outside the work folder", "open a socket", "start a process"} <= able


def test_grading_below_the_demanded_level_is_refused(bonus: Assignment) -> None:
    with pytest.raises(InternalError, match="'seccomp', and 'landlock' is demanded"):
        grade(bonus, bonus.reference, level="seccomp", minimum="landlock")


def test_a_refusal_is_our_fault_and_no_score(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "grader", "grade", BONUS, f"reference/{BONUS}", "-o", str(results)]
    command += ["--max-isolation", "basic", "--min-isolation", "seccomp"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "'seccomp' is demanded" in done.stderr
    assert {test["extra_data"]["status"] for test in json.loads(results.read_text())["tests"]} == {"internal"}


# numbers


def run_reference(assignment: Assignment, level: Level, every: int = 1) -> Traces:
    with Worker(assignment, as_written(assignment), level=level) as worker:
        ingest(assignment.reference, assignment.submission, (), worker.submission)
        worker.wait_ready()
        left: Traces = {"layers": worker.layers}
        for test in worker.tests[::every]:
            recording = worker.run(test.id, given=True)
            assert recording.ending == "ok", (test.id, recording)
            left[test.id] = [
                (item.name, item.kind, dict(item.params), {role: bits(value) for role, value in item.values.items()})
                for item in recording.observations
            ]
    return left


def bits(value: Any) -> tuple[str, str, object]:
    array = value.array
    return value.type, value.dtype, None if array is None else (array.dtype.str, array.shape, array.tobytes())


@pytest.fixture(scope="module")
def numpy_outside() -> Traces:
    """The reference of the numpy homework, run in no jail at all."""
    return run_reference(load_assignment(ROOT, BONUS), "none")


@pytest.mark.parametrize("level", LEVELS[1:])
def test_numpy_gives_the_same_bits_inside(level: Level, numpy_outside: Traces, held: tuple[str, ...]) -> None:
    if LAYER_OF[level] not in held:
        pytest.skip(f"there is no {level} here")
    inside = run_reference(load_assignment(ROOT, BONUS), level)
    assert LAYER_OF[level] in inside.pop("layers")
    assert inside == {key: value for key, value in numpy_outside.items() if key != "layers"}
    assert len(inside) > 15


TORCH_TEST = '''
"""What torch might compute in another way where it can't see the machine."""

import torch

from grader.testing import number, weight


@weight(1)
@number("1.1")
def test_training(submission, rng, check):
    """A training loop"""
    net, losses = submission.training.train(torch.from_numpy(rng.normal(size=(64, 3, 12, 12))).float())
    check("losses", losses)
    for name, value in net.state_dict().items():
        check(name, value)


@weight(1)
@number("1.2")
def test_operations(submission, rng, check):
    """Single operations"""
    x = torch.from_numpy(rng.normal(size=(257, 129))).float()
    check("product", submission.training.product(x))
    check("sum", submission.training.product(x).double().sum())
'''

TORCH_REFERENCE = """
import torch


def product(x):
    return torch.nn.functional.softmax(x.t() @ x, dim=1).log().exp().tanh()


def train(x):
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Flatten(),
        torch.nn.Linear(800, 10),
    )
    optimizer, losses = torch.optim.Adam(net.parameters(), lr=0.01), []
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), torch.arange(64) % 10)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return net, torch.stack(losses)
"""

TORCH_SETTINGS = """
title = "Numbers"
seed = 3
library = "torch"
[submission]
files = ["training.py"]
[limits]
test_seconds = 60
total_seconds = 300
memory_mb = 2048
[parts.numbers]
title = "Numbers"
points = 2
"""


@pytest.fixture(scope="module")
def torch_assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """A training loop and a few operations, small enough for every level."""
    pytest.importorskip("torch")
    project = tmp_path_factory.mktemp("numbers")
    for name, text in (
        ("testcases/numbers/assignment.toml", TORCH_SETTINGS),
        ("testcases/numbers/test_numbers.py", TORCH_TEST),
        ("reference/numbers/training.py", TORCH_REFERENCE),
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, "utf-8")
    return load_assignment(project, "numbers")


@pytest.fixture(scope="module")
def torch_outside(torch_assignment: Assignment) -> Traces:
    """The same, run in no jail at all."""
    return run_reference(torch_assignment, "none")


@pytest.mark.parametrize("level", LEVELS[1:])
def test_torch_gives_the_same_bits_inside(
    level: Level, torch_assignment: Assignment, torch_outside: Traces, held: tuple[str, ...]
) -> None:
    if LAYER_OF[level] not in held:
        pytest.skip(f"there is no {level} here")
    inside = run_reference(torch_assignment, level)
    assert LAYER_OF[level] in inside["layers"]
    assert {**inside, "layers": None} == {**torch_outside, "layers": None}


def test_a_torch_homework_gives_the_same_bits_inside() -> None:
    pytest.importorskip("torch")
    assignment = load_assignment(ROOT, "eecs498_a3")
    inside, outside = (run_reference(assignment, level, every=9) for level in ("full", "none"))
    assert {**inside, "layers": None} == {**outside, "layers": None}


# layers that don't hold

SABOTAGE: Mapping[str, str] = {
    "basic": "import grader.sandbox.child.jail as j; j._set_limits = lambda *a, **k: None",
    "seccomp": "import grader.sandbox.child.seccomp as s; s.install = lambda *given, **more: None",
    "landlock": "import grader.sandbox.child.landlock as a; a.restrict = lambda *given, **options: None",
    "uid": "import os; os.setresuid = os.setresgid = lambda *ids: None",
}
"""What makes a layer do nothing in the zygote, and still be claimed."""


def sabotage(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = "from grader.sandbox.child.zygote import main"
    assert mark in launch._BOOT
    monkeypatch.setattr(launch, "_BOOT", launch._BOOT.replace(mark, f"{SABOTAGE[layer]}; {mark}"))


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("layer", SABOTAGE)
def test_a_layer_that_does_nothing_is_found_out(
    layer: str, level: Level, bonus: Assignment, held: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = next(step for step, name in LAYER_OF.items() if name == layer)
    if layer not in held or not at_least(level, step):
        pytest.skip(f"{layer} isn't in use at {level}")
    sabotage(layer, monkeypatch)
    with pytest.raises(InternalError, match=f"the layer {layer}"):
        grade(bonus, bonus.reference, level=level)


def test_answers_where_a_worker_may_read_are_kept_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # as in an image that has the project below /usr, which every worker reads
    for kind in ("testcases", "reference"):
        shutil.copytree(ROOT / kind / BONUS, tmp_path / kind / BONUS, ignore=shutil.ignore_patterns("__pycache__"))
    assignment = load_assignment(tmp_path, BONUS)
    known = readable_paths
    monkeypatch.setattr(worker_module, "readable_paths", lambda *given: [*known(*given), str(tmp_path)])
    source = tmp_path / "submission"
    shutil.copytree(assignment.reference, source)
    answers = (assignment.folder / "fixtures" / "graded.npz", assignment.reference / "mytorch" / "dropout.py")
    reading = "\n".join(
        f"try:\n    print('GOT', open({str(file)!r}).read()[:9])\nexcept OSError as error:\n    print('REFUSED', error)"
        for file in answers
    )
    with (source / "mytorch" / "dropout.py").open("a") as file:
        file.write(reading)
    if os.geteuid() == 0 and identity.worker_user() is None:
        with pytest.raises(InternalError, match="no user grader-worker"):
            grade(assignment, source)
        return
    report = grade(assignment, source)
    said = "".join(test.output for test in report.tests)
    assert report.score == report.max_score
    assert "REFUSED" in said
    assert "GOT" not in said
    assert all(file.stat().st_mode & 0o044 for file in answers)


def test_doctor_names_a_layer_that_does_nothing(held: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    if "seccomp" not in held:
        pytest.skip("there is no filter of system calls here")
    sabotage("seccomp", monkeypatch)
    findings = doctor.examine()
    assert findings.probe["open a socket"]
    assert any("the layer seccomp" in sentence for sentence in findings.broken)
    assert findings.level == "none"


@pytest.mark.parametrize("name", PROTECTS)
def test_what_the_probe_could_do_is_held_against_each_layer(name: str) -> None:
    fine = dict.fromkeys(PROTECTS, False) | {NEEDS: True}
    assert broken_layers(fine, list(LAYER_OF.values())) == []
    for layer in PROTECTS[name]:
        (sentence,) = broken_layers(fine | {name: True}, [layer])
        assert layer in sentence
        assert name in sentence
    assert broken_layers(fine | {name: True}, []) == []


def test_a_probe_that_says_nothing_counts_as_broken() -> None:
    for layers in ([], list(LAYER_OF.values())):
        (sentence,) = broken_layers({}, layers)
        assert "didn't come to its end" in sentence


# doctor


def test_doctor_finds_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    findings = doctor.examine()
    assert findings.broken == ()
    assert findings.level == level_of(findings.layers)
    assert set(findings.remedies) == {"seccomp", "landlock", "uid"} - set(findings.layers)
    assert findings.versions["python"] == platform.python_version()
    doctor.show(findings)
    shown = capsys.readouterr().out
    assert f"isolation level: {findings.level}" in shown
    for name in (*PROTECTS, NEEDS, *LAYER_OF.values()):
        assert name in shown


AS_PLAIN_USER = """
import os, sys
from pathlib import Path
from grader.sandbox.child.reach import closed_folders, open_folders
from grader.sandbox.paths import readable_paths
try:
    open_folders(closed_folders([*map(Path, readable_paths()), Path(sys.base_prefix), Path(sys.prefix), Path.cwd()]))
except OSError as error:
    sys.exit(f"not allowed: {error}")
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
os.execv(sys.executable, [sys.executable, "-B", "-m", "grader", "doctor"])
"""


@pytest.mark.parametrize("user", ["this user", "a plain user"])
def test_doctor_says_the_best_level_of_the_kernel(user: str) -> None:
    command = ["-m", "grader", "doctor"]
    if user == "a plain user":
        if os.geteuid() != 0:
            pytest.skip("needs root, to become a plain user")
        command = ["-c", AS_PLAIN_USER]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if "not allowed" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    filtered = platform.machine() in MACHINES and seccomp.available()
    best: Level = "basic" if not filtered else "landlock" if landlock.abi() else "seccomp"
    if best == "landlock" and user == "this user" and identity.worker_user() is not None:
        best = "full"
    assert f"isolation level: {best}" in done.stdout


def test_doctor_says_how_to_get_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.identity.WORKER_USER", "nobody-of-this-name")
    monkeypatch.setattr(doctor, "WORKER_USER", "nobody-of-this-name")
    findings = doctor.examine()
    assert "uid" not in findings.layers
    wanted = "useradd --system" if os.geteuid() == 0 else "needs root"
    assert wanted in findings.remedies["uid"]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="takes root's rights away, with setpriv")
@pytest.mark.parametrize("rights", ["setuid", "setgid", "chown", "kill", "dac_override"])
def test_root_that_may_not_become_another_user_does_without(rights: str) -> None:
    command = ["setpriv", f"--bounding-set=-{rights}", sys.executable, "-m", "grader", "doctor"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "broken" not in done.stdout
    assert "CAP_SETGID and CAP_SETUID are needed" in " ".join(done.stdout.split())
    assert "isolation level: landlock" in done.stdout or not landlock.abi()


# the filter of system calls, for processors that the tests don't run on

ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
PID = 4242


def decide(program: bytes, number: int, architecture: int, arguments: Sequence[int] = ()) -> int:
    """What a filter answers to a call: an interpreter of the few instructions that it is made of."""
    padded = (list(arguments) + [0] * 6)[:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(value & 2**64 - 1 for value in padded))
    steps = list(struct.iter_unpack("<HBBI", program))
    place, accumulator = 0, 0
    while True:
        code, yes, no, constant = steps[place]
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == 0x06:
            return int(constant)
        else:
            holds = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x25: accumulator > constant,
                0x45: bool(accumulator & constant),
            }[code]
            place += yes if holds else no


@pytest.fixture(params=MACHINES)
def filter_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, int, int]:
    """A machine's filter, the column of its numbers, its architecture."""
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    column, architecture = MACHINES[request.param]
    return seccomp.program(PID), column, architecture


def numbers(table: Mapping[str, tuple[int | None, int | None]], column: int) -> dict[str, int]:
    return {name: number for name, row in table.items() if (number := row[column]) is not None}


def test_the_filter_refuses_what_its_tables_say(filter_of: tuple[bytes, int, int]) -> None:
    program, column, architecture = filter_of
    for name, number in numbers(seccomp._REFUSED, column).items():
        assert decide(program, number, architecture) & 0xFFFF0000 == 0x00050000, name
        assert decide(program, number, architecture) & 0xFFFF != 0, name
    for name, number in numbers(seccomp._IGNORED, column).items():
        assert decide(program, number, architecture) == 0x00050000, name


def test_where_programs_may_start_users_are_kept_and_only_a_user_of_our_own_sets_modes(
    filter_of: tuple[bytes, int, int],
) -> None:
    _, column, architecture = filter_of
    refused, ignored = numbers(seccomp._REFUSED, column), numbers(seccomp._IGNORED, column)
    for modes in (False, True):
        program = seccomp.program(PID, "both", modes=modes)
        for name in seccomp._USERS:
            assert decide(program, refused[name], architecture) == 0x00050000, name
        for name in seccomp._MODES & ignored.keys():
            assert decide(program, ignored[name], architecture) == (ALLOW if modes else 0x00050000), name
        for name in ("capset", "setns", "ptrace", "mount"):
            assert decide(program, refused[name], architecture) == 0x00050000 | errno.EPERM, name
        assert decide(program, ignored["fsync"], architecture) == 0x00050000


def test_the_filter_lets_a_process_act_on_itself_alone(filter_of: tuple[bytes, int, int]) -> None:
    program, column, architecture = filter_of
    for name, number in numbers(seccomp._ON_ITSELF, column).items():
        for own in (0, PID):
            assert decide(program, number, architecture, [own]) == ALLOW, name
        for other in (1, PID + 1, -1, -PID, PID - 2**31):
            assert decide(program, number, architecture, [other]) == 0x00050000 | errno.EPERM, (name, other)


def test_the_filter_allows_few_operations_of_calls_that_have_many(filter_of: tuple[bytes, int, int]) -> None:
    program, column, architecture = filter_of
    for name, choice in seccomp._CHOICES.items():
        for value in (*range(70), *range(1020, 1050), *range(0x5400, 0x5500), 0x40086602, 0x401C5820, 0x59616D61, -1):
            arguments = [0] * 6
            arguments[choice.argument] = value
            wanted = ALLOW if value in choice.allowed else 0x00050000 | choice.refusal
            wanted = 0x00050000 if value in choice.ignored else wanted
            assert decide(program, choice.numbers[column], architecture, arguments) == wanted, (name, value)


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        *[("prctl", option) for option in (1, 4, 8, 22, 24, 28, 33, 35, 36, 38, 40, 47, 62, 67, 0x59616D61)],
        *[("ioctl", command) for command in (0x40086602, 0x401C5820, 0x8901, 0x8902, 0x5412, 0x541C, 0x40049409)],
        *[("fcntl", command) for command in (8, 10, 15, 1024, 1026, 1031, 1033)],
    ],
)
def test_operations_that_reach_beyond_the_process_are_refused(
    filter_of: tuple[bytes, int, int], call: str, operation: int
) -> None:
    program, column, architecture = filter_of
    choice = seccomp._CHOICES[call]
    arguments = [0] * 6
    arguments[choice.argument] = operation
    answer = decide(program, choice.numbers[column], architecture, arguments)
    assert answer & 0xFFFF0000 == 0x00050000
    assert answer & 0xFFFF != 0


def test_the_filter_lets_threads_be_made_and_nothing_else(filter_of: tuple[bytes, int, int]) -> None:
    program, column, architecture = filter_of
    clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    thread = 0x00010000 | 0x00000100 | 0x00000800
    assert decide(program, clone, architecture, [thread]) == ALLOW
    assert decide(program, clone, architecture, [17]) == 0x00050000 | errno.EPERM
    assert decide(program, 435, architecture) == 0x00050000 | errno.ENOSYS
    read, write, mmap, exit_group = ((0, 1, 9, 231), (63, 64, 222, 94))[column]
    for number in (read, write, mmap, exit_group):
        assert decide(program, number, architecture) == ALLOW


def test_the_filter_knows_no_other_numbers_than_its_own(filter_of: tuple[bytes, int, int]) -> None:
    program, _, architecture = filter_of
    for _, other in MACHINES.values():
        if other != architecture:
            assert decide(program, 0, other) == KILL
    assert decide(program, 0, 0x40000003) == KILL  # programs of 32 bits on x86-64
    if platform.machine() == "x86_64":
        assert decide(program, 0x40000000 | 39, architecture) == KILL  # x32


def test_the_filter_refuses_calls_that_came_after_it(filter_of: tuple[bytes, int, int]) -> None:
    program, _, architecture = filter_of
    # setxattrat and its family, file_setattr, and whatever a later kernel brings: a list of refusals can't know them
    for number in (463, 466, 467, 469, 600, 2000):
        assert decide(program, number, architecture) & 0xFFFF0000 == 0x00050000, number


# closed folders


def test_closed_folders_are_found_with_what_lies_in_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            pytest.skip("the folder for temporary files is closed itself")
    inner = tmp_path / "home" / "deeper" / "lib"
    inner.mkdir(parents=True)
    (tmp_path / "open").mkdir()
    (tmp_path / "home" / "deeper").chmod(0o700)
    assert closed_folders([inner, tmp_path / "open"]) == {tmp_path / "home" / "deeper": [inner]}
    (tmp_path / "home").chmod(0o700)
    assert closed_folders([inner, inner.parent]) == {tmp_path / "home": [inner, inner.parent]}
    # a closed folder of one's own isn't in the way of what lies beside it
    inner.chmod(0o700)
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home" / "deeper").chmod(0o755)
    assert closed_folders([inner]) == {}


def test_closed_folders_are_opened_for_one_process_alone(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    home = tmp_path / "home"
    (home / "lib" / "sub").mkdir(parents=True)
    (home / "lib" / "sub" / "module.py").write_text("x = 1\n")
    (home / "one.cfg").write_text("kept\n")
    (home / "diary.txt").write_text("secret\n")
    home.chmod(0o700)
    script = f"""
    import os, sys
    from pathlib import Path
    from grader.sandbox.child.reach import closed_folders, open_folders
    home = Path({str(home)!r})
    os.umask(0o077)
    try:
        open_folders(closed_folders([home / "lib", home / "one.cfg"]))
    except OSError as error:
        sys.exit(f"not allowed: {{error}}")
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    print(open(home / "lib" / "sub" / "module.py").read(), open(home / "one.cfg").read(), sorted(os.listdir(home)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "not allowed" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "x = 1" in done.stdout
    assert "kept" in done.stdout
    assert done.stdout.strip().endswith("['lib', 'one.cfg']")
    # and nothing has changed for everybody else
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert sorted(path.name for path in home.iterdir()) == ["diary.txt", "lib", "one.cfg"]


# answers without a guard

PROJECT = {
    "testcases/hw/fixtures/graded.npz": 0o640,
    "testcases/other/variants.toml": 0o644,
    "reference/other/sol.py": 0o644,
    ".git/objects/pack": 0o444,
    "build/hw.tar": 0o644,
    "notes.md": 0o640,
    "libs/needed/course.py": 0o644,
    "libs/answers.py": 0o600,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with answers in many places, and a package in it that the worker needs."""
    folder = tmp_path / "project"
    for name, mode in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        (folder / name).chmod(mode)
    (folder / "reference").chmod(0o750)
    return folder


def modes(project: Path) -> dict[str, int]:
    return {str(path.relative_to(project)): path.lstat().st_mode for path in sorted(project.rglob("*"))}


def needed(project: Path) -> list[Path]:
    return [project / "libs" / "needed"]


CLOSED = ("testcases", "reference", ".git", "build", "notes.md", "libs/answers.py")
OPEN = ("", "libs", "libs/needed", "libs/needed/course.py")


@pytest.mark.parametrize(("layers", "uid", "bits"), [((), 1000, 0o700), (("uid",), 0, 0o077)])
def test_a_project_is_closed_but_for_what_the_worker_needs(
    layers: tuple[str, ...], uid: int, bits: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    before = modes(project)
    with concealed(project, needed(project), ["basic", "seccomp", *layers], demanded=True):
        for name in CLOSED:
            assert not (project / name).stat().st_mode & bits, name
        for name in OPEN:
            assert (project / name).stat().st_mode & 0o555, name
    assert modes(project) == before


def test_answers_that_links_lead_to_are_closed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    elsewhere = project.parent / "elsewhere"
    (project / "testcases").rename(elsewhere)
    (project / "testcases").symlink_to(elsewhere)
    (project / "home").symlink_to(project.parent)
    with concealed(project, needed(project), ["basic", "seccomp"], demanded=True):
        assert not elsewhere.stat().st_mode & 0o700
        assert project.parent.stat().st_mode & 0o700
    assert elsewhere.stat().st_mode & 0o700


def test_a_project_is_opened_again_whatever_happens(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    before = modes(project)
    with pytest.raises(KeyboardInterrupt), concealed(project, (), ["basic", "seccomp"], demanded=True):
        raise KeyboardInterrupt
    assert modes(project) == before


def test_two_gradings_with_another_user_open_a_project_when_both_are_over(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the second one finds it closed, and its owner can't tell by that how open it was
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    before = modes(project)
    first, second = (concealed(project, needed(project), ["basic", "seccomp", "uid"], demanded=True) for _ in range(2))
    with ExitStack() as later:
        with first:
            later.enter_context(second)
            reopen(project, needed(project))  # as a third one does that begins
        assert not (project / "reference").stat().st_mode & 0o077
    assert modes(project) == before


GRADING = """
    import os, sys
    from pathlib import Path
    from grader.sandbox.conceal import concealed, reopen
    os.geteuid = lambda: 1000
    project = Path(sys.argv[1])
    with concealed(project, [project / "libs" / "needed"], ["basic", "seccomp"], demanded=True):
        print("closed", flush=True)
        sys.stdin.read()
"""


def start_grading(project: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", textwrap.dedent(GRADING), str(project)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_what_a_killed_grading_left_closed_is_opened_by_the_next(project: Path) -> None:
    before = modes(project)
    with start_grading(project) as grading:
        assert grading.stdout is not None
        assert grading.stdout.readline() == b"closed\n"
        grading.kill()
    assert not (project / "reference").stat().st_mode & 0o700
    reopen(project, needed(project))
    assert modes(project) == before


def test_gradings_that_share_a_user_wait_for_one_another(project: Path) -> None:
    before = modes(project)
    with start_grading(project) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"closed\n"
        with start_grading(project) as second:
            assert second.stderr is not None
            assert second.stdout is not None
            assert b"waiting for another grading" in second.stderr.readline()
            first.communicate()
            assert second.stdout.readline() == b"closed\n"
            assert not (project / "reference").stat().st_mode & 0o700
            second.communicate()
    assert modes(project) == before


def test_a_project_stays_open_where_landlock_guards_it(project: Path) -> None:
    before = modes(project)
    with concealed(project, (), ["basic", "seccomp", "landlock"], demanded=True):
        assert modes(project) == before


def test_the_whole_machine_is_no_project() -> None:
    with pytest.raises(InternalError, match="root of the file system"):
        closable(Path("/"), ())


@pytest.mark.parametrize(("uid", "layers"), [(0, ["basic", "seccomp"]), (1000, ["basic"])])
def test_nothing_is_graded_where_nothing_guards_answers(
    uid: int, layers: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    with pytest.raises(InternalError, match=r"no user grader-worker"):
        concealed(project, (), layers, demanded=True).__enter__()
    # `--max-isolation` is for testing: nothing is closed that wouldn't hold
    before = modes(project)
    with concealed(project, (), layers, demanded=False):
        assert modes(project) == before
