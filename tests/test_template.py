"""Guards the students' template: it parses, keeps every name, argument and docstring, and reveals no solution.

Every mistake with the markers is an AssignmentError with its line.
"""

import ast
import re
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT
from small_assignment import LINE, NAME, REFERENCE, SETTINGS, Project

from grader.authoring.regions import Region, regions
from grader.authoring.template import build, drift, write
from grader.authoring.unsolved import strip_solution
from grader.errors import AssignmentError
from grader.settings import load_assignment

FILE = Path("layer.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def template(text: str, file: Path = FILE) -> str:
    return strip_solution(file, code(text))


def refusal(text: str, file: Path = FILE) -> AssignmentError:
    with pytest.raises(AssignmentError) as caught:
        strip_solution(file, code(text))
    assert caught.value.file == file
    return caught.value


def stubs(text: str) -> list[str]:
    """The names in the template's NotImplementedErrors."""
    return re.findall(r'raise NotImplementedError\("([^"]*)"\)', text)


# what comes out


def test_a_region_becomes_a_todo_and_an_error_with_the_name() -> None:
    assert template('''
        """A layer."""


        class Layer:
            """Doc."""

            def forward(self, x):
                """Return y."""
                first = x
                # BEGIN SOLUTION
                y = first * 2

                return y + 1
                # END SOLUTION

            def other(self):
                return 3
    ''') == code('''
        """A layer."""


        class Layer:
            """Doc."""

            def forward(self, x):
                """Return y."""
                first = x
                # TODO: implement Layer.forward
                raise NotImplementedError("Layer.forward")

            def other(self):
                return 3
    ''')


def test_a_file_without_regions_stays_as_it_is() -> None:
    text = 'import numpy as np\n\n# nothing to write here\nX = "# BEGIN SOLUTION"\n'
    assert strip_solution(FILE, text) == text


def test_names_come_from_the_syntax_tree() -> None:
    result = template("""
        def plain(x):
            # BEGIN SOLUTION
            return x
            # END SOLUTION


        async def waiting(x):
            # BEGIN SOLUTION
            return await x
            # END SOLUTION


        class Outer:
            class Inner:
                def method(self):
                    # BEGIN SOLUTION
                    return 1
                    # END SOLUTION

            async def waiting(self):
                # BEGIN SOLUTION
                return 2
                # END SOLUTION


        def outer(x):
            def inner(y):
                # BEGIN SOLUTION
                return y
                # END SOLUTION

            class Local:
                def method(self):
                    # BEGIN SOLUTION
                    return 3
                    # END SOLUTION

            return inner(x)


        if True:
            def under_condition():
                # BEGIN SOLUTION
                return 4
                # END SOLUTION
    """)
    assert stubs(result) == [
        "plain",
        "waiting",
        "Outer.Inner.method",
        "Outer.waiting",
        "outer.inner",
        "outer.Local.method",
        "under_condition",
    ]
    ast.parse(result)


def test_decorators_defaults_and_annotations_stay() -> None:
    text = '''
        import functools
        from collections.abc import Callable


        @functools.lru_cache(maxsize=None)
        @staticmethod
        def area(
            width: float,
            /,
            height: float = 2.0,
            *rest: int,
            unit: str = "m",
            **options: Callable[[int], int],
        ) -> "float":
            """Return the area.

            width: in units.
            """
            # BEGIN SOLUTION
            return width * height
            # END SOLUTION
    '''
    before, after = ast.parse(code(text)), ast.parse(template(text))
    first, second = before.body[-1], after.body[-1]
    assert isinstance(first, ast.FunctionDef)
    assert isinstance(second, ast.FunctionDef)
    assert ast.dump(first.args) == ast.dump(second.args)
    assert [ast.dump(item) for item in first.decorator_list] == [ast.dump(item) for item in second.decorator_list]
    assert ast.get_docstring(first) == ast.get_docstring(second)
    assert first.returns is not None
    assert second.returns is not None
    assert ast.dump(first.returns) == ast.dump(second.returns)


def test_a_property_and_its_setter_are_two_functions_of_one_name() -> None:
    text = '''
        class Layer:
            @property
            def rate(self):
                """The rate."""
                # BEGIN SOLUTION
                return self._rate
                # END SOLUTION

            @rate.setter
            def rate(self, value):
                # BEGIN SOLUTION
                self._rate = value
                # END SOLUTION
    '''
    assert stubs(template(text)) == ["Layer.rate", "Layer.rate"]


def test_two_versions_of_one_function() -> None:
    text = """
        import sys

        if sys.version_info >= (3, 11):
            def load(file):
                # BEGIN SOLUTION
                return file.read()
                # END SOLUTION
        else:
            def load(file, encoding):
                return file.read(encoding)
    """
    assert stubs(template(text)) == ["load"]


def test_functions_inside_a_region_go_with_it() -> None:
    result = template('''
        def outer(x):
            """Doc."""
            # BEGIN SOLUTION
            def helper(y):
                return y + 1

            return helper(x)
            # END SOLUTION
    ''')
    assert "helper" not in result
    assert stubs(result) == ["outer"]


def test_several_regions_in_one_function() -> None:
    result = template("""
        def step(x):
            # BEGIN SOLUTION
            a = x
            # END SOLUTION
            b = 5
            if x:
                # BEGIN SOLUTION
                b = 6
                # END SOLUTION
            return b
    """)
    assert stubs(result) == ["step", "step"]
    assert "    b = 5\n    if x:\n        # TODO: implement step\n" in result
    assert "b = 6" not in result


def test_a_region_that_is_empty() -> None:
    assert stubs(template("def f():\n    # BEGIN SOLUTION\n    # END SOLUTION\n    return 1\n")) == ["f"]


def test_a_region_at_the_end_of_a_file_without_a_last_newline() -> None:
    result = strip_solution(FILE, "def f():\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION")
    assert stubs(result) == ["f"]
    assert "return 1" not in result


def test_tabs_stay_tabs() -> None:
    assert strip_solution(FILE, "def f():\n\t# BEGIN SOLUTION\n\treturn 1\n\t# END SOLUTION\n") == (
        'def f():\n\t# TODO: implement f\n\traise NotImplementedError("f")\n'
    )


def test_markers_inside_texts_do_not_count() -> None:
    text = '''
        """How it works: what stands between

        # BEGIN SOLUTION
        and
        # END SOLUTION

        is cut out.
        """

        MARK = "# BEGIN SOLUTION"


        def f():
            """
            # BEGIN SOLUTION
            """
            # BEGIN SOLUTION
            return MARK
            # END SOLUTION
    '''
    result = template(text)
    assert stubs(result) == ["f"]
    assert result.startswith('"""How it works: what stands between\n\n# BEGIN SOLUTION\nand\n# END SOLUTION\n')
    assert 'MARK = "# BEGIN SOLUTION"' in result


@pytest.mark.parametrize("character", ["\f", "\x85", "\N{LINE SEPARATOR}"])
def test_only_line_ends_of_python_count_as_line_ends(character: str) -> None:
    text = (
        f'"""Two{character}parts{character}here."""\n\n\ndef f():\n    kept = 1\n    # BEGIN SOLUTION\n'
        "    secret = kept + 1\n    return secret\n    # END SOLUTION\n\n\ndef g():\n    return 5\n"
    )
    result = strip_solution(FILE, text)
    assert "secret" not in result
    assert "SOLUTION" not in result
    assert result.endswith('raise NotImplementedError("f")\n\n\ndef g():\n    return 5\n')


def test_a_form_feed_between_functions() -> None:
    text = (
        "def g():\n    return 5\n\f\ndef f():\n    # BEGIN SOLUTION\n    secret = 1\n    # END SOLUTION\n    return 1\n"
    )
    result = strip_solution(FILE, text)
    assert "secret" not in result
    assert result.endswith('    raise NotImplementedError("f")\n    return 1\n')


def test_files_that_are_not_python() -> None:
    text = '# Answers\n[first]\n# BEGIN SOLUTION\nvalue = 3\n# END SOLUTION\nunit = "m"\n'
    result = strip_solution(Path("answers.toml"), text)
    assert result == '# Answers\n[first]\n# TODO: your answer\nunit = "m"\n'
    assert "BEGIN SOLUTION without" in refusal("a = 1\n# BEGIN SOLUTION\nb = 2\n", Path("answers.toml")).message


# mistakes


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def f():\n    # BEGIN SOLUTION\n    return 1\n", 2, "# BEGIN SOLUTION without an # END SOLUTION after it"),
        ("def f():\n    return 1\n    # END SOLUTION\n", 3, "# END SOLUTION without a # BEGIN SOLUTION before it"),
        (
            "def f():\n    # END SOLUTION\n    return 1\n    # BEGIN SOLUTION\n",
            2,
            "# END SOLUTION without a # BEGIN SOLUTION before it",
        ),
        (
            "def f():\n    # BEGIN SOLUTION\n    a = 1\n    # BEGIN SOLUTION\n    return a\n    # END SOLUTION\n",
            4,
            "a second # BEGIN SOLUTION before the # END SOLUTION of line 2; close that first",
        ),
        ("def f():\n    # BEGIN SOLUTION\n    # END SOLUTION\n    # END SOLUTION\n", 4, "# END SOLUTION without"),
        ("x = [\n    # BEGIN SOLUTION\n    2,\n    # END SOLUTION\n]\n", 2, "must be inside the body of one function"),
        (
            "class A:\n    # BEGIN SOLUTION\n    y = 2\n    # END SOLUTION\n",
            2,
            "the template doesn't parse; write below",
        ),
        ("# BEGIN SOLUTION\n\n# END SOLUTION\n", 1, "must be inside the body of one function"),
        (
            "# BEGIN SOLUTION\nx = 1\n# TEMPLATE: x = 2\n# END SOLUTION\n",
            3,
            "must be directly below a # BEGIN SOLUTION",
        ),
        (
            "def f():\n    a = 1\n    # BEGIN SOLUTION\n    return a\n\ndef g():\n    # END SOLUTION\n    return 2\n",
            3,
            "must be inside the body of one function",
        ),
        (
            "def f():\n    # BEGIN SOLUTION\n    return 1\n\n\ndef g():\n    return 2\n    # END SOLUTION\n",
            2,
            "must be inside the body of one function",
        ),
    ],
    ids=lambda item: repr(item)[:60] if isinstance(item, str) else None,
)
def test_a_marker_out_of_place(text: str, line: int, words: str) -> None:
    error = refusal(text)
    assert words in error.message
    assert error.line == line
    assert str(error).startswith(f"layer.py:{line}: ")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("#BEGIN SOLUTION", "#END SOLUTION"),
        ("# Begin Solution", "# End Solution"),
        ("# BEGIN SOLUTON", "# END SOLUTON"),
        ("# BEGIN SOLUTION:", "# END SOLUTION:"),
        ("### BEGIN SOLUTION", "### END SOLUTION"),
        ("# BEING SOLUTION", "# END SOLUTION"),
        ("#  BEGIN SOLUTION", "#  END SOLUTION"),
        ("# BEGIN SOLUTIONS", "# END SOLUTIONS"),
        ("# BEGIN SOLUTION (2 points)", "# END SOLUTION (2 points)"),
        ("# BEGIN SOLUTION of forward", "# END SOLUTION of forward"),
        ("# BEGIN_SOLUTION", "# END_SOLUTION"),
        ("# BEGIN SOULTION", "# END SOULTION"),
    ],
    ids=lambda item: item,
)
def test_a_typing_mistake_in_both_markers_does_not_hand_out_the_solution(begin: str, end: str) -> None:
    error = refusal(f"def f():\n    {begin}\n    secret_solution = 1\n    return secret_solution\n    {end}\n")
    assert "write exactly # BEGIN SOLUTION or # END SOLUTION, alone on its line" in error.message
    assert error.line == 2


@pytest.mark.parametrize(
    "comment", ["# the solution begins here", "# solution", "# BEGIN", "# begin with zeros", "# END"]
)
def test_other_comments_are_no_markers(comment: str) -> None:
    assert template(f"def f():\n    {comment}\n    return 1\n") == f"def f():\n    {comment}\n    return 1\n"


@pytest.mark.parametrize("end", ["# END SOLUTION", "pass  # END SOLUTION"])
def test_a_marker_after_code_is_refused(end: str) -> None:
    error = refusal(f"def f():\n    a = 1  # BEGIN SOLUTION\n    secret = 2\n    {end}\n    return a\n")
    assert "alone on its line" in error.message
    assert error.line == 2


def test_a_marker_that_stands_further_left_than_the_code_is_refused() -> None:
    # the stub would take the marker's place, outside of the function, and fail when the file is imported
    error = refusal('def f():\n    """Doc."""\n# BEGIN SOLUTION\n    return 1\n# END SOLUTION\n')
    assert error.line == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def f(:\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n", 1),
        ("def f():\n    # BEGIN SOLUTION\n    return (1\n    # END SOLUTION\n", 3),
        ("def f():\n    a = 1\n  b = 2\n", 3),
        ('def f():\n    return """never closed\n', 2),
    ],
    ids=["a colon too many", "an open bracket", "an odd indentation", "an open text"],
)
def test_a_reference_that_is_no_python_is_refused_with_its_line(text: str, line: int) -> None:
    error = refusal(text)
    assert error.line == line
    assert "parse" in error.message or "Python" in error.message


def test_a_region_that_takes_the_docstring_along_is_refused() -> None:
    error = refusal('''
        class A:
            def f(self):
                # BEGIN SOLUTION
                """Doc."""
                return 1
                # END SOLUTION
    ''')
    assert "the template would lose A.f, its arguments or its docstring" in error.message
    assert error.line == 2


def test_a_region_that_takes_arguments_along_is_refused() -> None:
    refusal("def f(\n    a,\n    # BEGIN SOLUTION\n    b,\n    # END SOLUTION\n):\n    return a\n")


def test_a_line_of_the_solution_that_would_be_left_is_refused() -> None:
    error = refusal(
        "def f(x):\n    # BEGIN SOLUTION\n    # TODO: implement f\n    return x * 3 + 1\n    # END SOLUTION\n"
    )
    assert "a line of the solution would be left in the template" in error.message
    assert error.line == 3


def test_a_copy_of_the_solution_in_a_comment_is_refused() -> None:
    error = refusal("""
        def f(x, mask, p):
            # return x * mask / (p + 1e-12)
            # BEGIN SOLUTION
            return x * mask / (p + 1e-12)
            # END SOLUTION
    """)
    assert "solution" in error.message


def test_what_the_reference_says_elsewhere_too_is_no_solution_line() -> None:
    result = template("""
        class A:
            def __call__(self, x):
                return self.forward(x)

            def twice(self, x):
                # BEGIN SOLUTION
                x = self.forward(x)
                return self.forward(x)
                # END SOLUTION
    """)
    assert stubs(result) == ["A.twice"]


# regions


def test_regions_are_counted_from_one() -> None:
    text = "def f():\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n"
    assert regions(FILE, text) == [Region(2, 4)]
    assert regions(FILE, "") == []


# a whole assignment


def test_the_template_of_an_assignment(project: Project) -> None:
    project.write(f"reference/{NAME}/deep/er.py", "VALUE = 1\n")
    project.write(f"reference/{NAME}/__pycache__/line.cpython-311.pyc", "nothing")
    files = build(project.load())
    assert sorted(files) == ["deep/er.py", "line.py"]
    assert stubs(files["line.py"]) == ["Line.forward", "Line.backward"]
    assert "scaled" not in files["line.py"]
    assert write(project.load()) == list(files)
    root = project.file(f"student_template/{NAME}")
    assert (root / "line.py").read_text("utf-8") == files["line.py"]
    assert drift(project.load()) == []


def test_writing_again_removes_what_is_no_longer_made(project: Project) -> None:
    project.write(f"student_template/{NAME}/old.py", "x = 1\n")
    write(project.load())
    assert not project.file(f"student_template/{NAME}/old.py").exists()


def test_drift_finds_each_kind_of_change(project: Project) -> None:
    assignment = project.load()
    assert drift(assignment) == ["line.py is missing from the template"]
    write(assignment)
    project.write(f"student_template/{NAME}/notes.txt", "by hand\n")
    assert drift(assignment) == ["notes.txt isn't made from the reference"]
    project.file(f"student_template/{NAME}/notes.txt").unlink()
    project.edit(f"student_template/{NAME}/line.py", "Keep both numbers", "Keep them")
    assert drift(assignment) == ["line.py differs from what the reference gives"]
    write(assignment)
    project.edit(LINE, "Keep both numbers", "Keep the two numbers")
    assert drift(assignment) == ["line.py differs from what the reference gives"]
    project.edit(LINE, "scaled = self.slope * x", "scaled = x * self.slope")
    write(assignment)
    project.edit(LINE, "scaled = x * self.slope", "scaled = self.slope * x")
    assert drift(assignment) == []


def test_a_mistake_in_one_file_names_that_file(project: Project) -> None:
    project.write(f"reference/{NAME}/deep/er.py", "def f():\n    # BEGIN SOLUTION\n    return 1\n")
    with pytest.raises(AssignmentError) as caught:
        build(project.load())
    assert caught.value.file == project.file(f"reference/{NAME}/deep/er.py")
    assert caught.value.line == 2


def test_a_reference_without_any_region_is_refused(project: Project) -> None:
    project.write(LINE, REFERENCE.replace("# BEGIN SOLUTION", "#").replace("# END SOLUTION", "#"))
    with pytest.raises(AssignmentError, match="no solution region is marked; put # BEGIN SOLUTION and # END SOLUTION"):
        build(project.load())


def test_a_missing_reference_is_refused(project: Project) -> None:
    project.file(LINE).unlink()
    project.file(LINE).parent.rmdir()
    with pytest.raises(AssignmentError, match="there is no reference solution; write it"):
        build(project.load())


def test_what_students_hand_in_beside_code_is_in_no_template(project: Project) -> None:
    project.file(f"reference/{NAME}/weights.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xfe\x80")
    project.write(f"reference/{NAME}/answers.txt", "3: forty-two\n")
    project.write(f"reference/{NAME}/config.py", "SIZE = 3\n")
    project.file(f"reference/{NAME}/vocabulary.bin").write_bytes(b"\xff\xfe\x80")
    project.edit(
        SETTINGS, 'files = ["line.py"]', 'files = ["line.py", "*.txt", "*.npy"]\ngiven = ["config.py", "*.bin"]'
    )
    assignment = project.load()
    assert sorted(build(assignment)) == ["config.py", "line.py"]
    assert sorted(write(assignment)) == ["config.py", "line.py", "vocabulary.bin"]
    assert drift(assignment) == []
    (assignment.template / "vocabulary.bin").write_bytes(b"\xff")
    assert drift(assignment) == ["vocabulary.bin differs from the reference's"]
    (assignment.template / "vocabulary.bin").unlink()
    assert drift(assignment) == ["vocabulary.bin is missing from the template"]


def test_whole_functions_classes_and_constants_and_a_placeholder_of_ones_own() -> None:
    text = """\
# BEGIN SOLUTION
RATE = 0.125 * 8 / 3


def helper(x):
    return x * RATE + 1


class Tool:
    pass
# END SOLUTION


class Layer:
    # BEGIN SOLUTION
    # TEMPLATE: size = None
    size = 3 + 4 * 9 - 1
    # END SOLUTION

    def forward(self, x):
        # BEGIN SOLUTION
        # TEMPLATE: out = None
        # TEMPLATE: if x is None:
        # TEMPLATE:     out = 0
        out = helper(x) @ self.size
        # END SOLUTION
        return out
"""
    assert (
        strip_solution(FILE, text)
        == """\
# TODO: implement RATE, helper, Tool


class Layer:
    # TODO: implement size
    size = None

    def forward(self, x):
        # TODO: implement Layer.forward
        out = None
        if x is None:
            out = 0
        return out
"""
    )


def homework_files() -> list[Path]:
    made = [folder.name for folder in (ROOT / "student_template").iterdir() if folder.is_dir()]
    return [file for name in sorted(made) for file in sorted((ROOT / "reference" / name).rglob("*.py"))]


@pytest.mark.parametrize("file", homework_files(), ids=lambda file: file.relative_to(ROOT / "reference").as_posix())
def test_the_real_templates_parse_and_keep_every_signature_and_docstring(file: Path) -> None:
    before = ast.parse(file.read_text("utf-8"))
    after = ast.parse(strip_solution(file, file.read_text("utf-8")))

    def outline(tree: ast.Module) -> list[tuple[str, str, str | None]]:
        return [
            (node.name, "" if isinstance(node, ast.ClassDef) else ast.dump(node.args), ast.get_docstring(node))
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    assert [item for item in outline(after) if item not in outline(before)] == []
    assert ast.get_docstring(after) == ast.get_docstring(before)
    # only helpers that stand inside a region may be gone
    inside = {
        node.name
        for node in ast.walk(before)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and any(region.begin < node.lineno < region.end for region in regions(file, file.read_text("utf-8")))
    }
    assert {item[0] for item in outline(before) if item not in outline(after)} <= inside


def test_the_committed_template_of_the_first_homework_is_up_to_date() -> None:
    assert drift(load_assignment(ROOT, "cmu11785_hw1_bonus")) == []


@pytest.mark.parametrize("odd", ["\f", "\x1c", "\x85", "\u2028"], ids=ascii)
def test_a_character_that_ends_no_line_moves_no_region(odd: str) -> None:
    text = (
        f'def f(x):\n    """Doc{odd}é."""\n    given = "{odd}"\n    # BEGIN SOLUTION\n'
        f'    secret = "{odd} the answer"\n    return secret\n    # END SOLUTION\n\n\ndef g():\n    return "{odd}"\n'
    )
    result = strip_solution(FILE, text)
    assert "answer" not in result
    assert result.startswith(f'def f(x):\n    """Doc{odd}é."""\n    given = "{odd}"\n    # TODO')
    assert result.endswith(f'\n\n\ndef g():\n    return "{odd}"\n')
