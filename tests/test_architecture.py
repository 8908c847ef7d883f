"""Guards the shape of the package: imports go one way, nothing is unpickled, every module says what it is for.

The border depends on this: a module that is loaded beside student code must not import one that knows an answer.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BONUS, ROOT

PACKAGE = ROOT / "grader"
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
    if not file.is_relative_to(PACKAGE / "starters")  # data: homework that `grader new` copies
}

NOUNS = {
    *("assignment", "described", "errors", "files", "fixtures", "folders", "gradebook", "levels", "markup"),
    *("patterns", "policy", "questions", "recording", "report", "settings", "summary", "text", "toml"),
}
"""Modules at the top of the package that every stage may use."""
ALLOWED: dict[str, set[str]] = {
    # what is loaded beside student code knows no answer: of the nouns, all but the fixtures
    "testing": (NOUNS - {"fixtures"}) | {"testing"},
    "intake": (NOUNS - {"fixtures"}) | {"intake"},
    "sandbox": (NOUNS - {"fixtures"}) | {"testing", "sandbox"},
    "judge": NOUNS | {"judge"},
    "export": {"report", "summary", "text", "export"},
    "schedule": NOUNS | {"sandbox", "judge"},
    "conversion": (NOUNS - {"fixtures"}) | {"testing", "intake", "sandbox"},
    "grade": NOUNS | {"testing", "intake", "sandbox", "judge", "schedule", "conversion"},
    # students have it, and the judge, but no sandbox
    "modules": (NOUNS - {"fixtures"}) | {"testing"},
    "student": NOUNS | {"testing", "judge", "modules", "student"},
    "local": NOUNS | {"testing", "judge", "modules", "student"},
    "notebook": NOUNS | {"testing", "export", "modules", "local", "student"},
    "pages": {"report", "text", "export", "pages"},
    "authoring": NOUNS
    | {"testing", "intake", "sandbox", "judge", "schedule", "conversion", "grade", "pages", "authoring"},
    "suite": NOUNS | {"testing", "intake", "sandbox", "judge", "schedule", "grade", "suite"},
    "classroom": NOUNS | {"intake", "sandbox", "judge", "schedule", "grade", "suite", "export", "pages", "classroom"},
    "platforms": NOUNS | {"sandbox", "schedule", "grade", "export", "platforms"},
    "pytest_plugin": {"student"},
    "options": NOUNS,
    "arguments": {"options"},
    "doctor": NOUNS | {"sandbox"},
    **{noun: set(NOUNS) for noun in NOUNS},
}
"""Layer to the layers that it may import; the commands and the command line are above all and may import each."""
TOP = {"commands", "cli", "__main__"}

PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
"""Modules that make objects out of bytes."""
POOLS = {"multiprocessing", "concurrent", "distributed"}
"""Modules that send objects to other processes that way: between processes of the instructor's own only."""


def layer(module: str) -> str:
    """The part of the package that a module belongs to: `grader.judge.score` is of the judge."""
    return module.split(".")[1] if "." in module else ""


def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"), str(MODULES[module]))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module, wherever the statement is, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield node.lineno, whole if whole in MODULES else node.module


def at_import(module: str) -> set[str]:
    """The modules of the package that are loaded when this one is: not those that functions import, nor types alone."""
    tree = tree_of(module)
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in late:
            found |= {name for _, name in imports(node) if name in MODULES}
    return found


def test_every_part_of_the_package_has_its_place() -> None:
    layers = {layer(module) for module in MODULES} - {""}
    assert layers - TOP - set(ALLOWED) == set(), "say in this file what the new part may import"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    here = layer(module)
    if here in TOP:
        return
    allowed = ALLOWED.get(here, set())
    wrong = [
        f"{MODULES[module].relative_to(ROOT)}:{line}: {here or module} imports {name}"
        for line, name in imports(tree_of(module))
        # the package itself holds a version and a place, nothing else
        if name.split(".")[0] == "grader" and name != "grader" and layer(name) not in allowed
    ]
    assert not wrong


def test_code_is_read_on_the_untrusted_side_alone() -> None:
    readers = {module for module in MODULES for _, name in imports(tree_of(module)) if name.endswith(".child.codes")}
    assert readers == {"grader.sandbox.child.zygote"}


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: at_import(module) for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"a circle: {' -> '.join((*path, module))}"
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_unpickled(module: str) -> None:
    tree = tree_of(module)
    for line, name in imports(tree):
        # managers: what a suite's processes tell each other, inside the jail
        own = module in ("grader.sandbox.pool", "grader.testing.managers") or layer(module) in (
            "authoring",
            "classroom",
        )
        refused = PICKLES if own else PICKLES | POOLS
        if module == "grader.sandbox.child.codes":  # a child reads the code of its own hand-in's files
            refused = refused - {"marshal"}
        assert name.split(".")[0] not in refused, f"{module}:{line}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if "allow_pickle" in keywords:
            value = keywords["allow_pickle"]
            assert isinstance(value, ast.Constant), f"{module}:{node.lineno}"
            assert value.value is False, f"{module}:{node.lineno}"
        elif called in ("np.load", "numpy.load", "np.save", "npy.read_array", "npy.write_array"):
            raise AssertionError(f"{module}:{node.lineno}: {called} without allow_pickle=False")
        if called == "exec" and module == "grader.testing.cells.load":
            continue  # it runs a notebook's statements, where a module's code runs too
        assert called not in ("eval", "exec", "torch.load", "torch.save"), f"{module}:{node.lineno}: {called}"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    docstring = ast.get_docstring(tree_of(module))
    assert docstring
    assert docstring.splitlines()[0].rstrip().endswith((".", "?", ":"))


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_says_what_it_does(module: str) -> None:
    """Functions and classes without an underscore, and the methods of such classes."""
    silent = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not child.name.startswith("_"):
                if isinstance(child, ast.ClassDef):
                    visit(child, f"{prefix}{child.name}.")
                if ast.get_docstring(child) is None:
                    silent.append(f"{MODULES[module].relative_to(ROOT)}:{child.lineno}: {prefix}{child.name}")

    visit(tree_of(module), "")
    assert not silent


def test_torch_is_imported_late() -> None:
    """Only inside functions: a homework written with numpy must not pay for it, nor need it."""
    for module in MODULES:
        tree = tree_of(module)
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "torch" not in {name.split(".")[0] for _, name in imports(node)}, module


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, whose modules are all that it imports."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["grade", BONUS, f"reference/{BONUS}", "--format", "json"],
        ["check", f"reference/{BONUS}", "--assignment", BONUS, "--unjailed"],
        ["list"],
        ["template", BONUS, "--check"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_homework_in_numpy_imports_no_torch(arguments: list[str], tmp_path: Path) -> None:
    """Neither here nor in the worker, which looks for modules in the same places."""
    trap = tmp_path / "torch"
    trap.mkdir()
    (trap / "__init__.py").write_text("raise RuntimeError('torch was imported')\n", "utf-8")
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"sys.path.append({str(ROOT)!r})\n"
        "from grader.cli import main\n"
        f"code = main({arguments!r})\n"
        "assert 'torch' not in sys.modules\n"
        "sys.exit(code)\n"
    )
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert "torch was imported" not in result.stdout + result.stderr
    if arguments[0] == "grade":
        assert '"score": 15,' in result.stdout


def test_the_judge_is_light_before_the_worker_starts() -> None:
    """The worker is started before numpy is loaded, and so are the modules that start it."""
    code = (
        "import sys\n"
        "import grader.cli, grader.grade, grader.sandbox.worker\n"
        "heavy = {'numpy', 'pytest', 'torch', 'rich', 'hypothesis', 'jinja2', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_the_untrusted_side_loads_what_every_hand_in_needs_alone() -> None:
    """Each grading waits for it: what converts notebooks, reads settings or words a rare message is loaded late."""
    code = (
        "import sys\n"
        "import numpy, pytest\n"
        "before = set(sys.modules)\n"
        "import grader.sandbox.child.zygote\n"
        "late = {'difflib', 'fractions', 'pkgutil', 'tomllib', 'symtable', 'grader.assignment', 'grader.settings'}\n"
        "cells = {name for name in sys.modules if name.startswith('grader.testing.cells.')}\n"
        "found = (late & (sys.modules.keys() - before)) | (cells - {'grader.testing.cells.places'})\n"
        "assert not found, found\n"
    )
    result = run_python(code)
    assert result.returncode == 0, result.stderr
