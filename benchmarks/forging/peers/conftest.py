"""Writes results.json when pytest ends: ten points for each test that passed, as small plugins for graders do."""

import json
from pathlib import Path

import pytest

ROWS = {}


def pytest_collection_modifyitems(items):
    for item in items:
        ROWS[item.nodeid] = {"name": item.name, "score": 0, "max_score": 10, "status": "failed"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.passed:
        ROWS[item.nodeid] |= {"score": 10, "status": "passed"}
    elif report.failed:
        ROWS[item.nodeid]["output"] = report.longreprtext + "".join(text for _, text in report.sections)
    return report


def pytest_sessionfinish(session):
    results = {"tests": list(ROWS.values()), "score": sum(row["score"] for row in ROWS.values())}
    Path(session.config.rootpath, "results.json").write_text(json.dumps(results))
