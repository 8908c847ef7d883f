"""Honest rewrites: the reference written in other ways that students write, which must keep all points.

Each is made from the syntax tree and computes the same, up to rounding. A rewrite that loses points shows a test that
demands more than the handout promises.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from grader.assignment import Assignment
from grader.authoring import rewriters
from grader.authoring.mutants import is_audited
from grader.authoring.notebooks import scripts_of
from grader.authoring.regions import regions
from grader.authoring.rewriters import Context, Module, Rewriter
from grader.authoring.template import on_disk
from grader.files import own_files

_PRODUCT = """

def _product(left, right):
    import {library}

    if left.ndim != 2 or right.ndim != 2:
        return left @ right
    return {library}.stack([row @ right for row in left]) if len(left) else left @ right
"""
_RETURNED = """

def _returned(value):
    import {library}

    if type(value) in (tuple, list):
        return type(value)(_returned(item) for item in value)
    if type(value) is dict:
        return {{key: _returned(item) for key, item in value.items()}}
    return {changed} if {where} else value
"""
_SUBCLASS = """

class {name}({name}):
    pass
"""
_FUNCTION = """

{name} = (lambda written: lambda *args, **options: written(*args, **options))({name})
"""
_ARRAY = "isinstance(value, numpy.ndarray)"
_NUMBER = "isinstance(value, float | numpy.floating)"
_TENSOR_NUMBER = "isinstance(value, torch.Tensor) and value.dim() == 0 and value.is_floating_point()"
_NOTHING = {"numpy": "", "torch": ""}


def _returned(library: str, changed: str, where: str) -> dict[str, str]:
    return {library: _RETURNED.format(library=library, changed=changed, where=where)}


KINDS: Mapping[str, tuple[type[Rewriter], Mapping[str, str]]] = {
    "functions in place of methods and operators": (rewriters.Functions, _NOTHING),
    "loops in place of products": (
        rewriters.Loops,
        {library: _PRODUCT.format(library=library) for library in ("numpy", "torch")},
    ),
    # numpy's alone: a tensor's dtype and memory are often promised, for example where a layer works in place
    "results in float32": (
        rewriters.Returned,
        _returned("numpy", "value.astype(numpy.float32)", f"{_ARRAY} and value.dtype == numpy.float64"),
    ),
    "results in another order of memory": (
        rewriters.Returned,
        _returned("numpy", "numpy.asfortranarray(value)", _ARRAY),
    ),
    "numbers as arrays without dimensions": (
        rewriters.Returned,
        _returned("numpy", "numpy.array(value)", _NUMBER) | _returned("torch", "value.reshape(())", _TENSOR_NUMBER),
    ),
    "numbers as arrays of one element": (
        rewriters.Returned,
        _returned("numpy", "numpy.array([value])", _NUMBER) | _returned("torch", "value.reshape(1)", _TENSOR_NUMBER),
    ),
    "new arrays for updates": (rewriters.NewArrays, _NOTHING),
    "other names for own attributes": (rewriters.Renamed, _NOTHING),
    "keywords in place of positions": (rewriters.Keywords, _NOTHING),
    "names of numpy 1": (rewriters.OldNumpy, {"numpy": ""}),
}
"""The rewrites: which nodes change, and by library the text that is added below a changed module."""
DERIVED = "subclasses, and functions made by functions"
NAMES = (*KINDS, DERIVED)


def rewrites(assignment: Assignment) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each rewrite that changes something: its name, and the changed files by path relative to the reference."""
    modules = [
        Module(name, text, _inside(assignment, name, text))
        for name, text in _texts(assignment).items()
        if is_audited(assignment, name)
    ]
    context = _context(assignment, modules)
    for kind, (rewriter, added) in KINDS.items():
        if assignment.library not in added:
            continue
        files = {}
        for module in modules:
            walker = rewriter(module, context)
            tree = ast.fix_missing_locations(walker.visit(ast.parse(module.text)))
            if walker.changed:
                files[module.name] = ast.unparse(tree) + added[assignment.library]
        if files:
            yield kind, files
    wrapped = {module.name: module.text + more for module in modules if (more := _derived(module))}
    if wrapped:
        yield DERIVED, wrapped


def _texts(assignment: Assignment) -> dict[str, str]:
    files = own_files(scripts_of(assignment))
    return {name: file.read_text("utf-8") for name, file in files.items() if file.suffix == ".py"}


def _inside(assignment: Assignment, name: str, text: str) -> frozenset[int]:
    found = regions(scripts_of(assignment) / name, text)
    return frozenset(line for region in found for line in range(region.begin + 1, region.end))


def _context(assignment: Assignment, modules: list[Module]) -> Context:
    known = [*on_disk(assignment).values()]
    for folder in (assignment.folder, assignment.helpers):
        known += [file.read_text("utf-8") for file in sorted(folder.glob("*.py"))]
    words = set(re.findall(r"\w+", "\n".join(known)))
    stored: set[str] = set()
    elsewhere: set[str] = set()
    parameters: dict[str, tuple[str, ...]] = {}
    twice = set()
    for module in modules:
        tree = ast.parse(module.text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == "self"
                if not own:
                    elsewhere.add(node.attr)
                elif isinstance(node.ctx, ast.Store):
                    stored.add(node.attr)  # what is only read may be inherited
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                elsewhere.add(node.name)  # a method's name isn't an attribute to rename
        for name, names in _signatures(tree):
            twice |= {name} & set(parameters)
            parameters[name] = names
    private = stored - elsewhere - words
    return Context(
        assignment.library == "numpy",
        frozenset(private),
        {name: names for name, names in parameters.items() if name not in twice},
    )


def _signatures(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name and the parameters of each function and each constructor at a module's top."""
    for node in tree.body:
        function: ast.stmt | None = node
        if isinstance(node, ast.ClassDef):
            function = next((item for item in node.body if getattr(item, "name", "") == "__init__"), None)
        if isinstance(function, ast.FunctionDef) and function.args.vararg is None and not function.args.posonlyargs:
            names = tuple(item.arg for item in function.args.args)
            yield getattr(node, "name", ""), names[1:] if isinstance(node, ast.ClassDef) else names


def _derived(module: Module) -> str:
    """Text that replaces each class with solutions by a subclass, and each function by another that calls it."""
    added = ""
    for node in ast.parse(module.text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and any(
            line in module.inside for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        ):
            form = _SUBCLASS if isinstance(node, ast.ClassDef) else _FUNCTION
            added += form.format(name=node.name)
    return added
