"""Makes notebooks, as Jupyter saves them."""

import json
from typing import Any


def cell(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    """One cell of format 4."""
    extra = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **extra, **more}


def notebook(*sources: str, kinds: str = "", **more: Any) -> bytes:
    """A notebook of these cells; `kinds` has a letter for each, c for code and t for text."""
    letters = kinds or "c" * len(sources)
    cells = [cell(text, "code" if letter == "c" else "markdown") for text, letter in zip(sources, letters, strict=True)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()
