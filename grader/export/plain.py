"""Plain JSON: the whole report, for other programs. Time and memory are in one place, `resources`."""

from __future__ import annotations

from typing import Any

from grader.export.common import strict_json
from grader.export.fit import fit
from grader.report import Report, TestResult, number

VERSION = 1
"""The version of the format, in `grader/schemas/report.schema.json` too; raised when a key changes its meaning."""


def to_json(report: Report) -> str:
    """Return the report as JSON; two gradings of one submission differ only in `resources`."""
    return fit(report, lambda report: strict_json(to_value(report), indent=1) + "\n")


def to_value(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "version": VERSION,
        "assignment": report.assignment,
        "title": report.title,
        "graded": report.graded,
        "score": number(report.score),
        "max_score": number(report.max_score),
        "kept": number(report.kept),
        "parts": [
            {
                "name": part.name,
                "title": part.title,
                "score": number(part.score),
                "max_score": number(part.max_score),
                "extra": part.extra,
                "manual": number(part.manual),
            }
            for part in report.parts
        ],
        "tests": [_test(test) for test in report.tests],
        "notes": list(report.notes),
        "staff_notes": list(report.staff_notes),
        "leaderboard": [{"name": row.name, "value": row.value, "order": row.order} for row in report.leaderboard],
        "isolation": report.isolation,
        "resources": {
            "seconds": round(report.seconds, 3),
            "tests": {
                test.id: {"seconds": round(test.seconds, 4), "memory_mb": round(test.memory_mb, 1)}
                for test in report.tests
            },
        },
    }


def _test(test: TestResult) -> dict[str, Any]:
    return {
        "id": test.id,
        "part": test.part,
        "title": test.title,
        "number": test.number,
        "status": test.status,
        "score": number(test.score),
        "max_score": number(test.max_score),
        "visibility": test.visibility,
        "message": test.message,
        "hint": test.hint,
        "variant": test.variant,
        "fingerprint": test.fingerprint,
        "paid_in": list(test.paid_in),
        "checks": [
            {"name": check.name, "passed": check.passed, "message": check.message, "hint": check.hint}
            for check in test.checks
        ],
        "output": test.output,
        "tags": list(test.tags),
    }
