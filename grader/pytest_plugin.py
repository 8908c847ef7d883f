"""The pytest plugin of an installed grader: in a course's folder, `pytest testcases/hw1` tests the reference.

It runs in the author's own process, with pytest's own failures and `--pdb`, and compares with the recorded values of
visible tests. Elsewhere it does nothing: it imports no library and adds no fixture.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Serve `submission`, `rng` and `check` if all that is asked for is in one assignment's folder."""
    folder = _assignment(config)
    if folder is not None:
        from grader.student.plugin import serve_author

        serve_author(config, folder)


def _assignment(config: pytest.Config) -> Path | None:
    """The folder of the assignment to which all arguments belong, or else None."""
    start = config.invocation_params.dir
    paths = [(start / argument.partition("::")[0]).resolve() for argument in config.args]
    found = {next((folder for folder in (path, *path.parents) if _is_assignment(folder)), None) for path in paths}
    return found.pop() if len(found) == 1 else None


def _is_assignment(folder: Path) -> bool:
    return folder.parent.name == "testcases" and (folder / "assignment.toml").is_file()
