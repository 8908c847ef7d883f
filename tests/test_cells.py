"""Cells become Python: as good as IPython's own transformer, without touching what is Python, and bounded."""

import ast
import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from notebooks import notebook

from grader.testing.cells.answers import answers_of
from grader.testing.cells.convert import convert_notebook, convert_script
from grader.testing.cells.places import place
from grader.testing.cells.read import NotebookError, read_cells
from grader.testing.cells.syntax import NotPython, python_of
from grader.testing.submission import NotFound, Submission

TRANSFORMER = TransformerManager()  # type: ignore[no-untyped-call]  # traitlets give it no types
CELLS = [
    "%matplotlib inline\nimport numpy as np",
    "x = 5 % 3\ny = (x\n     % 2)\n",
    'text = """\n%matplotlib inline\n!ls\n"""\n%autoreload 2',
    "!pip install torch \\\n   torchvision\nx = 1",
    "files = !ls *.py\nn = len(files)",
    "a, b = %timeit -o 1 + 1",
    "def f(x):\n    !echo {x}\n    return x % 2",
    "for i in range(3):\n    %time i + 1\n    print(i, 'is it?')",
    "np.mean?\nx = 1  # really?",
    "?np\n??np.mean",
    "    import os\n    def g():\n        return os.sep",
    ">>> x = 1\n>>> def f():\n...     return 2\n",
    "In [3]: y = 4\n   ...: z = 5",
    "%%time\nq = [i % 3 for i in range(9)]",
    "%%bash\nfor f in *; do echo $f; done",
    "%%writefile other.txt\nnot python at all",
    "%load_ext autoreload\n%autoreload 2\n# a comment with % and ! in it?\nclass A:\n    'what?'\n    b = '%d' % 3",
    "!echo 'unclosed \" quote (\nz = [1,\n 2]",
    "if True:\n    %cd /tmp\nelse:\n    !ls\n",
    "print('''\n%%time\n''')\n%time\nx = 3",
    "/print 1 2\n,f a b\n;g c d",
    "a = f'{1 % 2}'\n%pip install x\nb = {'?': 1}",
    "x = [\n  1,  # %one\n  2,\n]\n%precision 3\n\ny = x[0] \\\n   % 3",
    "@decorator\n%time\ndef f(): pass",
    "lambda x: x\n%debug",
    "r'\\'\n!ls\n'''a'''",
]


def oracle(cell: str) -> ast.Module | None:
    """What IPython makes of a cell; None if that isn't Python either."""
    try:
        return ast.parse(TRANSFORMER.transform_cell(cell))
    except (SyntaxError, ValueError):
        return None


class Plain(ast.NodeTransformer):
    """Takes away what IPython's calls and ours stand for: only what is Python stays."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Pass() if "get_ipython()" in ast.unparse(node) else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if "get_ipython()" in ast.unparse(node.value) or ast.unparse(node.value) == "[]":
            return ast.Pass()
        return node


def shape(tree: ast.Module) -> list[str]:
    left = Plain().visit(tree)
    return [text for text in map(ast.unparse, left.body) if text != "pass"]


@pytest.mark.parametrize("cell", CELLS)
def test_as_good_as_ipython(cell: str) -> None:
    expected = oracle(cell)
    if expected is None:
        with pytest.raises(NotPython):
            python_of(cell)
        return
    code = python_of(cell)
    assert code.text.count("\n") == cell.count("\n")
    wanted = shape(expected)
    if cell.startswith("%%time"):
        wanted = cell.split("\n")[1:]
    elif cell.startswith("/print"):
        wanted = []  # calls, which nothing keeps
    elif "%time i" in cell:
        wanted = ["for i in range(3):\n    i + 1\n    print(i, 'is it?')"]
    assert shape(code.tree) == wanted


def test_random_cells_are_read_as_ipython_reads_them() -> None:
    """Lines of the cells above, mixed: what IPython reads is read here, and what is Python already isn't touched."""
    draw = random.Random(7)
    lines = [line for cell in CELLS for line in cell.split("\n") if not line.startswith("%%")]
    agreed = 0
    for _ in range(400):
        cell = "\n".join(draw.choices(lines, k=draw.randint(1, 6)))
        try:
            ast.parse(cell)
        except SyntaxError:
            if oracle(cell) is not None:
                assert python_of(cell).text.count("\n") == cell.count("\n"), cell
                agreed += 1
        else:
            assert python_of(cell).text == cell
    assert agreed > 40


def loaded(tmp_path: Path, data: bytes, name: str = "hw.ipynb") -> Submission:
    (tmp_path / "hw.py").write_text(convert_notebook(data, name).text, "utf-8")
    return Submission(tmp_path, ["."], [])


@contextmanager
def installed(submission: Submission) -> Iterator[None]:
    """A block in which the submission's modules can be imported."""
    submission.install()
    try:
        yield
    finally:
        submission.uninstall()


def test_the_right_statements_are_kept(tmp_path: Path) -> None:
    data = notebook(
        "import json, no_such_package\nfrom also_absent import thing",
        "raise SystemExit('training ran')",
        "class Layer:\n    pass\nclass Other(no_such_package.Base):\n    pass",
        "def forward(self, x):\n    return scale * x + shift()['a'] + N",
        "Layer.forward = forward\nsetattr(Layer, 'kind', staticmethod(lambda: 'layer'))",
        "scale = abs(-2)\ntable = dict(a=1)\nunread = open('/nowhere')\nmodel = train(forever)",
        "def shift():\n    return table\ntable['a'] = 10",
        "N = 0; print(N); M = 2",
        "def inside():\n    return K * J\nprint(K := abs(-3))",
        "if (J := 2) > 1:\n    print(J)\nshow(U := train(forever))",
        "@no_such_package.add_to_class(Layer)\ndef added(self):\n    return 7",
        "def twice():\n    return 1",
        "def twice():\n    return 2\nfor i in range(10**12):\n    pass",
        "try:\n    import no_such_package as n\nexcept ImportError:\n    n = None",
        "from __future__ import annotations\ndef late(x: Missing) -> Missing:\n    return x",
    )
    submission = loaded(tmp_path, data)
    with installed(submission):
        module = submission.hw
        layer = module.Layer()
        assert (layer.forward(3), layer.kind(), layer.added()) == (16, "layer", 7)
        assert (module.twice(), module.M, module.n, module.late(1)) == (2, 2, None, 1)
        assert module.inside() == 6
        with pytest.raises(NotFound, match=r"hw\.ipynb has no 'model'"):
            _ = module.model
        with pytest.raises(ModuleNotFoundError, match="no_such_package"):
            _ = module.thing if False else module.no_such_package


def test_a_name_that_a_test_asks_for_may_be_made_by_any_call(tmp_path: Path) -> None:
    data = notebook(
        "#| label: made\nRULES = []\ndef build(name, rule):\n    return type(name, (), {'rule': rule, 'all': RULES})",
        "log = []\nlog.append(start := abs(-5))",
        "SGD = build('SGD', lambda self: start)\nAdam, Momentum = (\n    build(name, len) for name in 'ab'\n)",
        "Net = type('Net', (SGD,), {})",
        "broken = build(1 / 0, len)",
        "best = train(forever)",
        "1 +\nlost = build('lost', len)",
    )
    submission = loaded(tmp_path, data)
    with installed(submission):
        module = submission.hw
        assert module.Net().rule() == 5
        assert (module.Adam.__name__, module.Momentum.__name__) == ("a", "b")
        assert module.SGD is module.SGD
        with pytest.raises(ZeroDivisionError):
            _ = module.broken
        with pytest.raises(NotFound, match=r"hw\.ipynb has no 'best'"):
            _ = module.best
        with pytest.raises(SyntaxError):
            _ = module.lost


def test_names_that_cheap_loops_and_texts_bind_are_kept(tmp_path: Path) -> None:
    data = notebook(
        "def f():\n    return SIZE, LAST, BASE, GUARD, DEEP, TWICE",
        "n = 3\nwhile n < 100:\n    n *= 2\n    SIZE = n",
        "for name in ['a', 'b']:\n    LAST = name",
        "exec('BASE = abs(-4)\\nclass Made:\\n    rule = 3\\nTWICE = BASE * COUNT')",
        "COUNT = len('ab')",
        "try:\n    for GUARD in range(3):\n        pass\nexcept ValueError:\n    GUARD = 9",
        "if n > 1:\n    for i in [1, 2]:\n        if i == 2:\n            DEEP = i",
    )
    with installed(submission := loaded(tmp_path, data)):
        assert submission.hw.Made.rule == 3
        with pytest.raises(NameError, match="'TWICE'"):  # as in a kernel: COUNT comes later
            submission.hw.f()
    with installed(submission := loaded(tmp_path, data.replace(b"BASE * COUNT", b"BASE * 2"))):
        assert submission.hw.f() == (192, "b", 4, 2, 2, 8)


def test_what_cells_set_on_objects_and_define_in_blocks_is_kept(tmp_path: Path) -> None:
    data = notebook(
        "import sys, no_such_package\nclass Settings:\n    pass\nconfig = Settings()",
        "config.size = 3\nconfig.deep = Settings()\nconfig.deep.rate = abs(-2)\nsys.recursion = 1",
        "def f():\n    return config.size, config.deep.rate, hasattr(sys, 'recursion')",
        "if config:\n    class A:\n        def fit(self):\n            self.train()",
        "import contextlib\nwith contextlib.suppress(OSError):\n    class B:\n        def g(self):\n"
        "            for i in range(3):\n                print(i)\n            return 5",
    )
    with installed(submission := loaded(tmp_path, data)):
        assert submission.hw.f() == (3, 2, False)
        assert submission.hw.A.fit
        assert submission.hw.B().g() == 5


def test_a_module_that_a_cell_writes_is_the_notebook(tmp_path: Path) -> None:
    data = notebook(
        "%%writefile my_layers.py\ndef f():\n    return 1",
        "from my_layers import f\nfrom my_layers import *\nimport my_layers as ml\ndef g():\n    return ml.f() + f()",
        "%%writefile json.py\nraise SystemExit\n",
        "import json\ndef h():\n    return json.dumps",
    )
    with installed(submission := loaded(tmp_path, data)):
        assert (submission.hw.f(), submission.hw.g()) == (1, 2)
        assert submission.hw.h() is json.dumps
    assert "my_layers" not in sys.modules


def test_a_name_from_a_module_that_isnt_here_is_missing(tmp_path: Path) -> None:
    """An import that nothing uses costs nothing, unless a test asks for what it should bring."""
    with installed(submission := loaded(tmp_path, notebook("from left_behind import Layer\ndef f():\n    return 1"))):
        assert submission.hw.f() == 1
        with pytest.raises(NotFound, match=r"hw\.ipynb takes 'Layer' from left_behind, which isn't here"):
            _ = submission.hw.Layer


def test_a_call_that_sets_globals_is_kept_for_those_who_read_them(tmp_path: Path) -> None:
    data = notebook(
        "def setup():\n    global SCALE, FIRST\n    SCALE = FIRST = 3",
        "def train_all():\n    global FIRST\n    FIRST = 4",
        "def f():\n    return SCALE, FIRST\nraise SystemExit",
        "setup()\ntrain_all()",
        "def g():\n    return OTHER\ndef other():\n    global OTHER\n    while True:\n        OTHER = 1\nother()",
    )
    with installed(submission := loaded(tmp_path, data)):
        assert submission.hw.f() == (3, 3)
        with pytest.raises(NameError, match="'OTHER'"):
            submission.hw.g()


def test_what_others_hang_on_syntax_trees_does_no_harm(tmp_path: Path) -> None:
    """The objects of operators are shared by all trees; a kernel's tracebacks set their `parent`."""
    (shared,) = (node for node in ast.walk(ast.parse("1 + 1")) if isinstance(node, ast.Add))
    shared.parent = shared  # type: ignore[attr-defined]
    try:
        data = notebook("def f():\n    return N, M", "N = abs(2) + 3", "for i in range(3):\n    M = i + 1")
        with installed(submission := loaded(tmp_path, data)):
            assert submission.hw.f() == (5, 3)
    finally:
        del shared.parent  # type: ignore[attr-defined]


def test_a_loop_without_an_end_costs_its_names_only(tmp_path: Path) -> None:
    data = notebook(
        "def f():\n    return SIZE",
        "SIZE = 1\nfor i in range(10 ** 12):\n    try:\n        SIZE += i\n    except ValueError:\n        pass",
        "n = 1\nwhile True:\n    LATE = n",
        "def g():\n    return 1",
        "w0 = 7\ndef h():\n    return w0\nfor w in range(5):\n    w0 = w",
    )
    with installed(submission := loaded(tmp_path, data)):
        assert (submission.hw.g(), submission.hw.h()) == (1, 7)
        with pytest.raises(NameError, match="'SIZE'"):
            submission.hw.f()
        with pytest.raises(RuntimeError, match="this loop goes round more than 100,000 times"):
            _ = submission.hw.LATE


def test_names_are_found_in_statements_that_share_a_line(tmp_path: Path) -> None:
    data = notebook(
        "#| default_exp core\nmade = abs(-1)",
        "a = 1; b = abs(a - 4)  # both\nc = abs(-5)",
        "print(b); d = '''\nx'''; e = abs(\n    -6); g = 2; h = abs(-7)",
        "i = abs(\n-8); j = 3",
        "k = abs(-1) ; l = '''; #\n'''",
    )
    with installed(submission := loaded(tmp_path, data)):
        module = submission.hw
        assert (module.made, module.a, module.b, module.c, module.d) == (1, 1, 3, 5, "\nx")
        assert (module.e, module.g, module.h, module.i, module.j, module.l) == (6, 2, 7, 8, 3, "; #\n")


def test_a_notebook_in_python_that_says_another_language_counts() -> None:
    language = {"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R\n" * 50}}
    made = convert_notebook(notebook("import json", "def f():\n    return 1", metadata=language), "hw.ipynb")
    assert made.names == {"f"}
    assert "it says that its language is R R R" in made.notes[0]
    for cells in (["x <- 5\nprint(x)", "f <- function(x) { x }"], ["library(torch)"], ["using Flux"], []):
        with pytest.raises(NotebookError, match="another language"):
            convert_notebook(notebook(*cells, metadata=language), "hw.ipynb")


def test_a_guard_for_the_main_program_is_true_in_a_notebook(tmp_path: Path) -> None:
    guarded = "if __name__ == '__main__':\n    EPS = 2\n    print(1 / 0)\n    Alias = f"
    submission = loaded(tmp_path, notebook("def f():\n    return EPS", guarded))
    with installed(submission):
        assert (submission.hw.f(), submission.hw.Alias()) == (2, 2)


def test_methods_are_added_by_decorators_that_are_not_here(tmp_path: Path) -> None:
    """As fast.ai's and d2l's notebooks do; a function of one name for each class is no redefinition."""
    data = notebook(
        "from no_such_package import *\nclass Net:\n    pass\nclass Layer:\n    pass",
        "@patch\ndef forward(self: Net, x):\n    return x",
        "@patch\ndef forward(self:Layer, x: 'int') -> 'int':\n    display(x)\n    return 2 * x",
        "def backward(self):\n    return 3\nsetattr(Net, 'backward', backward)",
        "def backward(self):\n    return 4\nLayer.backward = backward",
        "def step(self):\n    return STEP\nfor cls in (Net, Layer):\n    cls.step = step",
        "globals()['STEP'] = abs(-5)",
    )
    made = convert_notebook(data, "hw.ipynb", lambda package: False)
    assert made.notes == ("cell 1 imports no_such_package, which isn't installed here; the rest went on without it",)
    submission = loaded(tmp_path, data)
    with installed(submission):
        net, layer = submission.hw.Net(), submission.hw.Layer()
        assert (net.forward(1), layer.forward(1), net.backward(), layer.backward()) == (1, 2, 3, 4)
        assert (net.step(), layer.step()) == (5, 5)


def test_a_line_tells_its_cell(tmp_path: Path) -> None:
    text = convert_notebook(notebook("# words", "%time\n\ndef f():\n    return 1 / 0", kinds="tc"), "hw.ipynb").text
    (tmp_path / "hw.py").write_text(text)
    line = text.split("\n").index("    return 1 / 0") + 1
    assert str(place(tmp_path / "hw.py", line)) == "hw.ipynb, cell 2, line 4"


def test_notes_say_what_surprises() -> None:
    made = convert_notebook(
        notebook(
            "import absent_package",
            "class Net(absent_package.Module):\n    def to(self):\n        return self.cuda()",
            "def f():\n    return ?",
            "def g():\n    return 1",
            "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs",
            "def g():\n    return 2",
            "%%bash\nclass is in session",
            "%%writefile src/own.py\ndef h():\n    return 3",
            "from own import h",
            '%run -i \'./lib.py\'\nx = """\n%run this.py\n"""',
        ),
        "hw.ipynb",
        lambda package: False,
    )
    notes = "\n".join(made.notes)
    for told in (
        "cell 1 imports absent_package",
        "cell 2: Net needs absent_package",
        "cell 2, line 3 asks for cuda",
        "cell 3 isn't Python (line 2",
        "cell 5 isn't Python (line 1: it has git's conflict marks)",
        "g is defined in cell 4 and cell 6; the one in cell 6 counts",
        "cell 7 begins with %%bash",
        "cell 10 runs ./lib.py by %run, which isn't done here",
    ):
        assert told in notes
    assert "own" not in notes
    assert "this.py" not in notes


def test_scripts_made_from_notebooks(tmp_path: Path) -> None:
    """nbconvert's and Colab's are mended, and keep their line numbers; an ordinary script stays as it is."""
    nbconvert = b"# In[1]:\n\nget_ipython().run_line_magic('cd', 'x')\ntrain()\n\ndef f():\n    return 1\n"
    colab = b"# -*- coding: utf-8 -*-\n!pip install x\n# %matplotlib inline\ndef f():\n    return 1\nf()\n"
    for script in (nbconvert, colab):
        made = convert_script(script, "hw.py")
        assert made is not None
        lines = made.text.split("\n")
        assert lines.index("def f():") == script.decode().split("\n").index("def f():")
        assert {node.__class__.__name__ for node in ast.parse(made.text).body} <= {"FunctionDef"}
    body = "def f(x):\n    return 1 / x\nprint(f(2))\n"
    timed = f"# In[1]:\nget_ipython().run_cell_magic('time', '', {body!r})\n".encode()
    made = convert_script(timed, "hw.py")
    assert made is not None
    (tmp_path / "hw.py").write_text(made.text)
    with installed(submission := Submission(tmp_path, ["."], [])):
        with pytest.raises(ZeroDivisionError) as error:
            submission.hw.f(0)
        assert error.traceback[-1].lineno == 1  # counted from 0: the line of the script
    light = b"# ---\n# jupyter:\n#   jupytext:\n# ---\n\n# + tags=[]\ndef f():\n    return 1\n# -\ntrain()\n"
    for script in (light, b"# +\ndef f():\n    return 1\n# -\n\n# +\nwhile True:\n    train()\n"):
        made = convert_script(script, "hw.py")
        assert made is not None
        assert "#| train()" in made.text or "#|     train()" in made.text
    plain = b"try:\n    get_ipython()\nexcept NameError:\n    pass\ntrain()\n"
    assert convert_script(plain, "hw.py") is None
    exported = (
        b"# Databricks notebook source\n# MAGIC %md\n# COMMAND ----------\ndef f():\n    return 1\ndisplay(table)\n"
    )
    made = convert_script(exported, "hw.py")
    assert made is not None
    assert "#| display(table)" in made.text
    assert convert_script(b"def broken(:\n", "hw.py") is None
    renamed = convert_script(notebook("def f():\n    return 1"), "hw.py")
    assert renamed is not None
    assert renamed.names == {"f"}


PERCENT = """# %%
import numpy as np

# %%
class Net:
    size = 3
    def forward(self, x):
        return x * SCALE
SCALE = 2

# %% training
net = Net()
for epoch in range(10**9):
    net.forward(epoch)
"""


def test_scripts_in_cells_are_converted_where_they_train() -> None:
    made = convert_script(PERCENT.encode(), "hw.py")
    assert made is not None
    assert "#| for epoch" in made.text
    assert made.text.split("\n").index("class Net:") == PERCENT.split("\n").index("class Net:")
    # an editor's cells alone don't make a module a notebook, nor does a loop on which a definition depends
    for text in (
        PERCENT.partition("# %% training")[0],
        PERCENT.replace("SCALE = 2", "for SCALE in range(3):\n    print(SCALE)"),
        PERCENT.replace("# %%", "# --"),
        PERCENT.replace("for epoch", "if __name__ == '__main__':\n  for epoch").replace("    net", "      net"),
    ):
        assert convert_script(text.encode(), "hw.py") is None
    # a script that says that it is a notebook is one
    for head in ("# ---\n# jupyter:\n#   kernelspec: {}\n# ---\n", "# %% [markdown]\n# Homework\n"):
        made = convert_script(f"{head}{PERCENT}".replace("for epoch", "if epoch:\n  for epoch").encode(), "hw.py")
        assert made is not None
        assert made.names == {"Net"}


def test_a_marimo_notebook_is_converted_cell_by_cell() -> None:
    made = convert_script(MARIMO.encode(), "hw.py")
    assert made is not None
    assert made.names == {"Net", "f", "g"}
    kept = [type(node).__name__ for node in ast.parse(made.text).body]
    assert kept == ["Import", "ClassDef", "FunctionDef", "Assign", "FunctionDef"]


MARIMO = '''import marimo

__generated_with = "0.9.1"
app = marimo.App(width="medium")


@app.cell
def _():
    import numpy as np
    return (np,)


@app.cell(hide_code=True)
def _(np):
    class Net:
        """Two
        lines."""
        def forward(self, x):
            return np.abs(x) * SCALE

    @staticmethod
    def f(x):
        return x
    SCALE = 2
    return Net, SCALE, f


@app.cell
def _(Net):
    for _i in range(10**9):
        Net().forward(_i)
    return


@app.function
def g(x):
    return x


if __name__ == "__main__":
    app.run()
'''


FILLED = """import argparse, functools
import numpy as np
table, names = {}, []
for i in range(5):
    table[i] = i * i
    names.append(str(i))
table.update({7: 49})
parser = argparse.ArgumentParser()
parser.add_argument("--lr", default=2)
args = parser.parse_args([])
with np.errstate(all="ignore"):
    length = np.log(0)
match args.lr:
    case 2:
        mode = "two"
    case _:
        mode = "other"
def scaled(k, x):
    return k * x + 0 * len(table) * len(names) * len(mode) * (length < 0) * args.lr
def maker(k):
    def made(x):
        return k * x
    return made
double = functools.partial(scaled, 2)
triple = maker(3)
losses = []
for epoch in range(10**9):
    losses.append(double(epoch))
def plot():
    return losses
"""


def test_what_fills_a_container_is_kept_for_those_who_read_it(tmp_path: Path) -> None:
    submission = loaded(tmp_path, notebook(FILLED))
    with installed(submission):
        module = submission.hw
        assert module.double(3) == 6
        assert module.triple(3) == 9
        assert module.table == {0: 0, 1: 1, 2: 4, 3: 9, 4: 16, 7: 49}
        assert module.mode == "two"
        assert module.plot() == []


def test_written_answers_are_the_changed_cells_without_names() -> None:
    handout = notebook("Name:\n\nNetID:", "## Why?", "*Your answer:*", "## How?", "*Your answer:*", kinds="ttttt")
    own = notebook(
        "Name: Ada\n\nNetID: al1", "## Why?", "Because.", "## How?", "*Your answer:*", "Mine", kinds="tttttt"
    )
    text = answers_of(read_cells(own).cells, handout)
    assert "Why?\n\nBecause." in text
    assert "How?\n\nMine" in text
    assert "Ada" not in text
    assert "Your answer" not in text


def test_written_answers_count_where_the_cells_above_them_changed_too() -> None:
    handout = notebook("# HW\n", "Name:", "## 1 Why?\nSay.", "*Your answer:*", "## 2 How?", "*Yours:*", kinds="tttttt")
    own = notebook("# HW\n", "Ada Lovelace", "## Why", "Because.", "## How", "So.", kinds="tttttt")
    text = answers_of(read_cells(own).cells, handout)
    assert "Why\n\nBecause." in text
    assert "How\n\nSo." in text
    assert "Ada" not in text
    text = answers_of(read_cells(notebook("x = 1", "## Why", "Because.", kinds="ctt")).cells, handout)
    assert "Why\n\nBecause." in text


REFUSED = {
    "empty": b"",
    "not JSON": b"hello",
    "cut": notebook("x = 1")[:-30],
    "conflict": b"{\n<<<<<<< HEAD\n" + notebook("x = 1"),
    "a list": b"[]",
    "no cells": b"{}",
    "deep": b"[" * 100_000,
    "deep in outputs": b'{"cells": ' + b'{"a":' * 100_000,
    "not UTF-8": b'{"cells": [{"cell_type": "code", "source": "\xff\xfe"}]}',
    "R": b'{"cells": [], "metadata": {"language_info": {"name": "R"}}}',
    "no code": notebook("words", kinds="t"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(NotebookError) as refusal:
        convert_notebook(data, "hw.ipynb")
    assert 10 < len(str(refusal.value)) < 200


def test_strange_notebooks_are_read() -> None:
    source = "def f():\n    return 1"
    cell = {"cell_type": "code", "source": source}
    strange = [
        {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "language": "python", "input": source}]}]},
        {"cells": [cell | {"source": ["def f():\n", "    return 1"]}]},
        {"cells": [None, 3, {}, {"cell_type": 4}, cell | {"source": 5}, cell, cell | {"source": ["x", 3, None]}]},
        {"cells": [cell], "metadata": [], "nbformat": "x"},
        {"cells": [cell | {"source": "x = '\ud800'"}, cell | {"source": "a\0b"}, cell]},
        {"cells": [cell | {"source": "(" * 5000}, cell | {"source": "-" * 100_000 + "1"}, cell]},
        {"cells": [cell | {"source": "x = 1\n" * 200_000}, cell]},
        {"cells": [cell | {"source": source.replace("\n", "\r\n")}]},
    ]
    for content in strange:
        raw = json.dumps(content).encode()
        for data in (raw, b"\xef\xbb\xbf" + raw):
            made = convert_notebook(data, "hw.ipynb")
            assert made.names == {"f"}
            ast.parse(made.text)
    huge = b'{"cells": [{"cell_type": "code", "source": "def f(): pass", "execution_count": ' + b"9" * 10_000 + b"}]}"
    assert convert_notebook(huge, "hw.ipynb").names == {"f"}


def test_many_magic_lines_take_few_calls() -> None:
    """The parser runs a few times a cell, however many lines aren't Python."""
    calls = 0

    def count(event: str, arguments: object) -> None:
        nonlocal calls
        calls += event == "compile"

    sys.addaudithook(count)
    convert_notebook(notebook("%magic\n" * 3000 + "x = 1"), "hw.ipynb")
    assert calls < 20


PIECES = [
    *(line for cell in CELLS for line in cell.split("\n")),
    *(
        "def f(x):",
        "    return x",
        "class A:",
        "    pass",
        "x = 1; y = f(",
        "2); z = 3",
        "A.f = f",
        "'''",
        '"""',
        "(",
        "]",
    ),
    *(
        "\\",
        "\t",
        "\f",
        "é = 'ü' ; foo(); b = 'ß'",
        "if x: pass",
        "else:",
        "try:",
        "except: pass",
        "@a",
        "async def g():",
    ),
    *(
        "lambda: (yield)",
        "nonlocal x",
        "return",
        "global x",
        "x: int = 3",
        "from __future__ import braces",
        "\x00",
        "\ud800",
    ),
]


def hostile(draw: random.Random) -> bytes:
    """A notebook of random lines, in which now and then something random is broken."""
    cells = []
    for _ in range(draw.randint(0, 5)):
        source: object = "\n".join(draw.choices(PIECES, k=draw.randint(0, 7)))
        if draw.random() < 0.1:
            source = draw.choice([None, 3, [source, None], [[source]], {"a": source}, "(" * 300, True, 1e400])
        kind: object = draw.choice(["code"] * 8 + ["markdown", "raw", None, 3, []])
        cells.append(
            {"cell_type": kind, draw.choice(["source"] * 9 + ["input"]): source, "outputs": draw.choice([[], 3])}
        )
    content: object = {"cells": cells, "nbformat": draw.choice([4, 3, None, "4", -1])}
    if draw.random() < 0.1:
        content = draw.choice([cells, {"worksheets": [{"cells": cells}, 3]}, {"worksheets": 3}, 5, None])
    data = bytearray(json.dumps(content).encode())
    for _ in range(draw.choice([0, 0, 0, 1, 3])):
        if data:
            data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data[: draw.randrange(len(data) + 1)] if draw.random() < 0.05 else data)


def test_hostile_notebooks_are_refused_or_read() -> None:
    """No other exception leaves the conversion, and what it makes is Python; GRADER_FUZZ sets the number."""
    seed = int(os.environ.get("GRADER_FUZZ_SEED", "15"))
    draw = random.Random(seed)
    made = 0
    for number in range(int(os.environ.get("GRADER_FUZZ", "400"))):
        data = hostile(draw)
        try:
            converted = convert_notebook(data, "hw.ipynb")
        except NotebookError as error:
            if not 10 < len(str(error)) < 200:
                raise
            continue
        made += 1
        try:
            ast.parse(converted.text)
        except (SyntaxError, ValueError) as error:
            raise AssertionError(f"notebook {number} of seed {seed}: {error}: {data!a}") from None
        converted.text.encode("utf-8")
        script = convert_script(data, "hw.py")
        assert script is None or isinstance(script.text, str)
    assert made > 20
