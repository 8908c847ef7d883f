"""Guards the cut of test files: no character of a hidden test stays, every visible one stays as it was."""

import ast
import random
import textwrap
from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.authoring.cut import Cut, Marked, cut
from grader.authoring.names import Function
from grader.authoring.source import Positions, first_line, read_source, source_lines
from grader.errors import AssignmentError

FILE = Path("test_a.py")


def marked(text: str, hidden: Iterable[str]) -> Marked:
    """What recording would say: tests are the functions called test_..., of the module or of a class in it."""
    hidden = set(hidden)
    lines: dict[str, int] = {}
    for node in ast.parse(text).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for item in inner:
            if isinstance(item, Function) and item.name.startswith("test_"):
                prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                lines[prefix + item.name] = first_line(item)
    shown = set(lines) - hidden
    shown |= {name.partition(".")[0] for name in shown}
    return Marked(
        frozenset(shown),
        frozenset(hidden | {name.partition(".")[0] for name in hidden} - shown),
        frozenset(line for name, line in lines.items() if name in shown),
        frozenset(line for name, line in lines.items() if name in hidden),
    )


def cut_text(text: str, *hidden: str) -> str:
    text = textwrap.dedent(text).lstrip("\n")
    return cut(FILE, text, marked(text, hidden), frozenset()).text


# positions


@pytest.mark.parametrize("odd", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_lines_are_those_of_the_syntax_tree(odd: str) -> None:
    text = f"first = 'é{odd}'  # {odd}\nsecond = 'ü' + third\n"
    assert len(source_lines(text)) == 3
    positions = Positions(text)
    named = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert {positions.source(node) for node in named} == {"first", "second", "third"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_every_line_end_of_python_counts(end: str) -> None:
    text = f"a = 1{end}b = 2{end}"
    assert [Positions(text).source(node) for node in ast.parse(text).body] == ["a = 1", "b = 2"]


def test_what_isnt_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "test_a.py"
    for data in (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", b"x = '\xe9'\n"):
        file.write_bytes(data)
        with pytest.raises(AssignmentError, match="UTF-8"):
            read_source(file)
    file.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    assert read_source(file) == "x = 1\n"


# what goes and what stays


def test_comments_go_with_what_they_belong_to() -> None:
    assert cut_text(
        '''
        """Doc."""

        import numpy as np  # of the import


        # above the visible one
        def test_a():
            assert np  # beside


        # above the hidden one: SECRET
        # and more: SECRET

        @pytest.mark.skipif(  # SECRET
            True)
        def test_b():
            # inside: SECRET
            assert 1  # beside: SECRET
            # at the end: SECRET

            # and after a gap: SECRET
        # attached: SECRET

        # between two hidden ones: SECRET

        def test_c(): assert 2  # SECRET


        # section

        def test_d():
            pass


        def test_e():
            pass
        # the last word: SECRET

        # and one more: SECRET
        ''',
        "test_b",
        "test_c",
        "test_e",
    ) == textwrap.dedent(
        '''
        """Doc."""

        import numpy as np  # of the import


        # above the visible one
        def test_a():
            assert np  # beside


        # section

        def test_d():
            pass
        '''
    ).lstrip("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    {
        "the first of a line": ("SECRET = 1; shown = 2  # kept\n", "shown = 2  # kept\n"),
        "the last of a line": ("shown = 2; SECRET = 1  # SECRET\n", "shown = 2\n"),
        "between two": ("shown = 2; SECRET = 1; other = 3\n", "shown = 2; other = 3\n"),
        "with an end": ("shown = 2; SECRET = 1;\nother = 3\n", "shown = 2\nother = 3\n"),
        "all of a line": ("shown = 2\nSECRET = 1; SECRET2 = 2 # SECRET\nother = 3\n", "shown = 2\nother = 3\n"),
        "its description": ('SECRET = 1\n"""SECRET"""\nshown = 2\n"""Kept."""\n', 'shown = 2\n"""Kept."""\n'),
        "changed later": ("SECRET = []\nshown = 2\nSECRET.append(1)\nSECRET[0] += 1\n", "shown = 2\n"),
        "in a loop": ("SECRET = []\nfor i in range(3):\n    SECRET.append(i)\nshown = 2\n", "shown = 2\n"),
        "recursive": ("def secret():\n    return secret()\n\n\nshown = 2\n", "shown = 2\n"),
        "cached": ("@functools.cache\ndef secret():\n    return 1\n\n\nshown = 2\n", "shown = 2\n"),
        "a fixture": ("@pytest.fixture\ndef secret():\n    return 1\n\n\nshown = 2\n", "shown = 2\n"),
        "a fixture for all": (
            "@pytest.fixture(autouse=True)\ndef always():\n    pass\n",
            "@pytest.fixture(autouse=True)\ndef always():\n    pass\n",
        ),
        "an import of several": ("from m import (\n    SECRET,  # SECRET\n    shown,\n)\n", "from m import shown\n"),
    }.values(),
    ids=lambda value: None,
)
def test_what_only_hidden_tests_use_goes(before: str, after: str) -> None:
    uses = "\n\ndef test_a():\n    assert shown + other\n"
    hidden = "\n\ndef test_b(secret):\n    assert secret() + SECRET + SECRET2\n"
    assert cut_text(before + uses + hidden, "test_b") == after + uses


def test_methods_of_a_class_go_alone_and_a_class_of_hidden_ones_whole() -> None:
    result = cut_text(
        """
        class TestA:
            SECRET = 3
            SHOWN = 4

            def helper(self):
                return self.SHOWN

            def secret_helper(self):
                return self.SECRET

            def test_a(self):
                assert self.helper()

            # SECRET
            @hidden
            def test_b(self):
                assert self.secret_helper()


        class TestB:
            def test_c(self):
                assert "SECRET"


        class Base:
            def test_d(self):
                assert "SECRET"

            def value(self):
                return 1


        def test_e():
            assert Base().value()
        """,
        *("TestA.test_b", "TestB.test_c", "Base.test_d"),
    )
    assert "SECRET" not in result
    assert "secret" not in result
    assert "def helper" in result


def test_branches_are_looked_into() -> None:
    text = "if x:\n    def test_b():\n        assert 'SECRET'\n\n    def test_a():\n        pass\n"
    told = Marked(frozenset({"test_a"}), frozenset({"test_b"}), frozenset({5}), frozenset({2}))
    assert cut(FILE, text, told, frozenset()).text == "if x:\n\n    def test_a():\n        pass\n"


def test_a_loop_that_makes_hidden_tests_goes_with_their_function() -> None:
    text = (
        "def make(n):\n    def test():\n        assert n == 'SECRET'\n    return test\n\n\n"
        "for n in range(3):\n    globals()[f'test_{n}'] = make(n)\n\n\ndef test_a():\n    pass\n"
    )
    told = Marked(frozenset({"test_a"}), frozenset({"test_0", "test_1", "test_2"}), frozenset({11}), frozenset({2}))
    assert cut(FILE, text, told, frozenset()).text == "def test_a():\n    pass\n"


def test_a_hidden_test_within_what_visible_ones_use_is_refused() -> None:
    text = "def make():\n    def hidden():\n        pass\n    def shown():\n        pass\n    return hidden, shown\n"
    text += "test_b, test_a = make()\n"
    told = Marked(frozenset({"test_a"}), frozenset({"test_b"}), frozenset({4}), frozenset({2}))
    with pytest.raises(AssignmentError, match=r"test_a\.py:2: the hidden test"):
        cut(FILE, text, told, frozenset())


def test_a_function_that_another_of_its_name_replaces_goes() -> None:
    text = "def test_a():\n    assert 'SECRET'\n\n\ndef test_a():\n    pass\n\n\ndef test_b():\n    assert 'SECRET'\n"
    told = Marked(frozenset({"test_a"}), frozenset({"test_b"}), frozenset({5}), frozenset({9}))
    assert cut(FILE, text, told, frozenset()).text == "def test_a():\n    pass\n"


def test_a_class_on_one_line_is_cut() -> None:
    text = "def f(self): pass\nclass TestA: test_b = f; test_a = f\n"
    told = Marked(frozenset({"TestA", "TestA.test_a"}), frozenset({"TestA.test_b"}))
    assert cut(FILE, text, told, frozenset()).text == "def f(self): pass\nclass TestA: test_a = f\n"


def test_a_cut_that_python_would_read_otherwise_is_refused() -> None:
    with pytest.raises(AssignmentError, match=r"test_a\.py:2: .* lines of its own"):
        cut_text("shown = 2; \\\nSECRET = 1\ndef test_a(): shown\ndef test_b(): SECRET\n", "test_b")


# many made files

GAPS = ["\n\n\n", "\n\n# kept\n\n", "\n\n\f\n", "\n# \u2028 kept\n\n", "\n\n# \x1c é\n", "\n\n# kept\n"]
BODIES = [
    "    x = 'é\u2028{0}'\n    assert x\n",
    "    # {0}\n    assert '{0}'  # \f {0}\n",
    '    """{0}\n\f  {0}\n"""\n',
    "    a = 1; b = '{0}'; assert a, b\n",
    "\f    assert '\x1c{0}'\n",
    "    if 1:\n        # \x85 {0}\n        assert '''\n{0}\r\u2029'''\n    # {0}\n",
]
DECORATORS = [
    "",
    "@mark('{0}')\n",
    "@(  # {0} @ é\n    mark('{0}')\n)\n",
    "@mark('é\f{0}') \\\n\n",
    "@a\n# {0}\n@b('@')\n",
]


@pytest.mark.parametrize("seed", range(60))
def test_of_any_file_hidden_tests_go_and_visible_ones_stay(seed: int) -> None:
    draw = random.Random(seed)
    pieces, hidden, wanted = ['"""Doc é."""\n'], [], {}
    for index in range(draw.randint(2, 7)):
        name = f"test_{index}"
        word = f"SECRET{index}" if draw.random() < 0.5 else f"shown{index}"
        decorator = draw.choice([item for item in DECORATORS if "\\" not in item])
        constant = f"C{index} = '{word}'; D{index} = 'ü{word}'  # {word}\n" if draw.random() < 0.5 else ""
        body = draw.choice(BODIES).format(word)
        use = f"    assert C{index} + D{index}\n" if constant else ""
        head = f"# {word}\n" if word.startswith("SECRET") and draw.random() < 0.5 else ""
        function = f"{decorator.format(word)}def {name}(é{index}):\n{body}{use}".replace("\r", "")
        pieces.append(draw.choice(GAPS) + constant + head + function)
        if word.startswith("SECRET"):
            hidden.append(name)
        else:
            wanted[name] = ast.dump(ast.parse(function))
    text = "".join(pieces)
    made: Cut = cut(FILE, text, marked(text, hidden), frozenset())
    if hidden:
        assert "SECRET" not in made.text, made.text
    found = {node.name: node for node in ast.parse(made.text).body if isinstance(node, Function)}
    assert {name: ast.dump(ast.Module([node], [])) for name, node in found.items()} == wanted
