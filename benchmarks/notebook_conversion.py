"""Measures what it costs to make a module out of a notebook of 1 MB, in processor time.

    python benchmarks/notebook_conversion.py [--profile]

Three notebooks of that size are converted: one that is mostly outputs, as most are; one with a hundred cells of code
and pictures; and one that is nothing but code, which no student writes. Beside each is the time that Python's own
`ast.parse` and `symtable` take for the same code, which conversion can't do without.
"""

import ast
import cProfile
import gc
import json
import pstats
import symtable
import sys
import time
from collections.abc import Callable

from grader.testing.cells.convert import convert_notebook

SIZE = 1_000_000
CELL = '''
class Layer{n}(Base):
    """One of many."""

    def __init__(self, size, scale=1.0):
        super().__init__()
        self.size, self.scale = size, scale
        self.cache = {{}}

    def forward(self, x, train=True):
        total = 0.0
        for row in x:
            if train and row.sum() > self.scale:
                total = total + np.exp(row) / (1 + np.abs(row).max())
        self.cache["x"] = x
        return total * CONSTANT{n}


CONSTANT{n} = {n} + 0.5
!ls -l
print(Layer{n}(3).forward(np.ones((2, 3))))
'''


def notebook(cells: int, output: int) -> tuple[bytes, list[str]]:
    """A notebook of so many cells, each with so many characters of output."""
    sources = [CELL.format(n=number) for number in range(cells)]
    outputs = [{"output_type": "stream", "name": "stdout", "text": ["x" * 79 + "\n"] * (output // 80)}]
    made = [
        {"cell_type": "code", "metadata": {}, "source": source.splitlines(True), "outputs": outputs}
        for source in sources
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(), sources


def least(call: Callable[[], object], times: int = 5) -> float:
    """The least processor time of a few calls, in milliseconds."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        call()
        found.append(time.process_time() - begin)
    return 1000 * min(found)


def parse(sources: list[str]) -> None:
    """What conversion can't do without."""
    for source in sources:
        text = source.replace("!ls -l\n", "")
        ast.parse(text)
        symtable.symtable(text, "cell", "exec")


def main() -> None:
    """Print a line for each notebook."""
    gc.disable()  # as the child that converts does
    for name, cells, output in (("outputs", 20, 46_000), ("code and outputs", 100, 9_000), ("code", 1180, 0)):
        data, sources = notebook(cells, output)
        took = least(lambda data=data: convert_notebook(data, "hw.ipynb"))  # type: ignore[misc]
        needed = least(lambda sources=sources: parse(sources))  # type: ignore[misc]
        code = sum(map(len, sources))
        print(
            f"{name:18} {len(data):>8} bytes, {code:>7} of code: {took:6.1f} ms; Python's parser alone {needed:6.1f} ms"
        )
        if "--profile" in sys.argv:
            profile = cProfile.Profile()
            profile.runcall(convert_notebook, data, "hw.ipynb")
            pstats.Stats(profile).sort_stats("tottime").print_stats(12)


if __name__ == "__main__":
    main()
