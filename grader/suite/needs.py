"""Which modules a suite imports, and which of them are packages that should be installed here.

A name that neither the suite nor this machine has is a student's module, or a package that the instructor forgot. The
first is missing by the student's fault, the second never is.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grader.errors import AssignmentError
from grader.suite.constants import Constants

_DECLARING = ("requirements*.txt", "setup.sh", "environment.y*ml", "pyproject.toml", "Pipfile", "Dockerfile")
_IMPORTED_AS = {
    "opencv-python": "cv2", "pillow": "PIL", "scikit-learn": "sklearn", "scikit-image": "skimage", "pyyaml": "yaml",
    "beautifulsoup4": "bs4", "python-dateutil": "dateutil", "timeout-decorator": "timeout_decorator",
    "func-timeout": "func_timeout", "pytest-timeout": "pytest_timeout", "gradescope-utils": "gradescope_utils",
}  # fmt: skip
"""Names of distributions whose modules are called otherwise."""
KNOWN = frozenset(
    {
        *("parameterized", "ddt", "hypothesis", "timeout_decorator", "func_timeout", "pytest_timeout", "testfixtures"),
        *("torch", "torchvision", "torchaudio", "torchtext", "torchtyping", "torchsummary", "lightning", "jax", "flax"),
        *("tensorflow", "keras", "autograd", "cupy", "numba", "scipy", "sklearn", "skimage", "pandas", "sympy"),
        *("networkx", "matplotlib", "seaborn", "plotly", "cv2", "PIL", "imageio", "librosa", "soundfile", "h5py"),
        *("nltk", "spacy", "gensim", "transformers", "tokenizers", "sentencepiece", "einops", "gym", "gymnasium"),
        *("tqdm", "requests", "yaml", "bs4", "lxml", "psutil", "pexpect", "mypy", "pylint", "pycodestyle", "radon"),
        *("nbformat", "nbconvert", "IPython", "ipykernel", "otter", "jsonschema", "pydantic", "pygame", "statsmodels"),
        *("xgboost", "lightgbm", "cvxpy", "cvxopt", "qiskit", "astropy", "Crypto", "cryptography", "flask", "django"),
        *("attr", "attrs", "typeguard", "jaxtyping", "beartype", "rich", "colorama", "termcolor", "tabulate"),
    }
)
"""Packages by whose names nobody calls a homework's file."""


@dataclass(frozen=True)
class Need:
    """A module that the suite imports and that isn't in it."""

    name: str
    file: Path
    line: int
    by_test: bool
    """Whether a file with tests imports it."""


def needs_of(folder: Path, tests: Collection[str], constants: Constants) -> list[Need]:
    """Return what the test files, and the suite's files that they import, import from elsewhere."""
    found: dict[str, Need] = {}
    for file in reached(folder, tests, constants):
        by_test = file.relative_to(folder).as_posix() in tests
        for line, name in _imports(constants.tree(file)):
            inner = constants.module(name, file.parent) or constants.module(name.partition(".")[0], file.parent)
            if inner is not None:
                continue
            top = name.partition(".")[0]
            if not (folder / top).is_dir() and not (file.parent / top).is_dir() and not _is_installed(top):
                old = found.get(top)
                found[top] = Need(top, file, line, by_test) if old is None or (by_test and not old.by_test) else old
    return list(found.values())


def reached(folder: Path, tests: Collection[str], constants: Constants) -> list[Path]:
    """Return the test files, and the suite's files that they import, directly or not."""
    files = [folder / name for name in sorted(tests)]
    for file in files:
        for _, name in _imports(constants.tree(file)):
            inner = constants.module(name, file.parent) or constants.module(name.partition(".")[0], file.parent)
            if inner is not None and inner not in files and inner.is_relative_to(folder):
                files.append(inner)  # the loop goes on to it
    return files


def demand(needs: Collection[Need], folder: Path, there: Collection[str]) -> None:
    """Raise AssignmentError for the first package that should be installed and isn't.

    Args:
        needs: of the suite.
        folder: the suite's.
        there: the names of modules at the top of the hand-in.
    """
    declared = _declared(folder)
    asked = [need for need in needs if need.by_test and need.name not in KNOWN]
    for need in needs:
        if need.name in there or _is_installed(need.name):
            continue
        # where the tests themselves import students' modules, their helpers import packages
        of_helper = not need.by_test and bool(asked) and not _mentions(folder, f"{need.name}.py")
        if need.name in KNOWN or need.name.lower() in declared or of_helper:
            raise AssignmentError(
                need.file,
                need.line,
                f"the suite needs the package '{need.name}', which isn't installed for {sys.executable}; "
                f"install it: {sys.executable} -m pip install {need.name}",
            )


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of each absolute import that must succeed."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Try) and node.handlers:
            for inner in (*node.orelse, *node.finalbody):
                yield from _imports(ast.Module([inner], []))
        elif isinstance(tree, ast.Module) and (found := _all_skipped_without(node)):
            yield found
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module:
                yield node.lineno, node.module
        else:
            yield from _imports(node)


def _all_skipped_without(node: ast.AST) -> tuple[int, str] | None:
    """Line and name of the module without which a statement skips its file: `np = pytest.importorskip("numpy")`."""
    match node:
        case ast.Assign(value=ast.Call() as call) | ast.Expr(value=ast.Call() as call):
            name = call.args[0] if call.args else None
            if ast.unparse(call.func) in ("pytest.importorskip", "importorskip") and isinstance(name, ast.Constant):
                return call.lineno, str(name.value)
    return None


def _mentions(folder: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in folder.rglob("*.py") if file.is_file())


def _declared(folder: Path) -> set[str]:
    """The modules of packages that the suite's own files install."""
    names: set[str] = set()
    for pattern in _DECLARING:
        for file in folder.rglob(pattern):
            text = file.read_text("utf-8", "replace") if file.is_file() else ""
            if "requirements" not in pattern and "environment" not in pattern and "Pipfile" not in pattern:
                text = "\n".join(line for line in text.splitlines() if "install" in line or "dependencies" in line)
            names |= {word.lower() for word in re.findall(r"[A-Za-z][\w.-]*", re.sub(r"#.*", "", text))}
    return names | {name.replace("-", "_") for name in names} | {_IMPORTED_AS[n] for n in names if n in _IMPORTED_AS}


@cache
def _is_installed(name: str) -> bool:
    if name in sys.stdlib_module_names or name in ("grader", "gradescope_utils", "pytest"):
        return True
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
