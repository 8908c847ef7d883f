"""Which of pytest's plugins a suite's text asks for: a run in the jail loads no plugin without a reason."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

_PARTS = {
    "logging": rb"\bcaplog\b",
    "junitxml": rb"\brecord_(?:property|xml_attribute|testsuite_property)\b",
    "doctest": rb"\bdoctest_namespace\b",
}
"""pytest's own plugins that a run goes without, and the names of their fixtures."""
_INSTALLED = {
    "pytest_timeout": rb"\btimeout\b",
    "pytest_mock": rb"\bmocker\b",
    "pytest_asyncio.plugin": rb"\basyncio\b",
    "anyio.pytest_plugin": rb"\banyio\b",
    "pytest_subtests.plugin": rb"\bsubtests\b",
    "pytest_check.plugin": rb"\bcheck\b",
    "pytest_lazyfixture": rb"\blazy_fixture\b",
    "pytest_cases.plugin": rb"\bpytest_cases\b",
}
"""Other packages' plugins that change what a test gets or when it fails, and what a suite calls them by."""
_SETTINGS = ("pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml")


def plugins_of(folder: Path, files: Collection[str]) -> tuple[str, ...]:
    """Return the plugins, by the names that `-p` takes, that a suite with these files of pytest's tests asks for."""
    if not files:
        return ()
    texts = [*folder.rglob("*.py"), *(path for name in _SETTINGS for path in folder.rglob(name))]
    text = b"\n".join(path.read_bytes() for path in texts if path.is_file())
    wanted = [name for name, words in (_PARTS | _INSTALLED).items() if re.search(words, text)]
    return tuple(name for name in wanted if name in _PARTS or find_spec(name.partition(".")[0]) is not None)
