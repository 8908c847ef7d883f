"""Emulates Gradescope's harness around a grading, as far as it is known: folders before, refusals and cuts after.

The sources are a copy of the harness of 2023 and Gradescope's documents, not Gradescope itself.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHARS = 100_000
MARK = "[...(truncated)...]"
FORMATTED = "The results uploaded to Gradescope were not formatted correctly"
FAILED = "The autograder failed to execute correctly. Please try submitting it again"


@dataclass
class Shown:
    """What Gradescope keeps of a run."""

    score: float
    results: dict[str, Any] = field(default_factory=dict)
    stdout: str = ""
    error: str = ""
    """What it says in place of results; empty where it took them."""
    cut: list[str] = field(default_factory=list)
    """Outputs out of whose middle it cut something."""


def run(
    root: Path,
    command: Sequence[str | Path],
    submission: Path,
    metadata: object = None,
    *,
    timeout: float = 600.0,
    environment: Mapping[str, str] | None = None,
) -> Shown:
    """Grade one hand-in: `root` stands for /autograder and holds source/; `metadata` None writes no file."""
    for name in ("submission", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
    shutil.copytree(submission, root / "submission")
    (root / "results").mkdir()
    (root / "submission_metadata.json").unlink(missing_ok=True)
    if metadata is not None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        (root / "submission_metadata.json").write_text(text, "utf-8")
    given = dict(os.environ if environment is None else environment) | {"TIMEOUT_SECONDS": str(timeout)}
    start = time.monotonic()
    with (root / "results" / "stdout").open("wb") as stdout:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=root, env=given, stdout=stdout, stderr=subprocess.STDOUT
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()  # this process alone; its children live on
            process.wait()
            # whatever is there
            (root / "results" / "results.json").write_text(
                json.dumps(
                    {
                        "score": 0,
                        "output": f"Your submission timed out. It took longer than {timeout:g} seconds to run.",
                        "execution_time": time.monotonic() - start,
                    }
                ),
                "utf-8",
            )
    text = _clipped("stdout", (root / "results" / "stdout").read_bytes().decode("utf-8", "replace"), [])
    return taken(root / "results" / "results.json", text)


def taken(file: Path, stdout: str = "") -> Shown:
    """Read results as the harness does and upload them as it does."""
    if not file.is_file():
        return Shown(0, stdout=stdout, error=FAILED)
    raw = file.read_bytes().replace(b"\0", "\ufffd".encode()).decode("utf-8", "replace")
    try:
        value = json.loads(raw)
    except ValueError:
        return Shown(0, stdout=stdout + raw, error=FORMATTED)
    if isinstance(value, str):
        return Shown(0, stdout=stdout + value, error=FORMATTED)
    cut: list[str] = []
    try:
        if not isinstance(value, dict):
            raise TypeError
        if "output" in value:
            value["output"] = _clipped("output", value["output"], cut)
        for number, test in enumerate(value.get("tests", [])):
            if "output" in test:
                test["output"] = _clipped(f"tests[{number}]", test["output"], cut)
        _uploaded(value)
    except (TypeError, ValueError, AttributeError):
        return Shown(0, stdout=stdout, error=FAILED)
    tests = value.get("tests", [])
    scores = [test["score"] for test in tests if "score" in test]
    if "score" not in value and not scores:
        return Shown(0, value, stdout, FORMATTED)
    return Shown(float(value.get("score", sum(scores))), value, stdout, "", cut)


def _clipped(name: str, text: str, cut: list[str]) -> str:
    if not isinstance(text, str):
        raise TypeError(name)
    if len(text) <= CHARS:
        return text
    cut.append(name)
    half = (CHARS - len(MARK)) // 2
    return text[:half] + MARK + text[-half:]


def _uploaded(value: Any) -> None:
    """Sending refuses nan and infinities, which reading let through."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _uploaded(item)
