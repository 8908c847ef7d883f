"""Makes notebooks, as Jupyter saves them."""

import ast
import itertools
import json
import textwrap
from typing import Any


def cell(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    """One cell of format 4."""
    extra: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **extra, **more}


def notebook(*sources: str, kinds: str = "", **more: Any) -> bytes:
    """A notebook of these cells; `kinds` has a letter for each, c for code and t for text."""
    letters = kinds or "c" * len(sources)
    cells = [cell(text, "code" if letter == "c" else "markdown") for text, letter in zip(sources, letters, strict=True)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def from_script(text: str, before: list[str], after: list[str], style: str = "") -> bytes:
    """A script as a notebook, a statement a cell, between other cells; `style` says which program saved it."""
    lines = text.split("\n")
    cuts = [0, *(node.lineno - 1 for node in ast.parse(text).body[1:]), len(lines)]
    own = ["\n".join(lines[start:end]).strip("\n") for start, end in itertools.pairwise(cuts)]
    if style == "indented":
        own = [textwrap.indent(source, "    ") for source in own]
    content: dict[str, Any] = json.loads(notebook(*before, *own, *after))
    for number, entry in enumerate(content["cells"]):
        _saved_by(style, entry, number)
    if style == "colab":
        content["metadata"] = {"colab": {"provenance": []}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
        content["nbformat_minor"] = 0
    elif style == "vscode":
        content["metadata"] = {"language_info": {"name": "python", "version": "3.11.4"}, "orig_nbformat": 4}
    elif style == "format 3":
        cells = [{"cell_type": "code", "language": "python", "input": entry["source"]} for entry in content["cells"]]
        content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    indent = 2 if style == "colab" else 1
    return (b"\xef\xbb\xbf" if style == "format 3" else b"") + json.dumps(content, indent=indent).encode()


def _saved_by(style: str, entry: dict[str, Any], number: int) -> None:
    if style == "colab":
        entry["metadata"] = {"id": f"aB{number}"}
        entry["execution_count"] = None if number % 3 else 70 - number
    elif style == "vscode":
        entry["metadata"] = {"vscode": {"languageId": "python"}}
        entry["source"] = "".join(entry["source"])
    elif style == "pictures":
        picture = "iVBORw0KGgo" * 40_000
        error = {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[0;31m---"]}
        entry["outputs"] = [{"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}, error]
        entry["id"] = "same-in-all"
